"""The events of accounts on user and site streams of v1.1."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from rxtweets import messages as m
from rxtweets.emulator import Emulator

from .clients import v1_stream

USER, SITE = "/1.1/user.json", "/1.1/site.json"
SOON = 2000
"""Messages in which everything comes up."""
ABOUT_POSTS = {"favorite", "unfavorite", "quoted_tweet", "favorited_retweet", "retweeted_retweet"}
ABOUT_LISTS = {
    "list_created",
    "list_destroyed",
    "list_updated",
    "list_member_added",
    "list_member_removed",
    "list_user_subscribed",
    "list_user_unsubscribed",
}
BETWEEN_PEOPLE = {"follow", "unfollow", "block", "unblock", "mute", "unmute", "user_update"}
BY_ID = {
    "user_delete",
    "user_undelete",
    "user_suspend",
    "user_unsuspend",
    "user_protect",
    "user_unprotect",
    "access_revoked",
    "access_unrevoked",
}
EVENTS = ABOUT_POSTS | ABOUT_LISTS | BETWEEN_PEOPLE | BY_ID
NOTICES = {
    "delete",
    "scrub_geo",
    "status_withheld",
    "user_withheld",
    "direct_message",
    "message deleted",
}
HERE, GONE = {"user_undelete", "user_unsuspend"}, {"user_delete", "user_suspend"}
END = {"warning": {"code": "END", "message": "of the test"}}


def name(message: dict[str, Any]) -> str:
    """Return the kind of a message, by the member that tells it."""
    if "text" in message:
        return "status"
    if "event" in message:
        return str(message["event"])
    (kind,) = message
    return "message deleted" if "direct_message" in message.get("delete", ()) else kind


def known(message: dict[str, Any]) -> m.Message:
    """Return the message as the library reads it: of a kind it knows, all its values of their types."""
    found = m.decode(json.dumps(message).encode())
    assert type(found) not in (m.Unknown, m.Undecodable), message
    assert found.mismatches == (), message
    return found


def until_the_end(messages: Iterator[Any]) -> list[Any]:
    return list(itertools.takewhile(lambda message: message != END, messages))


@pytest.fixture(scope="module")
def told() -> tuple[int, list[dict[str, Any]]]:
    """Return the account, and the first messages of its user stream, after the friends all replies."""
    with Emulator(seed=7, rate=math.inf) as emulator, v1_stream(emulator, USER, replies="all") as messages:
        return emulator.user_id, list(itertools.islice(messages, SOON))


@pytest.mark.parametrize("follow", ["7", "7,8,9"])
@pytest.mark.parametrize("whose", ["user", "followings"])
def test_every_kind_comes_up_on_a_site_stream(follow: str, whose: str) -> None:
    """Each in an envelope; who follows too many is told only where their followings are sent."""
    with (
        Emulator(seed=3, rate=math.inf) as emulator,
        v1_stream(emulator, SITE, follow=follow, **{"with": whose}) as messages,
    ):
        control, *rest = itertools.islice(messages, SOON)
    assert isinstance(known(control), m.Control)
    assert all(isinstance(known(message), m.ForUser) for message in rest)
    assert {str(message["for_user"]) for message in rest} == set(follow.split(","))
    kinds = {name(message["message"]) for message in rest}
    warned = {"warning"} if whose == "followings" else set()
    assert kinds == EVENTS | NOTICES | {"status", "friends"} | warned


def test_every_kind_comes_up_on_a_user_stream(told: tuple[int, list[dict[str, Any]]]) -> None:
    """Within 2,000 messages, most of which are statuses; likes are the most common of the others."""
    counted = Counter(map(name, told[1]))
    assert set(counted) == EVENTS | NOTICES | {"status", "friends", "warning"}
    assert [kind for kind, _ in counted.most_common(2)] == ["status", "favorite"]
    assert counted["status"] > SOON * 0.85
    assert counted["favorite"] > 4 * counted["block"]


def test_messages_are_of_the_kinds_that_the_library_knows(told: tuple[int, list[dict[str, Any]]]) -> None:
    """Each has its class, and what an event is about is what its name says."""
    account, messages = told
    kinds: dict[str, type[m.Message]] = {
        "status": m.Status,
        "friends": m.FriendsList,
        "warning": m.StreamWarning,
        "direct_message": m.DirectMessage,
        "delete": m.Delete,
        "message deleted": m.Delete,
        "scrub_geo": m.ScrubGeo,
        "status_withheld": m.StatusWithheld,
        "user_withheld": m.UserWithheld,
    }
    for message in messages:
        found = known(message)
        assert type(found) is kinds.get(name(message), m.Event)
        if isinstance(found, m.Event):
            check_event(found, account)
        if isinstance(found, m.DirectMessage):
            assert account in (found.sender.id, found.recipient.id)
            assert (found.sender_id, found.recipient_id) == (found.sender.id, found.recipient.id)
        if isinstance(found, m.StreamWarning):
            assert (found.code, found.user_id) == ("FOLLOWS_OVER_LIMIT", account)


def check_event(event: m.Event, account: int) -> None:
    parties = (event.source.id, event.target.id)
    about = event.target_object
    assert event.created_at is not None
    if event.name in BY_ID:
        assert event.source.screen_name == ""
        assert account in parties or parties[0] == parties[1]
        return
    assert account in parties
    if event.name in ABOUT_POSTS:
        assert isinstance(about, m.Status)
        assert about.user.id == (event.source if event.name == "quoted_tweet" else event.target).id
    elif event.name in ABOUT_LISTS:
        assert isinstance(about, dict)
        owner = event.source if event.name.startswith("list_member") else event.target
        assert about["user"]["id"] == owner.id
    else:
        assert about is None


def test_lists_count_who_is_in_them(told: tuple[int, list[dict[str, Any]]]) -> None:
    """One more with every member and subscriber, one less without."""
    steps = {
        "list_member_added": ("member_count", 1),
        "list_member_removed": ("member_count", -1),
        "list_user_subscribed": ("subscriber_count", 1),
        "list_user_unsubscribed": ("subscriber_count", -1),
    }
    last: dict[int, dict[str, Any]] = {}
    for event in (message for message in told[1] if name(message) in ABOUT_LISTS):
        now = event["target_object"]
        before = last.get(now["id"])
        if event["event"] in steps and before is not None:
            counted, step = steps[event["event"]]
            assert now[counted] == before[counted] + step
        last[now["id"]] = now
        assert min(now["member_count"], now["subscriber_count"]) >= 0


def test_what_is_deleted_was_there(told: tuple[int, list[dict[str, Any]]]) -> None:
    """Statuses and direct messages; and likes that are taken back were given."""
    seen: set[int] = set()
    likes: set[tuple[int, int]] = set()
    for message in told[1]:
        kind = name(message)
        if kind in ("delete", "message deleted"):
            (gone,) = (part for part in message["delete"].values() if isinstance(part, dict))
            assert gone["id"] in seen
        elif kind in ("favorite", "unfavorite"):
            like = message["source"]["id"], message["target_object"]["id"]
            assert (like in likes) == (kind == "unfavorite")
            likes ^= {like}
        elif kind in ("status", "direct_message"):
            seen.add(message.get("direct_message", message)["id"])


def concerns(status: dict[str, Any], account: int) -> bool:
    """Tell whether a status is by, to or about the account."""
    parts = (status.get("retweeted_status"), status.get("quoted_status"))
    people = [status["user"], *(part["user"] for part in parts if part)]
    entities = (status.get("extended_tweet") or status)["entities"]
    ids = {person["id"] for person in (*people, *entities["user_mentions"])}
    return account in ids or status["in_reply_to_user_id"] == account


def changed(friends: set[int], event: dict[str, Any], account: int) -> set[int]:
    """Return the friends after an event."""
    kind, source, target = event["event"], event["source"], event["target"]
    if kind in GONE:
        return friends - {source}
    if kind in HERE:
        return friends | {source}
    if kind == "follow" and source["id"] == account:
        return friends | {target["id"]}
    return friends - {target["id"]} if kind == "unfollow" else friends


def test_statuses_are_of_those_whom_the_account_follows(told: tuple[int, list[dict[str, Any]]]) -> None:
    """Statuses come from accounts that are followed now, and from none that is blocked or gone."""
    account, (greeting, *messages) = told
    friends, blocked, new = set(greeting["friends"]), set[int](), set[int]()
    authors: set[int] = set()
    for message in messages:
        if "event" in message:
            before, friends = friends, changed(friends, message, account)
            new |= friends - before
            if message["event"] == "block":
                blocked.add(message["target"]["id"])
            elif message["event"] == "unblock":
                blocked.discard(message["target"]["id"])
        elif "text" in message:
            author = message["user"]["id"]
            assert author == account or author in friends or concerns(message, account)
            assert author not in blocked
            authors.add(author)
    assert new & authors


def test_a_profile_that_is_changed_stays_so(told: tuple[int, list[dict[str, Any]]]) -> None:
    """Statuses of the account carry its latest description."""
    account, messages = told
    description = None
    for message in messages:
        if name(message) == "user_update":
            description = message["target"]["description"]
            assert message["source"] == message["target"]
        elif description is not None and "text" in message and message["user"]["id"] == account:
            assert message["user"]["description"] == description


def test_friends_are_those_that_were_left_when_a_client_returns() -> None:
    """The list of friends is the last one, changed by what was told since."""
    with Emulator(seed=5, rate=0) as emulator:
        with v1_stream(emulator, USER) as messages:
            greeting = next(messages)["friends"]
            emulator.rate = math.inf
            some = list(itertools.islice(messages, 500))
            emulator.rate = 0
            emulator.send(END)
            some += until_the_end(messages)
        friends = set(greeting)
        for message in some:
            if "event" in message:
                friends = changed(friends, message, emulator.user_id)
        with v1_stream(emulator, USER) as messages:
            assert next(messages)["friends"] == sorted(friends)
    assert friends != set(greeting)


def test_what_happens_to_an_account_is_told_on_all_its_streams() -> None:
    """The user stream and the site stream tell the same, on whichever it came up first."""
    with Emulator(seed=6, rate=0) as emulator:
        site = {"follow": str(emulator.user_id), "with": "followings"}
        with v1_stream(emulator, USER) as mine, v1_stream(emulator, SITE, **site) as ours:
            emulator.rate = 5000
            first = list(itertools.islice(mine, 500))
            emulator.rate = 0
            emulator.send(END)
            first += until_the_end(mine)
            second = [message.get("message", message) for message in until_the_end(ours)]
    events = [[message for message in told if "event" in message] for told in (first, second)]
    both = min(map(len, events))  # the last may not have been told on the other stream yet
    assert both > 20
    assert events[0][:both] == events[1][:both]
