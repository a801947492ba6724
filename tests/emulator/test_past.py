"""A past for a world that has just begun."""

from __future__ import annotations

import time

import pytest
from reactivex import operators as ops

from rxtweets.emulator import Emulator, Limits
from rxtweets.messages import Post
from tests.clients import client_on


def found(emulator: Emulator, query: str) -> list[Post]:
    return client_on(emulator).search(query).pipe(ops.to_list()).run()


def test_search_and_counts_find_it() -> None:
    """Posts spread over the last days, of which many match a rule; then come those of the present."""
    with Emulator(rate=0) as emulator:
        emulator.make_past("from:ada lang:en", "koala", posts=200)
        one, other = found(emulator, "from:ada"), found(emulator, "koala")
        assert len(one) > 50
        assert len(other) > 10
        assert all("koala" in post.text.lower() for post in other)
        counts = client_on(emulator).counts("koala", granularity="day").run()
        assert counts.total == len(other)
        assert sum(bucket.count > 0 for bucket in counts.buckets) >= 3
        posts = {post.id for post in (*one, *other)}
        assert emulator.charged == pytest.approx(0.005 * len(posts) + 0.005)
        emulator.publish("koala now")
        emulator.skew(60)
        newest, second = found(emulator, "koala")[:2]
        assert newest.text == "koala now"
        assert int(newest.id) > int(second.id)


def test_what_was_delivered_is_usage() -> None:
    """On its days, and at its price; without that a past costs nothing."""
    with Emulator(rate=0) as emulator:
        emulator.make_past(posts=70, days=3, delivered=True)
        days = client_on(emulator).usage(4).run().days
        assert sum(day.posts for day in days) == 70
        assert sum(day.posts > 0 for day in days) >= 3
        assert emulator.charged == pytest.approx(0.35)


def test_a_seeded_past_is_the_same_each_time() -> None:
    """With the same ids and texts."""
    pasts = []
    for _ in range(2):
        with Emulator(rate=0, seed=7) as emulator:
            emulator.make_past("koala", posts=30, days=0.5)
            pasts.append([(post.id, post.text) for post in found(emulator, "koala")])
    assert pasts[0] == pasts[1] != []


def test_only_so_many_are_remembered() -> None:
    """Those of `Limits.history`, the latest; each is from before now."""
    with Emulator(rate=0, limits=Limits(history=50)) as emulator:
        emulator.make_past("koala", posts=200)
        posts = found(emulator, "koala")
        assert 0 < len(posts) <= 50
        assert all(post.created_at.timestamp() < time.time() - 30 for post in posts if post.created_at)


def test_what_is_refused() -> None:
    """A rule that is none, a past of nothing, and one after the present."""
    with Emulator(rate=0) as emulator:
        with pytest.raises(ValueError, match="parenthesis"):
            emulator.make_past("cat (")
        with pytest.raises(ValueError, match="a past has posts"):
            emulator.make_past(posts=0)
        emulator.publish("now")
        with pytest.raises(RuntimeError, match="before anything is published"):
            emulator.make_past()
