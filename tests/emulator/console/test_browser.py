"""The console in a real browser: what is seen, and what the buttons do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from rxtweets.emulator import Emulator
from tests.browsing import FAINT, NARROW, TOO_WIDE, Page, needs_browser
from tests.emulator.clients import FILTERED, SAMPLE, add_rules, call, raw_get

pytestmark = needs_browser

PLACES = """
return [...document.querySelectorAll("section, form, form button")]
    .map((part) => [part.outerHTML.slice(0, 60), part.offsetLeft, part.offsetTop, part.offsetHeight]);
"""
"""The position of each part and button, independent of scrolling."""

REFRESHED = """
const [done, events] = [arguments[0], new EventSource("/emulator/events")];
let count = 0;
events.onmessage = () => { if (++count === 2) { events.close(); done(); } };
"""
"""Wait until all pages have been sent what there is by now."""


class Console(Page):
    """The console in a browser."""

    def form(self, do: str) -> WebElement:
        """Return an action's form, in front."""
        form = self.browser.find_element(By.CSS_SELECTOR, f'form[data-do="{do}"]')
        if not form.is_displayed():
            self.turn_to(str(form.find_element(By.XPATH, "..").get_attribute("id")))
        return form

    def turn_to(self, part: str) -> None:
        """Choose the tab of a part."""
        self.find(f"#{part}-tab").click()

    def text(self, id: str) -> str:
        """Return the text of a part, in front."""
        if id in {"posts", "requests", "rules", "ended"} and not self.find(f"#{id}").is_displayed():
            self.turn_to(id)
        return super().text(id)

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

    def rows(self) -> list[WebElement]:
        """Return the rows of the open streams."""
        return self.browser.find_elements(By.CSS_SELECTOR, "#streams tbody tr")

    def press(self, row: int, button: str) -> None:
        """Press a button of a stream's row."""
        self.until(lambda: self.rows()[row].find_elements(By.XPATH, f".//button[text()='{button}']"))
        self.rows()[row].find_element(By.XPATH, f".//button[text()='{button}']").click()


@pytest.fixture
def page(lenient: Emulator, browser: Chrome) -> Iterator[Console]:
    """The console of the emulator, opened and live; at the end the browser has had nothing to complain of."""
    shown = Console(browser)
    shown.be(1400)
    browser.get(lenient.base_url)
    shown.until(lambda: shown.text("link") == "live")
    yield shown
    problems = [entry for entry in browser.get_log("browser") if "/emulator/do" not in entry["message"]]  # type: ignore[no-untyped-call]
    browser.get("about:blank")
    assert problems == []


@pytest.fixture
def busy(lenient: Emulator) -> Iterator[None]:
    """Streams, rules, posts, requests and faults, with long words in all of them."""
    long = "x" * 200
    add_rules(lenient, "cat", f"dog OR {long}")
    call(lenient, "GET", f"/2/{long}")
    with raw_get(lenient, SAMPLE):
        lenient.close_streams()
    with (
        raw_get(lenient, f"{FILTERED}?expansions={long}", f"User-Agent: {long}"),
        raw_get(lenient, SAMPLE, "Accept-Encoding: gzip") as sample,
    ):
        lenient.publish(f"a cat {long}", author="ada")
        sample.message()
        lenient.stall(path=FILTERED)
        lenient.answer(503, path=f"/{long}")
        lenient.skew(60)
        yield


def test_it_shows_what_happens_as_it_happens(lenient: Emulator, page: Console) -> None:
    """A stream appears with its messages, a post as the text it is, and both go on by themselves."""
    assert "No stream is open" in page.text("streams")
    with raw_get(lenient, SAMPLE):
        page.until(lambda: SAMPLE in page.text("streams"))
        lenient.publish("<script>document.title = 'run'</script>")
        page.until(lambda: "<script>document.title = 'run'</script>" in page.text("posts"))
        assert page.browser.title == "rxtweets emulator"
        assert "1 stream" in page.text("posts")
        page.until(lambda: page.find("#streams [data-name=Messages]").text.startswith("1"))
    page.until(lambda: "No stream is open" in page.text("streams"))
    assert "closed by the client" in page.text("ended")


