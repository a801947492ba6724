"""Messages of v2's streams, checked against X's OpenAPI description."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from rxtweets.emulator import Emulator, Limits

from .clients import SAMPLE, SUBSCRIPTIONS, V1_SAMPLE, add_rules, by_user, call, raw_get, v1_stream
from .described import description, faults_of_item, payloads, required, streams

RULES = ("the", "cat has:media", "is:reply dog", "lang:ja の", "from:1 OR has:geo", "has:mentions moon")
LISTS = ("fields", "expansions")
ITEMS = 100
SEED = 2
"""Of a world where everything comes up early, within some hundred posts."""
POSTS = [path for path, known in streams().items() if "tweet.fields" in (one["name"] for one in known)]
POSTS = [path for path in POSTS if path.startswith("/2/tweets/")]
DEFAULTS = {"id", "text", "edit_history_tweet_ids"}


@pytest.fixture(scope="module")
def talkative() -> Iterator[Emulator]:
    """A world that says much, with rules and subscriptions of all kinds."""
    schemas = description()["components"]["schemas"]
    with Emulator(rate=20_000, seed=11, level="enterprise", limits=Limits.none()) as emulator:
        add_rules(emulator, *RULES)
        for kind in schemas["CreateActivitySubscriptionRequest"]["properties"]["event_type"]["enum"]:
            asked = {"event_type": kind, "filter": {"user_id": str(emulator.user_id)}, "tag": "t"}
            assert by_user(emulator, "POST", SUBSCRIPTIONS, json=asked).status_code == 200
        yield emulator


@pytest.fixture(scope="module")
def seeded() -> list[dict[str, Any]]:
    """The same posts in every run, with all fields and expansions."""
    with Emulator(rate=math.inf, seed=SEED) as emulator:
        return items(emulator, SAMPLE, everything(SAMPLE), 1000)


def wanted(path: str) -> dict[str, list[str]]:
    """Each list of the stream's parameters with all that it takes."""
    return {
        parameter["name"]: parameter["schema"]["items"]["enum"]
        for parameter in streams()[path]
        if parameter["name"].endswith(LISTS)
    }


def everything(path: str) -> str:
    return "&".join(f"{name}={','.join(values)}" for name, values in wanted(path).items())


def items(emulator: Emulator, path: str, query: str = "", count: int = ITEMS) -> list[dict[str, Any]]:
    parts = [*(f"{name}={value}" for name, value in required(path, "GET").items()), query]
    with raw_get(emulator, f"{path}?{'&'.join(part for part in parts if part)}") as stream:
        assert stream.status == 200, stream.body()
        return [stream.message() for _ in range(count)]


@pytest.mark.parametrize("path", streams())
@pytest.mark.parametrize("asked", ["nothing", "everything"])
def test_items_are_as_described(talkative: Emulator, path: str, asked: str) -> None:
    """Every item fits the schema of its path, with the default fields and with all there are."""
    for item in items(talkative, path, everything(path) if asked == "everything" else ""):
        assert faults_of_item(path, item) == [], item


@pytest.mark.parametrize("path", POSTS)
def test_posts_have_the_default_fields_only_unless_asked(talkative: Emulator, path: str) -> None:
    """Id, text and edit history, the rules on the filtered stream, and nothing included."""
    for item in items(talkative, path, count=100):
        assert item.keys() == {"data"} | ({"matching_rules"} if path.endswith("search/stream") else set())
        assert item["data"].keys() == DEFAULTS


def test_objects_have_their_default_fields_only_unless_asked() -> None:
    """Expansions alone bring what is named, each with the fields that X gives by default."""
    expansions = ",".join(wanted(SAMPLE)["expansions"])
    defaults = {
        "users": {"id", "name", "username"},
        "tweets": DEFAULTS,
        "media": {"media_key", "type"},
        "polls": {"id", "options"},
        "places": {"id", "full_name"},
    }
    with Emulator(rate=math.inf, seed=SEED) as emulator:
        got = items(emulator, SAMPLE, f"expansions={expansions}", 1000)
    seen = set()
    for item in got:
        for name, objects in item.get("includes", {}).items():
            seen.add(name)
            for one in objects:
                assert one.keys() - BROUGHT == defaults[name], item
    assert seen == defaults.keys()


BROUGHT = {
    "attachments",
    "author_id",
    "entities",
    "geo",
    "in_reply_to_user_id",
    "referenced_tweets",
    "article",
    "note_tweet",
}
"""The fields that expansions expand, which they bring along."""


OBJECTS = {
    "tweet.fields": "tweets",
    "user.fields": "users",
    "media.fields": "media",
    "poll.fields": "polls",
    "place.fields": "places",
}


@pytest.mark.parametrize("name", OBJECTS)
def test_each_field_asked_for_comes_sometime(seeded: list[dict[str, Any]], name: str) -> None:
    """No field is only ever accepted: it occurs, but for those listed with a reason."""
    found: set[str] = set()
    for item in seeded:
        objects = item.get("includes", {}).get(OBJECTS[name], [])
        for one in (*objects, *([item["data"]] if name == "tweet.fields" else [])):
            found |= one.keys()
    missing = set(wanted(SAMPLE)[name]) - found
    assert missing == NEVER.get(name, {}).keys()


