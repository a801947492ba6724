"""The example `nicegui_board.py` in a real browser, where NiceGUI is installed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import requests
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from rxtweets.emulator import Emulator
from tests.browsing import FAINT, NARROW, TOO_WIDE, Page, needs_browser

PROGRAM = Path(__file__).parent.parent / "examples" / "nicegui_board.py"

pytestmark = [
    needs_browser,
    pytest.mark.skipif(not find_spec("nicegui"), reason="no NiceGUI: the extra `examples` has it"),
]


class Board(Page):
    """The board in a browser."""

    def posts(self, pane: int) -> list[str]:
        texts: list[str] = self.js(
            f"return [...document.querySelectorAll('.pane:nth-child({pane}) .post > :last-child')]"
            ".map((post) => post.textContent)"
        )
        return texts

    def states(self) -> list[str]:
        texts: list[str] = self.js(
            "return [...document.querySelectorAll('.state')].map((state) => state.textContent)"
        )
        return texts


def serves(address: str) -> bool:
    """Return True once the program answers."""
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(address, timeout=10).ok
    return False


@pytest.fixture
def program(emulator: Emulator) -> Iterator[subprocess.Popen[str]]:
    """The program, which must end quietly, also while a page is open."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    with subprocess.Popen(
        [sys.executable, str(PROGRAM)],
        env={**outside, **emulator.env()},  # NiceGUI behaves otherwise under pytest
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as program:
        try:
            yield program
            program.send_signal(signal.SIGINT)
            output, errors = program.communicate(timeout=20)
            assert (program.returncode, output, errors) == (0, "", "")
        finally:
            program.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_the_board(program: subprocess.Popen[str], emulator: Emulator, browser: Chrome) -> None:
    """Panes have their posts as text; another rule takes over, one that X refuses is told; it can be read."""
    assert program.stdout is not None
    address = program.stdout.readline().strip()
    page = Board(browser)
    page.until(lambda: serves(address), patience=20)
    page.be(1280)
    browser.get(address)
    page.until(lambda: page.states() == ["live"] * 3, patience=20)
    page.until(lambda: len(emulator.rules) >= 3, patience=20)

    def published(text: str, pane: int) -> None:
        def shown() -> bool:
            emulator.publish(text, author="ada")
            return text in page.posts(pane)

        page.until(shown, patience=20)  # a rule comes into force a moment after the hub has added it

    published("coffee <b>& tea</b>", 1)
    published("rugby", 2)
    assert "coffee <b>& tea</b>" not in page.posts(2)
    for number in range(60):
        emulator.publish(f"coffee {number}")
    page.until(lambda: page.posts(1)[0] == "coffee 59")
    assert len(page.posts(1)) == 40

    entry = page.find("input")
    entry.send_keys(Keys.CONTROL, "a")
    entry.send_keys("juice", Keys.ENTER)
    published("juice", 1)
    assert set(page.posts(1)) == {"juice"}
    entry.send_keys(Keys.CONTROL, "a")
    entry.send_keys("has:imagse", Keys.ENTER)
    page.until(lambda: page.states()[0].startswith("RulesRefused: has:imagse"), patience=20)

    published("rugby " + "x" * 200, 2)
    for width in (NARROW, 390, 1280):
        for scheme in ("light", "dark"):
            page.be(width, scheme)
            page.until(lambda scheme=scheme: page.js(DARK) == (scheme == "dark"))  # type: ignore[misc]
            assert page.js(TOO_WIDE) == []
            assert page.js(FAINT) == []
            page.photograph(f"board-{width}-{scheme}")
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]

    browser.get("about:blank")
    page.until(lambda: not emulator.streams, patience=20)
    browser.get(address)
    page.until(lambda: len(emulator.streams) == 1, patience=20)
    program.send_signal(signal.SIGINT)
    program.wait(20)
    browser.get("about:blank")
    browser.get_log("browser")  # type: ignore[no-untyped-call]


DARK = "return document.body.classList.contains('body--dark')"
