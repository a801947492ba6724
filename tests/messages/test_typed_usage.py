"""Types of messages as a type checker sees them: mypy checks every `assert_type` here."""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_type

from rxtweets import messages as m
from rxtweets import testing as b
from rxtweets.messages import v2


def test_a_status_is_typed() -> None:
    """Fields of a status, decoded at once or on first access, have their plain types."""
    message = m.decode(b.status_json("hello"))
    assert_type(message, m.Message)
    assert isinstance(message, m.Status)
    assert_type(message.id, int)
    assert_type(message.text, str)
    assert_type(message.full_text, str)
    assert_type(message.created_at, datetime | None)
    assert_type(message.user, m.User)
    assert_type(message.user.screen_name, str)
    assert_type(message.user.created_at, datetime | None)
    assert_type(message.entities.hashtags, tuple[m.Hashtag, ...])
    assert_type(message.media, tuple[m.Media, ...])
    assert_type(message.place, m.Place | None)
    assert_type(message.retweeted_status, m.Status | None)
    assert_type(message.raw, bytes)
    assert_type(message.mismatches, tuple[str, ...])
    assert_type(message.json(), Any)


def test_a_post_is_typed() -> None:
    """Fields of a post, what came beside it and what follows from that have their plain types."""
    message = m.decode(b.post_json("hello"))
    assert isinstance(message, m.Post)
    assert_type(message.id, str)
    assert_type(message.author, v2.User | None)
    assert_type(message.media, tuple[v2.Media, ...])
    assert_type(message.referenced, tuple[m.Post, ...])
    assert_type(message.public_metrics, v2.PostMetrics | None)
    assert_type(message.matching_rules, tuple[m.MatchingRule, ...])
    assert_type([rule.tag for rule in message.matching_rules], list[str | None])
    assert_type(message.includes, m.Includes)
    assert_type(message.errors, tuple[m.Problem, ...])
    assert_type(message.created_at, datetime | None)


def test_kinds_are_told_by_match() -> None:
    """`match` takes messages apart, lazily decoded parts too."""
    match m.decode(b.status_json("hello", lang="en")):
        case m.Status(user=m.User(screen_name=name), lang="en"):
            assert_type(name, str)
            assert name == "ada"
        case other:
            raise AssertionError(other)
