from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from rxtweets.emulator import Emulator, Limits
from rxtweets.emulator.api.v2.subscriptions import EVENT_TYPES
from rxtweets.emulator.app.limits import LEVELS, Level

from .clients import (
    FILTERED,
    RULES,
    SAMPLE,
    SUBSCRIPTIONS,
    V1_SAMPLE,
    add_rules,
    bearer,
    by_user,
    call,
    raw_get,
    signed,
)

PRIVATE = {"like", "mute", "block", "dm", "chat"}
ABOUT_POSTS = {"post.mention.create", "post.reply.create", "post.quote.create", "post.repost.create"}


def private(event_type: str) -> bool:
    """Tell whether an event is sent only to those whom the user lets see it."""
    return event_type.partition(".")[0] in PRIVATE or event_type in ABOUT_POSTS


def subscribe(emulator: Emulator, event_type: str, tag: str = "t", **filter_: str) -> dict[str, Any]:
    """Subscribe with the credentials that it takes."""
    asked = {"event_type": event_type, "filter": filter_, "tag": tag}
    ask = by_user if private(event_type) else call
    answer = ask(emulator, "POST", SUBSCRIPTIONS, json=asked)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()["data"]["subscription"]
    return made


def test_subscriptions_are_made_listed_changed_and_deleted(emulator: Emulator) -> None:
    """The whole life of a subscription."""
    one = subscribe(emulator, "post.create", user_id="12")
    two = subscribe(emulator, "follow.follow", keyword="x")
    assert one["filter"] == {"user_id": "12"}
    listed = call(emulator, "GET", SUBSCRIPTIONS).json()["data"]
    assert [item["subscription_id"] for item in listed] == [one["subscription_id"], two["subscription_id"]]
    path = f"{SUBSCRIPTIONS}/{one['subscription_id']}"
    changed = call(emulator, "PUT", path, json={"tag": "new"}).json()["data"]["subscription"]
    assert (changed["tag"], changed["event_type"]) == ("new", "post.create")
    assert call(emulator, "DELETE", path).json() == {
        "data": {"deleted": True},
        "meta": {"total_subscriptions": 1},
    }
    assert call(emulator, "DELETE", path).status_code == 404
    both = call(emulator, "DELETE", f"{SUBSCRIPTIONS}?ids={two['subscription_id']},99").json()
    assert both["data"] == [{"subscription_id": two["subscription_id"], "deleted": True}]
    assert both["errors"][0]["subscription_id"] == "99"
    assert both["meta"] == {"total_subscriptions": 0}


def test_subscriptions_are_listed_in_pages(emulator: Emulator) -> None:
    """next_token leads on."""
    for _ in range(3):
        subscribe(emulator, "post.create", user_id="12")
    first = call(emulator, "GET", f"{SUBSCRIPTIONS}?max_results=2").json()
    token = first["meta"]["next_token"]
    second = call(emulator, "GET", f"{SUBSCRIPTIONS}?max_results=2&pagination_token={token}").json()
    assert (len(first["data"]), len(second["data"])) == (2, 1)


def test_a_user_is_told_of_their_own_subscriptions(emulator: Emulator) -> None:
    """With the user's token those made with it, with the app's all."""
    app = subscribe(emulator, "post.create", user_id="12")
    user = subscribe(emulator, "like.create", user_id=str(emulator.user_id))
    for ask, made in ((by_user, [user]), (call, [app, user])):
        listed = ask(emulator, "GET", SUBSCRIPTIONS).json()["data"]
        assert [one["subscription_id"] for one in listed] == [one["subscription_id"] for one in made]


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"event_type": "post.create"},
        {"event_type": "post.burn", "filter": {"user_id": "1"}},
        {"event_type": "post.create", "filter": {}},
        {"event_type": "post.create", "filter": {"user_id": "ada"}},
        {"event_type": "post.create", "filter": {"keyword": ""}},
        {"event_type": "post.create", "filter": {"direction": "up"}},
        {"event_type": "post.create", "filter": {"colour": "red"}},
        {"event_type": "post.create", "filter": {"user_id": "1"}, "tag": "x" * 201},
    ],
)
def test_senseless_subscriptions_are_refused(emulator: Emulator, body: Any) -> None:
    """400 with the problem of an invalid request."""
    answer = call(emulator, "POST", SUBSCRIPTIONS, json=body)
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("invalid-request")


@pytest.mark.parametrize(
    ("event_type", "keys"),
    [
        ("post.create", {"id", "text"}),
        ("post.delete", {"id", "author_id"}),
        ("like.create", {"id", "liked_tweet_id"}),
        ("follow.follow", {"source", "target"}),
        ("profile.update.bio", {"before", "after"}),
        ("news.new", {"headline", "summary"}),
    ],
)
def test_activity_tells_of_what_is_subscribed_to(world: Emulator, event_type: str, keys: set[str]) -> None:
    """Events carry the subscription's kind, filter and tag, and a payload of the kind."""
    me = str(world.user_id)
    subscribe(world, event_type, user_id=me)
    with raw_get(world, "/2/activity/stream") as stream:
        event = stream.message()["data"]
    assert (event["event_type"], event["filter"], event["tag"]) == (event_type, {"user_id": me}, "t")
    assert keys <= event["payload"].keys()
    assert event["event_uuid"].removeprefix("-").isdigit()


