from __future__ import annotations

import itertools
from typing import Any

import pytest
import requests

from rxtweets.emulator import Emulator

from .clients import V1_FILTER, V1_SAMPLE, raw_get, signed, v1_stream


def refused(emulator: Emulator, form: dict[str, str], path: str = V1_FILTER) -> requests.Response:
    with requests.Session() as session:
        return session.post(emulator.base_url + path, data=form, auth=signed(emulator), timeout=5)


@pytest.mark.parametrize(
    ("form", "status", "text"),
    [
        ({}, 406, "No filter parameters found"),
        ({"track": " , ,"}, 406, "No filter parameters found"),
        ({"language": "en"}, 406, "No filter parameters found"),
        ({"follow": f"1,{2**63}"}, 406, f"unparseable item: {2**63}"),
        ({"follow": "1,jack"}, 406, "unparseable item: jack"),
        ({"locations": "1,2,3"}, 406, "locations"),
        ({"locations": "1,2,x,4"}, 406, "locations"),
        ({"locations": "10,10,5,20"}, 406, "southwest"),
        ({"locations": "-181,0,5,20"}, 406, "southwest"),
        ({"track": "a", "filter_level": "high"}, 406, "filter_level"),
        ({"track": "a", "count": "many"}, 406, "count"),
        ({"track": "a" * 61}, 413, "item index 0 too long"),
        ({"track": "b," + "日" * 21}, 413, "item index 1 too long"),
        ({"track": ",".join(f"w{n}" for n in range(401))}, 413, "limit is 400"),
        ({"follow": ",".join(str(n) for n in range(1, 5002))}, 413, "limit is 5000"),
        ({"locations": ",".join(["1,1,2,2"] * 26)}, 413, "limit is 25"),
        ({"track": "a", "count": "150001"}, 416, "out of range"),
        ({"track": "a", "count": "-150001"}, 416, "out of range"),
    ],
)
def test_wrong_predicates_are_refused(
    emulator: Emulator, form: dict[str, str], status: int, text: str
) -> None:
    """The status is v1.1's, and its line of text names the parameter."""
    answer = refused(emulator, form)
    assert (answer.status_code, text in answer.text) == (status, True), answer.text
    assert answer.text.endswith("\r\n")


@pytest.mark.parametrize("name", ["locations", "follow", "count"])
@pytest.mark.parametrize("value", ["1,1,1," + "1" * 200_000 + "x", "1" * 200_000 + "x", "1," * 100_000])
def test_senseless_numbers_are_refused_at_once(emulator: Emulator, name: str, value: str) -> None:
    """Numbers of any length are refused without delaying anything else."""
    assert refused(emulator, {"track": "a", name: value}).status_code in (406, 413)


@pytest.mark.parametrize(
    "form",
    [
        {"track": ",".join(f"w{n}" for n in range(400))},
        {"track": "日" * 20},
        {"follow": ",".join(str(n) for n in range(1, 5001))},
        {"locations": ",".join(["-180,-90,180,90"] * 25)},
        {"track": "a", "count": "-150000", "filter_level": "medium", "stall_warnings": "true"},
    ],
)
def test_predicates_at_their_limits_are_taken(emulator: Emulator, form: dict[str, str]) -> None:
    """The limits themselves are allowed."""
    with v1_stream(emulator, **form) as messages:
        ended = "count" in form and [message["disconnect"]["code"] for message in messages] == [9]
        assert len(emulator.streams) == (not ended)


def test_filter_sends_what_matches_and_nothing_else(lenient: Emulator) -> None:
    """Published posts reach the streams that ask for them; publish tells how many."""
    with v1_stream(lenient, track="python") as python, v1_stream(lenient, follow="12") as twelve:
        assert lenient.publish("Python and more") == 1
        assert lenient.publish("nothing") == 0
        assert lenient.publish("python again", author=12) == 2
        assert [next(python)["text"] for _ in range(2)] == ["Python and more", "python again"]
        assert next(twelve)["user"]["id"] == 12


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", ["sample", "firehose", "links", "retweet"])
def test_unfiltered_streams_need_no_predicate(emulator: Emulator, name: str, method: str) -> None:
    """sample and firehose send everything, links and retweet what they are named for; Tweepy 3 POSTs."""
    with v1_stream(emulator, f"/1.1/statuses/{name}.json", method) as messages:
        plain, link = emulator.compose("plain"), emulator.compose("https://example.com/page")
        posts = {"plain": plain, "link": link, "retweet": emulator.retweet(plain)}
        wanted = {"links": ["link"], "retweet": ["retweet"]}.get(name, list(posts))
        assert [kind for kind, post in posts.items() if emulator.publish(post)] == wanted
        assert [next(messages)["id"] for _ in wanted] == [posts[kind].id for kind in wanted]


