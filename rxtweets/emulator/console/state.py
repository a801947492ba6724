"""The state of the emulator, as plain data for the console and for programs. It holds no secrets."""

from __future__ import annotations

import math
import time
from collections import deque
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from rxtweets.emulator.api.v1 import endpoints as v1
from rxtweets.emulator.api.v2.fields import LIKE_LISTS, POST_LISTS, RECOVERY
from rxtweets.emulator.api.v2.powerstream import PARAMETERS
from rxtweets.emulator.app.records import EndedStream
from rxtweets.emulator.app.usage import UsageBook
from rxtweets.emulator.streams.hub import StreamHub
from rxtweets.emulator.streams.stream import OpenStream
from rxtweets.emulator.world.languages import sent_code
from rxtweets.emulator.world.model import Post
from rxtweets.emulator.world.text import unescaped

from .pace import Pace

if TYPE_CHECKING:
    from rxtweets.emulator.api.v2.rules import RuleBook
    from rxtweets.emulator.app.services import Services

_T = TypeVar("_T")

SHOWN = 20
"""Posts, requests and streams that have ended, the latest of each."""
MOST = 100
"""Streams and rules that are listed."""
LONGEST = 280
"""Characters of a text that a client has sent."""

_PARAMETERS = {*v1.PARAMETERS, *RECOVERY, *POST_LISTS, *LIKE_LISTS, *PARAMETERS, "partition"}
"""Parameters that are shown, those of streams: none can hold a credential."""


class State:
    """The state, with the pace of each stream, which is known from one look to the next."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._total = Pace(services.clock.started)
        self._each: dict[str, Pace] = {}

    def now(self) -> dict[str, Any]:
        """Return the emulator's state at this moment."""
        services, hub, now = self._services, self._services.hub, time.monotonic()
        streams = self._streams(now)
        messages, size = self._total.of(
            now,
            hub.messages,
            hub.bytes_written,
            (
                sum(stream["messages_per_second"] for stream in streams),
                sum(stream["bytes_per_second"] for stream in streams),
            ),
        )
        return {
            "time": _utc(services.clock.time()),
            "skew": services.clock.skew,
            "uptime": round(now - services.clock.started),
            "seed": services.seed,
            "rate": "max" if math.isinf(services.producer.rate) else services.producer.rate,
            "posts": hub.history.end,
            "open": len(hub.streams),
            "ruled": len(services.rule_book.rules) + len(services.powerstream_rules.rules),
            "messages": hub.messages,
            "messages_per_second": round(messages, 1),
            "bytes": hub.bytes_written,
            "bytes_per_second": round(size),
            "streams": streams,
            "ended": [_ended(one) for one in _latest(hub.past)],
            "rules": [
                *_rules(services.rule_book, "filtered"),
                *_rules(services.powerstream_rules, "Powerstream"),
            ],
            "recent": _recent(hub),
            "bill": _bill(services.usage),
            "requests": [
                {
                    "method": one.method[:20],
                    "path": one.path[:LONGEST],
                    "status": one.status,
                    "uptime": round(one.time - services.clock.started, 3),
                }
                for one in _latest(services.requests.kept)
            ],
            "faults": services.faults.in_force()
            + ([f"the clock is off by {services.clock.skew:+g} s"] if services.clock.skew else []),
        }

    def _streams(self, now: float) -> list[dict[str, Any]]:
        streams = list(islice(self._services.hub.streams.values(), MOST))
        known = self._each
        self._each = {
            stream.record.id: known.get(stream.record.id) or Pace(stream.since) for stream in streams
        }
        shown = []
        for stream in streams:
            messages, size = self._each[stream.record.id].of(now, stream.messages, stream.bytes_written)
            pace = {"messages_per_second": round(messages, 1), "bytes_per_second": round(size)}
            shown.append({**_stream(stream), **pace})
        return shown


def _latest(kept: deque[_T]) -> list[_T]:
    """Return the last of them, the latest first."""
    return list(islice(reversed(kept), SHOWN))


def _stream(stream: OpenStream) -> dict[str, Any]:
    record = stream.record
    asked = {**record.params, **record.form}
    return {
        "id": record.id,
        "protocol": record.protocol,
        "path": record.path,
        "asked": {name: value[:LONGEST] for name, value in asked.items() if name in _PARAMETERS},
        "client": record.client_ip,
        "agent": record.headers.get("user-agent", "")[:LONGEST],
        "opened": record.opened.strftime("%H:%M:%S"),
        "gzip": stream.compressed,
        "messages": stream.messages,
        "bytes": stream.bytes_written,
        "waiting": stream.waiting(),
        "stalled": bool(stream.distortion.stalled),
        "replaying": stream.replaying,
    }


def _ended(stream: EndedStream) -> dict[str, Any]:
    return {
        "id": stream.id,
        "protocol": stream.protocol,
        "path": stream.path,
        "client": stream.client_ip,
        "opened": stream.opened.strftime("%H:%M:%S"),
        "ended": stream.ended.strftime("%H:%M:%S"),
        "reason": stream.reason,
        "messages": stream.messages,
        "bytes": stream.bytes,
    }


def _rules(book: RuleBook, stream: str) -> list[dict[str, Any]]:
    counts = book.selector.counts
    return [
        {"id": rule.id, "value": rule.value, "tag": rule.tag, "matches": counts[rule.id], "stream": stream}
        for rule in islice(book.rules.values(), MOST)
    ]


def _recent(hub: StreamHub) -> list[dict[str, Any]]:
    """Return the last posts, with the number of streams that each was sent to."""
    numbers = range(hub.history.end - 1, hub.history.start - 1, -1)
    latest = zip(numbers, _latest(hub.delivery_counts), strict=False)
    return [{**_post(hub.history.get(number)), "streams": streams} for number, streams in latest]


def _bill(usage: UsageBook) -> dict[str, Any]:
    """Return what was delivered today and since the cap was reset, by kind, and what it costs."""
    today, period, prices = usage.today(), usage.period(), usage.prices
    kinds: list[dict[str, Any]] = [
        {
            "kind": kind,
            "today": today[kind],
            "month": count,
            "price": None if prices is None else prices.price(kind),
            "dollars": None if prices is None else round(prices.price(kind) * count, 6),
        }
        for kind, count in sorted(period.items())
    ]
    return {
        "kinds": kinds,
        "dollars": None if prices is None else round(sum(one["dollars"] for one in kinds), 6),
        "posts": period["post"],
        "cap": usage.cap,
        "credit": usage.credit,
        "refusal": usage.refusal(),
    }


def _post(post: Post) -> dict[str, Any]:
    kinds = {"retweet": post.retweeted, "quote": post.quoted, "reply": post.reply_to}
    return {
        "id": str(post.id),
        "author": post.author.screen_name,
        "text": unescaped(post.text)[:LONGEST],
        "lang": sent_code(post.lang),
        "kind": next((kind for kind, other in kinds.items() if other is not None), "post"),
    }


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
