"""The errand "a rule operator": its matcher and one row of the vocabulary, and everything knows it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rxtweets.filters import FilterIndex
from rxtweets.messages import Post, decode
from rxtweets.rules import RuleSyntaxError, explain, fields_for, operator, parse, validate, values
from rxtweets.rules.language.vocabulary import OPERATORS, Operator
from rxtweets.rules.matching.features import PostFeatures
from rxtweets.rules.matching.terms import CompiledTerm, Operand, Outcome
from rxtweets.testing import post_json


def likes(operand: Operand) -> CompiledTerm:
    """Match posts whose count of likes is in a range."""
    low, high = values.bounds(operand.value)

    def evaluate(features: PostFeatures) -> Outcome:
        metrics = features.post.public_metrics
        return ("tweet.fields=public_metrics",) if metrics is None else low <= metrics.like_count <= high

    return CompiledTerm(evaluate)


ROW = Operator(
    values.RANGE,
    "10..100",
    likes,
    "has {0} likes",
    ("tweet.fields=public_metrics",),
    standalone=False,
    negatable=False,
    aliases=("likes",),
    foreign_names=("min_faves",),
)


@pytest.fixture(autouse=True)
def row() -> Iterator[None]:
    """Add the row, and nothing else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(OPERATORS, "like_count", ROW)
        yield


def post(likes: int | None) -> Post:
    """A post about cats, with a count of likes if it was asked for."""
    fields: Any = {} if likes is None else {"public_metrics": {"like_count": likes}}
    found = decode(post_json("a cat", **fields))
    assert isinstance(found, Post)
    return found


def test_it_is_parsed_built_and_printed() -> None:
    """Text and value stand for each other; its alias becomes its name."""
    rule = parse("cat like_count:10..100")
    assert str(rule) == "cat like_count:10..100"
    assert rule == parse("cat") & operator("like_count", "10..100") == parse("cat likes:10..100")


def test_it_is_checked() -> None:
    """The new operator's values, negation and need of another operator are checked, with hints."""
    assert validate("cat like_count:5") == ()
    for text, hint in [
        ("like_count:5", "stands alone"),
        ("cat -like_count:5", "leave out the -"),
        ("cat like_count:many", "for example like_count:10..100"),
        ("cat like_cuont:5", "did you mean like_count:?"),
        ("cat min_faves:5", "did you mean like_count:?"),
    ]:
        (problem,) = validate(text)
        assert hint in problem.hint
    with pytest.raises(RuleSyntaxError):
        parse("like_count:[5]")
    with pytest.raises(ValueError, match="like_count: takes a number"):
        operator("likes", "many")


def test_it_is_explained() -> None:
    """The new operator's explanation and fields come from its row."""
    assert explain("cat like_count:1000") == "all of\n  has the word “cat”\n  has at least 1,000 likes"
    assert fields_for("like_count:5") == {"tweet_fields": ["public_metrics"]}


@pytest.mark.parametrize(("likes", "verdict"), [(50, True), (5, False), (None, None)])
def test_it_matches(likes: int | None, verdict: bool | None) -> None:
    """Posts are matched alone, with a reason for each operator, and in an index."""
    rule, found = parse("cat like_count:10..100"), post(likes)
    assert rule.matches(found).verdict is verdict
    assert rule.why(found)[1].match.verdict is verdict
    index = FilterIndex[str]()
    index.add(rule.compile(), "liked")
    assert index.match(found) == (["liked"] if verdict else [])
