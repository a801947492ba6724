"""The schedule of generated posts: when they are made and for which stream. `World` decides their content."""

from __future__ import annotations

import asyncio
import math
import time

from rxtweets.emulator.app.clock import Clock
from rxtweets.emulator.world.post_spec import ANY
from rxtweets.emulator.world.recording import Recording
from rxtweets.emulator.world.sampling import pick
from rxtweets.emulator.world.world import World

from .hub import StreamHub
from .source import Feed

LISTENERLESS_SECONDS = 300.0
"""Seconds that posts go on after the last stream has closed: a client that returns has missed some."""
LISTENERLESS_RATE = 200.0
"""Posts a second at most while no stream is open."""
_STEP = 1 / 20_000
"""Seconds that pass in a seeded world with each post at an unlimited rate."""
_TICK = 0.005
"""Seconds that a tick takes at most: the loop has other work, and the posts of one tick are one write."""
_QUEUED = 512 * 1024
"""Bytes waiting for every reader at which an unlimited rate pauses."""


def checked_rate(rate: float) -> float:
    """Return the rate. Raises ValueError if it is negative or not a number."""
    if math.isnan(rate) or rate < 0:
        raise ValueError(
            f"rate must be 0 or more posts a second, math.inf for as fast as it goes, got {rate}"
        )
    return rate


class PostProducer:
    """The producer of generated posts, at a rate, while a stream is open and for some time after.

    With a `recording` its posts are published instead, and only while a stream is open.

    The posts and their order don't depend on whether the machine keeps up with the rate.
    """

    def __init__(
        self, world: World, clock: Clock, hub: StreamHub, rate: float, recording: Recording | None = None
    ) -> None:
        self._world = world
        self._clock = clock
        self._hub = hub
        self._recording = recording
        self._rate = checked_rate(rate)
        self._feeds: tuple[Feed, ...] = ()
        self._listeners = 0
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._debt = 0.0
        self._last_tick = 0.0
        hub.on_change.append(self._listeners_changed)

    @property
    def rate(self) -> float:
        """Posts a second; `math.inf` is as fast as the fastest reader takes them."""
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._rate = checked_rate(rate)
        if self._listeners or self._timer is not None:
            self._start()

    def _listeners_changed(self) -> None:
        """Adapt to a stream that opened or closed."""
        before, self._listeners = self._listeners, len(self._hub.streams)
        if self._listeners:
            self._feeds = tuple(stream.feed for stream in self._hub.streams.values())
        if self._listeners > before:
            self._until = math.inf
            if self._timer is None:
                self._start()
        elif self._listeners == 0 and self._until == math.inf:
            self._until = time.monotonic() + LISTENERLESS_SECONDS  # until then posts are still made for them

    def stop(self) -> None:
        """Publish nothing until the next stream opens."""
        self._until = 0.0
        self._cancel()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        self._cancel()
        self._last_tick, self._debt = time.monotonic(), 0.0
        self._schedule()

    @property
    def _current_rate(self) -> float:
        if self._recording is not None:
            return self._rate if self._listeners else 0.0
        return self._rate if self._listeners else min(self._rate, LISTENERLESS_RATE)

    def _schedule(self, wait: float | None = None) -> None:
        rate = self._current_rate
        self._cancel()  # the rate may have been changed by what came of a post
        if rate > 0 and time.monotonic() < self._until:
            wait = max(1 / rate, _TICK) if wait is None else wait
            self._timer = asyncio.get_running_loop().call_later(wait, self._tick)

    def _tick(self) -> None:
        self._timer = None
        rate = self._current_rate
        if rate == math.inf:
            self._tick_unpaced()
        elif rate > 0:
            self._tick_paced(rate)

    def _tick_paced(self, rate: float) -> None:
        now = time.monotonic()
        # Not more than a quarter of a second is made up for, lest a busy machine falls ever further behind.
        self._debt += min(now - self._last_tick, max(0.25, 1 / rate)) * rate
        self._last_tick = now
        while self._debt >= 0.999 and time.monotonic() - now < 4 * _TICK:
            self._debt -= 1
            self._clock.advance(1 / rate)
            self._emit()
        self._schedule()

    def _tick_unpaced(self) -> None:
        """Emit as many posts as fit into a tick, unless no client reads them."""
        reading = [stream for stream in self._hub.streams.values() if not stream.distortion.stalled]
        waiting = min((stream.waiting() for stream in reading), default=math.inf)
        if waiting > min(_QUEUED, self._hub.limits.queue // 4):
            self._schedule(_TICK / 2)
            return
        self._last_tick = time.monotonic()
        while time.monotonic() - self._last_tick < _TICK:
            self._clock.advance(_STEP)
            self._emit()
        self._schedule(0)

    def _emit(self) -> None:
        if self._recording is not None:
            post = self._recording.next()
            self._hub.publish(post) if post is not None else self.stop()
            return
        rng = self._world.rng
        spec = pick(rng, self._feeds).post_spec(rng)
        if spec is not None and spec != ANY and rng.random() < 0.15:
            spec = ANY  # the rest of the world talks too
        self._hub.publish(self._world.make(spec or ANY), rng)
