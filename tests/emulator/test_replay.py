"""A recording in place of the world: which bytes are sent, to whom, and when."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.emulator import Emulator
from rxtweets.messages import KeepAlive, Post
from rxtweets.testing import delete_json, post_json, status_json
from tests.observing import Seen
from tests.recordings.recordings import FORMS, frames, open_files, recorded

from .clients import SAMPLE, V1_SAMPLE, raw, raw_get, v1_request


def at_times(path: Path, *times: float) -> Path:
    """A recording with a frame at each of *times*."""
    lines = [{"at": at, "frame": json.loads(frame)} for at, frame in zip(times, frames(9), strict=False)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize("form", FORMS)
def test_the_bytes_are_those_that_were_recorded(tmp_path: Path, form: str) -> None:
    """Every message is sent byte for byte, in order and once, on the sample streams of both protocols."""
    sent = [status_json("a"), delete_json(), b"no JSON", b"\xff", post_json("c"), *frames(100)]
    path = recorded(tmp_path / f"x{form}", [KeepAlive(), *sent])
    for path_of in (V1_SAMPLE, SAMPLE):
        with Emulator(replay=path, speed=None, keep_alive=0.05) as emulator:
            v1 = path_of == V1_SAMPLE
            opened = raw(emulator, v1_request(emulator, V1_SAMPLE)) if v1 else raw_get(emulator, SAMPLE)
            data = b""
            with opened as stream:
                while not data.endswith(b"}\r\n\r\n"):
                    data += stream.chunk()
        assert data == b"".join(frame + b"\r\n" for frame in sent) + b"\r\n"
    assert open_files() == []


def test_a_client_gets_what_was_recorded(tmp_path: Path) -> None:
    """A program that reads the emulator sees the same messages as the one that recorded."""
    path = recorded(tmp_path / "x.jsonl.gz", frames(50))
    with Emulator(replay=path, speed=None) as emulator:
        client = rxt.StreamingClient(rxt.BearerToken(emulator.bearer_token), base_url=emulator.base_url)
        seen = Seen(client.sample().pipe(tw.posts())).count(50)
        seen.dispose()
    assert [post.raw for post in seen.items if isinstance(post, Post)] == frames(50)


def test_the_pace(tmp_path: Path) -> None:
    """Messages are as far apart as they came, by the speed."""
    path = at_times(tmp_path / "x.jsonl", 100.0, 110.0, 120.0)
    with Emulator(replay=path, speed=50) as emulator:
        begun = time.monotonic()
        with raw_get(emulator, SAMPLE) as stream:
            for _ in range(3):
                stream.message()
    assert 0.4 <= time.monotonic() - begun < 10


def test_it_waits_for_a_listener(tmp_path: Path) -> None:
    """While no stream is open it stands still; a restart begins anew; both streams get all."""
    path = at_times(tmp_path / "x.jsonl", 0, 0, 0.2, 0.2)
    emulator = Emulator(replay=path)
    for _ in range(2):
        with emulator:
            with raw_get(emulator, SAMPLE) as stream:
                assert [stream.message()["data"]["id"][-1] for _ in range(2)] == ["0", "1"]
            emulator.wait_for_streams(0)
            with (
                raw_get(emulator, SAMPLE) as stream,
                raw(emulator, v1_request(emulator, V1_SAMPLE)) as other,
            ):
                for each in (stream, other):
                    assert [each.message()["data"]["id"][-1] for _ in range(2)] == ["2", "3"]
        assert open_files() == []


def test_the_world_is_silent(tmp_path: Path) -> None:
    """The world makes no posts of its own beside a recording."""
    path = at_times(tmp_path / "x.jsonl", 0.0)
    with Emulator(replay=path, keep_alive=0.2, rate=1000) as emulator, raw_get(emulator, SAMPLE) as stream:
        assert stream.message()["data"]["id"]
        assert stream.chunk() == b"\r\n"
        assert emulator.rate == 0


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("", {}, "holds no message"),
        ('{"at":1.0,"event":"KeepAlive"}\n', {}, "holds no message"),
        ("nonsense\nnonsense\n", {}, "line 1: not a JSON object"),
        ('{"text":"a"}\n', {"speed": 0}, "speed"),
        ('{"text":"a"}\n', {"posts": "other.jsonl"}, "choose one"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, content: str, options: dict[str, Any], said: str) -> None:
    """At construction, with the file's name and what is wrong."""
    path = tmp_path / "x.jsonl"
    path.write_text(content)
    with pytest.raises(ValueError, match=said):
        Emulator(replay=path, **options)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Emulator(replay=tmp_path / "nowhere.jsonl")


def test_a_wrong_line_far_down_is_the_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A line that can't be read ends it, with an error in the log."""
    path = recorded(tmp_path / "x.jsonl", frames(2))
    path.write_bytes(path.read_bytes() + b"nonsense\n" + frames(1)[0] + b"\n")
    with (
        caplog.at_level(logging.ERROR),
        Emulator(replay=path, speed=None, keep_alive=0.1) as emulator,
        raw_get(emulator, SAMPLE) as stream,
    ):
        for _ in range(2):
            stream.message()
        assert stream.chunk() == b"\r\n"
    assert f"the recording ends here: {path}, line 4" in caplog.text
