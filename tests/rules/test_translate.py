"""The rules that stand for v1.1's filter parameters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rxtweets.filters import FilterQuery
from rxtweets.rules import Limits, any_of, from_filter, parse, validate

from .posts import make

TRANSLATED: list[tuple[dict[str, Any], str]] = [
    ({"track": ["python"]}, "python"),
    ({"track": ["twitter api", "twitter streaming"]}, "twitter api OR twitter streaming"),
    ({"track": ["#python @ada $TSLA"]}, "#python @ada $TSLA"),
    ({"track": ["c++", "example.com"]}, '"c++" OR "example.com"'),
    ({"track": ["this or that"]}, 'this "or" that'),
    ({"track": ["-cat"]}, '"-cat"'),
    ({"track": ["#1 @", 'a"b']}, '"#1" "@" OR "a\\"b"'),
    ({"follow": [12]}, "from:12 OR to:12 OR retweets_of:12"),
    ({"locations": [(-122.75, 36.8, -121.75, 37.8)]}, "bounding_box:[-122.75 36.8 -121.75 37.8]"),
    ({"track": ["cat"], "languages": ["en"]}, "cat lang:en"),
    ({"track": ["cat", "dog"], "languages": ["en", "de"]}, "(cat OR dog) (lang:en OR lang:de)"),
    ({"track": ["cat"], "languages": ["he", "id", "EN"]}, "cat (lang:iw OR lang:in OR lang:en)"),
    ({"track": ["cat"], "languages": ["zh", "pt-BR"]}, "cat (lang:zh-CN OR lang:zh-TW OR lang:pt)"),
    (
        {"track": ["a b"], "follow": [1], "locations": [(1, 2, 3, 4)], "languages": ["en"]},
        "(a b OR from:1 OR to:1 OR retweets_of:1 OR bounding_box:[1 2 3 4]) lang:en",
    ),
]


@pytest.mark.parametrize(("parameters", "text"), TRANSLATED)
def test_translated(parameters: dict[str, Any], text: str) -> None:
    """A comma is OR, a blank AND; users, boxes and languages have their operators."""
    (rule,) = from_filter(FilterQuery(**parameters))
    assert str(rule) == text
    assert parse(text) == rule
    assert validate(rule) == ()


@given(
    st.lists(st.sampled_from(["cat", "red panda", "#tag", "c++", "日本"]), unique=True),
    st.lists(st.integers(1, 10**12), min_size=1, max_size=40, unique=True),
    st.lists(st.sampled_from(["en", "de", "fr"]), unique=True),
    st.integers(150, 400),
)
@settings(max_examples=60, deadline=None)
def test_split(track: list[str], follow: list[int], languages: list[str], most: int) -> None:
    """Rules that together have all alternatives, each within the limit and as full as it can be."""
    query = FilterQuery(track=track or None, follow=follow, languages=languages or None)
    rules = from_filter(query, Limits(most))
    assert all(validate(rule, Limits(most)) == () for rule in rules)
    (whole,) = from_filter(query, Limits(10**6))
    terms = [str(term) for term, _ in whole.terms()]
    spoken = [f"lang:{code}" for code in languages]
    split = [str(term) for rule in rules for term, _ in rule.terms() if str(term) not in spoken]
    assert split + spoken == terms
    assert len(rules) <= len(str(whole)) // (most - 130) + 1


def test_together_they_match_what_the_whole_matches() -> None:
    """Splitting changes nothing."""
    query = FilterQuery(track=[f"word{n}" for n in range(300)], languages=["en"])
    rules = from_filter(query)
    assert len(rules) > 1
    for n in (0, 150, 299, 300):
        for lang in ("en", "de"):
            post = make(f"so word{n} it is", lang=lang)
            assert bool(any_of(*rules).matches(post)) == (n < 300 and lang == "en")
            assert sum(bool(rule.matches(post)) for rule in rules) <= 1


def test_refused() -> None:
    """A limit that one alternative alone exceeds is a ValueError that names it."""
    with pytest.raises(ValueError, match="longish needs more than the 5 characters"):
        from_filter(FilterQuery(track=["longish"]), Limits(5))


def test_a_language_that_rules_lack() -> None:
    """A language that `lang:` has no code for is a ValueError that names it: no rule would match the same."""
    with pytest.raises(ValueError, match="no code for the language 'af'"):
        from_filter(FilterQuery(track=["cat"], languages=["en", "af"]))
