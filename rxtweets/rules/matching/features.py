"""A post as rules see it: its words, people and places, each looked up once however many rules ask.

A retweet is read as the post that it repeats, together with what that post quotes. X sends texts HTML-escaped
and matches what was written. A field that is absent is either empty or was not requested. Where the rest of
the post tells which (a text without a link has no attached photo), that is used; otherwise the lookup names
the field that is missing.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from collections.abc import Set as AbstractSet
from functools import cached_property

from rxtweets.filters.cells import Box, message_cells
from rxtweets.filters.contents import entities_of
from rxtweets.filters.tokens import found_in, tokens
from rxtweets.messages import Post, unescape
from rxtweets.messages.v2 import Media, Place, Url, User
from rxtweets.rules.words import fold, words

Missing = tuple[str, ...]

REFERENCES = "tweet.fields=referenced_tweets"
REFERENCED = "expansions=referenced_tweets.id"
ENTITIES = "tweet.fields=entities"
AUTHOR = "expansions=author_id"

PROFILE = ("description", "name", "location")
"""The fields of a profile whose words are index keys."""

LINK = "//t.co/"
"""Links, quotes and media appear in a text as one of these, which does not tell where it leads."""

_LONG = 240  # X cuts at 280; the author of a shorter text with "…" at its end wrote it so
_RETWEET_PREFIX = re.compile(r"RT @(\w{1,20}):")
_CUT_WORD = re.compile(r"\w*…$")
_CUT = re.compile(r"…(?:\s*https?://\S+)?$")


class PostFeatures:
    """The parts of one post that rules look at.

    Attributes:
        post: the post.
        original: the post itself, or the one that it repeats if that is included.
        texts: `original`, and the post that it quotes.
    """

    def __init__(self, post: Post) -> None:
        self.post = self.original = post
        self.texts: tuple[Post, ...] = (post,)
        if post.referenced_posts:
            self.original = post.retweeted or post
            quoted = self.original.quoted
            self.texts = (self.original,) if quoted is None else (self.original, quoted)

    @cached_property
    def text_missing(self) -> Missing:
        """The fields and expansions that may hold further words, tags and links; empty if none may."""
        post, shown, missing = self.post, self.original, []
        links = LINK in shown.text
        if shown is post and _RETWEET_PREFIX.match(post.text):
            if not post.referenced_posts:
                missing.append(REFERENCES)
            elif self.referenced("retweeted"):
                missing.append(REFERENCED)
        if not shown.referenced_posts:
            missing += [REFERENCES] if links else []
        elif any(ref.type == "quoted" for ref in shown.referenced_posts) and shown.quoted is None:
            missing.append(REFERENCED)
        for text in self.texts:
            if text.note_post is None and len(text.text) >= _LONG and _CUT.search(text.text):
                missing.append("tweet.fields=note_tweet")
            if LINK in text.text and not entities_of(text).urls:
                missing.append(ENTITIES)
        return tuple(dict.fromkeys(missing))

    def referenced(self, type: str) -> str | None:
        """Return the id of the post that it repeats, quotes or replies to, by the *type* of the reference."""
        return next((ref.id for ref in self.post.referenced_posts if ref.type == type), None)

    @cached_property
    def retweeted_username(self) -> str:
        """The username in the `RT @…:` at the beginning of a retweet's text, in lower case; else empty."""
        found = _RETWEET_PREFIX.match(self.post.text)
        return found[1].lower() if found else ""

    def _written(self) -> list[str]:
        """Return each text and each link; a phrase matches within one of these."""
        found: list[str] = []
        for post in self.texts:
            text = unescape(post._own_text)
            for url in entities_of(post).urls:
                if url.url and url.expanded_url:
                    text = text.replace(url.url, url.expanded_url)
                found += map(_uncut, filter(None, (url.display_url, url.unwound_url)))
            if post is not self.post and post is self.original:
                prefix = _RETWEET_PREFIX.match(self.post.text)
                text = f"{prefix[0]} {text}" if prefix else text
            found.append(text)
        return found

    @cached_property
    def lines(self) -> tuple[tuple[str, ...], ...]:
        """The words of each text and each link, in order."""
        return tuple(map(words, self._written()))

    @cached_property
    def all_words(self) -> set[str]:
        """The words of all lines."""
        return self.find_words()

    def find_words(self) -> set[str]:
        """Return the words of all lines, in no order."""
        return tokens(" ".join(self._written()))

    @cached_property
    def hashtags(self) -> frozenset[str]:
        """Hashtags without their sign, in lower case."""
        return frozenset(self._tagged("hashtags"))

    @cached_property
    def cashtags(self) -> frozenset[str]:
        """Cashtags without their sign, in lower case."""
        return frozenset(self._tagged("cashtags"))

    @cached_property
    def mentions(self) -> frozenset[str]:
        """Mentioned usernames in lower case."""
        return frozenset(self._tagged("mentions"))

    def _tagged(self, kind: str) -> Iterator[str]:
        for post in dict.fromkeys((self.post, *self.texts)) if self.original is not self.post else self.texts:
            tagged = getattr(entities_of(post), kind)
            if tagged:
                yield from (fold(tag.username if kind == "mentions" else tag.tag) for tag in tagged)
            else:
                yield from map(fold, found_in(unescape(post.full_text), kind))

    @cached_property
    def links(self) -> tuple[Url, ...]:
        """The links of the texts, with the facts that X has about their pages."""
        found: list[Url] = []
        for post in self.texts:
            known = entities_of(post).urls
            found += known or (Url(url=link) for link in found_in(unescape(post.full_text), "links"))
        return tuple(found)

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """The links in lower case, each in all of its known forms."""
        forms = (
            form
            for url in self.links
            for form in (url.url, url.expanded_url, url.unwound_url, url.display_url)
        )
        return tuple(dict.fromkeys(form.lower() for form in forms if form))

    @cached_property
    def address_words(self) -> tuple[tuple[str, ...], ...]:
        """The words of each address."""
        return tuple(words(_uncut(address)) for address in self.addresses)

    @cached_property
    def attached(self) -> tuple[tuple[str, ...], tuple[Media, ...]]:
        """The keys of attached media, and those media that are included."""
        keys: list[str] = []
        media: list[Media] = []
        for post in self.texts:
            keys += post.attachments.media_keys if post.attachments else ()
            keys += [url.media_key for url in entities_of(post).urls if url.media_key]
            media += post.media
        return tuple(dict.fromkeys(keys)), tuple(media)

    @cached_property
    def author(self) -> User | None:
        """The author, if included."""
        return self.post.author

    def author_text(self, field: str) -> str | None:
        """Return the text of a field of the author's profile; None if it is absent."""
        text: str | None = getattr(self.author, field, None)
        return None if text is None else unescape(text)

    def names_of(self, id: str | None) -> frozenset[str]:
        """Return the id and, if it is known, the username of an account, in lower case."""
        if not id:
            return frozenset()
        user = self.post.includes.user(id)
        known = {id} if user is None else {id, user.username.lower()}
        mentions = (m for post in (self.post, *self.texts) for m in entities_of(post).mentions if m.id == id)
        return frozenset(known | {mention.username.lower() for mention in mentions})

    @cached_property
    def author_names(self) -> frozenset[str]:
        """The id and username of the author."""
        name = self.post.username
        return self.names_of(self.post.author_id) | ({name.lower()} if name else frozenset())

    @cached_property
    def replied_to_names(self) -> frozenset[str]:
        """The id and username of the account that it replies to."""
        return self.names_of(self.post.in_reply_to_user_id)

    @cached_property
    def retweeted_names(self) -> frozenset[str]:
        """The id and username of the account that it retweets."""
        if self.original is not self.post:
            return self.names_of(self.original.author_id) | ({self.retweeted_username} - {""})
        return frozenset({self.retweeted_username} - {""}) if self.referenced("retweeted") else frozenset()

    @cached_property
    def place(self) -> Place | None:
        """The place that it was sent from, if included."""
        return self.post.place

    @cached_property
    def point(self) -> tuple[float, float] | None:
        """Longitude and latitude, if it was sent from a point."""
        geo = self.post.geo
        at = geo.coordinates.coordinates if geo and geo.coordinates else None
        return (at[0], at[1]) if at and len(at) >= 2 else None

    @cached_property
    def box(self) -> Box | None:
        """The point that it was sent from as a box, else the box around its place."""
        if self.point is not None:
            return (*self.point, *self.point)
        box = self.place.geo.bbox if self.place and self.place.geo else ()
        return (box[0], box[1], box[2], box[3]) if len(box) == 4 else None

    @cached_property
    def contexts(self) -> frozenset[str]:
        """The domain and entity of each topic, in the forms that `context:` takes."""
        pairs = ((a.domain.id, a.entity.id) for a in self.post.context_annotations)
        return frozenset(form for d, e in pairs for form in (f"{d}.{e}", f"{d}.*", f"*.{e}"))

    @cached_property
    def features(self) -> AbstractSet[Hashable]:
        """The index keys of the post: all that the alternatives of a compiled rule can contain."""
        post, found = self.post, set[Hashable](self.all_words)
        found.update("#" + tag for tag in self.hashtags)
        found.update("@" + name for name in self.mentions)
        found.update("$" + tag for tag in self.cashtags)
        found.update("from:" + name for name in self.author_names)
        found.update("to:" + name for name in self.replied_to_names)
        found.update("retweets_of:" + name for name in self.retweeted_names)
        found.update("context:" + topic for topic in self.contexts)
        found.update("url:" + word for address in self.address_words for word in address)
        found.update(f"{ref.type}:{ref.id}" for ref in post.referenced_posts)
        found.update((f"conversation_id:{post.conversation_id}", f"lang:{(post.lang or '').lower()}"))
        if self.author is not None:
            for field in PROFILE:
                found.update(f"{field}:{word}" for word in words(self.author_text(field) or ""))
        if self.box is not None:
            found |= message_cells(self.box)
        return found


def _uncut(address: str) -> str:
    """Return *address*, as it is displayed, without the partial word before its final `…`."""
    return _CUT_WORD.sub("", address) if address.endswith("…") else address