def test_its_buttons_do_what_they_say(lenient: Emulator, page: Console) -> None:
    """Publish, change the rate, order an answer and take it back, reset a stream."""
    with raw_get(lenient, SAMPLE) as stream:
        assert page.do("publish", text="by hand", author="ada") == "Reached 1 stream."
        assert stream.message()["data"]["text"] == "by hand"
        assert page.do("rate", posts="50") == "Done."
        page.until(lambda: "50" in page.text("volume"))
        assert stream.message()["data"]["text"]
        assert page.do("rate", posts="0") == "Done."
        assert page.do("answer", status="503") == "Done."
        page.until(lambda: "the next 1 requests for streams: status 503" in page.text("faults"))
        assert call(lenient, "GET", SAMPLE).status_code == 503
        page.until(lambda: "No faults" in page.text("faults"))
        assert page.do("reset") == "Reached 1 stream."
        with pytest.raises(ConnectionResetError):
            stream.drain()
    assert page.do("garbage") == "No stream was reached."


def test_a_goodbye_is_chosen_by_its_name(lenient: Emulator, page: Console) -> None:
    """The stream says what was chosen."""
    with raw_get(lenient, SAMPLE) as stream:
        assert page.do("disconnect", type="ForceDisconnect") == "Reached 1 stream."
        assert stream.message()["errors"][0]["disconnect_type"] == "ForceDisconnect"
    page.until(lambda: "told to disconnect" in page.text("ended"))


def test_all_faults_are_cleared_at_once(lenient: Emulator, page: Console) -> None:
    """One button ends orders, stalls and a wrong clock."""
    lenient.answer(503)
    lenient.stall()
    lenient.skew(60)
    page.until(lambda: "the clock is off by +60 s" in page.text("faults"))
    page.find("#calm button").click()
    page.until(lambda: "No faults" in page.text("faults"))
    assert page.find("#calm output").text == "Done."


@pytest.mark.parametrize(
    ("action", "field", "given", "error"),
    [("answer", "status", "99", "between 200 and 599"), ("send", "message", "{no", "message must be JSON")],
)
def test_a_mistake_is_said_at_its_field(
    page: Console, action: str, field: str, given: str, error: str
) -> None:
    """The error names what was wrong and what would be right; the field is marked until it is changed."""
    assert error in page.do(action, **{field: given})
    form = page.form(action)
    wrong = form.find_element(By.NAME, field)
    output = form.find_element(By.TAG_NAME, "output")
    assert output.get_attribute("class") == "wrong"
    assert wrong.get_attribute("aria-invalid") == "true"
    assert wrong.get_attribute("aria-describedby") == output.get_attribute("id")
    assert page.browser.switch_to.active_element == wrong
    wrong.send_keys("0")
    assert wrong.get_attribute("aria-invalid") is None
    assert output.text == ""


def test_the_keyboard_suffices(lenient: Emulator, page: Console) -> None:
    """Enter in a field does the action; what is typed, and the focus, stay while the page refreshes."""
    with raw_get(lenient, SAMPLE) as stream:
        field = page.fill("publish", text="typed").find_element(By.NAME, "text")
        lenient.publish("meanwhile")
        page.until(lambda: "meanwhile" in page.text("posts"))
        assert field.get_attribute("value") == "typed"
        assert page.browser.switch_to.active_element == field
        field.send_keys(Keys.ENTER)
        assert stream.message()["data"]["text"] == "meanwhile"
        assert stream.message()["data"]["text"] == "typed"


