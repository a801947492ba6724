"""The pytest plugin of rxtweets: the fixture `x_emulator`, a stand-in for X's streams that runs for one test.

    def test_it_reads_a_post(x_emulator):
        ...

It is a module by itself since pytest imports it in every run, where nothing of rxtweets may be needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rxtweets.emulator import Emulator

__all__ = ["x_emulator"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "x_emulator(**options): options of the fixture x_emulator, those of rxtweets.emulator.Emulator",
    )


@pytest.fixture
def x_emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """Yield a running `rxtweets.emulator.Emulator`, to which the environment points (`Emulator.env`).

    The marker `x_emulator` has its options: `@pytest.mark.x_emulator(rate=0, seed=1)`; of several, those
    nearest to the test count. After the test the emulator is gone, and the variables are as before. Needs
    ``rxtweets[emulator]``.
    """
    try:
        from rxtweets.emulator import Emulator
    except ImportError as missing:
        raise pytest.fail.Exception(str(missing), pytrace=False) from None
    with Emulator(**_options(request)) as emulator, pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.env().items():
            patch.setenv(name, value)
        yield emulator


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for marker in request.node.iter_markers("x_emulator"):  # the nearest first
        if marker.args:
            pytest.fail(
                "the marker x_emulator takes options by name, such as x_emulator(rate=0)", pytrace=False
            )
        options = {**marker.kwargs, **options}
    return options
