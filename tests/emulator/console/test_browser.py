"""The console in a real browser: what is seen, and what the buttons do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from rxtweets.emulator import Emulator
from tests.emulator.clients import SAMPLE, call, raw_get

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
REQUIRED = "RXTWEETS_BROWSER_TESTS"
"""Where this variable is set, a missing browser is a failure and no reason to skip."""

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER) and REQUIRED not in os.environ, reason="no chromium and chromedriver"
)


class Page:
    """The console in a browser."""

    def __init__(self, browser: Chrome) -> None:
        self.browser = browser

    def text(self, id: str) -> str:
        return self.browser.find_element(By.ID, id).text

    def until(self, holds: Callable[[], object]) -> None:
        WebDriverWait(self.browser, 5, 0.05).until(lambda _: holds())

    def form(self, do: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, f'form[data-do="{do}"]')

    def fill(self, do: str, **fields: str) -> WebElement:
        form = self.form(do)
        for name, value in fields.items():
            entry = form.find_element(By.NAME, name)
            if entry.tag_name == "input":
                entry.clear()
            entry.send_keys(value)
        return form

    def do(self, action: str, **fields: str) -> str:
        """Fill an action's form, press its button, and return what it then says."""
        form = self.fill(action, **fields)
        form.find_element(By.TAG_NAME, "button").click()
        said = form.find_element(By.TAG_NAME, "output")
        self.until(lambda: said.text not in ("", "…"))
        return said.text


@pytest.fixture
def page(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The console of the emulator, opened and live; at the end the browser has had nothing to complain of."""
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
        "--window-size=1400,1600",
        f"--user-data-dir={tmp_path_factory.mktemp('browser')}",
    ):
        options.add_argument(flag)
    options.binary_location = CHROMIUM or ""
    browser = Chrome(options=options, service=Service(DRIVER))
    try:
        browser.get(emulator.base_url)
        shown = Page(browser)
        shown.until(lambda: shown.text("link") == "live")
        yield shown
        problems = [entry for entry in browser.get_log("browser") if "/emulator/do" not in entry["message"]]  # type: ignore[no-untyped-call]
        assert problems == []
    finally:
        browser.quit()


def test_it_shows_what_happens_as_it_happens(emulator: Emulator, page: Page) -> None:
    """A stream appears with its messages, a post as the text it is, and both go on by themselves."""
    assert "No stream is open" in page.text("streams")
    with raw_get(emulator, SAMPLE):
        page.until(lambda: SAMPLE in page.text("streams"))
        emulator.publish("<script>document.title = 'run'</script>")
        page.until(lambda: "<script>document.title = 'run'</script>" in page.text("posts"))
        assert page.browser.title == "rxtweets emulator"
        page.until(lambda: "1" in page.text("streams").split()[-5:])
    page.until(lambda: "No stream is open" in page.text("streams"))


def test_its_buttons_do_what_they_say(emulator: Emulator, page: Page) -> None:
    """Publish, change the rate, order an answer and take it back, reset a stream."""
    with raw_get(emulator, SAMPLE) as stream:
        assert page.do("publish", text="by hand", author="ada") == "done: 1"
        assert stream.message()["data"]["text"] == "by hand"
        assert page.do("rate", posts="50").startswith("done")
        page.until(lambda: "50" in page.text("volume"))
        assert stream.message()["data"]["text"]
        assert page.do("rate", posts="0").startswith("done")
        assert page.do("answer", status="503").startswith("done")
        page.until(lambda: "the next 1 requests for streams: status 503" in page.text("trouble"))
        assert call(emulator, "GET", SAMPLE).status_code == 503
        page.until(lambda: "No trouble" in page.text("trouble"))
        assert page.do("reset") == "done: 1"
        with pytest.raises(ConnectionResetError):
            stream.drain()


def test_all_trouble_is_taken_back_at_once(emulator: Emulator, page: Page) -> None:
    """One button ends orders, stalls and a wrong clock."""
    emulator.answer(503)
    emulator.stall()
    emulator.skew(60)
    page.until(lambda: "the clock is off by +60 s" in page.text("trouble"))
    page.browser.find_element(By.ID, "calm").click()
    page.until(lambda: "No trouble" in page.text("trouble"))


def test_a_mistake_is_said_beside_its_button(page: Page) -> None:
    """The error names what was wrong and what would be right."""
    assert "between 200 and 599" in page.do("answer", status="99")
    assert page.form("answer").find_element(By.TAG_NAME, "output").get_attribute("class") == "wrong"


def test_the_keyboard_suffices(emulator: Emulator, page: Page) -> None:
    """Enter in a field does the action, and what is typed stays while the page refreshes."""
    with raw_get(emulator, SAMPLE) as stream:
        field = page.fill("publish", text="typed").find_element(By.NAME, "text")
        emulator.publish("meanwhile")
        page.until(lambda: "meanwhile" in page.text("posts"))
        assert field.get_attribute("value") == "typed"
        field.send_keys(Keys.ENTER)
        assert stream.message()["data"]["text"] == "meanwhile"
        assert stream.message()["data"]["text"] == "typed"