def test_sample_can_be_narrowed_to_a_language(emulator: Emulator) -> None:
    """language works without other predicates there."""
    with v1_stream(emulator, f"{V1_SAMPLE}?language=ja", "GET") as messages:
        assert emulator.publish("hello") == 0
        assert emulator.publish("こんにちは") == 1
        assert next(messages)["lang"] == "ja"


@pytest.mark.parametrize("strings", [False, True])
def test_a_user_stream_begins_with_the_friends(world: Emulator, strings: bool) -> None:
    """A user stream begins with the ids of friends, as numbers or strings; statuses and events follow."""
    path = "/1.1/user.json?stringify_friend_ids=true" if strings else "/1.1/user.json"
    with v1_stream(world, path, "GET") as messages:
        first = next(messages)
        friends = first["friends_str" if strings else "friends"]
        assert all(isinstance(friend, str if strings else int) for friend in friends)
        rest = list(itertools.islice(messages, 150))
    events = [message for message in rest if "event" in message]
    authors = {str(message["user"]["id"]) for message in rest if "text" in message}
    assert authors & {str(friend) for friend in friends}
    assert all({"source", "target", "created_at"} <= event.keys() for event in events)
    assert events


def test_a_program_can_ask_whose_credentials_it_has(emulator: Emulator) -> None:
    """Many clients do before they open a stream; without a signature nobody is told."""
    url = f"{emulator.base_url}/1.1/account/verify_credentials.json"
    told = requests.get(url, auth=signed(emulator), timeout=5)
    assert (told.status_code, told.json()["id_str"]) == (200, emulator.oauth1[2].partition("-")[0])
    unsigned = requests.get(url, timeout=5)
    assert (unsigned.status_code, unsigned.json()["errors"][0]["code"]) == (401, 32)


def test_a_site_stream_wraps_everything_in_envelopes(emulator: Emulator) -> None:
    """The control message, the friends of each user, and then messages with the user they are for."""
    with v1_stream(emulator, "/1.1/site.json", follow="7,8") as messages:
        assert next(messages)["control"]["control_uri"].startswith("/1.1/site/c/")
        friends = [next(messages), next(messages)]
        assert [message["for_user"] for message in friends] == [7, 8]
        assert all("friends" in message["message"] for message in friends)
        emulator.publish("hello", author=8)
        message = next(messages)
        assert message["for_user"] == 8
        assert message["message"]["text"] == "hello"


@pytest.mark.parametrize(("follow", "status"), [("", 406), ("x", 406), (",".join(["1"] * 101), 413)])
def test_a_site_stream_needs_up_to_100_users(emulator: Emulator, follow: str, status: int) -> None:
    """No user, a wrong id and one too many are refused."""
    assert refused(emulator, {"follow": follow}, "/1.1/site.json").status_code == status


def statuses(world: Emulator, count: int) -> list[dict[str, Any]]:
    with v1_stream(world, V1_SAMPLE, "GET") as messages:
        return list(itertools.islice((message for message in messages if "text" in message), count))


def test_statuses_are_as_varied_and_as_large_as_real_ones(world: Emulator) -> None:
    """Languages, retweets, quotes, replies, media, links, tags, mentions and long ones all occur."""
    seen = statuses(world, 400)
    assert len({status["lang"] for status in seen}) >= 8
    for name in ("retweeted_status", "quoted_status", "extended_tweet", "extended_entities"):
        assert any(name in status for status in seen), name
    assert any(status["in_reply_to_status_id"] for status in seen)
    assert any(status["place"] for status in seen)
    for name in ("hashtags", "urls", "user_mentions"):
        assert any(status["entities"][name] for status in seen), name
    assert len({status["user"]["id"] for status in seen}) > 100


def test_ids_carry_their_time_and_grow(world: Emulator) -> None:
    """id, id_str, created_at and timestamp_ms agree."""
    seen = statuses(world, 50)
    for status in seen:
        assert str(status["id"]) == status["id_str"]
        assert (status["id"] >> 22) + 1288834974657 == int(status["timestamp_ms"])
    assert [status["id"] for status in seen] == sorted({status["id"] for status in seen})


