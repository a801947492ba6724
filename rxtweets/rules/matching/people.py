"""Operators on a post's author and on the accounts it replies to or retweets: names, profiles, counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtweets.rules.values import bounds
from rxtweets.rules.words import words

from .features import AUTHOR, PROFILE, REFERENCED, PostFeatures
from .post import is_reply, is_retweet
from .terms import CompiledTerm, Matcher, Operand, Outcome, contains_phrase, index_keys

if TYPE_CHECKING:
    from rxtweets.messages.v2 import User

REPLIED_TO = "expansions=in_reply_to_user_id"


def from_(operand: Operand) -> CompiledTerm:
    """Match the author, by username or id."""
    value = operand.value.lower()

    def evaluate(features: PostFeatures) -> Outcome:
        names = features.author_names
        return value in names or _other(value, names, AUTHOR)

    return CompiledTerm(evaluate, index_keys(["from:" + value]))


def to(operand: Operand) -> CompiledTerm:
    """Match the account that a reply is to, by username or id."""
    value = operand.value.lower()

    def evaluate(features: PostFeatures) -> Outcome:
        names = features.replied_to_names
        if not names:
            return _without_recipient(features)
        return value in names or _other(value, names, REPLIED_TO)

    return CompiledTerm(evaluate, index_keys(["to:" + value]))


def _without_recipient(features: PostFeatures) -> Outcome:
    return False if is_reply(features) is False else ("tweet.fields=in_reply_to_user_id",)


def retweets_of(operand: Operand) -> CompiledTerm:
    """Match the author of the post that a retweet repeats, by username or id."""
    value = operand.value.lower()

    def evaluate(features: PostFeatures) -> Outcome:
        retweet = is_retweet(features)
        if retweet is not True:
            return retweet
        names = features.retweeted_names
        return value in names or _other(value, names, REFERENCED)

    return CompiledTerm(evaluate, index_keys(["retweets_of:" + value]))


def _other(value: str, names: frozenset[str], missing: str) -> Outcome:
    """Return False if an account without the name *value* has one of its kind (an id, or a username)."""
    known = any(name.isdigit() == value.isdigit() for name in names)
    return False if known else (missing,)


def _is_affiliated(user: User | None, value: str, features: PostFeatures, missing: str) -> Outcome:
    if user is None:
        return (missing,)
    if user.affiliation is None:
        return ("user.fields=affiliation",)
    if not user.affiliation.user_id:
        return False
    names = frozenset[str]().union(*map(features.names_of, user.affiliation.user_id))
    return value in names or _other(value, names, "expansions=affiliation.user_id")


def from_affiliate_of(operand: Operand) -> CompiledTerm:
    """Match the organisation whose badge the author carries."""
    value = operand.value.lower()
    return CompiledTerm(lambda features: _is_affiliated(features.author, value, features, AUTHOR))


def to_affiliate_of(operand: Operand) -> CompiledTerm:
    """Match the organisation whose badge is carried by the account that a reply is to."""
    value = operand.value.lower()

    def evaluate(features: PostFeatures) -> Outcome:
        if features.post.in_reply_to_user_id is None:
            return _without_recipient(features)
        return _is_affiliated(features.post.in_reply_to_user, value, features, REPLIED_TO)

    return CompiledTerm(evaluate)


def profile(field: str) -> Matcher:
    """Return a matcher of words in a field of the author's profile, one of `PROFILE`."""
    assert field in PROFILE

    def matcher(operand: Operand) -> CompiledTerm:
        phrase = words(operand.value)

        def evaluate(features: PostFeatures) -> Outcome:
            if features.author is None:
                return (AUTHOR,)
            text = features.author_text(field)
            return (f"user.fields={field}",) if text is None else contains_phrase(words(text), phrase)

        return CompiledTerm(evaluate, index_keys([f"{field}:{word}" for word in phrase]))

    return matcher


def count(field: str) -> Matcher:
    """Return a matcher of one of the author's public counts, in a range."""

    def matcher(operand: Operand) -> CompiledTerm:
        low, high = bounds(operand.value)

        def evaluate(features: PostFeatures) -> Outcome:
            if features.author is None:
                return (AUTHOR,)
            metrics = features.author.public_metrics
            return (
                ("user.fields=public_metrics",) if metrics is None else low <= getattr(metrics, field) <= high
            )

        return CompiledTerm(evaluate)

    return matcher


def is_verified(features: PostFeatures) -> Outcome:
    """Return whether the author is verified."""
    if features.author is None:
        return (AUTHOR,)
    verified = features.author.verified
    return ("user.fields=verified",) if verified is None else verified
