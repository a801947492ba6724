from __future__ import annotations

import time
from pathlib import Path

import pytest

from rxtweets.emulator import Emulator

from .clients import SAMPLE, call, raw_get

BAD_DAY = Path(__file__).parents[2] / "examples" / "bad_day.toml"


def written(folder: Path, text: str) -> Path:
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_bad_day_of_the_examples() -> None:
    """The example plays to its end: garbage, a cut, two refusals, a disconnect, a reset."""
    with Emulator(rate=1000, seed=1) as emulator:
        scenario = emulator.play(BAD_DAY)
        ends: list[str] = []
        while not scenario.done and len(ends) < 10:
            if (answer := connect(emulator)) is not None:
                ends.append(answer)
        scenario.wait(5)
        assert ends == ["EOFError", "503", "503", "end", "ConnectionResetError"]


def connect(emulator: Emulator) -> str | None:
    """Return how a stream ended, or was refused."""
    with raw_get(emulator, SAMPLE) as stream:
        if stream.status != 200:
            return str(stream.status)
        try:
            while stream.chunk():
                pass
        except (EOFError, ConnectionResetError) as error:
            return type(error).__name__
        return "end"


def test_steps_wait_for_what_they_say(emulator: Emulator, tmp_path: Path) -> None:
    """Requests, posts and streams are counted from the step before."""
    steps = """
        [[step]]
        do = "answer"
        status = 503
        [[step]]
        requests = 2
        do = "publish"
        text = "two requests"
        [[step]]
        posts = 2
        do = "close"
    """
    scenario = emulator.play(written(tmp_path, steps))
    assert call(emulator, "GET", SAMPLE).status_code == 503
    with raw_get(emulator, SAMPLE) as stream:
        assert stream.message()["data"]["text"] == "two requests"
        for text in ("one", "two"):
            assert not scenario.done
            emulator.publish(text)
            assert stream.message()["data"]["text"] == text
        assert stream.chunk() == b""
    scenario.wait(5)


def test_a_time_may_pass(emulator: Emulator, tmp_path: Path) -> None:
    """`after` is in seconds; `wait` says where it stands when it takes too long."""
    scenario = emulator.play(written(tmp_path, '[[step]]\nafter = 0.2\ndo = "stall"\n'))
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match="step 1 of 1"):
        scenario.wait(0.01)
    scenario.wait(5)
    assert time.monotonic() - begun > 0.15


def test_a_scenario_can_be_cancelled(emulator: Emulator, tmp_path: Path) -> None:
    """No further step is done, and `wait` returns."""
    scenario = emulator.play(written(tmp_path, '[[step]]\nrequests = 1\ndo = "answer"\nstatus = 503\n'))
    scenario.cancel()
    scenario.wait(5)
    with raw_get(emulator, SAMPLE) as stream:
        assert stream.status == 200


def test_stopping_ends_it(tmp_path: Path) -> None:
    """An emulator that stops ends its scenarios; one that doesn't run plays none."""
    path = written(tmp_path, '[[step]]\nafter = 3600\ndo = "stall"\n')
    with Emulator(rate=0) as emulator:
        scenario = emulator.play(path)
    scenario.wait(5)
    with pytest.raises(RuntimeError, match="runs"):
        emulator.play(path)


def test_what_fails_is_told(emulator: Emulator, tmp_path: Path) -> None:
    """An action that can't be done ends the scenario, and its error comes from `wait`."""
    steps = '[[step]]\ndo = "cut"\ninside = "gzip"\n[[step]]\ndo = "answer"\nstatus = 503\n'
    scenario = emulator.play(written(tmp_path, steps))
    with pytest.raises(ValueError, match="no open stream is compressed") as caught:
        scenario.wait(5)
    assert caught.value.__notes__ == ["step 1 of the scenario"]
    with raw_get(emulator, SAMPLE) as stream:
        assert stream.status == 200


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = ", "no TOML"),
        ("", "at least one"),
        ("steps = 1", "no `steps` in a scenario"),
        ("step = 1", "list of"),
        ('[[step]]\ndo = "stall"\n[[step]]\ndo = "shout"', "step 2: there is no action 'shout'"),
        ('[[step]]\ndo = "stall"\nfor = 1', "step 1: stall has no field `for`"),
        ('[[step]]\ndo = "answer"\nstatus = "x"', "step 1: answer: `status`: Expected `int`"),
        ('[[step]]\ndo = "answer"\nstatus = 42', "status must be between"),
        ('[[step]]\ndo = "stall"\nafter = 1\nposts = 1', "one thing at most"),
        ('[[step]]\ndo = "stall"\nafter = -1', "`after` must be a number of seconds"),
        ('[[step]]\ndo = "stall"\nafter = nan', "`after` must be a number of seconds"),
        ('[[step]]\ndo = "stall"\nposts = 1.5', "`posts` must be a whole number"),
        ("[[step]]\nafter = 1", "`do` is missing"),
    ],
)
def test_mistakes_are_found_before_anything_is_done(
    emulator: Emulator, tmp_path: Path, text: str, said: str
) -> None:
    """The error names the file, the step and the field."""
    path = written(tmp_path, text)
    with pytest.raises(ValueError) as caught:
        emulator.play(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
