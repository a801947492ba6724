"""Operators on the contents of a post: words, tags, links, media, and what X recognised in it."""

from __future__ import annotations

from rxtweets.messages import unescape
from rxtweets.rules.words import fold, words

from .features import ENTITIES, LINK, Missing, PostFeatures
from .terms import (
    CompiledTerm,
    Evaluate,
    Matcher,
    Operand,
    Outcome,
    contains_phrase,
    index_keys,
    true_or_unknown,
)


def keyword(operand: Operand) -> CompiledTerm:
    """Match words next to each other in one text; punctuation alone must be there as it is."""
    phrase = words(operand.value)
    if not phrase:
        return contains(operand)
    keys = index_keys(phrase)
    if len(phrase) == 1:
        word = phrase[0]
        return CompiledTerm(
            lambda features: word in features.all_words or features.text_missing or False, keys
        )
    distinct = frozenset(phrase)

    def evaluate(features: PostFeatures) -> Outcome:
        found = distinct <= features.all_words and any(
            contains_phrase(line, phrase) for line in features.lines
        )
        return true_or_unknown(found, features.text_missing)

    return CompiledTerm(evaluate, keys)


def contains(operand: Operand) -> CompiledTerm:
    """Match characters anywhere in a text, in any case."""
    characters = fold(operand.value)

    def evaluate(features: PostFeatures) -> Outcome:
        found = any(characters in fold(unescape(post.full_text)) for post in features.texts)
        return true_or_unknown(found, features.text_missing)

    return CompiledTerm(evaluate)


def near(operand: Operand) -> CompiledTerm:
    """Match words in any order, with at most `within` others between the first and the last of them."""
    in_order = words(operand.value)
    distinct, size = frozenset(in_order), len(in_order) + operand.within
    if not distinct:
        return contains(operand)

    def evaluate(features: PostFeatures) -> Outcome:
        found = distinct <= features.all_words and any(
            distinct <= frozenset(line[at : at + size])
            for line in features.lines
            for at in range(max(1, len(line) - size + 1))
        )
        return true_or_unknown(found, features.text_missing)

    return CompiledTerm(evaluate, index_keys(distinct))


def tagged(kind: str, sign: str) -> Matcher:
    """Return a matcher of a whole hashtag, mention or cashtag."""

    def matcher(operand: Operand) -> CompiledTerm:
        value = fold(operand.value)

        def evaluate(features: PostFeatures) -> Outcome:
            return true_or_unknown(value in getattr(features, kind), features.text_missing)

        return CompiledTerm(evaluate, index_keys([sign + value]))

    return matcher


def url(operand: Operand) -> CompiledTerm:
    """Match words next to each other in a link."""
    phrase = words(operand.value)
    if not phrase:
        return url_contains(operand)

    def evaluate(features: PostFeatures) -> Outcome:
        found = any(contains_phrase(address, phrase) for address in features.address_words)
        return true_or_unknown(found, features.text_missing)

    return CompiledTerm(evaluate, index_keys(["url:" + word for word in phrase]))


def url_contains(operand: Operand) -> CompiledTerm:
    """Match characters anywhere in a link."""
    part = operand.value.lower()

    def evaluate(features: PostFeatures) -> Outcome:
        return true_or_unknown(any(part in address for address in features.addresses), features.text_missing)

    return CompiledTerm(evaluate)


def linked_page(field: str) -> Matcher:
    """Return a matcher of words in the title or the description of a linked page."""

    def matcher(operand: Operand) -> CompiledTerm:
        phrase = words(operand.value)

        def evaluate(features: PostFeatures) -> Outcome:
            texts = (getattr(url, field) for url in features.links)
            found = any(contains_phrase(words(unescape(text)), phrase) for text in texts if text)
            unknown = any(url.expanded_url is None for url in features.links)
            return true_or_unknown(found, (ENTITIES,) if unknown else features.text_missing)

        return CompiledTerm(evaluate)

    return matcher


def entity(operand: Operand) -> CompiledTerm:
    """Match a person, place, product or organisation that X recognised in the text."""
    name = words(operand.value)

    def evaluate(features: PostFeatures) -> Outcome:
        annotations = [one for post in features.texts for one in post.entities.annotations]
        found = any(words(unescape(one.normalized_text)) == name for one in annotations)
        return true_or_unknown(found, features.text_missing or (() if annotations else (ENTITIES,)))

    return CompiledTerm(evaluate)


def context(operand: Operand) -> CompiledTerm:
    """Match a topic that X assigned to the post: a domain and an entity."""

    def evaluate(features: PostFeatures) -> Outcome:
        missing = () if features.contexts else ("tweet.fields=context_annotations",)
        return true_or_unknown(operand.value in features.contexts, missing)

    return CompiledTerm(evaluate, index_keys(["context:" + operand.value]))


def never_known(missing: str) -> Matcher:
    """Return the matcher of an operator that only X can evaluate."""
    return lambda operand: CompiledTerm(lambda features: (missing,))


def has_links(features: PostFeatures) -> Outcome:
    """Return whether there is a link in the post."""
    return true_or_unknown(bool(features.links), _missing_but_entities(features))


def _missing_but_entities(features: PostFeatures) -> Missing:
    return tuple(name for name in features.text_missing if name != ENTITIES)


def has_media(features: PostFeatures) -> Outcome:
    """Return whether anything is attached to the post."""
    keys, media = features.attached
    return true_or_unknown(bool(keys or media), _media_missing(features))


def _media_missing(features: PostFeatures) -> Missing:
    """Return what is missing to know all attached media: each has a link in the text."""
    attachments = [post.attachments for post in features.texts]
    if all(attachments) or not any(LINK in post.text for post in features.texts):
        return _missing_but_entities(features)
    return (*features.text_missing, "tweet.fields=attachments")


def has_media_of(kind: str) -> Evaluate:
    """Return a function that tells whether media of one kind are attached to a post."""

    def evaluate(features: PostFeatures) -> Outcome:
        keys, media = features.attached
        if any(one.type == kind for one in media):
            return True
        missing = _media_missing(features)
        if set(keys) - {one.media_key for one in media}:
            missing = ("expansions=attachments.media_keys", *missing)
        return missing or False

    return evaluate


def has_tags(kind: str) -> Evaluate:
    """Return a function that tells whether a post has `hashtags`, `cashtags` or `mentions`."""
    return lambda features: true_or_unknown(bool(getattr(features, kind)), features.text_missing)
