"""The emulated world: makes posts, varied and the same for the same seed, about what is wished for."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Literal

from msgspec import structs

from rxtweets.emulator.app.clock import Clock

from .chance import pick
from .extras import adorn
from .ids import Snowflakes, id_time
from .locales import LATIN, LOCALES, locale, script_language
from .marks import append_link, carry_over, cut, is_long, mark
from .model import Counts, Mention, Person, Place, Post
from .past import Past
from .people import People
from .post_spec import ANY, PostSpec, Profile
from .speech import say
from .text import beginning, display_url, escaped, length

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
"""How often each kind of post is made, of a hundred."""
_LANGUAGES = tuple(lang for lang, locale in LOCALES.items() for _ in range(locale.weight))
_EDITS = 5
_EDITABLE = 3_600_000
"""How often, and for how many milliseconds, a post may be edited. Source: X's guide to edited posts."""
_GONE = 0.03
"""Part of the posts answered or quoted that are deleted, or are no longer for everybody."""
_DEEPEST = 12
"""Answers to answers that a conversation goes on for."""


class World:
    """Makes posts, some of which later ones answer, repeat and quote. Not thread-safe.

    `published` finds a post that was published by its id.
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
        self._answers: deque[Post] = deque(maxlen=40)
        self._past = Past(self.rng, self._of_old, published)

    def make(self, spec: PostSpec = ANY) -> Post:
        """A new post, now."""
        kind = self._kind(spec)
        lang = spec.lang or self._language(spec)
        if kind == "retweet":
            return self._repeat(spec, lang)
        if kind == "edit":
            post = pick(self.rng, self._past.recent) if self._past.recent else None
            if post is not None and self._may_be_edited(post):
                return self._edit(post)
        return self._speak(kind, spec, lang)

    def compose(
        self,
        text: str,
        *,
        author: Person | None = None,
        lang: str | None = None,
        reply_to: Post | None = None,
        quoted: Post | None = None,
        point: tuple[float, float] | None = None,
        place: Place | None = None,
        post_id: int | None = None,
    ) -> Post:
        """A post with that text, its links, hashtags, mentions and cashtags marked as X marks them.

        With a `post_id` it is one of the past.
        """
        rng = self.rng
        note = mark(text, self.people, rng)
        number = self.ids.next() if post_id is None else post_id
        post = Post(
            id=number,
            ms=id_time(number),
            text=note.text,
            author=author or self.people.anybody(rng, lang),
            lang=lang or script_language(text) or "en",
            tags=note.tags,
            symbols=note.symbols,
            mentions=note.mentions,
            links=note.links,
            reply_to=reply_to,
            quoted=quoted,
            point=point,
            place=place,
        )
        if post_id is None:
            post.author.latest = number
        if is_long(note.text):
            cut(post, note, rng)
        if quoted is not None:
            target = f"https://twitter.com/{quoted.author.screen_name}/status/{quoted.id}"
            post.quote_link = append_link(post, target, display_url(target), rng)
            quoted.count(quotes=1, views=17)
        if reply_to is not None:
            reply_to.count(replies=1, views=9)
        return post

    def retweet(self, original: Post, author: Person | None = None, level: str | None = None) -> Post:
        """A retweet, now; of a retweet it is one of the original."""
        original = original.retweeted or original
        author = author or self.people.anybody(self.rng, original.lang)
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
        carry_over(original, post, len(prefix), len(text) - (text is not whole))
        return post

    def _speak(self, kind: str, spec: PostSpec, lang: str) -> Post:
        """A post with words of its own."""
        rng = self.rng
        author = self._author(spec, lang)
        reply_to = quoted = None
        text, contexts = say(rng, self.people, spec, lang)
        if kind == "reply":
            reply_to, partner = self._to_answer(spec, lang)
            author = partner or author
            text = f"@{reply_to.author.screen_name} {text}"
        elif kind == "quote":
            quoted = self._referred_to(lang)
        post = self.compose(text, author=author, lang=lang, reply_to=reply_to, quoted=quoted)
        post.contexts = contexts
        post.source = spec.source or pick(rng, _SOURCES)
        post.level = spec.level or "low"
        adorn(post, spec, rng, self.ids)
        if post.links and (spec.title or spec.description):
            page = structs.replace(post.links[0], title=spec.title or "", description=spec.description or "")
            post.links = (page, *post.links[1:])
        self._past.recent.append(post)
        if reply_to is not None:
            self._answers.append(post)
        return post

    def _repeat(self, spec: PostSpec, lang: str) -> Post:
        """A retweet of something that is wished for, or of anything."""
        if spec is ANY:
            return self.retweet(self._past.any(lang))
        author = None if spec.author is None else self._author(spec, lang)
        topic = structs.replace(
            spec,
            author=spec.original_author,
            original_author=None,
            repeated=None,
            level=None,
            wants=spec.wants - {"retweet"},
        )
        if spec.repeated is not None:
            original = self._past.numbered(spec.repeated, topic, lang)
        elif topic == PostSpec(lang=spec.lang):
            original = self._past.any(lang)
        else:
            original = self._past.about(topic, lang)
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
        """A later version of a post, something added at its end."""
        remark = pick(self.rng, locale(post.lang).remarks)
        post_id = post.author.latest = self.ids.next()
        edited = structs.replace(
            post,
            id=post_id,
            ms=id_time(post_id),
            text=f"{post.text} {escaped(remark)}",
            edits=(*post.edits, post.id),
            forms={},
            counted=False,
        )
        self._past.recent.append(edited)
        return edited

    def _kind(self, spec: PostSpec) -> str:
        if spec is ANY:
            return pick(self.rng, _KINDS)
        for kind in ("original", "retweet", "reply", "quote"):
            if kind in spec.wants:
                return kind
        if (spec.to, spec.answered, spec.conversation) != (None, None, None):
            return "reply"
        if (spec.original_author, spec.repeated) != (None, None):
            return "retweet"
        if spec.box or spec.wants or spec.country or spec.place or spec.source:
            return "original"
        return pick(self.rng, _KINDS)

    def _language(self, spec: PostSpec) -> str:
        if not spec.words:
            return pick(self.rng, _LANGUAGES)
        told = script_language(" ".join(spec.words))
        return told or ("en" if self.rng.random() < 0.6 else pick(self.rng, LATIN))

    def _author(self, spec: PostSpec, lang: str) -> Person:
        if spec.author is None:
            return self.people.anybody(self.rng, lang)
        if isinstance(spec.author, Profile):
            return self.people.like(spec.author, self.rng)
        return self.people.who(spec.author)

    def _to_answer(self, spec: PostSpec, lang: str) -> tuple[Post, Person | None]:
        """A post to answer, and who answers it where a conversation goes on."""
        rng = self.rng
        addressed = PostSpec(author=spec.to)
        if spec.answered is not None:
            return self._past.numbered(spec.answered, addressed, lang), None
        if spec.conversation is not None:
            said = [a for a in self._answers if a.conversation == spec.conversation and a.depth < _DEEPEST]
            if said and spec.to is None and rng.random() < 0.6:
                return pick(rng, said), None
            return self._past.numbered(spec.conversation, addressed, lang), None
        if spec.to is not None:
            return self._of_old(addressed, lang), None
        if self._answers and rng.random() < 0.6:
            answer = pick(rng, self._answers)
            asked = answer.reply_to
            if asked is not None and answer.depth < _DEEPEST:
                back = spec.author is None and rng.random() < 0.7
                return answer, asked.author if back else None
        return self._referred_to(lang), None

    def _referred_to(self, lang: str) -> Post:
        """A post of the past, which now and then can't be seen any more."""
        if self.rng.random() >= _GONE:
            return self._past.any(lang)
        deleted = self.rng.random() < 0.6
        author = self.people.anybody(self.rng, lang) if deleted else self.people.recluse(self.rng)
        number = self.ids.next(self._long_ago(author))
        gone: Literal["deleted", "protected"] = "deleted" if deleted else "protected"
        return Post(id=number, ms=id_time(number), text="", author=author, lang="und", gone=gone)

    def _long_ago(self, author: Person) -> int:
        """A time since they joined, in Unix milliseconds; mostly not so long ago."""
        return max(self._clock.world_ms() - int(self.rng.lognormvariate(14.5, 1.5)), author.joined)

    def _of_old(self, spec: PostSpec, lang: str, post_id: int | None = None) -> Post:
        """A post of some time ago, which the id, if there is one, tells."""
        rng = self.rng
        author = self._author(spec, lang)
        if post_id is None:
            post_id = self.ids.next(self._long_ago(author))
        text, contexts = say(rng, self.people, spec, lang)
        post = self.compose(text, author=author, lang=lang, post_id=post_id)
        adorn(post, spec, rng, self.ids)
        post.contexts, post.source = contexts, pick(rng, _SOURCES)
        some = rng.lognormvariate(3, 1.5)
        post.counts = Counts(*(int(some * part) for part in (1, 4, 0.5, 0.2, 0.4, 90)))
        return post
