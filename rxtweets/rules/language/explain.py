"""Rules in words, and the fields of a post that matching them needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .ast import AllOf, AnyOf, Not, Rule, Term
from .search import differences
from .validate import Limits, parse
from .vocabulary import details, lookup

if TYPE_CHECKING:
    from rxtweets.endpoints.v2 import PostFields


def explain(rule: str | Rule, limits: Limits | None = None) -> str:
    """Return what *rule* matches, in words: a line for each operator, indented under what joins them.

    With *limits* of search (`Limits.search()`), it ends with how a search differs from the filtered stream:
    in retweets, quoted texts, and accents.

    >>> print(explain("cat (has:images OR lang:fr) -is:retweet"))
    all of
      has the word “cat”
      at least one of
        has a photo
        is in the language fr
      NOT: is a retweet

    Raises:
        ValueError: as for `parse`, including `RuleSyntaxError` for text that isn't a rule.
    """
    parsed = parse(rule)
    searched = differences(parsed) if limits is not None and limits.dialect == "search" else ()
    return "\n".join([*_lines(parsed, ""), *searched])


def fields_for(*rules: str | Rule) -> PostFields:
    """Return the fields and expansions to request, so that posts can be matched against each of *rules*.

    They are keyword arguments of `StreamingClient.filter`: `client.filter(**fields_for(rule))`. No field
    helps with `embedding:` and `sample:`.

    Raises:
        ValueError: as for `explain`.
    """
    names: dict[str, set[str]] = {}
    for rule in rules:
        for term, _ in parse(rule).terms():
            for field in details(term.name, term.value).fields:
                parameter, _, values = field.partition("=")
                names.setdefault(parameter.replace(".", "_"), set()).update(values.split(","))
    order = ("tweet_fields", "user_fields", "place_fields", "expansions")
    return {name: sorted(names[name]) for name in order if name in names}  # type: ignore[return-value]


def _lines(rule: Rule, indent: str) -> Iterator[str]:
    if isinstance(rule, AllOf | AnyOf):
        yield indent + ("all of" if isinstance(rule, AllOf) else "at least one of")
        for part in rule.parts:
            yield from _lines(part, indent + "  ")
    elif isinstance(rule, Not):
        yield f"{indent}NOT: {_meaning(rule.term)}"
    elif isinstance(rule, Term):
        yield indent + _meaning(rule)


def _meaning(term: Term) -> str:
    value = lookup(term.name).kind.describe(term.value)
    return details(term.name, term.value).meaning.format(value, term.within)
