"""The command in this process, and an emulator that it talks to."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping

import pytest

from rxtweets.cli import process
from rxtweets.emulator import Emulator

from .command import Command, Ended


@pytest.fixture
def rxtweets(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return a function that runs the command in this process, a tenth of the cost of one of its own.

    It takes arguments and, if given, variables and the bytes of stdin.
    """

    def run(*arguments: str, env: Mapping[str, str] | None = None, stdin: bytes | None = None) -> Ended:
        with monkeypatch.context() as patch:
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            if stdin is not None:
                patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            status = process.run(arguments)
        return Ended(status, *capsys.readouterr())

    return run


@pytest.fixture
def rules(rxtweets: Command) -> Command:
    """Return a function that runs `rxtweets rules`."""
    return lambda *arguments, **options: rxtweets("rules", *arguments, **options)


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Start an emulator, to which the environment points."""
    with Emulator(rate=100, level="enterprise") as emulator:
        for name, value in emulator.env().items():
            monkeypatch.setenv(name, value)
        yield emulator
