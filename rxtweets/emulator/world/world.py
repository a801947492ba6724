"""The emulated world: generates varied posts to a specification, the same ones for the same seed."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Literal

from msgspec import structs

from rxtweets.emulator.app.clock import Clock
from rxtweets.messages._time import id_time

from .attachments import add_attachments
from .entities import append_link, copy_entities, is_long, parse_entities, truncate
from .ids import Snowflakes
from .locales import LATIN, LOCALES, locale, script_language
from .model import Counts, Mention, Person, Post, WorldEvent
from .people import People
from .post_spec import ANY, PostSpec, Profile
from .referenced_posts import ReferencedPosts
from .sampling import pick
from .text import beginning, display_url, escaped, length
from .text_generator import generate_text

_SOURCES = (
    "Twitter Web App",
    "Twitter for iPhone",
    "Twitter for iPhone",
    "Twitter for Android",
    "Twitter for Android",
    "Twitter for iPad",
    "TweetDeck",
    "Buffer",
)
_KINDS = ("retweet",) * 65 + ("original",) * 18 + ("reply",) * 9 + ("quote",) * 6 + ("edit",) * 2
"""Kinds of posts, each as often as in a hundred."""
_LANGUAGES = tuple(lang for lang, locale in LOCALES.items() for _ in range(locale.weight))
_EDITS = 5
_EDITABLE = 3_600_000
"""Edits of a post at most, and the milliseconds in which they are allowed. Source: X's guide to editing."""
_GONE = 0.03
"""The share of the posts answered or quoted that are deleted or protected."""
_DEEPEST = 12
"""Replies to replies before a conversation ends."""


