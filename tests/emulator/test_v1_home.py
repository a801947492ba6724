from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from rxtweets.emulator import Emulator

from .clients import signed, v1_stream

USER, SITE = "/1.1/user.json", "/1.1/site.json"


def published(emulator: Emulator, friend: int) -> dict[str, bool]:
    """Publish posts of every relation to the account, and return which the only stream was sent."""
    stranger, account = 3, emulator.user_id
    mine = emulator.compose("mine", author=account)
    theirs = emulator.compose("theirs", author=stranger)
    posts = {
        "by me": mine,
        "by a stranger": theirs,
        "by a friend": emulator.compose("friendly", author=friend),
        "friend to me": emulator.compose("answer", author=friend, reply_to=mine),
        "friend to stranger": emulator.compose("answer", author=friend, reply_to=theirs),
        "stranger to me": emulator.compose("answer", author=stranger, reply_to=mine),
        "stranger mentions me": emulator.compose("hello @you", author=stranger),
        "stranger repeats me": emulator.retweet(mine, author=stranger),
        "stranger about cats": emulator.compose("a cat", author=stranger),
        "stranger in Paris": emulator.compose("here", author=stranger, coordinates=(2.35, 48.86)),
    }
    return {name: bool(emulator.publish(post)) for name, post in posts.items()}


ABOUT_ME = {"by me", "friend to me", "stranger to me", "stranger mentions me", "stranger repeats me"}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ABOUT_ME | {"by a friend"}),
        ({"with": "followings"}, ABOUT_ME | {"by a friend"}),
        ({"replies": "all"}, ABOUT_ME | {"by a friend", "friend to stranger"}),
        ({"with": "user"}, ABOUT_ME),
        ({"with": "user", "track": "cat"}, ABOUT_ME | {"stranger about cats"}),
        ({"with": "user", "locations": "2,48,3,49"}, ABOUT_ME | {"stranger in Paris"}),
    ],
)
def test_a_user_stream_has_what_concerns_the_user(
    emulator: Emulator, params: dict[str, str], expected: set[str]
) -> None:
    """`with` and `replies` say whose statuses, `track` and `locations` add others."""
    with v1_stream(emulator, USER, "POST", **params) as messages:
        friend = next(messages)["friends"][0]
        sent = published(emulator, friend)
    assert {name for name, was_sent in sent.items() if was_sent} == expected


@pytest.mark.parametrize(("name", "value"), [("with", "everyone"), ("replies", "some"), ("track", ",")])
def test_senseless_parameters_are_refused(emulator: Emulator, name: str, value: str) -> None:
    """406, and the line names the parameter."""
    with requests.Session() as session:
        answer = session.post(emulator.base_url + USER, {name: value}, auth=signed(emulator), timeout=5)
    assert (answer.status_code, name in answer.text) == (406, True)


def test_a_site_stream_has_an_envelope_for_each_whom_a_post_concerns(emulator: Emulator) -> None:
    """By default posts by the users and to them; with followings also those of their friends."""
    with v1_stream(emulator, SITE, follow="7,8", **{"with": "followings"}) as messages:
        next(messages)
        friends = {
            message["for_user"]: set(message["message"]["friends"])
            for message in (next(messages), next(messages))
        }
        common = min(friends[7] & friends[8])
        assert emulator.publish("to both", author=common) == 1
        assert [next(messages)["for_user"] for _ in range(2)] == [7, 8]
    with v1_stream(emulator, SITE, follow="7,8") as messages:
        emulator.publish("of a friend", author=common)
        emulator.publish("of eight", author=8)
        *_, last = (next(messages) for _ in range(4))
    assert (last["for_user"], last["message"]["text"]) == (8, "of eight")


@pytest.fixture
def site(emulator: Emulator) -> Iterator[tuple[Iterator[Any], str]]:
    """Open a site stream of the users 7 and 8; yield it and the address of its control."""
    with v1_stream(emulator, SITE, follow="7,8") as messages:
        uri = next(messages)["control"]["control_uri"]
        next(messages), next(messages)
        yield messages, emulator.base_url + uri


def control(emulator: Emulator, method: str, url: str, **params: str) -> requests.Response:
    with requests.Session() as session:
        return session.request(method, url, data=params or None, auth=signed(emulator), timeout=5)


def test_users_join_and_leave_an_open_site_stream(
    emulator: Emulator, site: tuple[Iterator[Any], str]
) -> None:
    """The friends of users who join are sent; info tells the users and how the stream was opened."""
    messages, url = site
    assert control(emulator, "POST", f"{url}/add_user.json", user_id="9,10").status_code == 200
    assert [next(messages)["for_user"] for _ in range(2)] == [9, 10]
    assert control(emulator, "POST", f"{url}/remove_user.json", user_id="7").status_code == 200
    info = control(emulator, "GET", f"{url}/info.json").json()["info"]
    assert [user["id"] for user in info["users"]] == [8, 9, 10]
    assert (info["with"], info["replies"], info["delimited"]) == ("user", "none", "none")
    assert [emulator.publish("hello", author=author) for author in (7, 9)] == [0, 1]
    follow = control(emulator, "POST", f"{url}/friends/ids.json", user_id="9").json()["follow"]
    assert follow["user"]["id"] == 9
    assert len(follow["friends"]) > 20


@pytest.mark.parametrize(
    ("method", "name", "params", "status"),
    [
        ("POST", "add_user.json", {}, 406),
        ("POST", "add_user.json", {"user_id": "x"}, 406),
        ("POST", "add_user.json", {"user_id": ",".join(map(str, range(1, 102)))}, 413),
        ("POST", "friends/ids.json", {"user_id": "99"}, 406),
        ("POST", "friends/ids.json", {"user_id": "7,8"}, 406),
        ("POST", "info.json", {}, 404),
        ("GET", "other.json", {}, 404),
        ("DELETE", "info.json", {}, 405),
    ],
)
def test_senseless_control_is_refused(
    emulator: Emulator,
    site: tuple[Iterator[Any], str],
    method: str,
    name: str,
    params: dict[str, str],
    status: int,
) -> None:
    """Each in v1.1's way."""
    assert control(emulator, method, f"{site[1]}/{name}", **params).status_code == status


def test_a_control_is_the_accounts_and_ends_with_its_stream(emulator: Emulator) -> None:
    """Without a signature 401; without the stream 404."""
    with v1_stream(emulator, SITE, follow="7") as messages:
        url = f"{emulator.base_url}{next(messages)['control']['control_uri']}/info.json"
        with requests.Session() as session:
            assert session.get(url, timeout=5).status_code == 401
        assert control(emulator, "GET", url).status_code == 200
    emulator.wait_for_streams(0)
    assert control(emulator, "GET", url).status_code == 404


def test_a_site_stream_holds_a_thousand_users(emulator: Emulator) -> None:
    """A hundred at a time, and no more than that in all."""
    with v1_stream(emulator, SITE, follow="1") as messages:
        url = f"{emulator.base_url}{next(messages)['control']['control_uri']}/add_user.json"
        hundreds = [",".join(map(str, range(start, start + 100))) for start in range(2, 1002, 100)]
        assert [control(emulator, "POST", url, user_id=ids).status_code for ids in hundreds] == [200] * 9 + [
            413
        ]
