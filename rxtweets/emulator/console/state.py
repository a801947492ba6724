"""What is going on in the emulator, as plain data for the console and for programs. It holds no secrets."""

from __future__ import annotations

import math
import time
from collections import deque
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from rxtweets.emulator.streams import OpenStream
from rxtweets.emulator.world.model import Post

if TYPE_CHECKING:
    from rxtweets.emulator.site import Site

SHOWN = 20
"""Posts and requests, the latest of each."""
MOST = 100
"""Streams and rules that are listed."""
LONGEST = 280
"""Characters of a text that a client has sent."""

_PARAMETERS = frozenset(
    {
        *("track", "follow", "locations", "language", "filter_level", "count", "partitions"),
        *("with", "replies", "delimited", "stall_warnings", "stringify_friend_ids"),
        *("backfill_minutes", "start_time", "end_time", "partition", "expansions"),
    }
)
"""Parameters that are shown, beside those that end in ``.fields``: none can hold a credential."""


class Volume:
    """Messages sent in each of the last seconds; of the time when nobody looked it has the mean."""

    def __init__(self, seconds: int = 60) -> None:
        self.each: deque[int] = deque([0] * seconds, maxlen=seconds)
        self._second = int(time.monotonic())
        self._total = 0

    def note(self, total: int) -> None:
        """Take in the total sent up to now."""
        now = int(time.monotonic())
        passed, new = now - self._second, total - self._total
        mean = new // max(passed, 1)
        self.each.extend([mean] * min(passed, len(self.each)))
        if not passed:
            self.each[-1] += new
        self._second, self._total = now, total

    @property
    def per_second(self) -> float:
        """The mean of the last five whole seconds."""
        return sum(list(self.each)[-6:-1]) / 5


def snapshot(site: Site) -> dict[str, Any]:
    """The emulator's state at this moment."""
    hub, clock, counts = site.hub, site.clock, site.book.selector.counts
    history = hub.history
    numbers = range(history.end - 1, max(history.start, history.end - SHOWN) - 1, -1)
    return {
        "time": _utc(clock.time()),
        "skew": clock.skew,
        "rate": "max" if math.isinf(site.talk.rate) else site.talk.rate,
        "posts": history.end,
        "open": len(hub.streams),
        "ruled": len(site.book.rules),
        "messages": hub.messages,
        "bytes": hub.bytes,
        "streams": [_stream(stream) for stream in islice(hub.streams.values(), MOST)],
        "rules": [
            {
                "id": rule.id,
                "value": rule.value,
                "tag": rule.tag,
                "matches": counts[rule.id],
            }
            for rule in islice(site.book.rules.values(), MOST)
        ],
        "recent": [_post(history.get(number)) for number in numbers],
        "requests": [
            {"method": one.method[:20], "path": one.path[:LONGEST], "status": one.status}
            for one in list(site.requests.kept)[: -SHOWN - 1 : -1]
        ],
        "trouble": site.trouble.in_force()
        + ([f"the clock is off by {clock.skew:+g} s"] if clock.skew else []),
    }


def _stream(stream: OpenStream) -> dict[str, Any]:
    record = stream.record
    asked = {**record.params, **record.form}
    return {
        "id": record.id,
        "protocol": record.protocol,
        "path": record.path,
        "asked": {
            name: value[:LONGEST]
            for name, value in asked.items()
            if name in _PARAMETERS or name.endswith(".fields")
        },
        "client": record.client_ip,
        "agent": record.headers.get("user-agent", "")[:LONGEST],
        "opened": record.opened.strftime("%H:%M:%S"),
        "gzip": stream.compressed,
        "messages": stream.messages,
        "bytes": stream.bytes,
        "waiting": stream.waiting(),
    }


def _post(post: Post) -> dict[str, Any]:
    kinds = {"retweet": post.retweeted, "quote": post.quoted, "reply": post.reply_to}
    return {
        "id": str(post.id),
        "author": post.author.screen_name,
        "text": post.text[:LONGEST],
        "lang": post.lang,
        "kind": next((kind for kind, other in kinds.items() if other is not None), "post"),
    }


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
