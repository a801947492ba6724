"""The console as a server sends it: what is on it, what is not, and who may see it."""

from __future__ import annotations

import html
import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from rxtweets.emulator import X_HOSTS, Emulator
from rxtweets.emulator.console.forms import LABELS, TITLES, groups
from rxtweets.emulator.console.page import round_up
from rxtweets.emulator.faults.actions import KINDS
from rxtweets.emulator.faults.disconnects import CODES, TYPES
from tests.emulator.clients import FILTERED, SAMPLE, V1_FILTER, add_rules, call, raw, raw_get, v1_stream


def get(emulator: Emulator, path: str, **headers: str) -> requests.Response:
    with requests.Session() as session:
        return session.get(emulator.base_url + path, headers=headers, timeout=5)


def test_the_page_says_what_may_run_on_it(emulator: Emulator) -> None:
    """A policy without inline scripts, and nothing from elsewhere."""
    page = get(emulator, "/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    for name in ("console.css", "console.js"):
        assert get(emulator, f"/emulator/{name}").status_code == 200


def test_every_action_has_a_form(emulator: Emulator) -> None:
    """The page has a form for every kind of action."""
    page = get(emulator, "/").text
    for name in KINDS:
        assert f'data-do="{name}"' in page


def test_what_others_wrote_is_escaped_and_visible(emulator: Emulator) -> None:
    """Neither markup, nor marks that turn the direction, get through from posts, rules, paths and agents."""
    hostile = "<script>x</script>\u202e&quot;"
    emulator.publish(hostile)
    add_rules(emulator, f'"{hostile}"')
    call(emulator, "GET", "/2/<script>x</script>")
    with raw_get(emulator, SAMPLE, "User-Agent: <script>x</script>"):
        page = get(emulator, "/").text
    assert page.count("&lt;script&gt;x&lt;/script&gt;") >= 3
    assert "<script>x" not in page
    assert "\u202e" not in page


def test_it_shows_no_secrets(emulator: Emulator) -> None:
    """Nothing that came with a request and may be a credential; and as data not even its own."""
    with raw_get(emulator, f"{SAMPLE}?oauth_token=hidden-1", "Cookie: hidden-2", "X-Key: hidden-3"):
        shown = get(emulator, "/").text + get(emulator, "/emulator/state").text
    assert "hidden-" not in shown
    assert emulator.bearer_token not in get(emulator, "/emulator/state").text


def shown_as(id: str, page: str) -> str:
    """The text of the page's code of that id."""
    found = re.search(f'<code id="{id}">(.*?)</code>', page, re.DOTALL)
    assert found is not None
    revealed = re.sub('<span class="secret" data-secret="(.*?)">•+</span>', r"\1", found[1])
    assert "•" not in revealed
    return html.unescape(revealed)


def test_it_says_how_to_connect(emulator: Emulator) -> None:
    """The page shows the current address, token, example command and variables."""
    former = emulator.bearer_token
    emulator.renew_bearer_token()
    page = get(emulator, "/").text
    token, url = emulator.bearer_token, emulator.base_url
    assert former not in page
    assert shown_as("base-url", page) == url
    assert shown_as("bearer-token", page) == token
    header = f"Authorization: Bearer {token}"
    assert shlex.split(shown_as("curl", page)) == ["curl", "-N", "-H", header, url + SAMPLE]
    exports = [shlex.split(line)[1].split("=", 1) for line in shown_as("variables", page).splitlines()]
    assert dict(exports) == emulator.env()


def test_with_tls_the_line_trusts_its_certificate() -> None:
    """curl is told what to trust."""
    with Emulator(rate=0, tls=X_HOSTS) as emulator:
        plain = emulator.base_url.replace("https:", "http:")
        with requests.Session() as session:
            page = session.get(plain, timeout=5).text
        line = shlex.split(shown_as("curl", page))
        assert line[line.index("--cacert") + 1] == emulator.ca_file
        assert line[-1] == emulator.base_url + SAMPLE


def test_it_shows_what_it_was_started_with() -> None:
    """Seed, rate, and for how long it has been there."""
    with Emulator(rate=2.5, seed=7) as emulator:
        state = get(emulator, "/emulator/state").json()
        page = get(emulator, "/").text
    assert (state["seed"], state["rate"]) == (7, 2.5)
    assert 0 <= state["uptime"] < 60
    assert "seed 7" in page
    assert ">2.5<" in page


def test_it_tells_which_streams_have_ended_and_why(lenient: Emulator) -> None:
    """The latest first, of both protocols, with what they were sent."""
    add_rules(lenient, "cat")
    with raw_get(lenient, SAMPLE) as stream:
        lenient.publish("one")
        stream.message()
    lenient.wait_for_streams(0)
    with raw_get(lenient, FILTERED):
        lenient.reset_streams()
    with v1_stream(lenient, track="cat"):
        lenient.disconnect_streams(code=12)
    ended = get(lenient, "/emulator/state").json()["ended"]
    assert [(one["path"], one["reason"], one["messages"]) for one in ended] == [
        (V1_FILTER, "operator_disconnect", 1),
        (FILTERED, "server_disconnect", 0),
        (SAMPLE, "client_disconnect", 1),
    ]
    assert ended[-1]["bytes"] > 0
    page = get(lenient, "/").text
    for why in ("told to disconnect", "closed by the emulator", "closed by the client"):
        assert why in page


def test_streams_that_a_stop_has_ended_say_so() -> None:
    """A stream ended by stopping the emulator is not shown as ended by its client."""
    emulator = Emulator(rate=0)
    with emulator, raw_get(emulator, SAMPLE):
        emulator.stop()
        emulator.start()
        ended = get(emulator, "/emulator/state").json()["ended"]
    assert [one["reason"] for one in ended] == ["server_disconnect"]


def test_it_tells_how_many_streams_a_post_reached(lenient: Emulator) -> None:
    """Each post is shown with the number of streams that it was sent to."""
    add_rules(lenient, "cat")
    with raw_get(lenient, SAMPLE), raw_get(lenient, SAMPLE), raw_get(lenient, FILTERED):
        lenient.publish("for two")
        lenient.stall()
        lenient.publish("for none")
        recent = get(lenient, "/emulator/state").json()["recent"]
        page = get(lenient, "/").text
    assert [(post["text"], post["streams"]) for post in recent] == [("for none", 0), ("for two", 2)]
    assert "2 streams" in page


def test_disconnects_are_chosen_by_name(emulator: Emulator) -> None:
    """Every code and every type that there is, and no others."""
    page = get(emulator, "/").text
    for code, name in CODES.items():
        assert f'<option value="{code}">{code} {name}</option>' in page
    for name in TYPES:
        assert f'<option value="{name}">{name}</option>' in page
    assert '<option value="8">' not in page


def test_state_is_the_page_as_data(emulator: Emulator) -> None:
    """Streams, rules with their matches, posts, requests and faults."""
    add_rules(emulator, "cat")
    emulator.answer(503, times=2)
    emulator.clear_faults()
    with raw_get(emulator, FILTERED) as stream:
        emulator.publish("a cat", author="ada")
        stream.message()
        emulator.answer(503, times=2)
        state = get(emulator, "/emulator/state").json()
    assert [one["path"] for one in state["streams"]] == [FILTERED]
    assert state["streams"][0]["messages"] == 1
    assert state["streams"][0]["messages_per_second"] > 0
    assert state["bytes_per_second"] > 0
    assert [(rule["value"], rule["matches"]) for rule in state["rules"]] == [("cat", 1)]
    assert state["recent"][0]["author"] == "ada"
    latest = state["requests"][0]
    assert 0 <= latest.pop("uptime") <= state["uptime"] + 1
    assert latest == {"method": "GET", "path": FILTERED, "status": 200}
    assert state["faults"] == ["the next 2 requests for streams: status 503"]


def test_the_faults_in_force_are_told_in_words(emulator: Emulator) -> None:
    """A fault in force is described with the time or the number of requests it has left."""
    emulator.answer(429, seconds=60)
    emulator.answer(500, seconds=100, times=2, path="/x")
    for _ in range(2):
        emulator.stall(keep_alives=True)
    emulator.duplicate(0.2, path=SAMPLE)
    emulator.skew(70)
    assert get(emulator, "/emulator/state").json()["faults"] == [
        "the next 2 requests for /x for another 30 s: status 500",
        "stall: keep-alives",
        f"duplicate: path {SAMPLE}, share 0.2",
        "the clock is off by +70 s",
    ]


@pytest.mark.parametrize("path", ["/", "/emulator/state", "/emulator/events", "/emulator/console.js"])
def test_other_hosts_pages_see_nothing(emulator: Emulator, path: str) -> None:
    """A name that was made to lead here, and another page's script, are refused."""
    assert get(emulator, path, Host="evil.example").status_code == 403
    assert get(emulator, path, Origin="https://evil.example").status_code == 403


@pytest.fixture
def events(emulator: Emulator) -> Iterator[Iterator[dict[str, str]]]:
    """Return the events that are sent to the page."""
    host = emulator.base_url.removeprefix("http://")
    with raw(emulator, f"GET /emulator/events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")

        def changes() -> Iterator[Any]:
            while True:
                data = stream.chunk()
                if data.startswith(b"data: "):
                    yield json.loads(data[6:])

        yield changes()


def test_events_bring_what_has_changed(emulator: Emulator, events: Iterator[dict[str, str]]) -> None:
    """First everything, then only what is new; and they are no stream of X's."""
    first = next(events)
    parts = {"address", "volume", "streams", "ended", "rules", "posts", "requests", "bill", "faults"}
    assert set(first) == parts
    emulator.publish("something new")
    changed = next(part for part in events if "posts" in part)
    assert "something new" in changed["posts"]
    assert "rules" not in changed
    assert emulator.streams == ()
    assert emulator.requests == ()


def test_so_many_pages_may_be_open() -> None:
    """The twenty-first is told so."""
    with Emulator(rate=0) as emulator:
        host = emulator.base_url.removeprefix("http://")
        ask = f"GET /emulator/events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        opened = [raw(emulator, ask) for _ in range(20)]
        for one in opened:
            one.__enter__()
        try:
            assert get(emulator, "/emulator/events").status_code == 503
        finally:
            for one in opened:
                one.__exit__(None, None, None)


def test_secrets_are_masked(emulator: Emulator) -> None:
    """No token and no key is among the words of the page until it is revealed there."""
    page = get(emulator, "/").text
    words = html.unescape(re.sub("<[^>]*>", "", page))
    assert emulator.base_url in words
    for secret in (emulator.bearer_token, *emulator.oauth1):
        assert secret not in words
        assert secret in html.unescape(page)


def test_every_action_and_field_has_words_of_its_own() -> None:
    """No button and no label is the raw name of an action or a field."""
    for group in groups():
        for form in group.forms:
            assert form.do in TITLES
            assert "_" not in form.title + form.about
            for field in form.fields:
                assert field.name in LABELS
                assert field.label == LABELS[field.name]
    tones = {group.name: group.tone for group in groups()}
    assert tones == {
        "World": "makes", "Requests": "disturbs", "End": "ends", "Disturb": "disturbs", "All": "makes",
    }  # fmt: skip


@given(st.integers(0, 10**12))
def test_the_scale_of_the_chart(count: int) -> None:
    """Its top is at or above the highest value, below 2.5 times as much, and but for 1 it has a half."""
    top = round_up(count)
    assert count <= top <= max(2.5 * count, 1)
    assert top == 1 or top % 2 == 0


def test_the_chart_has_numbers(lenient: Emulator) -> None:
    """Beside it are the top of the scale, its half and 0, below it the time."""
    with raw_get(lenient, SAMPLE) as stream:
        get(lenient, "/")
        for number in range(3):
            lenient.publish(f"post {number}")
            stream.message()
        page = get(lenient, "/").text
    scale = re.search(r'class="scale".*?</div>', page, re.DOTALL)
    assert scale is not None
    top, *half, bottom = map(int, re.findall(r"<span>(\d+)</span>", scale[0]))
    assert (top in (1, 2, 4), half, bottom) == (True, [top // 2] if top > 1 else [], 0)
    for said in ("60 s ago", "30 s", "now", "Messages a second, last minute"):
        assert said in page


def test_the_pace_of_all_is_that_of_the_streams(lenient: Emulator) -> None:
    """A first look doesn't take the mean since the emulator was made."""
    with raw_get(lenient, SAMPLE) as stream:
        for number in range(20):
            lenient.publish(f"post {number}")
            stream.message()
        state = get(lenient, "/emulator/state").json()
    assert state["messages_per_second"] == state["streams"][0]["messages_per_second"] > 0
