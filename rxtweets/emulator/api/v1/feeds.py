"""The public streams of v1.1."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from msgspec import Struct, structs

from rxtweets.emulator.app.clock import Clock
from rxtweets.emulator.streams.matching import tracked
from rxtweets.emulator.streams.source import Feed, partition_of
from rxtweets.emulator.world.model import LEVELS, Post
from rxtweets.emulator.world.post_spec import PostSpec
from rxtweets.filters import FilterQuery
from rxtweets.rules.languages import rule_languages

from . import notices
from .forms import status_bytes
from .parameters import PARTITIONS


class StatusOptions(Struct, frozen=True):
    """The options that all streams of v1.1 have, with the account that opened it and its name."""

    account: str
    name: str
    clock: Clock
    delimited: bool
    stall_warnings: bool


class StatusFeed(Feed):
    """Statuses, and the notices between them; an account has one stream at a time of each kind (`slot`)."""

    protocol = "1.1"

    def __init__(self, common: StatusOptions, slot: str | None = "public") -> None:
        self.name = common.name
        self.delimited = common.delimited
        self.slot = None if slot is None else (common.account, slot)
        self._common = common

    def matches(self, post: Post) -> bool:
        """Tell whether the stream gets the post."""
        return True

    def message(self, post: Post) -> bytes | None:
        return status_bytes(post) if self.matches(post) else None

    def random_notices(self, post: Post, rng: random.Random) -> tuple[bytes, ...]:
        drawn = rng.random()
        if drawn < 0.02:
            return (notices.deletion(post),)
        if drawn < 0.022:
            return (notices.scrub_geo(post),)
        return (notices.withheld(post, whole_user=drawn < 0.023),) if drawn < 0.024 else ()

    def stall_warning(self, percent: int) -> bytes | None:
        return notices.falling_behind(percent) if self._common.stall_warnings else None

    def limit_notice(self, total: int) -> bytes | None:
        return notices.limit(total, self._common.clock.world_ms())

    def final_message(self) -> bytes | None:
        return notices.disconnect(9, self.name)

    def disconnect_message(self) -> bytes | None:
        return notices.disconnect(7, self.name)


class FilterFeed(StatusFeed):
    """Statuses that a filter matches."""

    def __init__(self, common: StatusOptions, query: FilterQuery) -> None:
        super().__init__(common)
        self._query = query

    def matches(self, post: Post) -> bool:
        return tracked(self._query, post)

    def post_spec(self, rng: random.Random) -> PostSpec | None:
        return spec_from_query(self._query, rng)


def spec_from_query(query: FilterQuery, rng: random.Random) -> PostSpec:
    """Return a spec whose posts mostly match the filter."""
    options: list[PostSpec] = []
    if query.track:
        options.append(PostSpec(words=tuple(rng.choice(query.track).split())))
    if query.follow:
        options.append(PostSpec(author=rng.choice(query.follow)))
    if query.locations:
        options.append(PostSpec(box=rng.choice(query.locations)))
    lang = _language(query.languages, rng)
    level = "medium" if query.filter_level == "medium" else None
    return structs.replace(rng.choice(options), lang=lang, level=level)


def _language(asked: Sequence[str], rng: random.Random) -> str | None:
    """Return one of the languages asked for, or None where X has none of them, so that nothing matches."""
    codes = [code for one in asked for code in rule_languages(one)]
    return rng.choice(codes) if codes else None


class VolumeFeed(StatusFeed):
    """All statuses, or those of one kind, in the partitions asked for."""

    def __init__(
        self,
        common: StatusOptions,
        kind: Callable[[Post], object],
        partitions: frozenset[int],
        languages: frozenset[str],
        level: str,
    ) -> None:
        super().__init__(common)
        self._kind = kind
        self._partitions = partitions
        self._languages = languages.union(*map(rule_languages, languages))
        self._level = LEVELS.index(level)

    def matches(self, post: Post) -> bool:
        return (
            partition_of(post, PARTITIONS) in self._partitions
            and (not self._languages or post.lang in self._languages)
            and LEVELS.index(post.level) >= self._level
            and bool(self._kind(post))
        )

    def post_spec(self, rng: random.Random) -> PostSpec | None:
        lang = _language(sorted(self._languages), rng)
        return PostSpec(lang=lang, level="medium" if self._level == LEVELS.index("medium") else None)
