from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets.cli.filter_rules import LONGEST, filter_rules
from rxtweets.emulator.rule_syntax import AllOf, AnyOf, Term, parse


@pytest.mark.parametrize(
    ("parameters", "rules"),
    [
        ({"track": ["python"]}, ["python"]),
        ({"track": ["red panda,koala"]}, ["red panda OR koala"]),
        ({"track": ["#python", "@x_y", "$AAPL", "日本"]}, ["#python OR @x_y OR $AAPL OR 日本"]),
        ({"track": ["c++ foo:bar -x"]}, ['"c++" "foo:bar" "-x"']),
        ({"track": ["this or that"]}, ['this "or" that']),
        ({"track": ["OR"]}, ['"OR"']),
        ({"track": ['say"hi']}, ['"say hi"']),
        ({"track": ["a\\b (c)"]}, ['"a b" "(c)"']),
        ({"track": ["$100"]}, ['"$100"']),
        ({"follow": ["12"]}, ["(from:12 OR to:12 OR retweets_of:12)"]),
        ({"locations": ["-122.75,36.8,-121.75,37.8"]}, ["bounding_box:[-122.75 36.8 -121.75 37.8]"]),
        ({"track": ["a"], "languages": ["en"]}, ["a lang:en"]),
        ({"track": ["a b,c"], "languages": ["en", "de"]}, ["(a b OR c) (lang:en OR lang:de)"]),
        ({"track": ["a", "a"], "follow": ["1"]}, ["a OR (from:1 OR to:1 OR retweets_of:1)"]),
    ],
)
def test_each_parameter_has_its_rule(parameters: dict[str, Any], rules: list[str]) -> None:
    """The rules are those of the two gateways: alternatives of ANDed words, users, boxes; then languages."""
    assert filter_rules(**parameters) == rules


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"track": ['"']},
        {"track": [""]},
        {"follow": ["bob"]},
        {"locations": ["1,2,3"]},
        {"languages": ["en"]},
    ],
)
def test_what_says_nothing_is_refused(parameters: dict[str, Any]) -> None:
    """Parameters that v1.1 would not take, or that leave nothing to match, are a ValueError."""
    with pytest.raises(ValueError):
        filter_rules(**parameters)


def test_many_alternatives_are_several_rules() -> None:
    """Each rule is as long as it may be and no longer, and none of the alternatives is lost."""
    words = [f"word{number:04}" for number in range(400)]
    rules = filter_rules(words, languages=["en"])
    assert all(len(rule) <= LONGEST for rule in rules)
    assert sum(rule.count("word") for rule in rules) == 400
    assert len(rules) < 10


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters=","), max_size=15))
def test_whatever_is_tracked_is_a_rule_of_that_many_words(phrase: str) -> None:
    """No word becomes an operator, a group or the end of a quote: each is one term of the rule."""
    try:
        (rule,) = filter_rules([phrase])
    except ValueError:
        return
    tree = parse(rule)
    terms = tree.parts if isinstance(tree, AllOf) else (tree,)
    assert not isinstance(tree, AnyOf)
    assert len(terms) == len([word for word in phrase.split() if word.strip('"\\')])
    for term in terms:
        assert isinstance(term, Term)
        assert term.operator in {"keyword", "phrase", "hashtag", "mention", "cashtag"}
