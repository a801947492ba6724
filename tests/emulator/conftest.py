from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from rxtweets.emulator import Emulator, Limits


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator whose world says nothing by itself."""
    with Emulator(rate=0) as emulator:
        yield emulator


@pytest.fixture
def lenient() -> Iterator[Emulator]:
    """A silent emulator that counts neither connections nor requests."""
    with Emulator(rate=0, limits=Limits.none()) as emulator:
        yield emulator


@pytest.fixture
def world() -> Iterator[Emulator]:
    """An emulator with a talkative world."""
    with Emulator(rate=1000, seed=7) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def site() -> Iterator[Emulator]:
    """An emulator that says nothing and limits nothing, for all tests of a module."""
    with Emulator(rate=0, limits=Limits.none()) as emulator:
        yield emulator


@pytest.fixture
def nothing_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test after which the emulator or its loop had something to log, such as a traceback."""
    with caplog.at_level(logging.INFO):
        yield
    said = [record for record in caplog.records if record.name.startswith(("rxtweets.emulator", "asyncio"))]
    assert [record.getMessage() for record in said] == []
