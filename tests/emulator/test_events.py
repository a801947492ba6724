"""Events: the same on both protocols, and let happen one by one."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import requests

from rxtweets import messages as m
from rxtweets.emulator import Emulator, Limits
from rxtweets.emulator.api.v2.subscriptions import EVENT_TYPES
from rxtweets.emulator.app.services import Services
from rxtweets.emulator.faults.actions import Act

from .clients import SUBSCRIPTIONS, by_user, call, raw_get, v1_stream

USER, SITE, ACTIVITY = "/1.1/user.json", "/1.1/site.json", "/2/activity/stream"
OF_POSTS = {name for name in EVENT_TYPES if name.startswith("post.")} - {"post.delete"}
NAMES = {
    "like.create": "favorite",
    "follow.follow": "follow",
    "follow.unfollow": "unfollow",
    "mute.mute": "mute",
    "mute.unmute": "unmute",
    "block.block": "block",
    "block.unblock": "unblock",
    "profile.update.bio": "user_update",
}


def subscribe(emulator: Emulator, *kinds: str, user_id: int | None = None, **wanted: str) -> None:
    for kind in kinds:
        wanted = {"user_id": str(user_id or emulator.user_id), **wanted}
        answer = by_user(emulator, "POST", SUBSCRIPTIONS, json={"event_type": kind, "filter": wanted})
        assert answer.status_code == 200, answer.text


def known(message: Any) -> m.Activity:
    import json

    found = m.decode(json.dumps(message).encode())
    assert isinstance(found, m.Activity)
    assert found.mismatches == ()
    assert not isinstance(found.payload, dict), message
    return found


ACTED = sorted(EVENT_TYPES - OF_POSTS - {"chat.conversation_join"})


@pytest.mark.parametrize("kind", ACTED)
def test_a_user_acts(emulator: Emulator, kind: str) -> None:
    """Each kind of event can be let happen, comes once, and is typed."""
    subscribe(emulator, kind)
    with raw_get(emulator, ACTIVITY) as stream:
        emulator.wait_for_streams(1)
        if kind == "post.delete":
            emulator.publish("gone soon", author=emulator.user_id)
        assert emulator.act(kind, other="ada") == 1
        event = known(stream.message())
    assert event.event_type == kind
    assert event.filter.user_id == str(emulator.user_id)


@pytest.mark.parametrize("kind", NAMES)
def test_v1_is_told_of_the_same(emulator: Emulator, kind: str) -> None:
    """An activity and the event of a user stream have the same parties, and the same post."""
    subscribe(emulator, kind)
    with raw_get(emulator, ACTIVITY) as stream, v1_stream(emulator, USER) as messages:
        next(messages)
        if kind.endswith((".unmute", ".unblock")):
            emulator.act(kind.replace("un", ""), other="ada")
            next(messages)
        assert emulator.act(kind, other="ada", text="hello") == 2
        activity, event = known(stream.message()), next(messages)
    assert event["event"] == NAMES[kind]
    found = activity.payload
    if isinstance(found, m.Relation):
        parties = (found.source.id, found.target.id)
        assert parties == (event["source"]["id_str"], event["target"]["id_str"])
        assert event["target"]["screen_name"] == "ada"
    elif isinstance(found, m.Like):
        assert found.liked_tweet_id == event["target_object"]["id_str"]
        assert activity.like is not None
        assert activity.like.post is not None
        assert activity.like.post.text == "hello"
    else:
        assert found.after == event["source"]["description"] == "hello"


@pytest.mark.parametrize("kind", ["dm.sent", "dm.received"])
def test_direct_messages_on_both(emulator: Emulator, kind: str) -> None:
    """Sent by the one, received by the other."""
    subscribe(emulator, "dm.sent", "dm.received")
    with raw_get(emulator, ACTIVITY) as stream, v1_stream(emulator, USER) as messages:
        next(messages)
        assert emulator.act(kind, other="ada", text="psst") == 2
        activity, message = known(stream.message()), next(messages)["direct_message"]
    assert activity.event_type == kind
    assert isinstance(activity.payload, m.DirectMessages)
    assert activity.payload.text == message["text"] == "psst"
    parties = (activity.payload.sender, activity.payload.recipient)
    names = [person.username for person in parties if person is not None]
    assert names == [message["sender_screen_name"], message["recipient_screen_name"]]
    assert names.index("ada") == (kind == "dm.sent")


@pytest.mark.parametrize(
    ("direction", "reached"),
    [(None, {"by": 1, "to": 1, "others": 0}), ("inbound", {"by": 0, "to": 1, "others": 0})],
)
def test_directions(lenient: Emulator, direction: str | None, reached: dict[str, int]) -> None:
    """A follow has two parties, of whom a subscription may be about either or both."""
    wanted = {} if direction is None else {"direction": direction}
    subscribe(lenient, "follow.follow", user_id=7, **wanted)
    with raw_get(lenient, ACTIVITY):
        lenient.wait_for_streams(1)
        found = {
            "by": lenient.act("follow.follow", user=7, other=8),
            "to": lenient.act("follow.follow", user=8, other=7),
            "others": lenient.act("follow.follow", user=8, other=9),
        }
    assert found == reached


def test_two_subscriptions_to_one_event(emulator: Emulator) -> None:
    """Each is delivered, with the same id, by which a client knows one from the other."""
    subscribe(emulator, "follow.follow")
    subscribe(emulator, "follow.follow", direction="outbound")
    with raw_get(emulator, ACTIVITY) as stream:
        emulator.wait_for_streams(1)
        assert emulator.act("follow.follow", other="ada") == 2
        first, second = (stream.message()["data"] for _ in range(2))
    assert first["event_uuid"] == second["event_uuid"]
    assert first["filter"] != second["filter"]


def test_a_withdrawal(emulator: Emulator) -> None:
    """The user's tokens are no good any more, and every activity stream is told, subscribed or not."""
    with raw_get(emulator, ACTIVITY) as stream:
        emulator.wait_for_streams(1)
        assert emulator.act("oauth.revoke") == 1
        event = known(stream.message())
    assert event.payload.user_id == str(emulator.user_id)
    assert event.filter == m.ActivityFilter()
    assert by_user(emulator, "GET", "/2/users/me").status_code == 401


