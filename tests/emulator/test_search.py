"""Search and counts: of the posts that streams were sent, what X's search would find, as X pages it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rxtweets.emulator import Emulator, Limits

from .asking import ask
from .clients import SEARCH

ALL = "/2/tweets/search/all"
COUNTS = "/2/tweets/counts/recent"
COUNTS_ALL = "/2/tweets/counts/all"
GENESIS = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator whose time stands still, but for `skew`."""
    with Emulator(rate=0, seed=1, limits=Limits.none()) as emulator:
        yield emulator


def search(emulator: Emulator, query: str, path: str = SEARCH, **params: Any) -> dict[str, Any]:
    """Return the answer to a search, which is as described."""
    answer = ask(emulator, path, "GET", params={"query": query, **params})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def texts(found: dict[str, Any]) -> list[str]:
    """Return the texts on a page."""
    return [post["text"] for post in found.get("data", ())]


def refused(emulator: Emulator, path: str = SEARCH, **params: Any) -> str:
    """Return the message of a refusal, which is as described."""
    answer = ask(emulator, path, "GET", params={"query": "cat", **params})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    return str(error["message"])


def at(seconds: float) -> str:
    """Return a time of the world as text."""
    return f"{GENESIS + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def test_newest_first_in_pages(emulator: Emulator) -> None:
    """Each page has a token of the next but the last one; what is published meanwhile moves nothing."""
    for n in range(25):
        emulator.publish(f"cat {n}")
    emulator.publish("a dog")
    emulator.skew(60)
    first = search(emulator, "cat")
    emulator.publish("cat again")
    emulator.skew(120)
    second = search(emulator, "cat", next_token=first["meta"]["next_token"])
    third = search(emulator, "cat", pagination_token=second["meta"]["next_token"], max_results="100")
    assert texts(first) + texts(second) + texts(third) == [f"cat {n}" for n in reversed(range(25))]
    assert [page["meta"]["result_count"] for page in (first, second, third)] == [10, 10, 5]
    assert first["meta"]["newest_id"] == first["data"][0]["id"]
    assert first["meta"]["oldest_id"] == first["data"][-1]["id"]
    assert "next_token" not in third["meta"]
    assert search(emulator, "nothing") == {"meta": {"result_count": 0}}
    assert len(texts(search(emulator, "cat", ALL, max_results="500"))) == 26


def test_the_last_30_seconds_are_left_out(emulator: Emulator) -> None:
    """Unless the end is named, which is 10 s ago at the latest."""
    emulator.publish("cat")
    emulator.skew(29)
    assert texts(search(emulator, "cat")) == []
    assert texts(search(emulator, "cat", end_time=at(19))) == ["cat"]
    assert "10 seconds" in refused(emulator, end_time=at(20))
    emulator.skew(31)
    assert texts(search(emulator, "cat")) == ["cat"]


def test_seven_days(emulator: Emulator) -> None:
    """Recent search and counts reach back a week, the archive's all the way."""
    emulator.publish("cat")
    week = 7 * 86_400
    emulator.skew(week)
    assert texts(search(emulator, "cat")) == ["cat"]
    emulator.skew(week + 1)
    for path in (SEARCH, COUNTS):
        assert "must be on or after" in refused(emulator, path, start_time=at(0))
    assert texts(search(emulator, "cat")) == []
    assert texts(search(emulator, "cat", ALL)) == ["cat"]
    assert "2006-03-21" in refused(emulator, ALL, start_time="2006-01-01T00:00:00Z")


