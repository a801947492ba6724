"""The ids that a stream brought and those that a search finds."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from typing import Any

from reactivex import operators as ops

from rxtweets import operators as tw
from rxtweets.emulator import Emulator, Limits
from rxtweets.emulator.api.v2.fields import LISTS
from rxtweets.messages import Post
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
    kinds += ["is:reply", "is:quote", "is:retweet", "is:verified", "lang:en", "lang:es", "min_likes:1"]

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
    """Return a text without accents, in lower case."""
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))


def keywords(rule: Rule) -> list[str]:
    """Return the texts that a rule looks for, without accents."""
    return [plain(term.value) for term, negated in rule.terms() if term.name in KEYWORDS and not negated]


def is_retweet(post: Post) -> bool:
    return any(one.type == "retweeted" for one in post.referenced_posts)


def quotes(post: Post) -> bool:
    """Return whether a post, or what it repeats, quotes another."""
    shown = post.retweeted or post
    return any(one.type == "quoted" for one in shown.referenced_posts)


def test_the_same_ids_but_for_what_search_leaves_out() -> None:
    """For 50 random rules; where they differ it is a retweet, a quote or an accent, and as X describes it."""
    with Emulator(rate=500, seed=7, limits=Limits.none()) as emulator:
        client = client_on(emulator)
        posts = client.sample(**OPTIONS).pipe(tw.posts(), ops.take(300), ops.to_list()).run()
        emulator.rate = 0
        emulator.skew(60)
        newest = max(int(post.id) for post in posts)
        found_any = differed = 0
        for text in rules(posts, 50):
            rule = parse(text)
            compiled = rule.compile(asked=EVERY_FIELD)
            sent = {post.id for post in posts if compiled.matches(post)}
            if keywords(rule):
                sent -= {post.id for post in posts if is_retweet(post)}
            search = client.search(text, until_id=newest + 1, **OPTIONS)
            found = [post.id for post in search.pipe(ops.to_list()).run()]
            assert len(set(found)) == len(found)
            assert found == sorted(found, key=int, reverse=True)
            assert set(found) <= {post.id for post in posts}
            by_id = {post.id: post for post in posts}
            for one in sent ^ set(found):
                differed += 1
                post = by_id[one]
                accents = (
                    not plain(post.full_text).isascii() or plain(post.full_text) != post.full_text.casefold()
                )
                assert quotes(post) or accents, (text, post)
            found_any += bool(found)
        assert found_any >= 30
        assert differed