@pytest.mark.parametrize(
    ("event_type", "filter_", "me", "fitting"),
    [
        ("post.create", {"user_id": "7"}, None, {"by"}),
        ("post.create", {"keyword": "CAT"}, None, {"by", "to", "quote"}),
        ("post.create", {"keyword": "cat", "user_id": "8"}, None, {"to", "quote"}),
        ("post.reply.create", {}, 7, {"to"}),
        ("post.reply.create", {"direction": "outbound"}, 7, set()),
        ("post.reply.create", {"direction": "outbound"}, 8, {"to"}),
        ("post.quote.create", {"direction": "inbound"}, 7, {"quote"}),
        ("post.repost.create", {"keyword": "dog"}, 10, {"retweet"}),
        ("post.mention.create", {}, 7, set()),
        ("post.delete", {"user_id": "7"}, None, set()),
        ("follow.follow", {"user_id": "7"}, None, set()),
    ],
)
def test_events_fit_the_filter(
    lenient: Emulator, event_type: str, filter_: dict[str, str], me: int | None, fitting: set[str]
) -> None:
    """Events about posts are of posts by, or in answer to, the user, with the keyword in them."""
    ids = {number: lenient.user_id if number == me else number for number in (7, 8, 9, 10)}
    subscribe(lenient, event_type, **({} if me is None else {"user_id": str(ids[me])}), **filter_)
    first = lenient.compose("a cat", author=ids[7])
    other = lenient.compose("a dog", author=ids[9])
    posts = {
        "by": first,
        "to": lenient.compose("that cat", author=ids[8], reply_to=first),
        "quote": lenient.compose("look, a cat", author=ids[8], quote=first),
        "other": other,
        "retweet": lenient.retweet(other, author=ids[10]),
    }
    with raw_get(lenient, "/2/activity/stream"):
        lenient.wait_for_streams(1)
        assert {name for name, post in posts.items() if lenient.publish(post)} == fitting


def test_profile_changes_tell_the_value_changed(world: Emulator) -> None:
    """Before and after are of the kind that the event is about."""
    subscribe(world, "profile.update.profile_picture", user_id="12")
    with raw_get(world, "/2/activity/stream") as stream:
        payload = stream.message()["data"]["payload"]
    assert all(value.startswith("https://pbs.twimg.com/profile_images/") for value in payload.values())


@pytest.mark.parametrize(("level", "most"), [("pay_per_use", 1500), ("enterprise", 75_000)])
def test_subscriptions_are_bounded(level: Level, most: int) -> None:
    """Subscriptions beyond the number of the access level are refused."""
    assert LEVELS[level].subscriptions == most
    with Emulator(rate=0, level=level, limits=Limits(subscriptions=2)) as emulator:
        for _ in range(2):
            subscribe(emulator, "post.create", user_id="12")
        asked = {"event_type": "post.create", "filter": {"user_id": "12"}}
        answer = call(emulator, "POST", SUBSCRIPTIONS, json=asked)
    assert (answer.status_code, answer.json()["type"]) == (
        403,
        "https://api.x.com/2/problems/disallowed-resource",
    )


@pytest.mark.parametrize("event_type", sorted(kind for kind in EVENT_TYPES if private(kind)))
def test_private_events_are_for_the_user_only(emulator: Emulator, event_type: str) -> None:
    """With the app's token, or OAuth 1.0a, 403; with the user's, but only the user's own."""

    def asked(user_id: object) -> dict[str, Any]:
        return {"event_type": event_type, "filter": {"user_id": str(user_id)}}

    mine = asked(emulator.user_id)
    for options, used in (
        ({"headers": bearer(emulator)}, "OAuth 2.0 Application-Only"),
        ({"auth": signed(emulator)}, "OAuth 1.0a User Context"),
    ):
        with requests.Session() as session:
            url = emulator.base_url + SUBSCRIPTIONS
            refused = session.post(url, json=mine, timeout=5, **options)
        assert refused.status_code == 403
        assert refused.json() == {
            "title": "Unsupported Authentication",
            "detail": f"Authenticating with {used} is forbidden for this endpoint.  Supported"
            " authentication types are [OAuth 2.0 User Context].",
            "type": "https://api.x.com/2/problems/unsupported-authentication",
            "status": 403,
        }
    others = by_user(emulator, "POST", SUBSCRIPTIONS, json=asked(12))
    assert (others.status_code, others.json()["parameter"]) == (403, "user_id")
    made = by_user(emulator, "POST", SUBSCRIPTIONS, json=mine)
    assert (made.status_code, made.json()["meta"]) == (200, {"total_subscriptions": 1})


