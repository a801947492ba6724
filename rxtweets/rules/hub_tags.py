"""The tags of a hub's rules: whose a rule is, and whether its owner still lives.

A tag is `rxtweets-hub:<token>:<number>`, the token that of one hub in one process. Each hub keeps one more
rule, its lease, which matches nothing and has the time until which it holds in its tag. A hub renews its
lease long before that. The rules of a token without a lease that holds are those of a crashed process.
"""

from __future__ import annotations

import math
import secrets
from typing import NamedTuple

PREFIX = "rxtweets-hub"
"""The beginning of every tag of a hub."""

_LEASE = "lease"


class HubTag(NamedTuple):
    """The parts of a tag: the *token* of a hub, and the number of its rule or the time its lease ends."""

    token: str
    number: int
    is_lease: bool

    def __str__(self) -> str:
        parts = [PREFIX, self.token, *([_LEASE] if self.is_lease else []), str(self.number)]
        return ":".join(parts)


def new_token() -> str:
    """Return a token that no other hub has."""
    return secrets.token_hex(6)


def read_tag(tag: str | None) -> HubTag | None:
    """Return the parts of *tag*; None where it is no hub's."""
    match (tag or "").split(":"):
        case [prefix, token, *lease, number] if (
            prefix == PREFIX
            and token
            and lease in ([], [_LEASE])
            and number.isascii()
            and number.isdigit()
            and len(number) < 16
        ):
            return HubTag(token, int(number), bool(lease))
    return None


def is_lease(tag: str | None) -> bool:
    """Return whether the rule with *tag* is a lease, which nothing should match."""
    found = read_tag(tag)
    return found is not None and found.is_lease


def lease_rule(token: str, until: float) -> tuple[str, str]:
    """Return the value and the tag of the rule that holds a lease until then, to a second more.

    Nobody writes what it matches.
    """
    tag = HubTag(token, math.ceil(until), is_lease=True)
    return f'"rxtweets hub {token} {tag.number}"', str(tag)
