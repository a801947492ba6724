"""The posts that later ones answer, repeat and quote."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from .chance import pick
from .model import Post
from .post_spec import ANY, PostSpec

_POPULAR = 20
_TOPICS = 50
"""How many posts about a spec are repeated again and again, and for how many specs."""
_FEW = 20
"""While fewer are remembered others are made up more often, lest the same few are repeated all the time."""
_NUMBERED = 2000
"""Posts kept at most that were made up because a rule names their ids."""

MakeOld = Callable[[PostSpec, str, int | None], Post]
"""Makes a post of some time ago, about a spec, in a language; with that id, if one is given."""


class Past:
    """Remembers posts of the world, and has others made up as if they had been there all the time.

    `published` finds a post that was published by its id.
    """

    def __init__(
        self, rng: random.Random, make_old: MakeOld, published: Callable[[int], Post | None]
    ) -> None:
        self._rng = rng
        self._make_old = make_old
        self._published = published
        self.recent: deque[Post] = deque(maxlen=300)
        self._popular: dict[PostSpec, deque[Post]] = {}
        self._numbered: dict[int, Post] = {}

    def any(self, lang: str) -> Post:
        """A post that people refer to: a remembered one, or now and then one from before."""
        if self._rng.random() < min(0.96, len(self.recent) / _FEW):
            return pick(self._rng, self.recent)
        post = self._make_old(ANY, lang, None)
        self.recent.append(post)
        return post

    def about(self, spec: PostSpec, lang: str) -> Post:
        """A post that is wished for: mostly one that was repeated before, as on the real site."""
        known = self._popular.pop(spec, None) or deque(maxlen=_POPULAR)
        self._popular[spec] = known  # the one asked for longest ago is first
        if len(self._popular) > _TOPICS:
            del self._popular[next(iter(self._popular))]
        if self._rng.random() < min(0.8, len(known) / _FEW):
            return pick(self._rng, known)
        known.append(self._make_old(spec, lang, None))
        return known[-1]

    def numbered(self, post_id: int, spec: PostSpec, lang: str) -> Post:
        """The post of that id: one that was published, else one made up as wished for, which stays."""
        known = self._published(post_id) or self._numbered.get(post_id)
        if known is None:
            known = self._numbered[post_id] = self._make_old(spec, lang, post_id)
            if len(self._numbered) > _NUMBERED:
                del self._numbered[next(iter(self._numbered))]
        return known
