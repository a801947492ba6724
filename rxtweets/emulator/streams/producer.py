"""The world's talk: when posts are made and for whom; what they are is the world's affair."""

from __future__ import annotations

import asyncio
import math
import time

from rxtweets.emulator.app.clock import Clock
from rxtweets.emulator.world.post_spec import ANY
from rxtweets.emulator.world.recording import Recording
from rxtweets.emulator.world.world import World

from .hub import StreamHub
from .source import Feed

LINGER = 300.0
"""Seconds that the world talks on once its last listener has left: who returns has missed something."""
ALONE = 200.0
"""Posts a second at most while nobody listens."""
_STEP = 1 / 20_000
"""Seconds that pass in a seeded world with each post where no rate says so."""
_TURN = 0.005
"""Seconds of talk at a stretch: the loop has other work, and what is said in one turn is one write."""
_ENOUGH = 512 * 1024
"""Bytes that wait for every reader at which a world without a rate pauses."""


def checked_rate(rate: float) -> float:
    """The rate, if it is one. Raises ValueError."""
    if math.isnan(rate) or rate < 0:
        raise ValueError(
            f"rate must be 0 or more posts a second, math.inf for as fast as it goes, got {rate}"
        )
    return rate


class Talk:
    """Makes the world's posts at a rate while somebody listens and for some time after, and hands them out.

    With a `recording` it is its posts that are handed out, and only while somebody listens.

    Which posts are made, and in which order, doesn't depend on how the machine keeps up with the rate.
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
        self._spoken = 0.0

    @property
    def rate(self) -> float:
        """Posts a second; `math.inf` is as fast as the fastest reader takes them."""
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._rate = checked_rate(rate)
        if self._listeners or self._timer is not None:
            self._begin()

    def listeners_changed(self) -> None:
        """Take notice of a stream that opened or closed."""
        before, self._listeners = self._listeners, len(self._hub.streams)
        if self._listeners:
            self._feeds = tuple(stream.feed for stream in self._hub.streams.values())
        if self._listeners > before:
            self._until = math.inf
            if self._timer is None:
                self._begin()
        elif self._listeners == 0 and self._until == math.inf:
            self._until = time.monotonic() + LINGER  # and what they ask for is kept that long

    def stop(self) -> None:
        """Fall silent until the next stream opens."""
        self._until = 0.0
        self._cancel()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self) -> None:
        self._cancel()
        self._spoken, self._debt = time.monotonic(), 0.0
        self._later()

    @property
    def _pace(self) -> float:
        if self._recording is not None:
            return self._rate if self._listeners else 0.0
        return self._rate if self._listeners else min(self._rate, ALONE)

    def _later(self, wait: float | None = None) -> None:
        pace = self._pace
        self._cancel()  # the rate may have been changed by what came of a post
        if pace > 0 and time.monotonic() < self._until:
            wait = max(1 / pace, _TURN) if wait is None else wait
            self._timer = asyncio.get_running_loop().call_later(wait, self._speak)

    def _speak(self) -> None:
        self._timer = None
        pace = self._pace
        if pace == math.inf:
            self._speak_freely()
        elif pace > 0:
            self._speak_at(pace)

    def _speak_at(self, pace: float) -> None:
        now = time.monotonic()
        # Not more than a quarter of a second is made up for, lest a busy machine falls ever further behind.
        self._debt += min(now - self._spoken, max(0.25, 1 / pace)) * pace
        self._spoken = now
        while self._debt >= 0.999 and time.monotonic() - now < 4 * _TURN:
            self._debt -= 1
            self._clock.advance(1 / pace)
            self._say()
        self._later()

    def _speak_freely(self) -> None:
        """As much as fits into a turn, unless it goes nowhere."""
        reading = [stream for stream in self._hub.streams.values() if not stream.shape.stalled]
        waiting = min((stream.waiting() for stream in reading), default=math.inf)
        if waiting > min(_ENOUGH, self._hub.limits.queue // 4):
            self._later(_TURN / 2)
            return
        self._spoken = time.monotonic()
        while time.monotonic() - self._spoken < _TURN:
            self._clock.advance(_STEP)
            self._say()
        self._later(0)

    def _say(self) -> None:
        if self._recording is not None:
            post = self._recording.next()
            self._hub.give(post) if post is not None else self.stop()
            return
        rng = self._world.rng
        spec = rng.choice(self._feeds).post_spec(rng)
        if spec is not None and spec != ANY and rng.random() < 0.15:
            spec = ANY  # the rest of the world talks too
        self._hub.give(self._world.make(spec or ANY), rng)
