"""Operators on who wrote a post, and to whom: their names, profiles, counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtweets.rules.values import bounds
from rxtweets.rules.words import words

from .features import AUTHOR, PROFILE, REFERENCED, Reading
from .post import is_reply, is_retweet
from .terms import Answer, Matcher, Question, in_line, needs

if TYPE_CHECKING:
    from rxtweets.messages.v2 import User
    from rxtweets.rules.language.ast import Term

ANSWERED = "expansions=in_reply_to_user_id"


def from_(term: Term, seed: int | None) -> Question:
    """The author, by username or id."""
    value = term.value.lower()

    def ask(reading: Reading) -> Answer:
        names = reading.author_names
        return value in names or _other(value, names, AUTHOR)

    return Question(ask, needs(["from:" + value]))


def to(term: Term, seed: int | None) -> Question:
    """The account that a reply answers, by username or id."""
    value = term.value.lower()

    def ask(reading: Reading) -> Answer:
        names = reading.answered_names
        if not names:
            return _not_answering(reading)
        return value in names or _other(value, names, ANSWERED)

    return Question(ask, needs(["to:" + value]))


def _not_answering(reading: Reading) -> Answer:
    return False if is_reply(reading) is False else ("tweet.fields=in_reply_to_user_id",)


def retweets_of(term: Term, seed: int | None) -> Question:
    """The author of what a retweet repeats, by username or id."""
    value = term.value.lower()

    def ask(reading: Reading) -> Answer:
        retweet = is_retweet(reading)
        if retweet is not True:
            return retweet
        names = reading.repeated_names
        return value in names or _other(value, names, REFERENCED)

    return Question(ask, needs(["retweets_of:" + value]))


def _other(value: str, names: frozenset[str], missing: str) -> Answer:
    """No, if the account that has not the name *value* is known by a name of that kind: an id, or no id."""
    known = any(name.isdigit() == value.isdigit() for name in names)
    return False if known else (missing,)


def _affiliated(user: User | None, value: str, reading: Reading, missing: str) -> Answer:
    if user is None:
        return (missing,)
    if user.affiliation is None:
        return ("user.fields=affiliation",)
    if not user.affiliation.user_id:
        return False
    names = frozenset[str]().union(*map(reading.names_of, user.affiliation.user_id))
    return value in names or _other(value, names, "expansions=affiliation.user_id")


def from_affiliate_of(term: Term, seed: int | None) -> Question:
    """The organisation whose badge the author carries."""
    value = term.value.lower()
    return Question(lambda reading: _affiliated(reading.author, value, reading, AUTHOR))


def to_affiliate_of(term: Term, seed: int | None) -> Question:
    """The organisation whose badge the account carries that a reply answers."""
    value = term.value.lower()

    def ask(reading: Reading) -> Answer:
        if reading.answered is None:
            return _not_answering(reading)
        return _affiliated(reading.post.in_reply_to_user, value, reading, ANSWERED)

    return Question(ask)


def profile(prefix: str) -> Matcher:
    """Words in the author's profile, in the field that has features with *prefix*."""
    field = PROFILE[prefix]

    def matcher(term: Term, seed: int | None) -> Question:
        wanted = words(term.value)

        def ask(reading: Reading) -> Answer:
            if reading.author is None:
                return (AUTHOR,)
            text = reading.of_author(field)
            return (f"user.fields={field}",) if text is None else in_line(wanted, words(text))

        return Question(ask, needs([prefix + word for word in wanted]))

    return matcher


def count(field: str) -> Matcher:
    """One of the author's public counts, in a range."""

    def matcher(term: Term, seed: int | None) -> Question:
        low, high = bounds(term.value)

        def ask(reading: Reading) -> Answer:
            if reading.author is None:
                return (AUTHOR,)
            metrics = reading.author.public_metrics
            return (
                ("user.fields=public_metrics",) if metrics is None else low <= getattr(metrics, field) <= high
            )

        return Question(ask)

    return matcher
