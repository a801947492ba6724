"""The console as a server sends it: what is on it, what is not, and who may see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from rxtweets.emulator import Emulator
from rxtweets.emulator.trouble.actions import KINDS
from tests.emulator.clients import FILTERED, SAMPLE, add_rules, call, raw, raw_get


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
    """Whatever can be done can be done here."""
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
    """Not the tokens, nor what requests were signed with."""
    with raw_get(emulator, SAMPLE):
        shown = get(emulator, "/").text + get(emulator, "/emulator/state").text
    for secret in (emulator.bearer_token, *emulator.oauth1):
        assert secret not in shown


def test_state_is_the_page_as_data(emulator: Emulator) -> None:
    """Streams, rules with their matches, posts, requests and trouble."""
    add_rules(emulator, "cat")
    emulator.answer(503, times=2)
    emulator.forgive()
    with raw_get(emulator, FILTERED) as stream:
        emulator.publish("a cat", author="ada")
        stream.message()
        emulator.answer(503, times=2)
        state = get(emulator, "/emulator/state").json()
    assert [one["path"] for one in state["streams"]] == [FILTERED]
    assert state["streams"][0]["messages"] == 1
    assert [(rule["value"], rule["matches"]) for rule in state["rules"]] == [("cat", 1)]
    assert state["recent"][0]["author"] == "ada"
    assert state["requests"][0] == {"method": "GET", "path": FILTERED, "status": 200}
    assert state["trouble"] == ["the next 2 requests for streams: status 503"]


@pytest.mark.parametrize("path", ["/", "/emulator/state", "/emulator/events", "/emulator/console.js"])
def test_other_hosts_pages_see_nothing(emulator: Emulator, path: str) -> None:
    """A name that was made to lead here, and another page's script, are refused."""
    assert get(emulator, path, Host="evil.example").status_code == 403
    assert get(emulator, path, Origin="https://evil.example").status_code == 403


@pytest.fixture
def events(emulator: Emulator) -> Iterator[Iterator[dict[str, str]]]:
    """What the page is sent."""
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
    assert set(next(events)) == {"volume", "streams", "rules", "posts", "requests", "trouble"}
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
