"""A real browser for pages: what is seen of them, and whether it can be read."""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
REQUIRED = "RXTWEETS_BROWSER_TESTS"
"""If this variable is set, a missing browser is a failure and no reason to skip."""

PICTURES = os.environ.get("RXTWEETS_PICTURES")
"""A folder in which to keep the photographs that tests take, to look at them; without it none is kept."""

needs_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER) and REQUIRED not in os.environ, reason="no chromium and chromedriver"
)

NARROW = 320
"""Pixels: the width down to which WCAG (1.4.10) wants no sideways scrolling."""

FAINT = """
const parts = (text) => text.match(/[\\d.]+/g).map(Number);
const light = (rgb) => rgb.map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (element) => {
    const [r, g, b, alpha = 1] = parts(getComputedStyle(element).backgroundColor);
    return alpha === 0 ? ground(element.parentElement) : [r, g, b];
};
const faint = [];
for (const element of document.querySelectorAll("body *")) {
    const written = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!(written || element.matches("input, select"))) continue;
    if (!element.checkVisibility({visibilityProperty: true})) continue;
    const [one, other] = [parts(getComputedStyle(element).color).slice(0, 3), ground(element)].map(light);
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) faint.push(`${element.outerHTML.slice(0, 80)}: ${ratio.toFixed(2)}`);
}
return faint;
"""
"""The texts whose contrast is less than WCAG's 4.5:1 (1.4.3)."""

TOO_WIDE = """
return [...document.querySelectorAll("html, section, .scroll")]
    .filter((part) => part.scrollWidth > part.clientWidth).map((part) => part.outerHTML.slice(0, 60));
"""
"""The parts that would have to be scrolled sideways."""


class Page:
    """A page in a browser."""

    def __init__(self, browser: Chrome) -> None:
        self.browser = browser

    def text(self, id: str) -> str:
        return self.browser.find_element(By.ID, id).text

    def until(self, holds: Callable[[], object], patience: float = 5) -> None:
        WebDriverWait(self.browser, patience, 0.05).until(lambda _: holds())

    def find(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def js(self, script: str) -> Any:
        return self.browser.execute_script(script)

    def be(self, width: int, scheme: str = "light") -> None:
        """Show it that wide, to somebody who likes it light or dark."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        liked = [{"name": "prefers-color-scheme", "value": scheme}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": liked})

    def photograph(self, name: str) -> None:
        """Take a picture, which must show something, and keep it if there is a folder for it."""
        picture = self.browser.get_screenshot_as_png()
        assert shades(picture) > 100
        if PICTURES:
            Path(PICTURES, f"{name}.png").write_bytes(picture)


def shades(picture: bytes) -> int:
    """Return how many different bytes the points of a PNG have: few if there is nothing to see."""
    at, points = 8, b""
    while at < len(picture):
        length = int.from_bytes(picture[at : at + 4])
        if picture[at + 4 : at + 8] == b"IDAT":
            points += picture[at + 8 : at + 8 + length]
        at += length + 12
    return len({*zlib.decompress(points)})


def start(folder: Path) -> Chrome:
    """Start a browser that keeps its things in *folder*; whoever calls this quits it."""
    options = ChromeOptions()
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        f"--user-data-dir={folder}",
    ):
        options.add_argument(flag)
    options.binary_location = CHROMIUM or ""
    return Chrome(options=options, service=Service(DRIVER))