def whole_text(status: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    part = status.get("extended_tweet")
    return (part["full_text"], part["entities"]) if part else (status["text"], status["entities"])


def test_entities_stand_where_they_say(world: Emulator) -> None:
    """The indices of every entity cut its own text out of the status, in short and in extended form."""
    for status in statuses(world, 400):
        for form in (status, status.get("retweeted_status"), status.get("quoted_status")):
            if form is None:
                continue
            for text, entities in ((form["text"], form["entities"]), whole_text(form)):
                for kind, sign, key in (("hashtags", "#", "text"), ("user_mentions", "@", "screen_name")):
                    for entity in entities[kind]:
                        start, end = entity["indices"]
                        assert text[start:end].lower() == f"{sign}{entity[key]}".lower()
                for entity in entities["urls"] + entities.get("media", []):
                    start, end = entity["indices"]
                    assert text[start:end] == entity["url"]


def test_long_statuses_are_cut_and_extended(emulator: Emulator) -> None:
    """Over 140 characters the text is cut, and the whole is in extended_tweet."""
    text = "word " * 40 + "#end"
    with v1_stream(emulator, V1_SAMPLE, "GET") as messages:
        emulator.publish(text)
        status = next(messages)
    assert status["truncated"] is True
    assert len(status["text"]) <= 140
    assert "… https://t.co/" in status["text"]
    assert status["extended_tweet"]["full_text"] == text
    assert status["extended_tweet"]["entities"]["hashtags"][0]["text"] == "end"
    assert status["entities"]["urls"][0]["expanded_url"] == f"https://twitter.com/i/web/status/{status['id']}"


def test_composed_posts_keep_their_relations(emulator: Emulator) -> None:
    """Replies, quotes, retweets and coordinates are rendered with what they refer to."""
    first = emulator.compose("first", author="ada", lang="en", coordinates=(2.35, 48.86))
    with v1_stream(emulator, V1_SAMPLE, "GET") as messages:
        for post in (
            first,
            emulator.compose("@ada answer", reply_to=first),
            emulator.compose("look", quote=first),
            emulator.retweet(first, author="bob"),
        ):
            assert emulator.publish(post) == 1
        original, answer, quote, retweet = (next(messages) for _ in range(4))
    assert original["coordinates"] == {"type": "Point", "coordinates": [2.35, 48.86]}
    assert original["geo"]["coordinates"] == [48.86, 2.35]
    assert answer["in_reply_to_status_id"] == original["id"]
    assert answer["in_reply_to_screen_name"] == "ada"
    assert quote["quoted_status"]["text"] == "first"
    assert quote["quoted_status_id_str"] == original["id_str"]
    assert retweet["text"] == "RT @ada: first"
    assert retweet["retweeted_status"]["id"] == original["id"]
    assert retweet["user"]["screen_name"] == "bob"


def test_deletions_come_between(world: Emulator) -> None:
    """From time to time a status sent before is deleted."""
    with v1_stream(world, V1_SAMPLE, "GET") as messages:
        known: set[int] = set()
        for message in messages:
            if "delete" in message:
                assert message["delete"]["status"]["id"] in known
                assert set(message["delete"]["status"]) == {"id", "id_str", "user_id", "user_id_str"}
                break
            known.add(message.get("id"))


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        (V1_SAMPLE, "count=abc&partitions=9&track=%20&follow=x&locations=1"),
        ("/1.1/statuses/firehose.json", "language=ja&filter_level=loud&track=x"),
        ("/1.1/statuses/links.json", "language=ja&filter_level=loud"),
        ("/1.1/user.json", "count=-1&follow=x&language=ja&filter_level=loud&partitions=9"),
        ("/1.1/site.json?follow=12", "count=-1&track=x&locations=1&language=ja"),
    ],
)
def test_a_stream_takes_its_own_parameters_and_no_others(emulator: Emulator, path: str, ignored: str) -> None:
    """Parameters of other streams change nothing, as at X: nothing is replayed, split or narrowed."""
    emulator.publish("earlier http://a.example/", lang="en")
    with raw_get(emulator, f"{path}{'&' if '?' in path else '?'}{ignored}") as stream:
        assert stream.status == 200
        author = 12 if "site" in path else "you"
        reached = [emulator.publish(f"{n} http://a.example/", lang="en", author=author) for n in range(8)]
        assert reached == [1] * 8
        texts = (found.get("message", found).get("text") for found in iter(stream.message, None))
        first = next(text for text in texts if text is not None)
        assert first.startswith("0 ")
