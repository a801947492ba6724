"""The pictures of the docs, taken of the running examples: `python -m tests.pictures`.

It takes five minutes, and wants Chromium, NiceGUI, ImageMagick, the toolkits, and fonts for the languages
that posts are in. Names of examples as arguments leave out the others.
"""

from __future__ import annotations

import base64
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome

from rxtweets.emulator import Emulator

from . import browsing
from .gui.examples import WINDOWS, shown

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "pictures"

SECONDS = 125
"""Seconds after which the chart is full."""

LOST = 80
"""Seconds after which the connection is lost for once."""


@contextmanager
def program(name: str, emulator: Emulator) -> Iterator[str]:
    """Run an example, and yield the address that it prints."""
    with subprocess.Popen(
        [sys.executable, str(ROOT / "examples" / f"{name}.py")],
        env={**os.environ, **emulator.env()},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as running:
        assert running.stdout is not None
        try:
            yield running.stdout.readline().strip()
        finally:
            running.terminate()


def save(page: browsing.Page, name: str) -> None:
    """Keep a picture of what is seen, a third of the size of a PNG."""
    taken = page.browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "webp", "quality": 85})
    (FOLDER / f"{name}.webp").write_bytes(base64.b64decode(taken["data"]))


def dashboard(page: browsing.Page) -> None:
    """Take a picture after two minutes with a peak and a loss of the connection."""
    with Emulator(rate=30) as emulator, program("browser_dashboard", emulator) as address:
        page.browser.get(address)
        for second in range(SECONDS):
            emulator.rate = 32 + 8 * math.sin(second / 9) + 40 * math.exp(-(((second - 45) / 6) ** 2))
            if second == LOST:
                emulator.answer(503)
                emulator.cut_streams()
            time.sleep(1)
        save(page, "dashboard")


def board(page: browsing.Page) -> None:
    """Take a picture once all columns have posts."""
    with Emulator(rate=30) as emulator, program("nicegui_board", emulator) as address:
        time.sleep(10)  # it prints the address before it listens
        page.browser.get(address)
        time.sleep(15)
        save(page, "board")


def window(name: str) -> None:
    """Take a picture of an example's window after two minutes with a peak and a loss of the connection."""
    with Emulator(rate=30) as emulator, shown(name, environment=emulator.env()) as seen:
        for second in range(SECONDS if name == "qt_dashboard" else 15):
            emulator.rate = 32 + 8 * math.sin(second / 9) + 40 * math.exp(-(((second - 95) / 6) ** 2))
            if second == LOST:
                emulator.cut_streams()
            time.sleep(1)
        seen.photograph(FOLDER / f"{name}.webp")


def main() -> None:
    """Take all pictures."""
    FOLDER.mkdir(exist_ok=True)
    for name in WINDOWS:
        if name in sys.argv[1:] or not sys.argv[1:]:
            window(name)
    if sys.argv[1:]:
        return
    with tempfile.TemporaryDirectory() as folder:
        browser: Chrome = browsing.start(Path(folder))
        try:
            page = browsing.Page(browser)
            page.be(1280)
            dashboard(page)
            board(page)
        finally:
            browser.quit()


if __name__ == "__main__":
    main()
