"""The statuses that the command ends with, each as its page tells."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from rxtweets.emulator import Emulator

from .command import Command, running

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "command-line.md"

BY_ITSELF = {
    "the limit is reached": (0, ["sample", "--limit", "1"]),
    "no mistake": (0, ["rules", "validate", "cat"]),
    "a mistake in a rule": (1, ["rules", "validate", "lang:en"]),
    "a rule that isn't sent": (1, ["filter", "--rule", "lang:en"]),
    "a rule that X refuses": (1, ["rules", "add", "lang:en", "--unchecked"]),
    "no such file": (1, ["rules", "sync", "missing.toml"]),
    "no such credentials": (1, ["sample", "--credentials", "missing.toml"]),
    "an address of another machine": (1, ["emulator", "--host", "192.0.2.1"]),
    "no such command": (2, ["smaple"]),
    "no such option": (2, ["sample", "--limt", "1"]),
    "a value of another kind": (2, ["sample", "--limit", "many"]),
    "a value that v1.1 doesn't take": (2, ["filter", "--follow", "bob"]),
    "a value that v2 doesn't take": (2, ["sample", "--ask", "tweet.fields=gea"]),
    "options that don't go together": (2, ["filter", "--rule", "cat", "--language", "en"]),
    "nothing asked for": (2, ["filter"]),
}

NOBODY_READS = 141
"""See `test_stdio.py`."""

BY_SIGNAL = {signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGTERM: 143}


@pytest.mark.parametrize("case", BY_ITSELF)
def test_ended_by_itself(rxtweets: Command, case: str, emulator: Emulator) -> None:
    """The status tells how it ended."""
    status, arguments = BY_ITSELF[case]
    ended = rxtweets(*arguments)
    assert ended.status == status, ended.err


@pytest.mark.parametrize("number", BY_SIGNAL)
def test_ended_by_a_signal(number: signal.Signals, emulator: Emulator) -> None:
    """The status is 128 and the signal's number, but 0 for the emulator, which ends no other way."""
    with running("sample") as command:
        command.line()
        assert command.end(number).status == BY_SIGNAL[number]
    with running("emulator") as server:
        server.line()
        assert server.end(number).status == 0


def test_each_is_documented() -> None:
    """The page lists those that occur and no others."""
    listed = re.findall(r"^\| (\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    occurring = {NOBODY_READS, *BY_SIGNAL.values(), *(status for status, _ in BY_ITSELF.values())}
    assert sorted(map(int, listed)) == sorted(occurring)