def test_updates_can_be_paused(lenient: Emulator, page: Console) -> None:
    """Posts that come while updates are paused are shown when they go on."""
    page.find("#pause").click()
    assert page.text("link") == "paused"
    shown = page.text("posts")
    assert page.do("publish", text="while paused").startswith("No stream")
    page.browser.execute_async_script(REFRESHED)
    assert page.text("posts") == shown
    page.find("#pause").click()
    page.until(lambda: "while paused" in page.text("posts"))
    assert page.text("link") == "live"


def test_it_finds_an_emulator_that_is_back(lenient: Emulator, page: Console) -> None:
    """While it is gone the page says so, then goes on with what is new."""
    lenient.stop()
    page.until(lambda: "not connected" in page.text("link"))
    assert page.do("resume") == "the emulator doesn't answer"
    lenient.renew_bearer_token()
    lenient.start()
    page.until(lambda: page.text("link") == "live")
    page.find("#reveal").click()
    page.until(lambda: page.text("bearer-token") == lenient.bearer_token)
    page.browser.get_log("browser")  # type: ignore[no-untyped-call]


def test_the_token_is_copied_or_selected(lenient: Emulator, page: Console) -> None:
    """If the browser forbids copying, the token is selected, to be copied by hand."""
    button = page.find("[data-copy=bearer-token]")
    button.click()
    page.until(lambda: button.text in ("Copied", "Selected"))
    if button.text == "Selected":
        assert page.js("return String(getSelection())") == lenient.bearer_token


def test_nothing_moves_when_something_happens(
    page: Console, lenient: Emulator, request: pytest.FixtureRequest
) -> None:
    """No part and no button moves when streams, faults or messages come and go."""
    before = page.js(PLACES)
    assert len(before) > 40
    request.getfixturevalue("busy")
    page.until(lambda: "status 503" in page.text("faults") and SAMPLE in page.text("streams"))
    assert page.js(PLACES) == before
    for action, fields in (("answer", {"status": "99"}), ("garbage", {})):
        page.form(action)
        before = page.js(PLACES)
        page.do(action, **fields)
        assert page.js(PLACES) == before


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("width", [NARROW, 390, 800, 1280])
def test_it_fits(page: Console, width: int) -> None:
    """Neither the page nor a part of it has to be scrolled sideways."""
    page.be(width)
    page.find("summary").click()
    assert page.js("return innerWidth") == width
    assert page.js(TOO_WIDE) == []


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_can_be_read(page: Console, scheme: str, width: int) -> None:
    """Light and dark, every text stands out from what it is on: errors, badges and buttons too."""
    page.be(width, scheme)
    page.do("answer", status="99")
    page.do("garbage")
    page.find("#pause").click()
    assert page.js(FAINT) == []
    ground = page.find("body").value_of_css_property("background-color")
    assert (sum(map(int, re.findall(r"\d+", ground)[:3])) < 128) == (scheme == "dark")


def test_everything_has_a_name(page: Console) -> None:
    """Each field, button and part says what it is to those who don't see it."""
    page.be(800)
    page.find("summary").click()
    page.js("for (const part of document.querySelectorAll('[hidden]')) part.hidden = false")
    things = page.browser.find_elements(
        By.CSS_SELECTOR, "input, select, button, [role=group], [role=tabpanel], section"
    )
    nameless = [thing.get_attribute("outerHTML") for thing in things if not thing.accessible_name]
    assert len(things) > 60
    assert nameless == []


def test_a_stream_is_ended_in_its_own_row(lenient: Emulator, page: Console) -> None:
    """Its buttons stall, resume and end this stream, and leave another of the same path alone."""
    with raw_get(lenient, SAMPLE) as one, raw_get(lenient, SAMPLE) as other:
        page.until(lambda: len(page.rows()) == 2)
        page.press(0, "Stall")
        page.until(lambda: "stalled" in page.rows()[0].text)
        assert lenient.publish("for the other") == 1
        assert other.message()["data"]["text"] == "for the other"
        page.press(0, "Resume")
        page.until(lambda: "stalled" not in page.rows()[0].text)
        assert lenient.publish("for both") == 2
        assert one.message()["data"]["text"] == "for both"
        page.press(0, "End")
        page.until(lambda: len(page.rows()) == 1)
        with pytest.raises(EOFError):
            one.drain()
        assert lenient.publish("still for the other") == 1


