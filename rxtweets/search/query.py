"""The parameters that search and counts have in common."""

from __future__ import annotations

from rxtweets.endpoints.endpoint import Pairs
from rxtweets.rules import Limits, Rule, RuleSyntaxError, validate

_LIMITS = Limits(4_096, 1, "search")
"""The longest query there is; that of an account X tells. Source: X's OpenAPI description, 2.167."""


def query_param(query: str | Rule) -> Pairs:
    """Return the parameter that says what to look for.

    Raises:
        RuleSyntaxError: the query is no rule, or search lacks one of its operators.
    """
    problems = validate(query, _LIMITS)
    if problems:
        raise RuleSyntaxError(problems)
    return (("query", str(query)),)


def check_apart(params: Pairs, *names: str) -> None:
    """Refuse both of two parameters of which X takes one."""
    both = [name for name, _ in params if name in names]
    if len(both) > 1:
        raise ValueError(f"X takes either {both[0]} or {both[1]}, not both")
