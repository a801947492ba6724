"""The ids that a stream brought and those that a search finds."""

from __future__ import annotations

import json
import random
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from reactivex import operators as ops

from rxtweets import operators as tw
from rxtweets.emulator import Emulator, Limits
from rxtweets.emulator.api.v2.fields import LISTS
from rxtweets.messages import Post, decode
from rxtweets.rules import EVERY_FIELD, Rule, parse, validate
from rxtweets.rules import Limits as RuleLimits
from tests.clients import client_on

OPTIONS: dict[str, Any] = {
    name.replace(".", "_"): [value for value in values if not value.endswith("_metrics") or value[0] == "p"]
    for name, values in LISTS.items()
}
OPTIONS["tweet_fields"] = [name for name in OPTIONS["tweet_fields"] if name != "promoted_metrics"]
KEYWORDS = {"keyword", "phrase", "hashtag", "mention", "cashtag"}
SHAPES = ["{a}", "{a} OR {b}", "{a} {c}", "{a} -{b}", "({a} OR {b}) {c}", "{a} OR {b} {c} -{d}", "{f} -{c}"]


def rules(posts: list[Post], count: int) -> Iterator[str]:
    """Yield random rules about what is in the posts."""
    rng = random.Random(15)
    words = sorted({word for post in posts for word in post.text.split() if word.isalpha()})
    tags = sorted({f"#{tag.tag}" for post in posts for tag in post.entities.hashtags})
    names = sorted({f"@{one.username}" for post in posts for one in post.entities.mentions})
    authors = sorted({f"from:{post.author_id}" for post in posts})
    kinds = [f"has:{kind}" for kind in ("links", "hashtags", "mentions", "media", "images", "geo")]
    kinds += ["is:reply", "is:quote", "is:retweet", "is:verified", "lang:en", "lang:es"]

    def term() -> str:
        return rng.choice(rng.choice([words, words, tags, names, authors]))

    while count:
        text = rng.choice(SHAPES).format(
            a=term(), b=term(), c=rng.choice(kinds), d=term(), f=rng.choice(authors)
        )
        if not validate(text, RuleLimits.search()):
            count -= 1
            yield text


def plain(text: str) -> str:
    """Return a text without the accents of its letters."""
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in parts if not "\u0300" <= c <= "\u036f"))


def as_searched(post: Post) -> Post:
    """Return a post without accents, and without what is quoted, of which rules then know nothing."""
    whole = json.loads(plain(post.raw.decode()))
    tweets = whole.get("includes", {}).get("tweets", [])
    references = [one for each in (whole["data"], *tweets) for one in each.get("referenced_tweets", ())]
    quoted = {one["id"] for one in references if one["type"] == "quoted"}
    if tweets:
        whole["includes"]["tweets"] = [one for one in tweets if one["id"] not in quoted]
    found = decode(json.dumps(whole).encode())
    assert isinstance(found, Post)
    return found


def finds_retweets(rule: Rule) -> bool:
    return not any(term.name in KEYWORDS and not negated for term, negated in rule.terms())


@pytest.mark.parametrize(("count", "rate"), [(200, 500), pytest.param(6_000, 100, marks=pytest.mark.soak)])
def test_the_same_ids_but_for_what_search_leaves_out(count: int, rate: int) -> None:
    """For 50 random rules; retweets, quoted texts and accents are as X describes them."""
    with Emulator(rate=rate, seed=7, limits=Limits.none(history=2 * count)) as emulator:
        client = client_on(emulator)
        posts = client.sample(**OPTIONS).pipe(tw.posts(), ops.take(count), ops.to_list()).run()
        emulator.rate = 0
        emulator.skew(60)
        newest = max(int(post.id) for post in posts)
        searched = {post.id: as_searched(post) for post in posts}
        retweets = {
            post.id for post in posts if any(one.type == "retweeted" for one in post.referenced_posts)
        }
        total = differ = 0
        for text in rules(posts, 50):
            rule, simple = parse(text), parse(plain(text)).compile(asked=EVERY_FIELD)
            search = client.search(text, until_id=newest + 1, **OPTIONS)
            ids = [post.id for post in search.pipe(ops.to_list()).run()]
            assert ids == sorted(set(ids), key=int, reverse=True)
            found = set(ids)
            left_out = set() if finds_retweets(rule) else retweets
            assert not found & left_out
            verdicts = {one: simple.matches(post).verdict for one, post in searched.items()}
            sure = {one for one, verdict in verdicts.items() if verdict} - left_out
            maybe = {one for one, verdict in verdicts.items() if verdict is None} - left_out
            assert sure <= found <= sure | maybe, (text, sure ^ found)
            whole = rule.compile(asked=EVERY_FIELD)
            total += len(found)
            differ += bool(found ^ {post.id for post in posts if whole.matches(post)})
        assert total > 50
        assert differ
