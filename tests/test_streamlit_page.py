"""The program on the page on Streamlit, run as that does: anew each time, with what it caches kept."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rxtweets.emulator import Emulator
from tests import snippets
from tests.observing import PATIENCE

PAGE = Path(__file__).parent.parent / "docs" / "how-to" / "streamlit.md"


class Streamlit(ModuleType):
    """As much of Streamlit as the page uses."""

    def __init__(self) -> None:
        super().__init__("streamlit")
        self.shown: list[str] = []
        self.problems: list[str] = []
        self.cached: dict[str, Any] = {}
        self.fragments: list[Callable[[], None]] = []
        self.text = self.shown.append
        self.title = self.shown.append
        self.error = self.problems.append

    def cache_resource(self, make: Callable[[], Any]) -> Callable[[], Any]:
        def get() -> Any:
            if make.__name__ not in self.cached:
                self.cached[make.__name__] = make()
            return self.cached[make.__name__]

        return get

    def fragment(self, run_every: float) -> Callable[[Callable[[], None]], Callable[[], None]]:
        assert run_every > 0

        def call_again(function: Callable[[], None]) -> Callable[[], None]:
            self.fragments.append(function)
            return function

        return call_again


def test_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reruns share one session, a fragment shows what has come, the newest first, and the end."""
    streamlit = Streamlit()
    monkeypatch.setitem(sys.modules, "streamlit", streamlit)
    [program] = snippets.blocks(PAGE, "py")
    with Emulator(rate=0) as emulator:
        for name, value in emulator.env().items():
            monkeypatch.setenv(name, value)
        for _ in range(3):
            exec(compile(program.text, str(PAGE), "exec"), {})
        posts, errors, subscription = streamlit.cached["sample"]
        until(lambda: len(emulator.streams) == 1)
        for number in range(60):
            emulator.publish(f"number {number}")
        until(lambda: posts and posts[0].text == "number 59")
        streamlit.shown.clear()
        streamlit.fragments[0]()
        assert streamlit.shown == [f"number {number}" for number in range(59, 9, -1)]
        assert streamlit.problems == []
        assert len(emulator.streams) == 1
        emulator.answer(401)
        emulator.cut_streams()
        until(lambda: errors)
        streamlit.fragments[0]()
        assert len(streamlit.problems) == 1
        subscription.dispose()


def until(holds: Callable[[], object]) -> None:
    """Wait until it holds."""
    for _ in range(int(PATIENCE / 0.01)):
        if holds():
            return
        threading.Event().wait(0.01)
    pytest.fail("it doesn't hold")
