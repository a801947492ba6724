"""The posts that later ones answer, retweet and quote."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from .model import Post
from .post_spec import ANY, PostSpec
from .sampling import pick

_PER_SPEC = 20
_SPECS = 50
"""Posts of one spec that are retweeted again and again, and the specs remembered."""
_FEW = 20
"""While fewer posts are remembered, new ones are made more often, lest the same few come up all the time."""
_WITH_ID = 2000
"""Posts kept at most that were made because a rule names their ids."""

MakeOld = Callable[[PostSpec, str, int | None], Post]
"""Makes a post of the past to a spec, in a language; with that id, if one is given."""


class ReferencedPosts:
    """Remembers posts of the world, and has others made as if they had been there all the time.

    `published` finds a post that was published by its id.
    """

    def __init__(
        self, rng: random.Random, make_old: MakeOld, published: Callable[[int], Post | None]
    ) -> None:
        self._rng = rng
        self._make_old = make_old
        self._published = published
        self.recent: deque[Post] = deque(maxlen=300)
        self._by_spec: dict[PostSpec, deque[Post]] = {}
        self._by_id: dict[int, Post] = {}

    def pick(self, lang: str) -> Post:
        """Return a recent post, or now and then an older one."""
        if self._rng.random() < min(0.96, len(self.recent) / _FEW):
            return pick(self._rng, self.recent)
        post = self._make_old(ANY, lang, None)
        self.recent.append(post)
        return post

    def matching(self, spec: PostSpec, lang: str) -> Post:
        """Return a post to the spec: mostly one returned before, as a few posts get most retweets."""
        known = self._by_spec.pop(spec, None) or deque(maxlen=_PER_SPEC)
        self._by_spec[spec] = known  # the least recently used is first
        if len(self._by_spec) > _SPECS:
            del self._by_spec[next(iter(self._by_spec))]
        if self._rng.random() < min(0.8, len(known) / _FEW):
            return pick(self._rng, known)
        known.append(self._make_old(spec, lang, None))
        return known[-1]

    def with_id(self, post_id: int, spec: PostSpec, lang: str) -> Post:
        """Return the post with that id: one that was published, else one made to the spec, which stays."""
        known = self._published(post_id) or self._by_id.get(post_id)
        if known is None:
            known = self._by_id[post_id] = self._make_old(spec, lang, post_id)
            if len(self._by_id) > _WITH_ID:
                del self._by_id[next(iter(self._by_id))]
        return known
