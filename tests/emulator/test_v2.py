from __future__ import annotations

from typing import Any

import pytest

from rxtweets.emulator import Emulator

from .clients import FILTERED, RULES, SAMPLE, add_rules, call, raw_get

PARTITIONED = {
    "/2/tweets/sample10/stream": 2,
    "/2/tweets/firehose/stream": 20,
    "/2/tweets/firehose/stream/lang/en": 8,
    "/2/tweets/firehose/stream/lang/ja": 2,
    "/2/tweets/firehose/stream/lang/ko": 2,
    "/2/tweets/firehose/stream/lang/pt": 2,
    "/2/likes/firehose/stream": 20,
    "/2/likes/sample10/stream": 2,
    "/2/tweets/compliance/stream": 4,
    "/2/users/compliance/stream": 4,
}
WHOLE = ["/2/likes/compliance/stream", "/2/tweets/label/stream", SAMPLE]


@pytest.fixture
def emulator(enterprise: Emulator) -> Emulator:
    """Start a silent emulator that has every stream."""
    return enterprise


def one(emulator: Emulator, query: str, post: Any) -> dict[str, Any]:
    """Return the message that a sample stream with that query makes of a post."""
    with raw_get(emulator, f"{SAMPLE}?{query}") as stream:
        assert stream.status == 200
        emulator.publish(post)
        message: dict[str, Any] = stream.message()
        return message


def test_only_the_defaults_come_unasked(emulator: Emulator) -> None:
    """id, text and edit_history_tweet_ids, no more."""
    message = one(emulator, "", "hello #world")
    post = message["data"]
    assert message.keys() == {"data"}
    assert post == {"id": post["id"], "text": "hello #world", "edit_history_tweet_ids": [post["id"]]}


def test_fields_come_when_asked_for(emulator: Emulator) -> None:
    """Asked-for fields are there unless they have no value."""
    fields = "created_at,lang,author_id,public_metrics,entities,geo,referenced_tweets,in_reply_to_user_id"
    post = one(emulator, f"tweet.fields={fields}", "hello #world @ada $TSLA https://example.com/a")["data"]
    assert post["lang"] == "en"
    assert post["created_at"].endswith(".000Z")
    assert post["public_metrics"]["like_count"] == 0
    assert not post.keys() & {"geo", "referenced_tweets", "in_reply_to_user_id"}
    found = post["entities"]
    text = post["text"]
    assert [text[tag["start"] : tag["end"]] for tag in found["hashtags"]] == ["#world"]
    assert [text[name["start"] : name["end"]] for name in found["mentions"]] == ["@ada"]
    assert [text[tag["start"] : tag["end"]] for tag in found["cashtags"]] == ["$TSLA"]
    (link,) = found["urls"]
    assert text[link["start"] : link["end"]] == link["url"]
    assert link["expanded_url"] == "https://example.com/a"


def test_expansions_bring_objects_and_the_fields_that_name_them(emulator: Emulator) -> None:
    """Authors and referenced posts are in includes, with the fields asked for."""
    first = emulator.compose("first", author="ada")
    reply = emulator.compose("@ada second", author="bob", reply_to=first)
    expansions = "author_id,referenced_tweets.id,referenced_tweets.id.author_id"
    query = f"expansions={expansions}&user.fields=created_at,verified"
    message = one(emulator, query, reply)
    assert message["data"]["referenced_tweets"] == [{"type": "replied_to", "id": str(first.id)}]
    people = {person["id"]: person for person in message["includes"]["users"]}
    assert people[message["data"]["author_id"]]["username"] == "bob"
    assert {person["username"] for person in people.values()} == {"ada", "bob"}
    assert all({"created_at", "verified"} <= person.keys() for person in people.values())
    assert [post["text"] for post in message["includes"]["tweets"]] == ["first"]


def test_media_places_and_polls_are_expanded(world: Emulator) -> None:
    """Media, places and polls of posts are in includes under the key that the post names."""
    query = (
        "expansions=attachments.media_keys,geo.place_id,attachments.poll_ids,entities.mentions.username"
        "&media.fields=url,preview_image_url,variants,width&place.fields=geo,country_code&poll.fields=voting_status"
    )
    kinds: set[str] = set()
    with raw_get(world, f"{SAMPLE}?{query}") as stream:
        while kinds != {"media", "places", "polls", "users"}:
            message = stream.message()
            included = message.get("includes", {})
            kinds |= included.keys()
            keys = {media["media_key"] for media in included.get("media", [])}
            assert keys == set(message["data"].get("attachments", {}).get("media_keys", []))
            for place in included.get("places", []):
                assert place["id"] == message["data"]["geo"]["place_id"]
                assert len(place["geo"]["bbox"]) == 4


def test_private_metrics_are_partial_errors(emulator: Emulator) -> None:
    """A field that the app may not see is an error beside the post."""
    message = one(emulator, "tweet.fields=organic_metrics", "hello")
    assert message["data"]["text"] == "hello"
    assert message["errors"][0]["field"] == "organic_metrics"
    assert message["errors"][0]["type"].endswith("not-authorized-for-field")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("tweet.fields=colour", "tweet.fields"),
        ("tweet.fields=", "tweet.fields"),
        ("expansions=author", "expansions"),
        ("user.fields=id,shoe_size", "user.fields"),
        ("tweetfields=lang", "tweetfields"),
        ("partition=1", "partition"),
        ("backfill_minutes=6", "backfill_minutes"),
        ("backfill_minutes=x", "backfill_minutes"),
        ("start_time=yesterday", "start_time"),
    ],
)
def test_wrong_parameters_are_refused(emulator: Emulator, query: str, parameter: str) -> None:
    """400 with the problem that names the parameter and what it may be."""
    add_rules(emulator, "cat")
    for path in (SAMPLE, FILTERED):
        answer = call(emulator, "GET", f"{path}?{query}")
        assert answer.status_code == 400
        problem = answer.json()
        assert problem["type"] == "https://api.x.com/2/problems/invalid-request"
        assert parameter in problem["errors"][0]["parameters"]
        assert parameter in problem["errors"][0]["message"]


