from __future__ import annotations

from collections.abc import Iterator

import pytest

from rxtweets.emulator import Emulator, Limits


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(rate=0, keep_alive=0.3, limits=Limits(messages=None)) as emulator:
        yield emulator
