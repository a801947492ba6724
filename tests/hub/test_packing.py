"""Filters joined in one rule: their length, and telling them apart."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from rxtweets.filters import FilterIndex
from rxtweets.hub.packed import indexable
from rxtweets.hub.packing import joined, pack, rejoin
from rxtweets.messages import Post
from rxtweets.rules import EVERY_FIELD, Rule, parse
from tests.rules import strategies


@given(st.dictionaries(st.text("ab", min_size=1, max_size=9), st.integers(1, 6)), st.integers(9, 40))
def test_every_text_is_packed_within_the_limits(texts: dict[str, int], length: int) -> None:
    """Each text is in one group, in order, and none is larger than allowed or could take the next text."""

    def is_allowed(group: tuple[str, ...]) -> bool:
        return len(joined(group)) <= length and len(group) <= min(texts[text] for text in group)

    groups = list(pack(texts, length))
    assert [text for group in groups for text in group] == list(texts)
    assert all(map(is_allowed, groups))
    for group, following in itertools.pairwise(groups):
        assert not is_allowed((*group, following[0]))


_TEXTS = st.text("ab", min_size=1, max_size=9)


@given(st.lists(st.sets(_TEXTS, min_size=1, max_size=3), max_size=6), st.sets(_TEXTS), st.integers(0, 3))
def test_joining_again_makes_room(packs: list[set[str]], newcomers: set[str], most: int) -> None:
    """Groups joined again take the place of more packs, or one that of a whole pack with a newcomer."""
    texts: list[str] = []
    for one in [*packs, newcomers]:
        one.difference_update(texts)
        texts += sorted(one)
    packs = [one for one in packs if one]
    length = max((len(joined(one)) for one in packs), default=9)
    groups = rejoin(
        [dict.fromkeys(sorted(one), 9) for one in packs], dict.fromkeys(newcomers, 9), length, most
    )
    moved = {text for group in groups for text in group}
    replaced = sum(one <= moved for one in packs)
    assert len(groups) <= most
    assert all(len(joined(group)) <= length and len(group) <= 9 for group in groups)
    assert not groups or replaced > len(groups) or (replaced == len(groups) == 1 and moved & newcomers)
    if most and len(packs) > 1 and not groups:
        two = sorted(packs, key=lambda one: len(joined(one)))[:2]
        assert len(joined([*two[0], *two[1]])) > length
    if most and packs and newcomers and not groups:
        shortest = min(newcomers, key=len)
        assert all(len(joined([*one, shortest])) > length for one in packs)


@given(st.lists(strategies.likely, min_size=1, max_size=4), strategies.post)
def test_joined_rules_match_what_each_does(rules: list[Rule], post: Post) -> None:
    """Texts joined with OR, without parentheses, are the rule that matches whatever one of them does."""
    whole = parse(joined(map(str, rules))).compile(asked=EVERY_FIELD)
    each = [rule.compile(asked=EVERY_FIELD).matches(post) for rule in rules]
    assert bool(whole.matches(post)) == any(each)


@given(st.lists(strategies.likely, min_size=1, max_size=8), strategies.post)
def test_joined_filters_are_told_apart(rules: list[Rule], post: Post) -> None:
    """The index finds, by words or by everything else, exactly the filters that match."""
    index = FilterIndex[int]()
    compiled = [rule.compile(asked=EVERY_FIELD) for rule in rules]
    for key, rule in enumerate(compiled):
        index.add(indexable(rule), key)
    assert index.match(post) == [key for key, rule in enumerate(compiled) if rule.matches(post)]