class World:
    """A generator of posts, some of which later ones answer, retweet and quote. Not thread-safe.

    `published` finds a post that was published by its id. `events` are those that have happened and were not
    announced yet.
    """

    def __init__(
        self,
        seed: int = 0,
        clock: Clock | None = None,
        published: Callable[[int], Post | None] = lambda post_id: None,
    ) -> None:
        self._clock = clock or Clock(seeded=True)
        self.rng = random.Random(seed)
        self.people = People(seed, self._clock.world_ms())
        self.ids = Snowflakes(self._clock, seed)
        self.events: deque[WorldEvent] = deque()
        self._replies: deque[Post] = deque(maxlen=40)
        self._references = ReferencedPosts(self.rng, self._make_old, published)

    def make(self, spec: PostSpec = ANY) -> Post:
        """Return a new post to the spec."""
        kind = self._kind(spec)
        lang = spec.lang or self._language(spec)
        if kind == "retweet":
            return self._retweet(spec, lang)
        if kind == "edit":
            post = pick(self.rng, self._references.recent) if self._references.recent else None
            if post is not None and self._may_be_edited(post):
                return self._edit(post)
        return self._write(kind, spec, lang)

    def compose(
        self,
        text: str,
        *,
        author: Person | None = None,
        lang: str | None = None,
        reply_to: Post | None = None,
        quoted: Post | None = None,
        point: tuple[float, float] | None = None,
        post_id: int | None = None,
    ) -> Post:
        """Return a post with that text, and its entities; with a `post_id` it is one of the past."""
        rng = self.rng
        note = parse_entities(text, self.people, rng)
        number = self.ids.next() if post_id is None else post_id
        post = Post(
            id=number,
            ms=id_time(number),
            text=note.text,
            author=author or self.people.sample(rng, lang),
            lang=lang or script_language(text) or "en",
            tags=note.tags,
            symbols=note.symbols,
            mentions=note.mentions,
            links=note.links,
            reply_to=reply_to,
            quoted=quoted,
            point=point,
        )
        if post_id is None:
            post.author.latest = number
        if is_long(note.text):
            truncate(post, note, rng)
        if quoted is not None:
            target = f"https://twitter.com/{quoted.author.screen_name}/status/{quoted.id}"
            post.quote_link = append_link(post, target, display_url(target), rng)
            quoted.count(quotes=1, views=17)
        if reply_to is not None:
            reply_to.count(replies=1, views=9)
        return post

    def retweet(self, original: Post, author: Person | None = None, level: str | None = None) -> Post:
        """Return a new retweet; given a retweet, one of its original."""
        original = original.retweeted or original
        author = author or self.people.sample(self.rng, original.lang)
        prefix = f"RT @{original.author.screen_name}: "
        whole = prefix + original.text
        text = whole if length(whole) <= 140 else beginning(whole, 139) + "…"
        original.count(retweets=1, likes=1, views=31)
        post_id = author.latest = self.ids.next()
        post = Post(
            id=post_id,
            ms=id_time(post_id),
            text=text,
            author=author,
            lang=original.lang,
            source=pick(self.rng, _SOURCES),
            mentions=(Mention(original.author, 3, len(prefix) - 2),),
            retweeted=original,
            counts=Counts(retweets=original.counts.retweets),
            level=level or "low",
            contexts=original.contexts,
            sensitive=original.sensitive,
        )
        copy_entities(original, post, len(prefix), len(text) - (text is not whole))
        return post

    def _write(self, kind: str, spec: PostSpec, lang: str) -> Post:
        """Return a post with a text of its own: an original, a reply or a quote."""
        rng = self.rng
        author = self._author(spec, lang)
        reply_to = quoted = None
        text, contexts = generate_text(rng, self.people, spec, lang)
        if kind == "reply":
            reply_to, partner = self._reply_target(spec, lang)
            author = partner or author
            text = f"@{reply_to.author.screen_name} {text}"
        elif kind == "quote":
            quoted = self._reference(lang)
        post = self.compose(text, author=author, lang=lang, reply_to=reply_to, quoted=quoted)
        post.contexts = contexts
        post.source = spec.source or pick(rng, _SOURCES)
        post.level = spec.level or "low"
        add_attachments(post, spec, rng, self.ids)
        if post.links and (spec.title or spec.description):
            page = structs.replace(post.links[0], title=spec.title or "", description=spec.description or "")
            post.links = (page, *post.links[1:])
        self._references.recent.append(post)
        if reply_to is not None:
            self._replies.append(post)
        return post

    def _retweet(self, spec: PostSpec, lang: str) -> Post:
        if spec is ANY:
            return self.retweet(self._references.pick(lang))
        author = None if spec.author is None else self._author(spec, lang)
        topic = structs.replace(
            spec,
            author=spec.original_author,
            original_author=None,
            retweet_of=None,
            level=None,
            wants=spec.wants - {"retweet"},
        )
        if spec.retweet_of is not None:
            original = self._references.with_id(spec.retweet_of, topic, lang)
        elif topic == PostSpec(lang=spec.lang):
            original = self._references.pick(lang)
        else:
            original = self._references.matching(topic, lang)
        return self.retweet(original, author, spec.level)

    def _may_be_edited(self, post: Post) -> bool:
        plain = post.reply_to is None and post.quoted is None and not post.media and post.poll is None
        return (
            plain
            and post.note is None
            and len(post.text) < 180
            and len(post.edits) < _EDITS
            and self._clock.world_ms() - post.ms < _EDITABLE // 2
        )

    def _edit(self, post: Post) -> Post:
        """Return a later version of a post, with a remark added."""
        remark = pick(self.rng, locale(post.lang).remarks)
        post_id = post.author.latest = self.ids.next()
        edited = structs.replace(
            post,
            id=post_id,
            ms=id_time(post_id),
            text=f"{post.text} {escaped(remark)}",
            edits=(*post.edits, post.id),
            cache={},
            counted=(),
        )
        self._references.recent.append(edited)
        return edited

    def _kind(self, spec: PostSpec) -> str:
        if spec is ANY:
            return pick(self.rng, _KINDS)
        for kind in ("original", "retweet", "reply", "quote"):
            if kind in spec.wants:
                return kind
        if (spec.to, spec.reply_to, spec.conversation) != (None, None, None):
            return "reply"
        if (spec.original_author, spec.retweet_of) != (None, None):
            return "retweet"
        if spec.box or spec.wants or spec.country or spec.place or spec.source:
            return "original"
        return pick(self.rng, _KINDS)

    def _language(self, spec: PostSpec) -> str:
        if not spec.words:
            return pick(self.rng, _LANGUAGES)
        lang = script_language(" ".join(spec.words))
        return lang or ("en" if self.rng.random() < 0.6 else pick(self.rng, LATIN))

    def _author(self, spec: PostSpec, lang: str) -> Person:
        if spec.author is None:
            return self.people.sample(self.rng, lang)
        if isinstance(spec.author, Profile):
            return self.people.matching(spec.author, self.rng)
        return self.people.find(spec.author)

    def _reply_target(self, spec: PostSpec, lang: str) -> tuple[Post, Person | None]:
        """Return a post to answer, and who answers it if a conversation between two goes on."""
        rng = self.rng
        target = PostSpec(author=spec.to)
        if spec.reply_to is not None:
            return self._references.with_id(spec.reply_to, target, lang), None
        if spec.conversation is not None:
            known = [r for r in self._replies if r.conversation == spec.conversation and r.depth < _DEEPEST]
            if known and spec.to is None and rng.random() < 0.6:
                return pick(rng, known), None
            return self._references.with_id(spec.conversation, target, lang), None
        if spec.to is not None:
            return self._make_old(target, lang), None
        if self._replies and rng.random() < 0.6:
            reply = pick(rng, self._replies)
            before = reply.reply_to
            if before is not None and reply.depth < _DEEPEST:
                back = spec.author is None and rng.random() < 0.7
                return reply, before.author if back else None
        return self._reference(lang), None

    def _reference(self, lang: str) -> Post:
        """Return a post of the past, which now and then is deleted or protected."""
        if self.rng.random() >= _GONE:
            return self._references.pick(lang)
        deleted = self.rng.random() < 0.6
        author = self.people.sample(self.rng, lang) if deleted else self.people.protected(self.rng)
        number = self.ids.next(self._past_time(author))
        gone: Literal["deleted", "protected"] = "deleted" if deleted else "protected"
        return Post(id=number, ms=id_time(number), text="", author=author, lang="und", gone=gone)

    def _past_time(self, author: Person) -> int:
        """Return a time after the author joined, in Unix milliseconds; mostly a recent one."""
        return max(self._clock.world_ms() - int(self.rng.lognormvariate(14.5, 1.5)), author.joined)

    def _make_old(self, spec: PostSpec, lang: str, post_id: int | None = None) -> Post:
        """Return a post of the past: of the time that the id tells, if there is one."""
        rng = self.rng
        author = self._author(spec, lang)
        if post_id is None:
            post_id = self.ids.next(self._past_time(author))
        text, contexts = generate_text(rng, self.people, spec, lang)
        post = self.compose(text, author=author, lang=lang, post_id=post_id)
        add_attachments(post, spec, rng, self.ids)
        post.contexts, post.source = contexts, pick(rng, _SOURCES)
        some = rng.lognormvariate(3, 1.5)
        post.counts = Counts(*(int(some * part) for part in (1, 4, 0.5, 0.2, 0.4, 90)))
        return post
