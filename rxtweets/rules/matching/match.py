"""The answer to whether a rule matches a post, in three values."""

from __future__ import annotations

from typing import Any

import msgspec

from .terms import Outcome


class Match(msgspec.Struct, frozen=True):
    """The answer to whether a rule matches a post: true only for yes.

    Attributes:
        verdict: True for yes, False for no, None for unknown.
        unknown: what is missing to decide: the parameter that would have requested it (`tweet.fields=geo`,
            `expansions=author_id`), or the operator that only X can evaluate (`embedding:`, `sample:`, and
            `lang:` for a post in Chinese).
    """

    verdict: bool | None
    unknown: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.verdict is True

    def __str__(self) -> str:
        words = {True: "yes", False: "no", None: f"cannot be told without {', '.join(self.unknown)}"}
        return words[self.verdict]


_YES, _NO = Match(True), Match(False)


def match_of(outcome: Outcome) -> Match:
    """Return *outcome* as a `Match`."""
    if outcome is True:
        return _YES
    return Match(None, outcome) if isinstance(outcome, tuple) else _NO


class EveryField:
    """All fields; see `EVERY_FIELD`."""

    def __contains__(self, name: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "EVERY_FIELD"

    def __iter__(self) -> Any:
        raise TypeError("EVERY_FIELD is for asked=; it can't be listed")


EVERY_FIELD = EveryField()
"""For `asked=`, if all fields were asked for, so that one that is absent is empty."""