def test_times_and_ids(emulator: Emulator) -> None:
    """Starts count, ends don't; ids are exclusive on both sides."""
    posts = []
    for n in range(4):
        emulator.skew(10 * n)
        posts.append(emulator.compose(f"cat {n}"))
        emulator.publish(posts[-1])
    emulator.skew(100)
    assert texts(search(emulator, "cat", start_time=at(10), end_time=at(30))) == ["cat 2", "cat 1"]
    between = {"since_id": str(posts[0].id), "until_id": str(posts[3].id)}
    assert texts(search(emulator, "cat", **between)) == ["cat 2", "cat 1"]
    assert "must be before" in refused(emulator, start_time=at(30), end_time=at(30))
    assert "At most one of" in refused(emulator, start_time=at(0), since_id="1")
    assert "At most one of" in refused(emulator, end_time=at(0), until_id="1")
    assert "At most one of" in refused(emulator, next_token="0" * 16, pagination_token="0" * 16)
    assert texts(search(emulator, "cat", next_token="V" * 16)) == [f"cat {n}" for n in (3, 2, 1, 0)]


def test_the_delay_until_a_post_is_found() -> None:
    """It is a setting, in seconds; none by default."""
    with Emulator(rate=0, seed=1, limits=Limits(search_delay=50.0)) as emulator:
        emulator.publish("cat")
        emulator.skew(45)
        assert texts(search(emulator, "cat")) == []
        emulator.skew(51)
        assert texts(search(emulator, "cat")) == ["cat"]
    for wrong in (-1.0, float("nan"), "x"):
        with pytest.raises(ValueError, match="search_delay must be 0 or more seconds"):
            Limits(search_delay=wrong)  # type: ignore[arg-type]


def test_no_retweets_for_keywords(emulator: Emulator) -> None:
    """A query with a word, phrase, tag or mention finds none; others do."""
    post = emulator.compose("a cat #pets", author="ada")
    emulator.publish(post)
    emulator.publish(emulator.retweet(post, author="bob"))
    emulator.skew(60)
    for query in ("cat", '"a cat"', "#pets", "cat OR from:bob"):
        assert texts(search(emulator, query)) == ["a cat #pets"]
    assert texts(search(emulator, "cat is:retweet")) == []
    for query in ("from:bob", "retweets_of:ada", "from:bob -dog"):
        assert texts(search(emulator, query)) == ["RT @ada: a cat #pets"]


def test_quotes_by_their_own_text(emulator: Emulator) -> None:
    """The post that it quotes is not searched."""
    post = emulator.compose("a cat https://example.com/x")
    quote = emulator.compose("look", quote=post)
    for one in (post, quote):
        emulator.publish(one)
    emulator.skew(60)
    assert len(texts(search(emulator, "cat"))) == 1
    assert len(texts(search(emulator, "look -cat"))) == 1
    assert len(texts(search(emulator, f"quotes_of_tweet_id:{post.id}"))) == 1
    assert len(texts(search(emulator, "is:quote look"))) == 1


def test_accents_make_no_difference(emulator: Emulator) -> None:
    """In the query and in the posts, in tags too; other scripts keep their marks."""
    for text in ("un café", "a cafe", "#Café", "が"):
        emulator.publish(text)
    emulator.skew(60)
    for query in ("cafe", "café", "CAFÉ"):
        assert set(texts(search(emulator, query))) == {"un café", "a cafe", "#Café"}
    assert texts(search(emulator, "#cafe")) == ["#Café"]
    assert texts(search(emulator, "か")) == []


@pytest.mark.parametrize(
    ("level", "longest"), [("pay_per_use", (512, 1_024)), ("enterprise", (4_096, 4_096))]
)
def test_the_length_of_a_query(level: Any, longest: tuple[int, int]) -> None:
    """It depends on the level of access."""
    with Emulator(rate=0, level=level, limits=Limits.none()) as emulator:
        for path, most in zip((SEARCH, ALL), longest, strict=True):
            assert ask(emulator, path, "GET", params={"query": "c" * most}).status_code == 200
            assert ask(emulator, path, "GET", params={"query": "c" * (most + 1)}).status_code == 400


def test_a_query_is_checked(emulator: Emulator) -> None:
    """Operators that search lacks are named with their place."""
    assert "search has no sample:" in refused(emulator, query="cat sample:10")
    assert "(at position 5)" in refused(emulator, query="cat sample:10")


