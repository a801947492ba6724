"""The example `browser_dashboard.py` in a real browser: what comes, how it looks, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from selenium.webdriver import Chrome

from rxtweets.emulator import Emulator
from tests.browsing import FAINT, NARROW, TOO_WIDE, Page, needs_browser

PROGRAM = Path(__file__).parent.parent / "examples" / "browser_dashboard.py"

pytestmark = needs_browser


class Dashboard(Page):
    """The dashboard in a browser, and its program."""

    def __init__(self, browser: Chrome, program: subprocess.Popen[str]) -> None:
        super().__init__(browser)
        self.program = program
        assert program.stdout is not None
        self.address = program.stdout.readline().strip()

    def open(self) -> None:
        self.browser.get(self.address)
        self.until(lambda: self.find("#state b").text == "live")

    def rows(self) -> list[str]:
        texts: list[str] = self.js(
            "return [...document.querySelectorAll('.what')].map((cell) => cell.textContent)"
        )
        return texts


@pytest.fixture
def dashboard(browser: Chrome, emulator: Emulator) -> Iterator[Dashboard]:
    """The dashboard, live; at the end the browser has had nothing to complain of."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(PROGRAM)],
        env={**os.environ, **emulator.env()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as program:
        try:
            shown = Dashboard(browser, program)
            shown.be(1280)
            shown.open()
            yield shown
            assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
        finally:
            browser.get("about:blank")
            program.kill()


def test_posts_come_as_text(dashboard: Dashboard, emulator: Emulator) -> None:
    """A published post appears, newest first and as it was written; the table is bounded; figures go on."""
    written = "<script>document.title = 'run'</script> & <b>bold</b>"
    emulator.publish(written, author="ada")
    dashboard.until(lambda: dashboard.rows() == [written])
    assert dashboard.browser.title == "Sample stream"
    assert "@ada" in dashboard.text("posts")
    for number in range(120):
        emulator.publish(f"number {number}")
    dashboard.until(lambda: dashboard.text("count") == "121")
    assert dashboard.rows() == [f"number {number}" for number in range(119, 19, -1)]
    dashboard.open()
    assert len(dashboard.rows()) == 100


def test_the_chart_has_an_axis(dashboard: Dashboard, emulator: Emulator) -> None:
    """Posts a second over the last two minutes, on a scale that fits; hashtags beside it."""
    emulator.rate = 50
    dashboard.until(lambda: dashboard.js("return document.querySelector('.line')") is not None)
    dashboard.until(lambda: float(dashboard.text("now").replace("–", "0")) > 20)
    labels = dashboard.js("return [...document.querySelectorAll('svg text')].map((t) => t.textContent)")
    assert labels[-3:] == ["2 min ago", "1 min ago", "now"]
    scale = [float(label) for label in labels[:-3]]
    assert scale[0] == 0
    assert 3 <= len(scale) <= 6
    assert scale[-1] >= 20
    dashboard.until(lambda: "#" in dashboard.text("tags"))
    for width in (390, 1280):
        for scheme in ("light", "dark"):
            dashboard.be(width, scheme)
            dashboard.photograph(f"dashboard-{width}-{scheme}")


def test_it_counts_down_to_the_reconnect(dashboard: Dashboard, emulator: Emulator) -> None:
    """While it waits, the page says until when and why; afterwards it is live."""
    emulator.answer(503)
    emulator.cut_streams()
    state = dashboard.find("#state")
    dashboard.until(lambda: "HTTP 503" in state.text)

    def left() -> float:
        found = re.match(r"connects again in ([\d.]+) s\nattempt \d+, because of: HTTP 503", state.text)
        assert found, state.text
        return float(found[1])

    first = left()
    assert 0 < first < 20
    dashboard.until(lambda: left() < first - 0.5)
    dashboard.until(lambda: state.text.startswith("live\nconnected since "), patience=20)
    dashboard.until(lambda: dashboard.text("reconnects") == "2")
    dashboard.until(lambda: dashboard.js("return document.querySelector('.gap')") is not None)


def test_the_end_of_a_stream_is_shown(dashboard: Dashboard, emulator: Emulator) -> None:
    """A stream that won't come back is said to have ended, and why."""
    emulator.answer(403)
    emulator.cut_streams()
    dashboard.until(lambda: re.match(r"ended\n\w+: .*403", dashboard.text("state")))


def test_posts_can_be_paused(dashboard: Dashboard, emulator: Emulator) -> None:
    """While paused the table stays as it is, and the button counts what has come; it comes afterwards."""
    emulator.publish("before")
    dashboard.until(lambda: dashboard.rows() == ["before"])
    button = dashboard.find("#pause")
    button.click()
    emulator.publish("meanwhile")
    dashboard.until(lambda: button.text == "Go on, 1 new")
    assert button.get_attribute("aria-pressed") == "true"
    assert dashboard.rows() == ["before"]
    button.click()
    assert dashboard.rows() == ["meanwhile", "before"]
    assert button.text == "Pause"


def test_it_fits_and_can_be_read(dashboard: Dashboard, emulator: Emulator) -> None:
    """At any width nothing has to be scrolled sideways, and light and dark each text stands out."""
    emulator.publish("x" * 270, author="a" * 15)
    dashboard.until(dashboard.rows)
    for width in (NARROW, 390, 800, 1280):
        for scheme in ("light", "dark"):
            dashboard.be(width, scheme)
            assert dashboard.js(TOO_WIDE) == [], width
            assert dashboard.js(FAINT) == [], scheme
    dashboard.find("#pause").click()
    assert dashboard.js(FAINT) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_ctrl_c_ends_it(dashboard: Dashboard) -> None:
    """The program ends at once and quietly while a page is open, which says that it is gone."""
    dashboard.program.send_signal(signal.SIGINT)
    output, errors = dashboard.program.communicate(timeout=10)
    assert (dashboard.program.returncode, output, errors) == (0, "", "")
    dashboard.until(lambda: "doesn't answer" in dashboard.text("state"))
    dashboard.browser.get("about:blank")
    dashboard.browser.get_log("browser")  # type: ignore[no-untyped-call]


def test_other_sites_get_nothing(dashboard: Dashboard) -> None:
    """A request under another name than the address's own is refused; another path isn't there."""
    rebound = requests.get(dashboard.address + "events", headers={"Host": "evil.example"}, timeout=5)
    assert rebound.status_code == 421
    assert requests.get(dashboard.address + "other", timeout=5).status_code == 404
    policy = requests.get(dashboard.address, timeout=5).headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
