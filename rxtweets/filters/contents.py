"""The parts of a message's text that programs count: hashtags, mentions, links and words, of both protocols.

They are read from the whole text: that of an extended status, of a long post, and of what a retweet repeats.
What a message quotes is a message of its own, and not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rxtweets.messages import Post, Status, unescape, v2

from .tokens import fold, found_in, without, without_cut, words_of

__all__ = ["entities_of", "hashtags", "links", "mentions", "words"]

_RETWEET = re.compile(r"\ART @\w{1,20}:")


def hashtags(message: object) -> tuple[str, ...]:
    """Return the hashtags of a status or post in lower case, without the sign, each once; of all else none.

    They are those that X found, as a v1.1 status always has them, and a v2 post with
    `tweet_fields=["entities"]`. Without any, the text is searched: what a v2 post cuts off is missing then.
    """
    if isinstance(message, Status):
        found = [tag.text for tag in message.full_entities.hashtags]
    elif isinstance(message, Post):
        found = [tag.tag for entities in _entities(message) for tag in entities.hashtags]
    else:
        return ()
    return _distinct(map(fold, found or found_in(unescape(message.full_text), "hashtags")))


def mentions(message: object) -> tuple[str, ...]:
    """Return the usernames that a status or post mentions, in lower case, without the sign, each once.

    That of a retweet's original is among them, as in X's own entities. They come from where `hashtags` do.
    """
    if isinstance(message, Status):
        found = [mention.screen_name for mention in message.full_entities.user_mentions]
    elif isinstance(message, Post):
        found = [mention.username for entities in _entities(message) for mention in entities.mentions]
    else:
        return ()
    return _distinct(map(str.lower, found or found_in(unescape(message.full_text), "mentions")))


def links(message: object) -> tuple[str, ...]:
    """Return the links in a status or post, each once, without those to its own photos and videos.

    A link is its target's address, as far as X says. Without entities (see `hashtags`), it is the short one
    in the text, `https://t.co/…`, and those to photos and videos are included.
    """
    if isinstance(message, Status):
        entities = message.full_entities
        found = [_target(url.unwound) or url.expanded_url or url.url for url in entities.urls]
        told = bool(entities.urls or entities.media)
    elif isinstance(message, Post):
        urls = [url for entities in _entities(message) for url in entities.urls]
        found = [url.unwound_url or url.expanded_url or url.url for url in urls if not url.media_key]
        told = bool(urls)
    else:
        return ()
    return _distinct(found if told else found_in(unescape(message.full_text), "links"))


def words(message: object) -> tuple[str, ...]:
    """Return the words of a status or post in the form in which X compares them, each once.

    That is in lower case, cut at punctuation; an emoji is a word. Those of hashtags are among them; links,
    mentions, and a word that is cut by `…` at the end of the text are not.
    """
    if not isinstance(message, Status | Post):
        return ()
    text = without(unescape(message.full_text), "links").rstrip()
    text = without(without_cut(_RETWEET.sub("", text, count=1)), "mentions")
    return _distinct(words_of(fold(text)))


def entities_of(post: Post) -> v2.Entities:
    """Return the entities of a post's own whole text, or else those of the first 280 characters."""
    note = post.note_post
    return note.entities if note is not None and note.entities != v2.Entities() else post.entities


def _entities(post: Post) -> tuple[v2.Entities, ...]:
    """Return the entities of *post*, and those of what it repeats, if that is included."""
    original = post.retweeted
    return (entities_of(post),) if original is None else (entities_of(post), entities_of(original))


def _target(unwound: object) -> str | None:
    """Return where a link ends, from v1.1's `unwound`."""
    url = unwound.get("url") if isinstance(unwound, dict) else None
    return url if isinstance(url, str) else None


def _distinct(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))
