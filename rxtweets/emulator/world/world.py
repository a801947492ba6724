"""The emulated world: makes posts, varied and the same for the same seed, about what is wished for."""

from __future__ import annotations

import random
from collections import deque

from msgspec import structs

from rxtweets.emulator.clock import Clock

from .chance import pick
from .extras import adorn
from .ids import EPOCH, Snowflakes
from .marks import append_link, carry_over, cut, is_long, mark
from .model import NOTHING, Counts, Mention, Person, Place, Post, Wish
from .people import People
from .phrases import LATIN, TONGUES, script_language
from .speech import say
from .text import display_url

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
_LANGUAGES = tuple(lang for lang, tongue in TONGUES.items() for _ in range(tongue.weight))
_EDITS = 5
_EDITABLE = 3_600_000
"""How often, and for how many milliseconds, a post may be edited. Source: X's guide to edited posts."""
_DEEPEST = 12
"""Answers to answers that a conversation goes on for."""
_POPULAR = 20
_TOPICS = 50
"""How many posts about a wish are repeated again and again, and for how many wishes."""


class World:
    """Makes posts and remembers some, which later ones answer, repeat and quote. Not thread-safe."""

    def __init__(self, seed: int = 0, clock: Clock | None = None) -> None:
        self._clock = clock or Clock(seeded=True)
        self.dice = random.Random(seed)
        self.people = People(seed, self._clock.world_ms())
        self.ids = Snowflakes(self._clock, seed)
        self.recent: deque[Post] = deque(maxlen=300)
        self._answers: deque[Post] = deque(maxlen=40)
        self._popular: dict[Wish, deque[Post]] = {}

    def make(self, wish: Wish = NOTHING) -> Post:
        """A new post, now."""
        kind = self._kind(wish)
        lang = wish.lang or self._language(wish)
        if kind == "retweet":
            return self._repeat(wish, lang)
        if kind == "edit":
            post = pick(self.dice, self.recent) if self.recent else None
            if post is not None and self._may_be_edited(post):
                return self._edit(post)
        return self._speak(kind, wish, lang)

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
        dice = self.dice
        note = mark(text, self.people, dice)
        post_id = self.ids.next(ms)
        post = Post(
            id=post_id,
            ms=(post_id >> 22) + EPOCH,
            text=note.text,
            author=author or self.people.anybody(dice, lang),
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
        if ms is None:
            post.author.latest = post_id
        if is_long(note.text):
            cut(post, note, dice)
        if quoted is not None:
            target = f"https://twitter.com/{quoted.author.screen_name}/status/{quoted.id}"
            post.quote_link = append_link(post, target, display_url(target), dice)
            _count(quoted, quotes=1, views=17)
        if reply_to is not None:
            _count(reply_to, replies=1, views=9)
        return post

    def retweet(self, original: Post, author: Person | None = None, level: str | None = None) -> Post:
        """A retweet, now; of a retweet it is one of the original."""
        original = original.retweeted or original
        author = author or self.people.anybody(self.dice, original.lang)
        prefix = f"RT @{original.author.screen_name}: "
        whole = prefix + original.text
        text = whole if len(whole) <= 140 else whole[:139] + "…"
        _count(original, retweets=1, likes=1, views=31)
        post_id = author.latest = self.ids.next()
        post = Post(
            id=post_id,
            ms=(post_id >> 22) + EPOCH,
            text=text,
            author=author,
            lang=original.lang,
            source=pick(self.dice, _SOURCES),
            mentions=(Mention(original.author, 3, len(prefix) - 2),),
            retweeted=original,
            counts=Counts(retweets=original.counts.retweets),
            level=level or "low",
            contexts=original.contexts,
            sensitive=original.sensitive,
        )
        carry_over(original, post, len(prefix), len(text) - (text is not whole))
        return post

    def _speak(self, kind: str, wish: Wish, lang: str) -> Post:
        """A post with words of its own."""
        dice = self.dice
        author = self._author(wish, lang)
        reply_to = quoted = None
        text, contexts = say(dice, self.people, wish, lang)
        if kind == "reply":
            reply_to, partner = self._to_answer(wish, lang)
            author = partner or author
            text = f"@{reply_to.author.screen_name} {text}"
        elif kind == "quote":
            quoted = self._known(lang)
        post = self.compose(text, author=author, lang=lang, reply_to=reply_to, quoted=quoted)
        post.contexts = contexts
        post.source = wish.source or pick(dice, _SOURCES)
        post.level = wish.level or "low"
        adorn(post, wish, dice, self.ids)
        if post.links and (wish.title or wish.description):
            page = structs.replace(post.links[0], title=wish.title or "", description=wish.description or "")
            post.links = (page, *post.links[1:])
        self.recent.append(post)
        if reply_to is not None:
            self._answers.append(post)
        return post

    def _repeat(self, wish: Wish, lang: str) -> Post:
        """A retweet of something that is wished for, or of anything."""
        if wish is NOTHING:
            return self.retweet(self._known(lang))
        author = self._author(wish, lang) if wish.author or "verified" in wish.wants else None
        topic = structs.replace(wish, author=wish.original_author, original_author=None, level=None)
        wants = wish.wants - {"retweet", "verified"}
        if topic == Wish(lang=wish.lang, wants=wish.wants) and not wants:
            return self.retweet(self._known(lang), author, wish.level)
        original = self._popular_about(structs.replace(topic, wants=wants), lang)
        return self.retweet(original, author, wish.level)

    def _popular_about(self, wish: Wish, lang: str) -> Post:
        """A post that is wished for: mostly one that was repeated before, as on the real site."""
        known = self._popular.pop(wish, None) or deque(maxlen=_POPULAR)
        self._popular[wish] = known  # the one asked for longest ago is first
        if len(self._popular) > _TOPICS:
            del self._popular[next(iter(self._popular))]
        if known and self.dice.random() < 0.8:
            return pick(self.dice, known)
        known.append(self._of_old(wish, lang))
        return known[-1]

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
        remark = pick(self.dice, (TONGUES.get(post.lang) or TONGUES["en"]).remarks)
        post_id = post.author.latest = self.ids.next()
        edited = structs.replace(
            post,
            id=post_id,
            ms=(post_id >> 22) + EPOCH,
            text=f"{post.text} {remark}",
            edits=(*post.edits, post.id),
            forms={},
        )
        self.recent.append(edited)
        return edited

    def _kind(self, wish: Wish) -> str:
        if wish is NOTHING:
            return pick(self.dice, _KINDS)
        for kind in ("original", "retweet", "reply", "quote"):
            if kind in wish.wants:
                return kind
        if wish.to:
            return "reply"
        if wish.original_author:
            return "retweet"
        if wish.box or wish.wants or wish.country or wish.place or wish.source:
            return "original"
        return pick(self.dice, _KINDS)

    def _language(self, wish: Wish) -> str:
        if not wish.words:
            return pick(self.dice, _LANGUAGES)
        told = script_language(" ".join(wish.words))
        return told or ("en" if self.dice.random() < 0.6 else pick(self.dice, LATIN))

    def _author(self, wish: Wish, lang: str) -> Person:
        if wish.author is not None:
            return self.people.who(wish.author)
        person = self.people.anybody(self.dice, lang)
        if "verified" in wish.wants:
            for _ in range(80):
                if person.verified:
                    break
                person = self.people.anybody(self.dice)
        return person

    def _to_answer(self, wish: Wish, lang: str) -> tuple[Post, Person | None]:
        """A post to answer, and who answers it where a conversation goes on."""
        dice = self.dice
        if wish.to:
            return self._of_old(Wish(author=wish.to), lang), None
        if self._answers and dice.random() < 0.6:
            answer = pick(dice, self._answers)
            asked = answer.reply_to
            if asked is not None and _depth(answer) < _DEEPEST:
                back = wish.author is None and "verified" not in wish.wants and dice.random() < 0.7
                return answer, asked.author if back else None
        return self._known(lang), None

    def _known(self, lang: str) -> Post:
        """A post that people refer to: a remembered one, or now and then one from before."""
        if self.recent and self.dice.random() < 0.96:
            return pick(self.dice, self.recent)
        return self._of_old(NOTHING, lang)

    def _of_old(self, wish: Wish, lang: str) -> Post:
        """A post of some time ago."""
        dice = self.dice
        then = self._clock.world_ms() - int(dice.lognormvariate(14.5, 1.5))
        author = self._author(wish, lang)
        text, contexts = say(dice, self.people, wish, lang)
        post = self.compose(text, author=author, lang=lang, ms=max(then, author.joined))
        adorn(post, wish, dice, self.ids)
        post.contexts, post.source = contexts, pick(dice, _SOURCES)
        some = dice.lognormvariate(3, 1.5)
        post.counts = Counts(*(int(some * part) for part in (1, 4, 0.5, 0.2, 0.4, 90)))
        if wish is NOTHING:
            self.recent.append(post)
        return post


def _count(
    post: Post, *, retweets: int = 0, likes: int = 0, replies: int = 0, quotes: int = 0, views: int
) -> None:
    """Add to a post's counts."""
    old = post.counts
    post.counts = Counts(
        old.retweets + retweets,
        old.likes + likes,
        old.replies + replies,
        old.quotes + quotes,
        old.bookmarks,
        old.views + views,
    )


def _depth(post: Post) -> int:
    """How many posts came before it in its conversation."""
    depth, before = 0, post.reply_to
    while before is not None:
        depth, before = depth + 1, before.reply_to
    return depth
