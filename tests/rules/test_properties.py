"""Properties of any rule and any post."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rxtweets.filters import FilterIndex
from rxtweets.messages import Post
from rxtweets.rules import (
    EVERY_FIELD,
    Limits,
    Match,
    Rule,
    RuleProblem,
    RuleSyntaxError,
    keyword,
    parse,
    validate,
)

from . import strategies


@given(strategies.rule)
@example(keyword("OR") & ~keyword("“x”"))
@settings(max_examples=300, deadline=None)
def test_printing_and_parsing_gives_the_same_rule(rule: Rule) -> None:
    """Text and tree stand for each other, also of the negation."""
    assert parse(str(rule)) == rule
    assert parse(str(~rule)) == ~rule
    assert ~~rule == rule
    assert str(parse(str(rule))) == str(rule)


@given(strategies.rule)
@settings(max_examples=100, deadline=None)
def test_what_can_be_built_has_no_syntax_problem(rule: Rule) -> None:
    """Builders refuse bad values, so only X's further conditions are left."""
    for problem in validate(rule, Limits(10**6)):
        assert "negated" in problem.message


def both(a: Match, b: Match) -> bool | None:
    """Kleene's AND."""
    if a.verdict is False or b.verdict is False:
        return False
    return True if a and b else None


def opposite(a: Match) -> bool | None:
    return None if a.verdict is None else not a.verdict


@given(strategies.likely, strategies.likely, strategies.post)
@settings(max_examples=300, deadline=None)
def test_three_valued_logic(a: Rule, b: Rule, post: Post) -> None:
    """A rule and its negation never both match; `a | b` matches what one does, `a & b` what both do."""
    of_a, of_b = a.matches(post), b.matches(post)
    assert not (of_a and (~a).matches(post))
    assert (~a).matches(post).verdict is opposite(of_a)
    assert bool((a | b).matches(post)) == (bool(of_a) or bool(of_b))
    assert (a & b).matches(post).verdict is both(of_a, of_b)
    assert (~(a | b)).matches(post).verdict is both((~a).matches(post), (~b).matches(post))
    for match in (of_a, of_b):
        assert (match.verdict is None) == bool(match.unknown)


@given(strategies.likely, strategies.post)
@settings(max_examples=200, deadline=None)
def test_knowing_more_changes_no_answer(rule: Rule, post: Post) -> None:
    """A post that matches for certain does so whatever was asked for."""
    match = rule.matches(post)
    if match.verdict is not None:
        assert rule.compile(asked=EVERY_FIELD).matches(post) == match


@given(st.lists(strategies.likely, min_size=1, max_size=8), strategies.post)
@settings(max_examples=300, deadline=None)
def test_the_index_finds_what_matches(rules: list[Rule], post: Post) -> None:
    """Among many rules those that match are found, and no others."""
    index = FilterIndex[int]()
    for key, rule in enumerate(rules):
        index.add(rule.compile(), key)
    assert index.match(post) == [key for key, rule in enumerate(rules) if rule.matches(post)]


PIECES = st.sampled_from(
    [
        *'()-"[]:~\\#@$ \n“”’.,|&!',
        " OR ",
        "OR",
        "AND",
        "or",
        "from:",
        "has:images",
        "bio:",
        "bio:[",
        '"a b"~3',
        "point_radius:[1 2 3km]",
        "bounding_box:[",
        "cat",
        "日本",
        "😀",
        "👨‍👩‍👧",
        "é",
        "\u200d",
        "\x00",
        "\u2028",
        "-(",
        "is:x",
    ]
)
HOSTILE = st.one_of(st.lists(PIECES, max_size=60).map("".join), st.text(max_size=200))


def check_text(text: str) -> None:
    """Check that parsing *text* ends in a rule or in its problems, and nothing else."""
    problems = validate(text)
    for problem in problems:
        assert 0 <= problem.position <= problem.end <= len(text)
        assert problem.message
        assert len(problem.caret().splitlines()) == 2
        str(problem)
    rule = _rule(text, problems)
    if rule is not None:
        assert parse(str(rule)) == rule


def _rule(text: str, problems: tuple[RuleProblem, ...]) -> Rule | None:
    try:
        return parse(text)
    except RuleSyntaxError as caught:
        told = caught.problems
    assert set(told) <= set(problems)
    return None


@given(HOSTILE)
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_rule_or_is_not(text: str) -> None:
    """No text makes the parser fail in another way."""
    check_text(text)
