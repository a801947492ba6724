"""The searches for a rule: each short enough, and together they find what the rule does."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rxtweets.messages import decode
from rxtweets.recovery.queries import searches
from rxtweets.rules import Rule, all_of, any_of, is_, keyword, parse
from rxtweets.testing import post_json

WORDS = [f"word{number}" for number in range(12)]
words = st.sampled_from(WORDS).map(keyword)
excluded = st.sampled_from([~is_("retweet"), ~is_("quote"), ~keyword("bad")])
all_words = st.lists(words, min_size=1, max_size=3).map(lambda some: all_of(*some))
choices = st.lists(all_words, min_size=1, max_size=8).map(lambda some: any_of(*some))
rules = st.builds(
    lambda some, but: all_of(*some, *but),
    st.lists(choices, min_size=1, max_size=2),
    st.lists(excluded, max_size=2),
) | st.lists(choices, min_size=2, max_size=3).map(lambda some: any_of(*some))


@given(
    rule=rules,
    longest=st.integers(20, 120),
    texts=st.lists(st.sets(st.sampled_from([*WORDS, "bad"])), max_size=5),
)
def test_parts_find_what_the_rule_does(rule: Rule, longest: int, texts: list[set[str]]) -> None:
    """No post more and none less; each is short enough, or the rule is left as it is."""
    whole = str(rule)
    parts = searches(rule, whole, longest)
    assert parts == [whole] or all(len(part) <= longest for part in parts)
    for some in texts:
        one: Any = decode(post_json(text=" ".join(sorted(some)) or "none"))
        assert any(bool(parse(part).matches(one)) for part in parts) == bool(rule.matches(one))


def test_what_fits_is_left_as_it_was_written() -> None:
    """Blanks, case and all."""
    assert searches(parse("cat  OR dog"), "cat  OR dog") == ["cat  OR dog"]
