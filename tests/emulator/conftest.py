from __future__ import annotations

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
