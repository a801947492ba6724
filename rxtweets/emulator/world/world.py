"""The emulated world: makes posts, varied and the same for the same seed, about what is wished for."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from typing import TypeVar

from msgspec import structs

from rxtweets.emulator.clock import Clock

from .model import (
    EPOCH,
    NOTHING,
    Counts,
    Link,
    Media,
    Mention,
    Person,
    Place,
    Poll,
    Post,
    Snowflakes,
    Tag,
    Wish,
)
from .people import People, place_in, place_like
from .phrases import LATIN, TONGUES, script_language
from .text import display_url, entities

_SOURCES = (
    "Twitter Web App",
    "Twitter for iPhone",
    "Twitter for Android",
    "Twitter for iPad",
    "TweetDeck",
    "Buffer",
)
_SITES = (
    "news.example",
    "www.example.org/blog",
    "example.com",
    "video.example.net",
    "shop.example",
    "papers.example/abs",
)
_TAGS = ("#tbt", "#news", "#photo", "#日常", "#FelizLunes")
_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_Span = TypeVar("_Span", Link, Mention, Tag)
_WEIGHTS = tuple(tongue.weight for tongue in TONGUES.values())


class World:
    """Makes posts and remembers some, which later ones answer, repeat and quote. Not thread-safe."""

    def __init__(self, seed: int = 0, clock: Clock | None = None) -> None:
        self._clock = clock or Clock(seeded=True)
        self.dice = random.Random(seed)
        self.people = People(seed, self._clock.world_ms())
        self.ids = Snowflakes(self._clock, seed)
        self.recent: deque[Post] = deque(maxlen=300)

    def make(self, wish: Wish = NOTHING) -> Post:
        """A new post, now."""
        dice = self.dice
        kind = self._kind(wish)
        lang = wish.lang or self._language(wish)
        author = self._author(wish, lang)
        if kind == "retweet":
            topic = Wish(words=wish.words, author=wish.original_author, wants=wish.wants - {"retweet"})
            return self._remember(self.retweet(self._old(topic, lang), author, wish.level))
        text = self._text(wish, lang)
        reply_to = quoted = None
        if kind == "reply":
            reply_to = self._old(Wish(author=wish.to) if wish.to else NOTHING, lang)
            text = f"@{reply_to.author.screen_name} {text}"
        elif kind == "quote":
            quoted = self._old(NOTHING, lang)
        post = self.compose(text, author=author, lang=lang, reply_to=reply_to, quoted=quoted)
        self._adorn(post, wish)
        if wish.level:
            post.level = wish.level
        post.source = wish.source or dice.choice(_SOURCES)
        return self._remember(post)

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
        ms: int | None = None,
    ) -> Post:
        """A post with that text, its links, hashtags, mentions and cashtags marked as X marks them."""
        post_id = self.ids.next(ms)
        post = Post(
            id=post_id,
            ms=(post_id >> 22) + EPOCH,
            text="",
            author=author or self.people.anybody(self.dice, lang),
            lang=lang or script_language(text) or "en",
            reply_to=reply_to,
            quoted=quoted,
            point=point,
            place=place,
        )
        self._mark(post, text)
        if quoted is not None:
            target = f"https://twitter.com/{quoted.author.screen_name}/status/{quoted.id}"
            post.quote_link = self._append_link(post, target, display_url(target))
        return post

    def retweet(self, original: Post, author: Person | None = None, level: str | None = None) -> Post:
        """A retweet, now; of a retweet it is one of the original."""
        original = original.retweeted or original
        author = author or self.people.anybody(self.dice)
        prefix = f"RT @{original.author.screen_name}: "
        whole = prefix + original.text
        text = whole if len(whole) <= 140 else whole[:139] + "…"
        post = self.compose("", author=author, lang=original.lang)
        post.text, post.retweeted, post.level = text, original, level or "low"
        post.mentions = (Mention(original.author, 3, 4 + len(original.author.screen_name)),)
        _carry_over(original, post, len(prefix), len(text) - (text != whole))
        post.source = self.dice.choice(_SOURCES)
        counts = original.counts
        original.counts = structs.replace(
            counts, retweets=counts.retweets + 1, likes=counts.likes + 1, views=counts.views + 31
        )
        original.forms.clear()
        post.counts = Counts(retweets=original.counts.retweets)
        return post

    def _remember(self, post: Post) -> Post:
        self.recent.append(post)
        return post

    def _kind(self, wish: Wish) -> str:
        for kind in ("retweet", "reply", "quote"):
            if kind in wish.wants:
                return kind
        if wish.to:
            return "reply"
        if wish.original_author:
            return "retweet"
        if wish.box or wish.wants or wish.country or wish.place or wish.source:
            return "original"
        return self.dice.choices(("original", "retweet", "reply", "quote"), (35, 45, 10, 10))[0]

    def _language(self, wish: Wish) -> str:
        told = script_language(" ".join(wish.words))
        if told:
            return told
        if wish.words:
            return "en" if self.dice.random() < 0.6 else self.dice.choice(LATIN)
        return self.dice.choices(tuple(TONGUES), _WEIGHTS)[0]

    def _author(self, wish: Wish, lang: str) -> Person:
        if wish.author is not None:
            return self.people.who(wish.author)
        person = self.people.anybody(self.dice, lang)
        for _ in range(40):
            if person.verified or "verified" not in wish.wants:
                break
            person = self.people.anybody(self.dice)
        return person

    def _old(self, wish: Wish, lang: str) -> Post:
        """A post of some time ago to refer to: a remembered one if nothing special is wished for."""
        if wish == NOTHING and self.recent and self.dice.random() < 0.8:
            found = self.dice.choice(self.recent)
            return found.retweeted or found
        then = self._clock.world_ms() - int(self.dice.lognormvariate(14.5, 1.5))
        author = self._author(wish, lang) if wish.author else self.people.anybody(self.dice, lang)
        post = self.compose(self._text(wish, lang), author=author, lang=lang, ms=max(then, author.joined))
        self._adorn(post, Wish(wants=wish.wants, box=wish.box, country=wish.country))
        some = self.dice.lognormvariate(3, 1.5)
        post.counts = Counts(*(int(some * part) for part in (1, 4, 0.5, 0.2, 0.4, 90)))
        return post

    def _text(self, wish: Wish, lang: str) -> str:
        dice = self.dice
        tongue = TONGUES.get(lang) or TONGUES["en"]
        words = list(wish.words)
        if len(words) > 1 and dice.random() < 0.4:
            dice.shuffle(words)  # any order matches a phrase of `track`
        topic = " ".join(words) or dice.choice(tongue.topics)
        text = self._sentence(tongue.about, topic)
        if dice.random() < 0.45:
            text = f"{text} {dice.choice(tongue.remarks)}"
        if dice.random() < 0.15:
            text = f"{text} {self._sentence(tongue.about, topic)}"
        if "links" in wish.wants or dice.random() < 0.25:
            page = "".join(dice.choices(_ALPHABET, k=7))
            text = f"{text} https://{dice.choice(_SITES)}/{dice.randrange(2020, 2027)}/{page}"
        if "mentions" in wish.wants or dice.random() < 0.08:
            text = f"{text} @{self.people.anybody(dice).screen_name}"
        if "hashtags" in wish.wants or dice.random() < 0.2:
            text = f"{text} {_hashtag(words) or dice.choice(_TAGS)}"
        if "cashtags" in wish.wants:
            text = f"{text} ${dice.choice(('AAPL', 'TSLA', 'NVDA'))}"
        return text

    def _sentence(self, sentences: tuple[str, ...], topic: str) -> str:
        """One of the sentences about the topic; only what isn't a word keeps a blank before punctuation."""
        sentence = self.dice.choice(sentences)
        if topic[-1].isalnum():
            for mark in ",.!":
                sentence = sentence.replace(f"{{}} {mark}", f"{{}}{mark}")
        return sentence.format(topic)

    def _mark(self, post: Post, text: str) -> None:
        pieces: list[str] = []
        length = last = 0
        for found in entities(text):
            pieces.append(text[last : found.start])
            length += found.start - last
            last = found.end
            shown = text[found.start : found.end]
            if found.kind == "url":
                shown = self._short()
                link = Link(shown, found.value, display_url(found.value), "", length, length + len(shown))
                post.links = (*post.links, link)
            elif found.kind == "tag":
                post.tags = (*post.tags, Tag(found.value, length, length + len(shown)))
            elif found.kind == "symbol":
                post.symbols = (*post.symbols, Tag(found.value, length, length + len(shown)))
            else:
                person = self.people.named(found.value)
                post.mentions = (*post.mentions, Mention(person, length, length + len(shown)))
            pieces.append(shown)
            length += len(shown)
        post.text = "".join(pieces) + text[last:]

    def _adorn(self, post: Post, wish: Wish) -> None:
        """Pictures, a place, a poll: what a post has beside its text."""
        dice, wants = self.dice, wish.wants
        pictures = wants & {"media", "images", "videos", "video_link"}
        if pictures or (not post.quoted and dice.random() < 0.2):
            clip = bool(pictures & {"videos", "video_link"}) or (not pictures and dice.random() < 0.25)
            kinds = ("video",) if clip else ("photo",) * dice.choice((1, 1, 1, 2, 4))
            post.media = tuple(self._media(kind, post.ms) for kind in kinds)
            target = f"https://twitter.com/{post.author.screen_name}/status/{post.id}/{kinds[0]}/1"
            post.media_link = self._append_link(post, target, f"pic.twitter.com/{dice.getrandbits(40):x}")
        elif not wants and dice.random() < 0.02:
            post.poll = Poll(
                self.ids.next(post.ms),
                ("Yes", "No", "Tell me more"),
                tuple(dice.randrange(500) for _ in range(3)),
                1440,
            )
        if wish.box:
            west, south, east, north = wish.box
            if "point" in wants or dice.random() < 0.5:
                post.point = (round(dice.uniform(west, east), 6), round(dice.uniform(south, north), 6))
            post.place = place_in(wish.box, dice)
        elif "geo" in wants or wish.country or wish.place or dice.random() < 0.06:
            post.place = place_like(wish.place, wish.country, dice)

    def _media(self, kind: str, ms: int) -> Media:
        dice = self.dice
        name = "".join(dice.choices(_ALPHABET, k=15))
        width, height = dice.choice(((1200, 675), (1080, 1350), (2048, 1536), (640, 640)))
        alt = dice.choice((None, None, "A window with rain on it", "夕焼け"))
        seconds = dice.randrange(5, 140) if kind == "video" else 0
        return Media(self.ids.next(ms), kind, name, width, height, seconds, alt)

    def _append_link(self, post: Post, target: str, shown: str) -> Link:
        short = self._short()
        start = len(post.text) + 1
        post.text = f"{post.text} {short}"
        return Link(short, target, shown, "", start, start + len(short))

    def _short(self) -> str:
        return "https://t.co/" + "".join(self.dice.choices(_ALPHABET, k=10))


def _carry_over(original: Post, post: Post, shift: int, room: int) -> None:
    """Mark in a retweet what is marked in the original, `shift` further on and as far as there is `room`."""

    def moved(spans: Iterable[_Span]) -> tuple[_Span, ...]:
        return tuple(
            structs.replace(span, start=span.start + shift, end=span.end + shift)
            for span in spans
            if span.end + shift <= room
        )

    post.tags, post.symbols, post.links = moved(original.tags), moved(original.symbols), moved(original.links)
    post.mentions += moved(original.mentions)


def _hashtag(words: list[str]) -> str | None:
    plain = [word for word in words if word.isalnum() and not word.isdigit()]
    return f"#{plain[0]}" if plain else None
