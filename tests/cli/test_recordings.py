"""`rxtweets record` and `rxtweets replay`, and the emulator with a recording."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

import rxtweets as rxt
from rxtweets.emulator import Emulator
from rxtweets.messages import Post, Status, decode
from rxtweets.testing import post_json
from tests.recordings.recordings import FORMS, frames, recorded, replayed

from .command import Command, running
from .test_emulator import variables


def posts(path: Path) -> list[Post | Status]:
    """The posts of a recording."""
    messages = [decode(item) for item in replayed(path) if isinstance(item, bytes)]
    return [message for message in messages if isinstance(message, Post | Status)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("api", ["v1", "v2"])
def test_what_is_shown_is_recorded(rxtweets: Command, tmp_path: Path, form: str, api: str) -> None:
    """The posts that are printed are in the file, and `replay` prints the same."""
    path = tmp_path / f"x{form}"
    ended = rxtweets("record", str(path), "--emulator", "--api", api, "--limit", "5", "--json")
    assert (ended.status, len(ended.out.splitlines())) == (0, 5), ended.err
    assert [json.loads(post.raw) for post in posts(path)] == list(map(json.loads, ended.out.splitlines()))
    again = rxtweets("replay", str(path), "--speed", "max", "--json")
    assert (again.status, again.out) == (0, ended.out)
    assert "# connected to the stream, as recorded" in again.err
    assert len(rxtweets("replay", str(path), "--limit", "2").out.splitlines()) == 2


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_the_other_forms(rxtweets: Command, tmp_path: Path, api: str) -> None:
    """A table and chosen keys are those of the stream, of either protocol; --stats reports on stderr."""
    path = tmp_path / "x.jsonl"
    ended = rxtweets("record", str(path), "--emulator", "--api", api, "--limit", "3", "--csv")
    assert ended.status == 0, ended.err
    assert rxtweets("replay", str(path), "--speed", "max", "--csv").out == ended.out
    chosen = rxtweets("replay", str(path), "--speed", "max", "--json", "--fields", "id", "--stats")
    assert (chosen.status, len(chosen.out.splitlines())) == (0, 3)
    assert all(json.loads(line).keys() == {"id"} for line in chosen.out.splitlines())
    assert rxtweets("replay", str(path), "--fields", "id").status == 2


def test_filters_are_recorded(rxtweets: Command, tmp_path: Path) -> None:
    """With --track and the like it is the filtered stream, and nothing else of the connection is written."""
    for number, options in enumerate(
        (["--track", "python"], ["--rule", "python"], ["--track", "python", "--api", "v1"])
    ):
        path = tmp_path / f"{number}.jsonl"
        ended = rxtweets("record", str(path), *options, "--emulator", "--limit", "5")
        assert ended.status == 0, ended.err
        assert len(posts(path)) == 5
        assert all(b"python" in post.raw.lower() for post in posts(path))


def test_rotation(rxtweets: Command, tmp_path: Path) -> None:
    """--rotate numbers the files, and `replay` takes them by the name that was given."""
    path = tmp_path / "x.jsonl"
    ended = rxtweets(
        "record", str(path), "--rotate", "2kb", "--rotate", "1H", "--emulator", "--limit", "12", "--json"
    )
    assert ended.status == 0, ended.err
    assert len([*tmp_path.iterdir()]) > 1
    assert (tmp_path / "x.0001.jsonl").exists()
    assert rxtweets("replay", str(path), "--speed", "max", "--json").out == ended.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["record", "x.json", "--emulator"], "end in .jsonl"),
        (["record", "x.jsonl", "--rotate", "12", "--emulator"], "500MB"),
        (["record", "x.jsonl", "--rotate", "0h", "--emulator"], "500MB"),
        (["record", "x.jsonl", "--language", "en", "--emulator"], "--language needs"),
        (["record", "x.jsonl", "--rule", "cat", "--api", "v1", "--emulator"], "--rule needs v2"),
        (["replay"], "FILE"),
        (["replay", "x.jsonl", "--speed", "0"], "neither a number greater than 0 nor max"),
        (["replay", "x.jsonl", "--speed", "fast"], "neither a number greater than 0 nor max"),
        (["emulator", "--posts", "a", "--replay", "b"], "can't be used together"),
        (["emulator", "--speed", "2"], "--speed needs --replay"),
        (["emulator", "--replay", "a", "--rate", "2"], "use --speed"),
    ],
)
def test_mistakes(
    rxtweets: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    """A wrong option is told before anything is opened."""
    monkeypatch.chdir(tmp_path)
    ended = rxtweets(*arguments)
    assert ended.status == 2
    assert said in ended.err
    assert [*tmp_path.iterdir()] == []


def test_files_that_cannot_be_used(rxtweets: Command, tmp_path: Path) -> None:
    """A file that can't be read or written is one line with its name, and the status is 1."""
    broken = tmp_path / "broken.jsonl"
    broken.write_text("nonsense\nnonsense\n")
    folder = tmp_path / "folder.jsonl"
    folder.mkdir()
    for arguments, said in (
        (["replay", str(tmp_path / "none.jsonl")], "No such file or directory"),
        (["replay", str(broken)], f"{broken}, line 1: not a JSON object"),
        (["replay", str(folder)], "Is a directory"),
        (["record", str(folder), "--emulator"], "Is a directory"),
        (["record", str(tmp_path / "none" / "x.jsonl"), "--emulator"], "No such file or directory"),
    ):
        ended = rxtweets(*arguments)
        assert ended.status == 1
        assert ended.out == ""
        *_, last = ended.err.splitlines()
        assert last.startswith("Error: ")
        assert said in last
        assert "none.jsonl" in last or str(tmp_path) in last


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk(rxtweets: Command, tmp_path: Path) -> None:
    """A full disk ends the command with one line."""
    path = tmp_path / "x.jsonl"
    path.symlink_to("/dev/full")
    ended = rxtweets("record", str(path), "--emulator")
    assert (ended.status, ended.err.splitlines()[-1]) == (1, f"Error: {path}: No space left on device")


