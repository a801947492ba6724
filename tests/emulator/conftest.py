from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from rxtweets.emulator import Emulator, Limits

from .clients import add_rules


@pytest.fixture
def enterprise() -> Iterator[Emulator]:
    """A silent emulator at the level of enterprises."""
    with Emulator(rate=0, level="enterprise") as emulator:
        yield emulator


@pytest.fixture
def lenient() -> Iterator[Emulator]:
    """A silent emulator of an enterprise, that counts neither connections nor requests."""
    with Emulator(rate=0, level="enterprise", limits=Limits.none()) as emulator:
        yield emulator


@pytest.fixture
def world() -> Iterator[Emulator]:
    """An emulator with a talkative world, and all streams."""
    with Emulator(rate=1000, seed=7, level="enterprise") as emulator:
        yield emulator


@pytest.fixture(scope="module")
def site() -> Iterator[Emulator]:
    """A silent emulator of an enterprise, without limits, with a rule, for all tests of a module."""
    with Emulator(rate=0, level="enterprise", limits=Limits.none()) as emulator:
        add_rules(emulator, "cat")
        yield emulator


@pytest.fixture
def nothing_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test after which the emulator or its loop had something to log, such as a traceback."""
    with caplog.at_level(logging.INFO):
        yield
    said = [record for record in caplog.records if record.name.startswith(("rxtweets.emulator", "asyncio"))]
    assert [record.getMessage() for record in said] == []
