"""Operators on what stands in a post: words, tags, links, and what X recognised in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rxtweets.messages import unescape
from rxtweets.rules.words import fold, words

from .features import ENTITIES, LINK, Missing, Reading
from .terms import ANYTHING, Answer, Ask, Matcher, Question, found_or, in_line, needs

if TYPE_CHECKING:
    from rxtweets.rules.language.ast import Term


def keyword(term: Term, seed: int | None) -> Question:
    """Words next to each other in one text; a mark without any stands there as it is."""
    wanted = words(term.value)
    if not wanted:
        return _mark(fold(term.value))
    if len(wanted) == 1:
        word = wanted[0]
        return Question(lambda reading: word in reading.bag or reading.text_missing or False, needs(wanted))
    bag = frozenset(wanted)

    def ask(reading: Reading) -> Answer:
        found = bag <= reading.bag and any(in_line(wanted, line) for line in reading.lines)
        return found_or(found, reading.text_missing)

    return Question(ask, needs(wanted))


def _mark(mark: str) -> Question:
    def ask(reading: Reading) -> Answer:
        found = any(mark in fold(unescape(post.full_text)) for post in reading.texts)
        return found_or(found, reading.text_missing)

    return Question(ask)


def near(term: Term, seed: int | None) -> Question:
    """Words in any order, with at most so many others between the first and the last of them."""
    in_order = words(term.value)
    wanted, size = frozenset(in_order), len(in_order) + term.within
    if not wanted:
        return _mark(fold(term.value))

    def ask(reading: Reading) -> Answer:
        found = wanted <= reading.bag and any(
            wanted <= frozenset(line[at : at + size])
            for line in reading.lines
            for at in range(max(1, len(line) - size + 1))
        )
        return found_or(found, reading.text_missing)

    return Question(ask, needs(wanted))


def tagged(kind: str, sign: str) -> Matcher:
    """A hashtag, mention or cashtag as a whole."""

    def matcher(term: Term, seed: int | None) -> Question:
        value = fold(term.value)

        def ask(reading: Reading) -> Answer:
            return found_or(value in getattr(reading, kind), reading.text_missing)

        return Question(ask, needs([sign + value]))

    return matcher


def url(term: Term, seed: int | None) -> Question:
    """Words next to each other in a link."""
    wanted = words(term.value)

    def ask(reading: Reading) -> Answer:
        found = any(in_line(wanted, address) for address in reading.address_words)
        return found_or(found, reading.text_missing)

    return Question(ask, needs(["url:" + word for word in wanted])) if wanted else url_contains(term, seed)


def url_contains(term: Term, seed: int | None) -> Question:
    """Characters somewhere in a link."""
    part = term.value.lower()

    def ask(reading: Reading) -> Answer:
        return found_or(any(part in address for address in reading.addresses), reading.text_missing)

    return Question(ask)


def of_page(field: str) -> Matcher:
    """Words in the title or the description of a linked page."""

    def matcher(term: Term, seed: int | None) -> Question:
        wanted = words(term.value)

        def ask(reading: Reading) -> Answer:
            said = (getattr(url, field) for url in reading.links)
            found = any(in_line(wanted, words(unescape(text))) for text in said if text)
            unknown = any(url.expanded_url is None for url in reading.links)
            return found_or(found, (ENTITIES,) if unknown else reading.text_missing)

        return Question(ask)

    return matcher


def entity(term: Term, seed: int | None) -> Question:
    """A person, place, product or organisation that X recognised in the text."""
    wanted = words(term.value)

    def ask(reading: Reading) -> Answer:
        noted = [note for post in reading.texts for note in post.entities.annotations]
        found = any(words(unescape(note.normalized_text)) == wanted for note in noted)
        return found_or(found, reading.text_missing or (() if noted else (ENTITIES,)))

    return Question(ask)


def context(term: Term, seed: int | None) -> Question:
    """A topic that X took the post to be about: a domain and an entity."""

    def ask(reading: Reading) -> Answer:
        missing = () if reading.contexts else ("tweet.fields=context_annotations",)
        return found_or(term.value in reading.contexts, missing)

    return Question(ask, needs(["context:" + term.value]))


def never_known(missing: str) -> Matcher:
    """What only X can answer."""
    return lambda term, seed: Question(lambda reading: (missing,), ANYTHING)


def has(term: Term, seed: int | None) -> Question:
    """That there is something of a kind in the post, attached to it, or known of it."""
    return Question(_HAS[term.value])


def _has_links(reading: Reading) -> Answer:
    return found_or(bool(reading.links), tuple(name for name in reading.text_missing if name != ENTITIES))


def _has_media(reading: Reading) -> Answer:
    keys, media = reading.attached
    return found_or(bool(keys or media), _media_missing(reading))


def _media_missing(reading: Reading) -> Missing:
    """Attached media have a link in the text, so a text without one has none."""
    attachments = [post.attachments for post in reading.texts]
    if all(attachments) or not any(LINK in post.text for post in reading.texts):
        return tuple(name for name in reading.text_missing if name != ENTITIES)
    return (*reading.text_missing, "tweet.fields=attachments")


def _has_kind(kind: str) -> Ask:
    def ask(reading: Reading) -> Answer:
        keys, media = reading.attached
        if any(one.type == kind for one in media):
            return True
        missing = _media_missing(reading)
        if set(keys) - {one.media_key for one in media}:
            missing = ("expansions=attachments.media_keys", *missing)
        return missing or False

    return ask


def _has_geo(reading: Reading) -> Answer:
    geo = reading.post.geo
    return ("tweet.fields=geo",) if geo is None else bool(geo.place_id or geo.coordinates)


def _has_tagged(kind: str) -> Ask:
    def ask(reading: Reading) -> Answer:
        return found_or(bool(getattr(reading, kind)), reading.text_missing)

    return ask


_HAS: dict[str, Ask] = {
    "hashtags": _has_tagged("hashtags"),
    "cashtags": _has_tagged("cashtags"),
    "mentions": _has_tagged("mentions"),
    "links": _has_links,
    "media": _has_media,
    "images": _has_kind("photo"),
    "video_link": _has_kind("video"),
    "geo": _has_geo,
}
