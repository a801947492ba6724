"""What a rule would like to hear about, so that the world can talk about it."""

from __future__ import annotations

import random
from typing import Any

from rxtweets.rules import Rule
from rxtweets.rules.ast import AnyOf, Not, Term

from .model import Wish


def rule_wish(tree: Rule, dice: random.Random) -> Wish:
    """A wish whose fulfilment mostly matches the rule: one of alternatives, negations left to chance."""
    made: dict[str, Any] = {"words": [], "wants": set()}
    for term in _positive(tree, dice):
        _grant(term, made)
    return Wish(
        words=tuple(made.pop("words")),
        wants=frozenset(made.pop("wants")),
        **made,
    )


def _positive(tree: Rule, dice: random.Random) -> list[Term]:
    if isinstance(tree, Term):
        return [tree]
    if isinstance(tree, Not):
        return []
    parts: tuple[Rule, ...] = tree.parts  # type: ignore[attr-defined]
    if isinstance(tree, AnyOf):
        parts = (dice.choice(parts),)
    return [term for part in parts for term in _positive(part, dice)]


_SIGNS = {"keyword": "", "phrase": "", "near": "", "hashtag": "#", "mention": "@", "cashtag": "$"}

_AS_THEY_ARE = {
    "source": "source",
    "place": "place",
    "entity": "entity",
    "url_title": "title",
    "url_description": "description",
}


def _grant(term: Term, made: dict[str, Any]) -> None:
    operator, value = term.name, term.value
    if operator in _SIGNS:
        made["words"].append(_SIGNS[operator] + value)
    elif operator == "from":
        made["author"] = int(value) if value.isdigit() else value.lstrip("@")
    elif operator == "retweets_of":
        made["original_author"] = int(value) if value.isdigit() else value.lstrip("@")
    elif operator == "to":
        made["to"] = int(value) if value.isdigit() else value.lstrip("@")
    elif operator == "url":
        link = value if "://" in value else f"https://{value}"
        made["words"].append(link if "." in value else f"https://example.com/{value}")
    elif operator == "url_contains":
        made["words"].append(f"https://example.com/{value.strip('/')}")
    elif operator == "lang":
        made["lang"] = value.lower()
    elif operator == "place_country":
        made["country"] = value.upper()
    elif operator == "bounding_box":
        made["box"] = tuple(float(part) for part in value.split())
    elif operator == "point_radius":
        made["box"] = _around(value)
        made["wants"].add("point")
    elif operator in {"has", "is"}:
        made["wants"].add(value)
    elif operator == "context":
        domain, _, entity = value.partition(".")
        made["context"] = (domain, entity)
    elif operator in _AS_THEY_ARE:
        made[_AS_THEY_ARE[operator]] = value


def _around(value: str) -> tuple[float, float, float, float]:
    """A small box well inside a circle given as ``lon lat radius``."""
    lon, lat, radius = value.split()
    reach = float(radius[:-2]) / 111.2 / 2
    return (float(lon) - reach, float(lat) - reach, float(lon) + reach, float(lat) + reach)