@pytest.mark.parametrize("event_type", sorted(kind for kind in EVENT_TYPES if not private(kind)))
def test_public_events_are_for_the_app(emulator: Emulator, event_type: str) -> None:
    """Of anybody, with the bearer token; and with the user's."""
    asked = {"event_type": event_type, "filter": {"user_id": "12"}}
    for ask, total in ((call, 1), (by_user, 2)):
        made = ask(emulator, "POST", SUBSCRIPTIONS, json=asked)
        assert (made.status_code, made.json()["meta"]) == (200, {"total_subscriptions": total})


def test_every_answer_tells_how_many_subscriptions_there_are(emulator: Emulator) -> None:
    """`meta.total_subscriptions`, as in X's quickstart: made, listed, changed, deleted."""
    made = call(
        emulator, "POST", SUBSCRIPTIONS, json={"event_type": "post.create", "filter": {"user_id": "12"}}
    )
    path = f"{SUBSCRIPTIONS}/{made.json()['data']['subscription']['subscription_id']}"
    answers = [made, call(emulator, "GET", SUBSCRIPTIONS), call(emulator, "PUT", path, json={"tag": "x"})]
    answers.append(call(emulator, "DELETE", path))
    totals = [answer.json()["meta"]["total_subscriptions"] for answer in answers]
    assert totals == [1, 1, 1, 0]


@pytest.mark.parametrize("path", [RULES, SAMPLE, "/2/connections"])
def test_the_users_token_is_for_subscriptions_only(emulator: Emulator, path: str) -> None:
    """Elsewhere only the app's is taken, and the answer says so."""
    answer = by_user(emulator, "GET", path)
    assert answer.status_code == 403
    assert answer.json()["detail"] == (
        "Authenticating with OAuth 2.0 User Context is forbidden for this endpoint.  Supported"
        " authentication types are [OAuth 2.0 Application-Only]."
    )


QUICKSTART = {"event_type": "profile.update.bio", "filter": {"user_id": "2244994945"}, "tag": "100%ff bio"}


def test_what_curl_calls_a_form_is_taken(emulator: Emulator) -> None:
    """X's quickstart gives curl JSON by `-d` and no Content-Type, so it comes as a form."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for path, body, status in (
        (SUBSCRIPTIONS, QUICKSTART, 200),
        (RULES, {"add": [{"value": "cat"}]}, 201),
    ):
        answer = call(emulator, "POST", path, data=json.dumps(body), headers=form)
        assert answer.status_code == status, answer.text
    refused = call(emulator, "POST", RULES, data="add=cat", headers=form)
    assert refused.status_code == 400


def test_without_subscriptions_there_is_no_activity(emulator: Emulator) -> None:
    """The stream opens and stays silent."""
    with raw_get(emulator, "/2/activity/stream") as stream:
        assert emulator.publish("hello") == 0
        assert stream.status == 200


def test_own_connections_are_listed(emulator: Emulator) -> None:
    """Open streams of v2 with their endpoint's name; closed ones when asked for."""
    add_rules(emulator, "cat")
    with raw_get(emulator, FILTERED), raw_get(emulator, V1_SAMPLE):
        (one,) = call(emulator, "GET", "/2/connections").json()["data"]
        assert one["endpoint_name"] == "filtered_stream"
        assert one["id"] == emulator.streams[0].id
        assert call(emulator, "GET", "/2/connections?endpoints=sample_stream").json()["data"] == []
        assert call(emulator, "GET", "/2/connections?connection.fields=client_ip").json()["data"] == [
            {"id": one["id"], "client_ip": "127.0.0.1"}
        ]
    emulator.wait_for_streams(0)
    (past,) = call(emulator, "GET", "/2/connections?status=inactive").json()["data"]
    assert past["disconnected_at"] >= past["connected_at"]


@pytest.mark.parametrize("query", ["status=odd", "endpoints=x", "connection.fields=y", "max_results=101"])
def test_listing_with_wrong_parameters_is_refused(emulator: Emulator, query: str) -> None:
    """The parameter is named."""
    answer = call(emulator, "GET", f"/2/connections?{query}")
    assert answer.status_code == 400
    assert query.split("=")[0] in answer.json()["errors"][0]["parameters"]


@pytest.mark.parametrize("way", ["/2/connections/all", "/2/connections/sample_stream", "uuids"])
def test_own_connections_can_be_ended(emulator: Emulator, way: str) -> None:
    """A connection that is ended is told so, and then ends cleanly."""
    with raw_get(emulator, SAMPLE) as stream, raw_get(emulator, V1_SAMPLE):
        emulator.wait_for_streams(2)
        uuid = emulator.streams[0].id
        options: dict[str, Any] = {"json": {"uuids": [uuid, "other"]}} if way == "uuids" else {}
        data = call(emulator, "DELETE", "/2/connections" if way == "uuids" else way, **options).json()["data"]
        assert data["successful_kills"] == 1
        assert data["failed_kills"] == (way == "uuids")
        assert data["results"][0] == {"uuid": uuid, "success": True}
        assert stream.message()["errors"][0]["title"] == "operational-disconnect"
        assert stream.chunk() == b""
        emulator.wait_for_streams(1)


def test_ending_nothing_is_refused(emulator: Emulator) -> None:
    """A body without uuids is a 400."""
    assert call(emulator, "DELETE", "/2/connections", json={"uuids": []}).status_code == 400