def test_fields_and_includes(emulator: Emulator) -> None:
    """They are those of a stream; what several posts of a page refer to is included once."""
    post = emulator.compose("first", author="ada")
    for one in (post, emulator.compose("cat 1", author="bob", quote=post)):
        emulator.publish(one)
    emulator.publish("cat 2", author="bob")
    emulator.skew(60)
    asked = {"expansions": "author_id,referenced_tweets.id", "tweet.fields": "lang"}
    page = search(emulator, "cat", **asked)
    assert [user["username"] for user in page["includes"]["users"]] == ["bob"]
    assert [one["text"] for one in page["includes"]["tweets"]] == ["first"]
    assert all("lang" in one for one in page["data"])


def test_a_post_that_comes_again_is_found_once(emulator: Emulator) -> None:
    """It stands in the place of its last publication."""
    post = emulator.compose("cat")
    for one in (post, emulator.compose("cat between"), post):
        emulator.publish(one)
    emulator.skew(60)
    assert texts(search(emulator, "cat")) == ["cat", "cat between"]


def test_what_is_forgotten_is_not_found() -> None:
    """Search reaches as far as the emulator remembers."""
    with Emulator(rate=0, seed=1, limits=Limits(history=3)) as emulator:
        for n in range(5):
            emulator.publish(f"cat {n}")
        emulator.skew(60)
        assert texts(search(emulator, "cat")) == ["cat 4", "cat 3", "cat 2"]


def test_the_archive_takes_one_request_a_second() -> None:
    """More are refused though the window has room; not where no requests are counted."""
    with Emulator(rate=0) as emulator:
        query = {"query": "cat"}
        answers = [ask(emulator, ALL, "GET", params=query) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 429]
        assert answers[1].headers["x-rate-limit-remaining"] == "299"
        emulator.skew(1)
        assert ask(emulator, ALL, "GET", params=query).status_code == 200


@pytest.mark.parametrize(("granularity", "seconds"), [("minute", 60), ("hour", 3_600), ("day", 86_400)])
def test_counts(emulator: Emulator, granularity: str, seconds: int) -> None:
    """Buckets without gaps, oldest first, cut at the range's ends; the total is their sum."""
    for n in range(5):
        emulator.skew(1_000 * n)
        emulator.publish("cat")
    emulator.skew(9_000)
    within = {"start_time": at(500), "end_time": at(8_000)}
    found = search(emulator, "cat", COUNTS, granularity=granularity, **within)
    buckets = found["data"]
    assert (buckets[0]["start"], buckets[-1]["end"]) == (at(500)[:-1] + ".000Z", at(8_000)[:-1] + ".000Z")
    assert [one["end"] for one in buckets[:-1]] == [one["start"] for one in buckets[1:]]
    assert len(buckets) == (8_000 - 1) // seconds - 500 // seconds + 1
    assert found["meta"] == {"total_tweet_count": 4, "total_post_count": 4}
    assert sum(one["tweet_count"] for one in buckets) == 4
    assert all(one["tweet_count"] == one["post_count"] for one in buckets)


def test_counts_of_the_archive_come_in_pages(emulator: Emulator) -> None:
    """Of 31 days each, the newest first; together they have all."""
    emulator.publish("cat")
    emulator.skew(40 * 86_400)
    emulator.publish("cat")
    emulator.skew(41 * 86_400)
    first = search(emulator, "cat", COUNTS_ALL, granularity="day", start_time=at(0))
    token = first["meta"]["next_token"]
    second = search(emulator, "cat", COUNTS_ALL, granularity="day", start_time=at(0), next_token=token)
    assert first["meta"]["total_tweet_count"] == second["meta"]["total_tweet_count"] == 1
    assert "next_token" not in second["meta"]
    assert second["data"][-1]["end"] == first["data"][0]["start"]
    assert search(emulator, "cat", COUNTS_ALL, next_token="0" * 15 + "1")["data"] == []