def test_the_world_lets_everything_happen() -> None:
    """Of every kind that is subscribed to, an event comes up by itself."""
    with Emulator(rate=2000, seed=5, level="enterprise", limits=Limits.none()) as emulator:
        subscribe(emulator, *EVENT_TYPES)
        asked = EVENT_TYPES - {"chat.conversation_join"}
        with raw_get(emulator, ACTIVITY) as stream:
            kinds: set[str] = set()
            for _ in range(20_000):
                kinds.add(known(stream.message()).event_type)
                if kinds == asked:
                    break
    assert kinds == asked


def test_the_world_tells_both_protocols_the_same() -> None:
    """Likes, follows, mutes and blocks of a user stream are those of the activity stream, in order."""
    with Emulator(seed=6, rate=0, limits=Limits.none()) as emulator:
        subscribe(emulator, *NAMES)
        with raw_get(emulator, ACTIVITY) as stream, v1_stream(emulator, USER) as messages:
            emulator.rate = 2000
            told = (one for one in messages if one.get("event") in NAMES.values())
            events = [one["event"] for one in itertools.islice(told, 40)]
            activities = (known(stream.message()).event_type for _ in itertools.count())
            seen = []
            for kind in activities:  # a follower who leaves is told on one of them alone
                seen.append(NAMES[kind])
                if len([one for one in seen if one != "unfollow"]) == 60:
                    break
    wanted = [one for one in events if one != "unfollow"]
    assert [one for one in seen if one != "unfollow"][: len(wanted)] == wanted


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ({"event": "folow.follow"}, "follow.follow"),
        ({"event": "post.create"}, "event must be one of"),
        ({"event": "post.delete"}, "@you has published no post"),
    ],
)
def test_actions_that_make_no_sense(emulator: Emulator, action: dict[str, Any], said: str) -> None:
    """An unknown event, or one that can't happen, is an error that says so."""
    with requests.Session() as session:
        answer = session.post(f"{emulator.base_url}/emulator/do", json={"do": "act", **action}, timeout=5)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_the_activity_stream_takes_two_connections(emulator: Emulator) -> None:
    """A third is refused, as X does."""
    with raw_get(emulator, ACTIVITY), raw_get(emulator, ACTIVITY):
        emulator.wait_for_streams(2)
        refused = call(emulator, "GET", ACTIVITY)
    assert (refused.status_code, refused.json()["connection_issue"]) == (429, "TooManyConnections")


class _Crowd:
    """A thousand follow the user at once: the emulator does nothing else meanwhile."""

    def perform(self, services: Services) -> int:
        acts = [Act("follow.follow", other=n % 400 + 1) for n in range(1_000)]
        return sum(act.perform(services) for act in acts)


def test_250_events_a_second() -> None:
    """More are withheld."""
    with Emulator(rate=0) as emulator:
        subscribe(emulator, "follow.follow")
        with raw_get(emulator, ACTIVITY) as stream:
            emulator.wait_for_streams(1)
            sent = emulator.do(_Crowd())
            assert stream.message()
    assert 250 <= sent < 1_000
