"""A past for a world that has just begun."""

from __future__ import annotations

from collections.abc import Sequence

from rxtweets.emulator.app.clock import Clock
from rxtweets.emulator.app.usage import UsageBook
from rxtweets.emulator.world.post_spec import ANY
from rxtweets.emulator.world.specs import spec_from_rule
from rxtweets.emulator.world.world import World
from rxtweets.rules import Rule

from .history import History

_UNTIL = 35.0
"""Seconds before now at which the past ends: a search finds all of it."""
_MATCHING = 0.85
"""The share of the posts that are made to match a rule, if there are any: that of a stream with these."""


def make_past(
    world: World,
    clock: Clock,
    history: History,
    posts: int,
    days: float,
    rules: Sequence[Rule],
    delivered: UsageBook | None,
) -> None:
    """Remember posts of the last days, most of which match one of the rules; count them as delivered.

    Raises:
        RuntimeError: There are posts already.
        ValueError: A number is none above 0.
    """
    if history.end:
        raise RuntimeError("a past is made before anything is published")
    if posts < 1 or days * 86_400 <= _UNTIL:
        raise ValueError(f"a past has posts, and days to make them in, not {posts} in {days}")
    rng, skew, last_id = world.rng, clock.skew, world.ids.last
    span = days * 86_400 - _UNTIL
    world.ids.last = 0
    try:
        for number in range(posts):
            clock.skew = skew - _UNTIL - span * (1 - (number + rng.random()) / posts)
            spec = spec_from_rule(rng.choice(rules), rng) if rules and rng.random() < _MATCHING else ANY
            post = world.make(spec)
            history.add(post, clock.world_ms())
            if delivered is not None:
                delivered.count([("post", post.id)])
    finally:
        clock.skew, world.ids.last = skew, max(last_id, world.ids.last)
        world.events.clear()
