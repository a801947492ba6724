"""Types as a user sees them. The assertions are the type checkers': mypy reads this file with the rest."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import reactivex
from reactivex import Observable

import rxtweets as rxt
from rxtweets import aio
from rxtweets import operators as tw
from rxtweets.messages import Delete, Dropped, Lifecycle, Message, Post, Status, v2
from rxtweets.rules import StreamRule
from tests import pyright

if TYPE_CHECKING:
    from typing import assert_type


def text_length(post: Post) -> int:
    return len(post.text)


def test_types() -> None:
    """Streams, operators and messages have the types that a reader expects; the calls are good, too."""
    stream = rxt.Stream(rxt.OAuth1("key", "secret", "token", "secret"))
    client = rxt.StreamingClient(rxt.BearerToken("token"))

    everything = stream.filter(track=["python"])
    statuses = stream.filter(track=["python"]).pipe(tw.statuses())
    posts = client.filter(tweet_fields=["created_at", "lang"], expansions=["author_id"]).pipe(tw.posts())
    texts = statuses.map(lambda status: status.text)
    lifecycle = everything.pipe(tw.lifecycle())
    removals = everything.pipe(tw.of_type(Delete))
    frames = rxt.connect(rxt.Endpoint(rxt.Request("GET", "https://api.x.com/"), 30.0))
    decoded = frames.pipe(tw.decode())
    retried = decoded.pipe(tw.retry_with_backoff(rxt.BackoffPolicy(max_attempts=3)))
    routed = everything.pipe(tw.route({Status: print, Delete: reactivex.Subject[Any]()}), tw.messages())
    handed_over = posts.pipe(tw.observe_on())
    thinned = posts.pipe(tw.observe_on(capacity=10, overflow="drop_oldest"))
    through = posts.pipe(tw.observe_on(), tw.posts())
    figures = tw.observe_on(overflow="latest")
    latest = posts.pipe(figures)
    once = everything.pipe(tw.distinct_by_id())
    recorded = everything.pipe(tw.record("posts.jsonl", rotate=1_000_000), tw.forget("posts.jsonl"))
    replayed = rxt.replay("posts.jsonl", speed=None)
    beside = posts.pipe(tw.parallel_map(text_length, 2))
    rules = client.rules.list()

    def author(post: Post) -> str | None:
        return post.author_id

    def length(post: Post) -> int:
        return len(post.text)

    tags = posts.pipe(tw.top(rxt.hashtags, 3, window=60, every=1))
    authors = posts.pipe(tw.counts(author))
    lengths = posts.pipe(tw.counts(length))
    most = tags.map(lambda top: [f"{tag} {count}" for tag, count in top.counts])

    if TYPE_CHECKING:
        assert_type(everything, Observable[Message | Lifecycle])
        assert_type(statuses, Observable[Status])
        assert_type(posts, Observable[Post])
        assert_type(texts, Observable[str])
        assert_type(lifecycle, Observable[Lifecycle])
        assert_type(removals, Observable[Delete])
        assert_type(recorded, Observable[Message | Lifecycle])
        assert_type(replayed, Observable[bytes | Lifecycle])
        assert_type(frames, Observable[bytes | Lifecycle])
        assert_type(decoded, Observable[Message | Lifecycle])
        assert_type(retried, Observable[Message | Lifecycle])
        assert_type(routed, Observable[Message])
        assert_type(handed_over, Observable[Post])
        assert_type(thinned, Observable[Post | Dropped])
        assert_type(through, Observable[Post])
        assert_type(figures.depth, int)
        assert_type(posts.pipe(aio.observe_on()), Observable[Post])
        assert_type(posts.pipe(aio.observe_on(overflow="drop_oldest")), Observable[Post | Dropped])
        assert_type(latest, Observable[Post | Dropped])
        assert_type(once, Observable[Message | Lifecycle])
        assert_type(beside, Observable[int | Lifecycle])
        assert_type(rules, Observable[StreamRule])
        assert_type(tags, Observable[tw.Counts[str]])
        assert_type(authors, Observable[tw.Counts[str]])
        assert_type(lengths, Observable[tw.Counts[int]])
        assert_type(most, Observable[list[str]])
        assert_type(everything.pipe(tw.meter(1.0)), Observable[tw.Meter])
        assert_type(everything.pipe(tw.lag()), Observable[tw.Lag])
        assert_type(everything.pipe(tw.volume_alarm(below=0.1)), Observable[tw.VolumeAlarm])

    async def awaited() -> None:
        first = await aio.first(posts)
        some = await aio.to_list(posts.pipe(tw.observe_on()))
        last = await posts
        async for post in aio.iterate(posts):
            assert_type(post, Post)
        async for thinned_post in aio.iterate(posts, overflow="latest"):
            assert_type(thinned_post, Post | Dropped)
        assert_type(first, Post)
        assert_type(some, list[Post])
        assert_type(last, Post)

    def iterated() -> None:
        for post in rxt.iterate(posts):
            assert_type(post, Post)
        for thinned_post in rxt.iterate(posts, capacity=10, overflow="drop_newest"):
            assert_type(thinned_post, Post | Dropped)

    assert callable(awaited)
    assert callable(iterated)

    def shown(status: Status, post: Post) -> None:
        if TYPE_CHECKING:
            assert_type(status.user.screen_name, str)
            assert_type(status.full_text, str)
            assert_type(status.retweeted_status, Status | None)
            assert_type(post.text, str)
            assert_type(post.author, v2.User | None)

    assert callable(shown)


def _shown() -> Iterator[tuple[str, object]]:
    """Yield what an editor shows of the public names, and of the methods of public classes."""
    for module in (rxt, tw, aio):
        for name in module.__all__:
            thing = getattr(module, name)
            if callable(thing):
                yield f"{module.__name__}.{name}", thing
            for method in vars(thing) if inspect.isclass(thing) else ():
                if not method.startswith("_") and callable(getattr(thing, method)):
                    yield f"{module.__name__}.{name}.{method}", getattr(thing, method)


def test_an_editor_shows_public_names() -> None:
    """Every public function, class and method has a docstring, and a signature without a private name."""
    for name, thing in _shown():
        assert inspect.getdoc(thing), name
        if thing is not rxt.StreamError:  # an Exception's own constructor has no signature
            signature = str(inspect.signature(thing))  # type: ignore[arg-type]
            assert not re.search(r"\b_(?!T\b)\w", signature), f"{name}{signature}"


def test_types_under_pyright(tmp_path: Path) -> None:
    """pyright's strict mode, by which editors go, agrees with every assertion of the typed files."""
    pyright.check(tmp_path, [Path(__file__), pyright.ROOT / "tests" / "messages" / "test_typed_usage.py"])
