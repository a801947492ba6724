"""Texts of posts, as they are typed."""

from __future__ import annotations

import random

from .locales import Locale, locale
from .model import ContextAnnotation
from .people import People
from .post_spec import PostSpec
from .sampling import ALPHABET, pick
from .topics import CASHTAGS, CONTEXTS, HASHTAGS, SITES, context

_LENGTHS = (1,) * 6 + (2,) * 6 + (3,) * 5 + (4,) * 3
"""Sentences of a text, drawn from."""
_LONG = 0.012
"""The share of texts most of which are too long for a post."""


def generate_text(
    rng: random.Random, people: People, spec: PostSpec, lang: str
) -> tuple[str, tuple[ContextAnnotation, ...]]:
    """Return a text to the spec in that language, and the context annotations that X would give it."""
    language = locale(lang)
    words = list(spec.words)
    if len(words) > 1 and rng.random() < 0.4:
        rng.shuffle(words)  # any order matches a phrase of `track`
    topic = " ".join([*words, spec.entity] if spec.entity else words) or pick(rng, language.topics)
    long = not spec.wants and rng.random() < _LONG
    text = _sentences(rng, language, topic, rng.randrange(8, 14) if long else pick(rng, _LENGTHS))
    for entity in _entities(rng, people, spec, words):
        text = f"{text} {entity}"
    return text, _contexts(spec, topic)


def _sentences(rng: random.Random, locale: Locale, topic: str, count: int) -> str:
    sentences = [locale.fill(pick(rng, locale.sentences), topic)]
    for _ in range(count - 1):
        another = _sentence(rng, locale, topic)
        if another in sentences:
            another = _sentence(rng, locale, topic)
        if another != sentences[-1]:  # a long text in a language of few sentences repeats some
            sentences.append(another)
    return " ".join(sentences)


def _sentence(rng: random.Random, locale: Locale, topic: str) -> str:
    if rng.random() < 0.6:
        return pick(rng, locale.remarks)
    return locale.fill(pick(rng, locale.sentences), topic)


def _entities(rng: random.Random, people: People, spec: PostSpec, words: list[str]) -> list[str]:
    """Return a link, a mention, a hashtag, a cashtag, as the spec wants them or by chance."""
    wants, found = spec.wants, []
    if "links" in wants or spec.title or spec.description or rng.random() < 0.18:
        page = "".join(rng.choices(ALPHABET, k=7))
        found.append(f"https://{pick(rng, SITES)}/{rng.randrange(2020, 2027)}/{page}")
    if "mentions" in wants or rng.random() < 0.05:
        found.append(f"@{people.sample(rng).screen_name}")
    if "hashtags" in wants or rng.random() < 0.12:
        plain = [word for word in words if word.isalnum() and not word.isdigit()]
        found.append(f"#{plain[0]}" if plain else pick(rng, HASHTAGS))
    if "cashtags" in wants:
        found.append(f"${pick(rng, CASHTAGS)}")
    return found


def _contexts(spec: PostSpec, topic: str) -> tuple[ContextAnnotation, ...]:
    found = CONTEXTS.get(topic, ())
    if spec.context:
        domain, entity = spec.context
        found = (context(domain, spec.entity or topic, entity if entity.isdigit() else None), *found)
    elif spec.entity:
        found = (context("131", spec.entity), *found)
    return found