def test_a_button_stays_while_its_row_changes(lenient: Emulator, page: Console) -> None:
    """Changes beside it take neither the focus nor the press from it."""
    with raw_get(lenient, SAMPLE) as stream:
        page.until(lambda: len(page.rows()) == 1)
        page.js("window.button = document.querySelector('#streams .ends'); window.button.focus()")
        lenient.publish("one")
        stream.message()
        page.until(lambda: page.find("#streams [data-name=Messages]").text.startswith("1"))
        assert page.js("return document.activeElement === window.button")
        assert page.js("return window.button.isConnected")


def test_the_rate_is_filled_in(lenient: Emulator, page: Console) -> None:
    """Its field has the rate in force, also a later one, but what is being typed stays."""
    field = page.form("rate").find_element(By.NAME, "posts")
    page.until(lambda: field.get_attribute("value") == "0")
    lenient.rate = 7
    page.until(lambda: field.get_attribute("value") == "7")
    field.send_keys("5")
    lenient.rate = 9
    page.until(lambda: page.text("rate") == "9")
    assert field.get_attribute("value") == "75"


def test_secrets_are_revealed_on_request(lenient: Emulator, page: Console) -> None:
    """The token is masked, also in the line for a shell; a button shows it and hides it again."""
    assert lenient.bearer_token not in page.text("connect")
    page.find("#reveal").click()
    assert page.text("bearer-token") == lenient.bearer_token
    assert lenient.bearer_token in page.text("curl")
    page.find("#reveal").click()
    assert lenient.bearer_token not in page.text("connect")


@pytest.mark.usefixtures("busy")
def test_a_phones_page_is_short(page: Console) -> None:
    """It is a few screens high, and what can be done comes before the lists and is in no box of its own."""
    page.be(390)
    assert page.js("return document.documentElement.scrollHeight") < 2400
    top = "return document.getElementById(arguments[0]).getBoundingClientRect().top + scrollY"
    actions, posts = (page.browser.execute_script(top, id) for id in ("actions", "posts"))
    assert actions < 844
    assert actions < posts


@pytest.mark.parametrize("width", [390, 1280])
def test_no_action_is_below_a_fold_of_its_own(page: Console, width: int) -> None:
    """With any tab, nothing but the page itself has to be scrolled to see all actions."""
    page.be(width)
    for tab in page.browser.find_elements(By.CSS_SELECTOR, "#actions [role=tab]"):
        tab.click()
        assert (
            page.js("const a = document.getElementById('actions'); return a.scrollHeight - a.clientHeight")
            <= 0
        )
        shown = page.browser.find_elements(By.CSS_SELECTOR, "#actions form")
        assert [form for form in shown if form.is_displayed()]


def test_tabs_by_keys(page: Console) -> None:
    """The arrow keys turn to the next tab and back."""
    tabs = page.browser.find_elements(By.CSS_SELECTOR, "#actions [role=tab]")
    tabs[0].click()
    tabs[0].send_keys(Keys.ARROW_RIGHT)
    assert [tab.get_attribute("aria-selected") for tab in tabs][:2] == ["false", "true"]
    assert page.browser.switch_to.active_element == tabs[1]
    tabs[1].send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert tabs[-1].get_attribute("aria-selected") == "true"


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_it_is_photographed(page: Console, scheme: str, width: int) -> None:
    """Desktop and phone, light and dark: there is something to see."""
    page.be(width, scheme)
    page.photograph(f"console-{width}-{scheme}")
