"""CPU per message of a hub with many filters of which few match, against one with ten.

The same frames are decoded and delivered by each hub in turn, in one process, behind the network: what a
hub's reading thread does with them. What counts is the ratio.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

import rxtweets as rxt
from rxtweets import rules
from rxtweets.hub.core import HubCore
from rxtweets.hub.query_hub import _Session
from rxtweets.messages import decode

from .corpus import corpus

FEW, MANY, PACKED = 10, 1_000, 5_000
LIMIT, PACKED_LIMIT = 2.0, 3.0
ROUNDS = 9
MOST_PHRASES = 390
"""Of v1.1's 400; the other filters follow users."""
COMMON = 10
"""Every hub has these filters, a few of which match: the others match nothing."""


def main() -> None:
    """Measure and print the ratios."""
    _v1()
    _v2()


def _v1() -> None:
    frames = corpus("v1")
    common = [("the", "de", "que", "a", "no", "me", "en", "it", "la", "to")[n] for n in range(COMMON)]

    def filled(count: int) -> tuple[HubCore, Any]:
        hub = rxt.FilterHub(rxt.Stream(None))
        core: Any = hub._core
        core._pump = lambda: None
        for number in range(count):
            if number >= MOST_PHRASES:
                one = hub.filter(follow=[10**9 + number])
            elif number >= COMMON:
                one = hub.filter(track=f"rare{number}")
            else:
                one = hub.filter(track=f"{common[number]} {common[-1 - number]}")
            one.subscribe(lambda _: None)
        core._live = _Session(core._planner.next(core._now() + 60.0))
        return core, partial(core._forward, core._live)

    _report("v1.1", [filled(FEW), filled(MANY)], [frames, frames], LIMIT)


def _v2() -> None:
    usual = corpus("v2")
    few, many, packed = _filled(FEW, usual), _filled(MANY, usual), _filled(PACKED, usual, pack=True)
    _report("v2", [few[0], many[0]], [few[1], many[1]], LIMIT)
    _report("v2, packed", [few[0], packed[0]], [few[1], packed[1]], PACKED_LIMIT)
    full = corpus("v2", **rules.fields_for("rare"))
    few, packed = _filled(FEW, full), _filled(PACKED, full, pack=True)
    _report("v2, packed, posts in full", [few[0], packed[0]], [few[1], packed[1]], PACKED_LIMIT)


def _filled(
    count: int, messages: Sequence[bytes], *, pack: bool = False
) -> tuple[tuple[Any, Any], list[bytes]]:
    """Return a hub with *count* filters, and *messages* with the tags of its rules."""
    fields = rules.fields_for("rare") if pack else {}
    hub = rxt.FilterHub(rxt.StreamingClient(None), pack=pack, **fields)
    core: Any = hub._core
    core._pump = lambda: None
    for number in range(count):
        hub.filter(f"rare{number}").subscribe(lambda _: None)
    planner = core._planner
    now = core._now()
    planner.next(now)
    planner.on_list([], now)
    tags: list[str] = []
    while planner._uncovered:
        now += 30.0
        batch = planner.next(now)
        if isinstance(batch, float):
            continue
        added = [msgspec.structs.replace(rule, id=str(n)) for n, rule in enumerate(batch.rules)]
        planner.on_update(rules.RuleUpdate(tuple(added), created=len(added)), {}, now)
        tags += [rule.tag for rule in added]
    tagged = []
    for number, frame in enumerate(map(msgspec.json.decode, messages)):
        tag = tags[1 + number % min(len(tags) - 1, COMMON)]
        frame["matching_rules"] = [{"id": "1", "tag": tag}]
        tagged.append(msgspec.json.encode(frame))
    return (core, partial(core._on_item, core._live)), tagged


def _report(kind: str, hubs: Sequence[Any], frames: Sequence[Sequence[bytes]], limit: float) -> None:
    rounds = [
        [_microseconds(deliver, given) for (_, deliver), given in zip(hubs, frames, strict=True)]
        for _ in range(ROUNDS)
    ]
    few, many = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratios = sorted(many / few for few, many in rounds)
    counts = [len(core._holders) for core, _ in hubs]
    print(
        f"hub, {kind}: {few:.1f} µs a message with {counts[0]:,} filters, {many:.1f} µs with {counts[1]:,}; "
        f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), limit {limit:g}",
        flush=True,
    )


def _microseconds(deliver: Any, frames: Sequence[bytes]) -> float:
    start = time.process_time()
    for frame in frames:
        deliver(decode(frame))
    return (time.process_time() - start) / len(frames) * 1e6


if __name__ == "__main__":
    main()
