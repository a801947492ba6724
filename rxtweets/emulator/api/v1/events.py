"""What happens to an account beside posts: the events and notices of user and site streams."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from rxtweets.emulator.server.http import encode
from rxtweets.emulator.world.chance import pick
from rxtweets.emulator.world.marks import mark
from rxtweets.emulator.world.model import Person, Post
from rxtweets.emulator.world.people import some_bio
from rxtweets.emulator.world.post_spec import ANY
from rxtweets.emulator.world.speech import say

from . import notices
from .event_context import Card, Moment
from .forms import letter_form, status, status_bytes
from .lists import LIST_CARDS
from .social_graph import UNDO, Letter


class Deck:
    """Deals what happens: all kinds in any order, and every kind before one comes more often than it should.

    Warnings that somebody follows too many are in it only where their statuses are (`followings`).
    """

    def __init__(self, followings: bool) -> None:
        self._cards = CARDS if followings else tuple(card for card in CARDS if card is not _warning)
        self._left: list[Card] = []

    def deal(self, moment: Moment) -> tuple[bytes, ...]:
        """The next that can happen; what can't yet keeps its place in the deck."""
        for _ in range(2):
            for place in range(len(self._left) - 1, -1, -1):
                messages = tuple(self._left[place](moment))
                if messages:
                    del self._left[place]
                    return messages
            self._left = list(self._cards)
            moment.rng.shuffle(self._left)
        return ()


# --- posts


def _like(at: Moment) -> Iterator[bytes]:
    """The account likes the post that it was sent, or somebody the account's own."""
    post, circle = at.post.retweeted or at.post, at.circle
    fan = at.stranger() if post.author.id == circle.me.id else circle.me
    if fan is not None and (fan, post) not in circle.liked:
        circle.liked.append((fan, post))
        post.count(likes=1, views=1)
        yield at.event("favorite", fan, post.author, status(post, depth=1))


def _unlike(at: Moment) -> Iterator[bytes]:
    if at.circle.liked:
        fan, post = like = pick(at.rng, at.circle.liked)
        at.circle.liked.remove(like)
        post.count(likes=-1, views=0)
        yield at.event("unfavorite", fan, post.author, status(post, depth=1))


def _quoted(at: Moment) -> Iterator[bytes]:
    """Somebody quotes a post of the account: the quote comes, and the event about it."""
    other = at.stranger()
    if at.circle.posted and other is not None:
        text, _ = say(at.rng, at.world.people, ANY, other.lang)
        quoted = pick(at.rng, at.circle.posted)
        quote = at.world.compose(text, author=other, lang=other.lang, quoted=quoted)
        yield status_bytes(quote)
        yield at.event("quoted_tweet", other, at.circle.me, status(quote, depth=1))


def _repeat_noticed(name: str, at: Moment) -> Iterator[bytes]:
    """Somebody likes or repeats what the account repeated."""
    other = at.stranger()
    if at.circle.repeated and other is not None:
        repeat = pick(at.rng, at.circle.repeated)
        yield at.event(name, other, at.circle.me, status(repeat, depth=1))


def _deletion(at: Moment) -> Iterator[bytes]:
    at.circle.forget(at.post)
    yield notices.deletion(at.post)


def _scrub_geo(at: Moment) -> Iterator[bytes]:
    yield notices.scrub_geo(at.post)


def _withheld(whole_user: bool, at: Moment) -> Iterator[bytes]:
    yield notices.withheld(at.post, whole_user)


# --- people


def _follow(at: Moment) -> Iterator[bytes]:
    other = at.stranger()
    if other is not None:
        at.circle.follow(other.id)
        yield at.event("follow", at.circle.me, other)


def _followed(at: Moment) -> Iterator[bytes]:
    other = at.stranger()
    if other is not None:
        yield at.event("follow", other, at.circle.me)


def _unfollow(at: Moment) -> Iterator[bytes]:
    if len(at.circle.friends) > 1:
        other = _friend(at)
        at.circle.unfollow(other.id)
        yield at.event("unfollow", at.circle.me, other)


def _do(name: str, at: Moment) -> Iterator[bytes]:
    """Something that can be undone: to somebody the account meets, or to a friend."""
    circle = at.circle
    of_friend = name.startswith("user_")
    person = at.stranger() if not of_friend else _friend(at) if len(circle.friends) > 1 else None
    if person is not None and person not in circle.undoable[name]:
        circle.do(name, person)
        yield _undoable(at, name, name, person)


def _undo(name: str, at: Moment) -> Iterator[bytes]:
    if at.circle.undoable[name]:
        person = pick(at.rng, at.circle.undoable[name])
        at.circle.undo(name, person)
        yield _undoable(at, name, UNDO[name], person)


def _undoable(at: Moment, kind: str, name: str, person: Person) -> bytes:
    me = at.circle.me
    if kind == "access_revoked":
        return at.bare(name, person, me, "client application")
    return at.bare(name, person, person) if kind.startswith("user_") else at.event(name, me, person)


def _profile(at: Moment) -> Iterator[bytes]:
    """The account says something else about itself."""
    me = at.circle.me
    me.bio = some_bio(me.lang, at.rng)
    me.forms.clear()
    yield at.event("user_update", me, me)


def _warning(at: Moment) -> Iterator[bytes]:
    yield notices.follows_over_limit(at.circle.me.id)


def _friend(at: Moment) -> Person:
    return at.world.people.with_id(pick(at.rng, at.circle.friends))


# --- letters


def _letter(at: Moment) -> Iterator[bytes]:
    """A direct message, to a friend or from one."""
    if at.circle.friends:
        pair = [at.circle.me, _friend(at)]
        at.rng.shuffle(pair)
        sender, recipient = pair
        note = mark(say(at.rng, at.world.people, ANY, sender.lang)[0], at.world.people, at.rng)
        said = Post(
            id=at.world.ids.next(),
            ms=at.post.ms,
            text=note.text,
            author=sender,
            lang=sender.lang,
            tags=note.tags,
            symbols=note.symbols,
            mentions=note.mentions,
            links=note.links,
        )
        letter = Letter(said, recipient)
        at.circle.letters.append(letter)
        yield encode({"direct_message": letter_form(letter)})


def _letter_deletion(at: Moment) -> Iterator[bytes]:
    if at.circle.letters:
        letter = pick(at.rng, at.circle.letters)
        at.circle.letters.remove(letter)
        yield notices.letter_deletion(letter.said)


# Made up: likes are by far the most common, and the rarest come once in a deck.
_TIMES: tuple[tuple[int, Card], ...] = (
    (36, _like),
    (6, _unlike),
    (4, _quoted),
    (3, partial(_repeat_noticed, "favorited_retweet")),
    (2, partial(_repeat_noticed, "retweeted_retweet")),
    (4, _deletion),
    (1, _scrub_geo),
    (1, partial(_withheld, False)),
    (1, partial(_withheld, True)),
    (4, _follow),
    (5, _followed),
    (4, _unfollow),
    *((1, partial(_do, name)) for name in UNDO),
    *((1, partial(_undo, name)) for name in UNDO),
    (2, _profile),
    (1, _warning),
    (6, _letter),
    (1, _letter_deletion),
    *LIST_CARDS,
)
CARDS: tuple[Card, ...] = tuple(card for times, card in _TIMES for _ in range(times))
"""A whole deck."""
