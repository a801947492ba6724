"""The parameters that search and counts have in common."""

from __future__ import annotations

from datetime import datetime

from rxtweets.endpoints import checks
from rxtweets.endpoints.endpoint import Pairs
from rxtweets.endpoints.v2 import window_of
from rxtweets.rules import Limits, Rule, RuleSyntaxError, validate

_LIMITS = Limits(4_096, 1, "search")
"""The longest query there is; that of an account X tells. Source: X's OpenAPI description, 2.167."""


def query_params(
    query: str | Rule,
    start_time: datetime | str | None,
    end_time: datetime | str | None,
    since_id: int | str | None,
    until_id: int | str | None,
) -> Pairs:
    """Return what to look for, and between which times and posts.

    Raises:
        RuleSyntaxError: the query is no rule, or search lacks one of its operators.
        ValueError: another parameter is wrong.
    """
    problems = validate(query, _LIMITS)
    if problems:
        raise RuleSyntaxError(problems)
    params: Pairs = (("query", str(query)), *window_of(start_time, end_time))
    for name, value in (("since_id", since_id), ("until_id", until_id)):
        if value is not None:
            params += ((name, checks.identifier(name, value)),)
    return params


def check_apart(**given: object) -> None:
    """Refuse both of two parameters of which X takes one."""
    both = [name for name, value in given.items() if value is not None]
    if len(both) > 1:
        raise ValueError(f"X takes {both[0]} or {both[1]}, not both: leave out one of them")