def test_all_faults_are_told_at_once(emulator: Emulator) -> None:
    """Each wrong parameter has its own error."""
    problem = call(emulator, "GET", f"{SAMPLE}?tweet.fields=a,b&x=1").json()
    assert len(problem["errors"]) == 3


@pytest.mark.parametrize(("path", "partitions"), PARTITIONED.items())
def test_partitions_are_required_and_bounded(emulator: Emulator, path: str, partitions: int) -> None:
    """Without a partition, or beyond the last, the answer is 400."""
    for query in ("", "?partition=0", f"?partition={partitions + 1}", "?partition=x"):
        answer = call(emulator, "GET", path + query)
        assert answer.status_code == 400
        assert "partition" in answer.json()["errors"][0]["parameters"]
    with raw_get(emulator, f"{path}?partition={partitions}&backfill_minutes=5") as stream:
        assert stream.status == 200


def test_partitions_divide_the_posts(emulator: Emulator) -> None:
    """Each post comes on one partition and no other, and a second connection to one gets the same."""
    path = "/2/tweets/compliance/stream?partition="
    with (
        raw_get(emulator, f"{path}1") as first,
        raw_get(emulator, f"{path}1") as again,
        raw_get(emulator, f"{path}2") as second,
        raw_get(emulator, f"{path}3") as third,
        raw_get(emulator, f"{path}4") as fourth,
    ):
        sent = [emulator.publish(f"post {number}") for number in range(60)]
        emulator.send({"end": True})
        got: list[list[str]] = []
        for stream in (first, again, second, third, fourth):
            got.append([])
            while "data" in (message := stream.message()):
                got[-1].append(str(message["data"]))
    assert set(sent) == {1, 2}
    assert len(got[0]) == len(got[1])
    once = [data for part in got[1:] for data in part]
    assert len(once) == len(set(once)) == 60
    assert all(got)


def test_a_languages_firehose_has_that_language_only(emulator: Emulator) -> None:
    """The Japanese one leaves English out."""
    path = "/2/tweets/firehose/stream/lang/ja?partition="
    with raw_get(emulator, f"{path}1"), raw_get(emulator, f"{path}2"):
        assert emulator.publish("hello") == 0
        assert emulator.publish("こんにちは") == 1


@pytest.mark.parametrize("path", [*(f"{path}?partition=1" for path in PARTITIONED), *WHOLE])
def test_the_world_talks_on_every_stream(world: Emulator, path: str) -> None:
    """Every endpoint sends messages with data by itself."""
    with raw_get(world, path) as stream:
        for _ in range(10):
            assert stream.message()["data"]


def test_events_have_the_shapes_of_the_schema(world: Emulator) -> None:
    """Compliance events are one object under the event's name, with the time and what it is about."""
    seen: dict[str, set[str]] = {}
    for path in ("/2/tweets/compliance/stream?partition=1", "/2/users/compliance/stream?partition=1"):
        with raw_get(world, path) as stream:
            for _ in range(200):
                ((name, event),) = stream.message()["data"].items()
                seen.setdefault(name, set()).update(event)
    assert all("event_at" in keys for keys in seen.values())
    assert {"delete", "withheld", "drop", "undrop", "tweet_edit"} <= seen.keys()
    assert {
        "user_delete",
        "user_suspend",
        "user_withheld",
        "scrub_geo",
        "user_profile_modification",
    } <= seen.keys()
    assert "up_to_tweet_id" in seen["scrub_geo"]
    assert {"initial_tweet_id", "edit_tweet_ids"} <= seen["tweet_edit"]


def test_likes_can_be_expanded(world: Emulator) -> None:
    """The liked post and its author come along when asked for."""
    query = (
        "partition=1&expansions=liked_tweet_id,liked_tweet_author_id"
        "&like_with_tweet_author.fields=created_at,timestamp_ms,liked_tweet_author_id"
    )
    with raw_get(world, f"/2/likes/sample10/stream?{query}") as stream:
        message = stream.message()
    like = message["data"]
    assert like["liked_tweet_id"] == message["includes"]["tweets"][0]["id"]
    assert like["tweet_author_id"] == message["includes"]["users"][0]["id"]
    assert isinstance(like["timestamp_ms"], int)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/2/tweets", 404),
        ("GET", "/2/tweets/firehose/stream/lang/xx", 404),
        ("GET", "/1.1/statuses/home.json", 404),
        ("GET", "/3/", 404),
        ("POST", SAMPLE, 405),
        ("PATCH", RULES, 405),
        ("GET", "/oauth2/token", 405),
        ("DELETE", "/2/connections/nothing", 400),
    ],
)
def test_unknown_paths_and_wrong_methods(emulator: Emulator, method: str, path: str, status: int) -> None:
    """404 and 405, the latter with the methods allowed; 400 where part of a path has no such value."""
    answer = call(emulator, method, path)
    assert answer.status_code == status
    assert (status == 405) == ("allow" in answer.headers)
