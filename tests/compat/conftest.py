from __future__ import annotations

from collections.abc import Iterator

import pytest

from rxtweets.emulator import Emulator


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch, nothing_left: None) -> Iterator[Emulator]:
    """An emulator without a world of its own, that every program is pointed at."""
    with Emulator(rate=0) as emulator:
        for name, value in emulator.env().items():
            monkeypatch.setenv(name, value)
        yield emulator
