from __future__ import annotations

import json
import re
from ipaddress import ip_address
from typing import Any

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rxtweets.emulator import Emulator

from .clients import SAMPLE, raw_get
from .octets import request, said, statuses


def do(emulator: Emulator, *actions: Any, **headers: str) -> requests.Response:
    given = actions[0] if len(actions) == 1 else list(actions)
    named = {"Content-Type": "application/json", **{key.replace("_", "-"): headers[key] for key in headers}}
    return requests.post(f"{emulator.base_url}/emulator/do", data=json.dumps(given), headers=named, timeout=5)


def test_one_action(emulator: Emulator) -> None:
    """An action is done, and its result told; the request isn't one of the site's."""
    with raw_get(emulator, SAMPLE) as stream:
        answer = do(emulator, {"do": "publish", "text": "over HTTP"})
        assert (answer.status_code, answer.json()) == (200, {"done": [1]})
        assert stream.message()["data"]["text"] == "over HTTP"
    assert [record.path for record in emulator.requests] == [SAMPLE]


def test_a_list_is_done_in_order(emulator: Emulator) -> None:
    """Bytes are in base64; the results come in order."""
    with raw_get(emulator, SAMPLE) as stream:
        answer = do(
            emulator,
            {"do": "garbage", "data": "/v8NCg=="},
            {"do": "answer", "status": 503},
            {"do": "close"},
        )
        assert answer.json() == {"done": [1, None, 1]}
        assert stream.chunk() == b"\xfe\xff\r\n"
        assert stream.chunk() == b""


def test_all_are_checked_before_the_first_is_done(emulator: Emulator) -> None:
    """One mistake in a list, and nothing of it happens."""
    with raw_get(emulator, SAMPLE):
        answer = do(emulator, {"do": "close"}, {"do": "cut", "inside": "post"})
        assert answer.status_code == 400
        assert answer.json()["error"].startswith("action 2: cut: `inside`: Invalid enum value 'post'")
        assert len(emulator.streams) == 1


def test_what_can_not_be_done_is_told(emulator: Emulator) -> None:
    """A list of actions that fails midway returns the results of those done before."""
    answer = do(emulator, {"do": "skew", "seconds": 5}, {"do": "reset", "inside": "gzip"})
    assert (answer.status_code, answer.json()["done"]) == (400, [None])
    assert "no open stream is compressed" in answer.json()["error"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (1, "an action is an object"),
        ({}, "`do` is missing"),
        ({"do": "shout"}, "there is no action 'shout': `do` names one of publish,"),
        ({"do": "stall", "minutes": 1}, "stall has no field `minutes`: its fields are path, protocol"),
        ({"do": "publish"}, "missing required field `text`"),
        ({"do": "answer", "status": 99}, "status must be between 200 and 599, got 99"),
        ({"do": "answer", "status": 503, "headers": {"a b": "c"}}, "headers can't be sent"),
        ({"do": "mute", "times": 0}, "times must be at least 1"),
        ({"do": "mute", "seconds": 0}, "seconds must be more than 0"),
        ({"do": "disconnect", "code": 8}, "code must be one of 1, 2, 3"),
        ({"do": "disconnect", "type": "X"}, "type must be one of OperationalDisconnect"),
        ({"do": "disconnect", "code": 1, "type": "SlowReader"}, "not both"),
        ({"do": "send"}, "exactly one of message, text, data"),
        ({"do": "garbage", "data": "&"}, "`data`: Invalid base64"),
        ({"do": "long_line", "size": 3}, "size must be from 1024"),
        ({"do": "duplicate", "share": 2}, "share must be from 0 to 1"),
        ({"do": "reorder", "window": 0}, "window must be from 1"),
        ({"do": "fragment", "size": 0}, "size must be at least 1"),
        ({"do": "rate", "posts": -1}, "posts must be 0 or more"),
        ({"do": "rate", "posts": "min"}, "rate: `posts`"),
        ({"do": "skew", "seconds": 1e10}, "seconds must be within"),
        ({"do": "stall", "protocol": "3"}, "`protocol`: Invalid enum value '3'"),
    ],
)
def test_mistakes_are_named(emulator: Emulator, given: Any, said: str) -> None:
    """A 400 says what was wrong and what would be right."""
    answer = do(emulator, given)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "127.0.0.1.evil.example", "", "[::", "evil.com@127.0.0.1", "127.0.0.1@evil.com"),
        *("localhost/.evil.com", "localhost#evil.com", "evil.com:80@localhost", "localhost:x", "localhost:"),
        *("localhost:99999", "localhost, evil.com", "[::1", "::1", "[::1]evil.com", "127.1", "0x7f.0.0.1"),
    ],
)
def test_other_hosts_are_refused(emulator: Emulator, host: str) -> None:
    """A name that was bent to this machine gives no control over it."""
    assert do(emulator, {"do": "close"}, Host=host).status_code == 403


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:65535", "127.8.9.10", "[::1]:80", "[::1]", "localhost."]
)
def test_this_machines_names_are_let_in(emulator: Emulator, host: str) -> None:
    """Requests to loopback addresses and their name are accepted, whatever the port."""
    assert do(emulator, {"do": "close"}, Host=host).status_code == 200


HOST = st.lists(
    st.sampled_from(
        [*"@:/?#[]\\%,. \t_-0", "localhost", "127.0.0.1", "::1", "[::1]", "evil.com", "80", "\xe9", "%00"]
    ),
    max_size=6,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(host=HOST)
@example("127.0.0.256")
@example("127.0.0.01")
@example("localhost.:80")
def test_only_a_plain_name_of_this_machine_is_let_in(site: Emulator, host: str) -> None:
    """A Host other than a loopback name or address, with or without a port, is refused."""
    heard = said(site, request(site, "GET /emulator/state HTTP/1.1", f"Host: {host}", "Connection: close"))
    assert statuses(heard) in ([200], [400], [403])
    if statuses(heard) == [200]:
        name = re.sub(":[0-9]{1,5}$", "", host.strip(" \t")).strip("[]").rstrip(".")
        assert name == "localhost" or ip_address(name).is_loopback


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_other_origins_are_refused(emulator: Emulator, origin: str) -> None:
    """Neither does another page in this machine's browser."""
    assert do(emulator, {"do": "close"}, Origin=origin).status_code == 403
    assert do(emulator, {"do": "close"}, Origin=emulator.base_url).status_code == 200


def test_requests_of_other_kinds(emulator: Emulator) -> None:
    """Only JSON of a bounded size, only POST, only what there is."""
    url = f"{emulator.base_url}/emulator/do"
    json_type = {"Content-Type": "application/json"}
    assert requests.post(url, data='{"do":"close"}', timeout=5).status_code == 415
    assert requests.post(url, data="{", headers=json_type, timeout=5).status_code == 400
    assert requests.post(url, data=b" " * 2_000_000, headers=json_type, timeout=5).status_code == 413
    refused = requests.get(url, timeout=5)
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert requests.get(f"{emulator.base_url}/emulator/none", timeout=5).status_code == 404