def test_each_field_of_a_like_comes_sometime(talkative: Emulator) -> None:
    """Each field of a like in the description comes in some like, except one that has no member there."""
    path = "/2/likes/firehose/stream"
    members = {"tweet_author_id" if name == "liked_tweet_author_id" else name for name in wanted(path)[LIKES]}
    got = items(talkative, path, f"{LIKES}={','.join(wanted(path)[LIKES])}", 20)
    assert all(item["data"].keys() == members - {"attachments_media_keys"} for item in got)
    assert all(item["data"].keys() == {"id", "liked_tweet_id"} for item in items(talkative, path, count=20))


LIKES = "like_with_tweet_author.fields"
NEVER = {
    "tweet.fields": {
        "non_public_metrics": "for the author only",
        "organic_metrics": "for the author only",
        "promoted_metrics": "for the author only",
        "matched_media_notes": "for writers of Community Notes",
        "note_request_suggestions": "for writers of Community Notes",
        "suggested_source_links": "for writers of Community Notes",
        "suggested_source_links_with_counts": "for writers of Community Notes",
        "scopes": "of posts for some readers only, which streams don't have",
        "article": "the world writes no articles",
    },
    "user.fields": {
        "confirmed_email": "for the user only",
        "connection_status": "of a signed-in user",
        "receives_your_dm": "of a signed-in user",
        "subscription": "of a signed-in user",
    },
    "media.fields": {
        "non_public_metrics": "for the author only",
        "organic_metrics": "for the author only",
        "promoted_metrics": "for the author only",
    },
}
"""Fields that no post here has, and why. A stream is opened by an app, not by a user."""


def test_each_kind_of_activity_that_is_described_comes(talkative: Emulator) -> None:
    """Every kind with a described payload occurs on the activity stream."""
    kinds: set[str] = set()
    for _ in range(20):  # some are rare
        kinds |= {item["data"]["event_type"] for item in items(talkative, "/2/activity/stream", count=1000)}
        if kinds >= payloads().keys():
            break
    assert kinds >= payloads().keys()


def test_a_field_that_may_not_be_seen_is_a_partial_error(talkative: Emulator) -> None:
    """The post is there, and beside it the problem that tells of the field."""
    path = "/2/tweets/sample/stream"
    (item,) = items(talkative, path, "tweet.fields=organic_metrics,lang", 1)
    assert item["data"]["lang"]
    assert [error["field"] for error in item["errors"]] == ["organic_metrics"]
    assert faults_of_item(path, item) == []


@pytest.mark.parametrize("kind", ["resource-not-found", "not-authorized-for-resource"])
def test_a_post_that_is_gone_is_a_partial_error(seeded: list[dict[str, Any]], kind: str) -> None:
    """A post that answers or quotes a missing one is sent with a problem that says why."""
    gone = [
        (item, error) for item in seeded for error in item["errors"] if error["type"].endswith("/" + kind)
    ]
    assert gone
    for item, error in gone:
        references = {one["id"]: one["type"] for one in item["data"]["referenced_tweets"]}
        assert references[error["resource_id"]] in ("quoted", "replied_to")
        included = item["includes"]["tweets"]
        assert error["resource_id"] not in {post["id"] for post in included}


def test_a_quote_of_what_is_gone_in_both_protocols() -> None:
    """On v1.1 the same quote has its id, and no status."""
    asked = f"{SAMPLE}?expansions=referenced_tweets.id"
    gone: dict[str, str] = {}
    with (
        Emulator(rate=0, seed=SEED) as emulator,
        raw_get(emulator, asked) as posts,
        v1_stream(emulator, V1_SAMPLE) as statuses,
    ):
        emulator.rate = math.inf
        while True:
            item, status = posts.message(), next(statuses)
            for error in item.get("errors", []):
                if {"type": "quoted", "id": error["resource_id"]} in item["data"]["referenced_tweets"]:
                    gone[item["data"]["id"]] = error["resource_id"]
            if status.get("id_str") in gone:
                break
    assert status["is_quote_status"]
    assert status["quoted_status_id_str"] == gone[status["id_str"]]
    assert "quoted_status" not in status


def test_those_mentioned_in_a_note_are_included(seeded: list[dict[str, Any]]) -> None:
    """Of a long text there is more to expand than its beginning."""
    named = [
        (mention["id"], {user["id"] for user in item["includes"]["users"]})
        for item in seeded
        for mention in item["data"].get("note_tweet", {}).get("entities", {}).get("mentions", [])
    ]
    assert named
    assert all(number in users for number, users in named)


@pytest.mark.parametrize("path", streams())
def test_goodbyes_are_as_described(path: str) -> None:
    """The last message of a stream that is ended is an error of X's form."""
    with Emulator(rate=0, level="enterprise") as emulator:
        add_rules(emulator, "cat")
        with raw_get(emulator, f"{path}?partition=1" if required(path, "GET") else path) as stream:
            emulator.wait_for_streams(1)
            if path == "/2/activity/stream":  # it has no name among the connections
                (one,) = emulator.streams
                call(emulator, "DELETE", "/2/connections", json={"uuids": [one.id]})
            else:
                call(emulator, "DELETE", "/2/connections/all")
            assert faults_of_item(path, stream.message()) == []
            assert stream.chunk() == b""
