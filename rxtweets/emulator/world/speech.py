"""What somebody says about something: a text as it is typed."""

from __future__ import annotations

import random

from .chance import ALPHABET, pick
from .model import Context
from .people import People
from .phrases import Tongue, tongue
from .post_spec import Wish
from .topics import CONTEXTS, SITES, context

_TAGS = ("#tbt", "#news", "#photo", "#日常", "#FelizLunes")
_LENGTHS = (1,) * 6 + (2,) * 6 + (3,) * 5 + (4,) * 3
"""Sentences of a text."""
_LONG = 0.012
"""The share of texts that run on, mostly beyond what fits into a post."""


def say(dice: random.Random, people: People, wish: Wish, lang: str) -> tuple[str, tuple[Context, ...]]:
    """A text in that language about what is wished for, and what a classifier makes of it."""
    spoken = tongue(lang)
    words = list(wish.words)
    if len(words) > 1 and dice.random() < 0.4:
        dice.shuffle(words)  # any order matches a phrase of `track`
    topic = " ".join([*words, wish.entity] if wish.entity else words) or pick(dice, spoken.topics)
    long = not wish.wants and dice.random() < _LONG
    text = _sentences(dice, spoken, topic, dice.randrange(8, 14) if long else pick(dice, _LENGTHS))
    for extra in _extras(dice, people, wish, words):
        text = f"{text} {extra}"
    return text, _contexts(wish, topic)


def _sentences(dice: random.Random, tongue: Tongue, topic: str, count: int) -> str:
    said = [tongue.sentence(pick(dice, tongue.about), topic)]
    for _ in range(count - 1):
        another = _another(dice, tongue, topic)
        if another in said:
            another = _another(dice, tongue, topic)
        if another != said[-1]:  # in a long text of few phrases some come again
            said.append(another)
    return " ".join(said)


def _another(dice: random.Random, tongue: Tongue, topic: str) -> str:
    if dice.random() < 0.6:
        return pick(dice, tongue.remarks)
    return tongue.sentence(pick(dice, tongue.about), topic)


def _extras(dice: random.Random, people: People, wish: Wish, words: list[str]) -> list[str]:
    """A link, a mention, a hashtag, a cashtag: what is wished for, or comes by chance."""
    wants, found = wish.wants, []
    if "links" in wants or wish.title or wish.description or dice.random() < 0.18:
        page = "".join(dice.choices(ALPHABET, k=7))
        found.append(f"https://{pick(dice, SITES)}/{dice.randrange(2020, 2027)}/{page}")
    if "mentions" in wants or dice.random() < 0.05:
        found.append(f"@{people.anybody(dice).screen_name}")
    if "hashtags" in wants or dice.random() < 0.12:
        plain = [word for word in words if word.isalnum() and not word.isdigit()]
        found.append(f"#{plain[0]}" if plain else pick(dice, _TAGS))
    if "cashtags" in wants:
        found.append(f"${pick(dice, ('AAPL', 'TSLA', 'NVDA'))}")
    return found


def _contexts(wish: Wish, topic: str) -> tuple[Context, ...]:
    found = CONTEXTS.get(topic, ())
    if wish.context:
        domain, entity = wish.context
        found = (context(domain, wish.entity or topic, entity if entity.isdigit() else None), *found)
    elif wish.entity:
        found = (context("131", wish.entity), *found)
    return found