def test_ctrl_c_finishes_the_file(emulator: Emulator, tmp_path: Path) -> None:
    """After Ctrl-C the file is whole, with all that was printed."""
    emulator.rate = 100
    path = tmp_path / "x.jsonl.gz"
    with running("record", str(path), "--json") as command:
        lines = [command.line() for _ in range(3)]
        ended = command.end(signal.SIGINT)
    assert ended.status == 130
    lines += ended.out.splitlines(keepends=True)
    recorded_lines = [json.loads(post.raw) for post in posts(path)]
    assert recorded_lines[: len(lines)] == list(map(json.loads, lines))
    assert path.read_bytes().endswith(b"\x03\x00" + bytes(8))


def test_the_pace(rxtweets: Command, tmp_path: Path) -> None:
    """Posts are printed as far apart as they came, by --speed."""
    path = tmp_path / "x.jsonl"
    path.write_text("".join(f'{{"at":{at},"frame":{post_json("x").decode()}}}\n' for at in (0, 2)))
    begun = time.monotonic()
    assert rxtweets("replay", str(path), "--speed", "4").status == 0
    assert 0.5 <= time.monotonic() - begun < 5


def test_the_emulator_sends_a_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of `rxtweets emulator --replay` gets what was recorded."""
    path = recorded(tmp_path / "x.jsonl", frames(5))
    with running("emulator", "--replay", str(path), "--speed", "max") as server:
        env = variables(server)
        client = rxt.StreamingClient(
            rxt.BearerToken(env["X_BEARER_TOKEN"]), base_url=env["RXTWEETS_BASE_URL"]
        )
        got = []
        for item in rxt.iterate(client.sample()):
            if isinstance(item, Post):
                got.append(item.raw)
            if len(got) == 5:
                break
        server.end(signal.SIGINT)
    assert got == frames(5)
    assert os.environ.get("X_BEARER_TOKEN") is None
