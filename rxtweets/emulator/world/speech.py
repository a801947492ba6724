"""What somebody says about something: a text as it is typed."""

from __future__ import annotations

import random

from .chance import ALPHABET, pick
from .locales import Locale, locale
from .model import Context
from .people import People
from .post_spec import PostSpec
from .topics import CASHTAGS, CONTEXTS, HASHTAGS, SITES, context

_LENGTHS = (1,) * 6 + (2,) * 6 + (3,) * 5 + (4,) * 3
"""Sentences of a text."""
_LONG = 0.012
"""The share of texts that run on, mostly beyond what fits into a post."""


def say(rng: random.Random, people: People, spec: PostSpec, lang: str) -> tuple[str, tuple[Context, ...]]:
    """A text in that language about what is wished for, and what a classifier makes of it."""
    home = locale(lang)
    words = list(spec.words)
    if len(words) > 1 and rng.random() < 0.4:
        rng.shuffle(words)  # any order matches a phrase of `track`
    topic = " ".join([*words, spec.entity] if spec.entity else words) or pick(rng, home.topics)
    long = not spec.wants and rng.random() < _LONG
    text = _sentences(rng, home, topic, rng.randrange(8, 14) if long else pick(rng, _LENGTHS))
    for extra in _extras(rng, people, spec, words):
        text = f"{text} {extra}"
    return text, _contexts(spec, topic)


def _sentences(rng: random.Random, locale: Locale, topic: str, count: int) -> str:
    said = [locale.fill(pick(rng, locale.sentences), topic)]
    for _ in range(count - 1):
        another = _another(rng, locale, topic)
        if another in said:
            another = _another(rng, locale, topic)
        if another != said[-1]:  # in a long text of few phrases some come again
            said.append(another)
    return " ".join(said)


def _another(rng: random.Random, locale: Locale, topic: str) -> str:
    if rng.random() < 0.6:
        return pick(rng, locale.remarks)
    return locale.fill(pick(rng, locale.sentences), topic)


def _extras(rng: random.Random, people: People, spec: PostSpec, words: list[str]) -> list[str]:
    """A link, a mention, a hashtag, a cashtag: what is wished for, or comes by chance."""
    wants, found = spec.wants, []
    if "links" in wants or spec.title or spec.description or rng.random() < 0.18:
        page = "".join(rng.choices(ALPHABET, k=7))
        found.append(f"https://{pick(rng, SITES)}/{rng.randrange(2020, 2027)}/{page}")
    if "mentions" in wants or rng.random() < 0.05:
        found.append(f"@{people.anybody(rng).screen_name}")
    if "hashtags" in wants or rng.random() < 0.12:
        plain = [word for word in words if word.isalnum() and not word.isdigit()]
        found.append(f"#{plain[0]}" if plain else pick(rng, HASHTAGS))
    if "cashtags" in wants:
        found.append(f"${pick(rng, CASHTAGS)}")
    return found


def _contexts(spec: PostSpec, topic: str) -> tuple[Context, ...]:
    found = CONTEXTS.get(topic, ())
    if spec.context:
        domain, entity = spec.context
        found = (context(domain, spec.entity or topic, entity if entity.isdigit() else None), *found)
    elif spec.entity:
        found = (context("131", spec.entity), *found)
    return found
