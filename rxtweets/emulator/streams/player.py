"""A recording that is sent as it was received, at its pace."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import time
from collections.abc import Generator
from typing import Any

from rxtweets.recordings.files import checked_source
from rxtweets.recordings.reading import Record, records

from .hub import StreamHub

_TICK = 0.005
"""Seconds that frames are sent for at a time: the loop has other work."""
_QUEUED = 256 * 1024
"""Bytes waiting for a reader at which a recording without waits pauses."""
_logger = logging.getLogger(__name__)


def checked_speed(speed: float | None) -> float:
    """Return the speed, infinity for None. Raises ValueError if it isn't above 0."""
    if speed is not None and not 0 < speed < math.inf:
        raise ValueError(f"speed must be more than 0, or None for no waits, got {speed}")
    return speed or math.inf


class RecordingPlayer:
    """Sends the frames of a recording to every open stream, once, while there is one.

    Raises:
        OSError: The file can't be read.
        ValueError: It begins with a line that can't be, or holds no frame.
    """

    def __init__(self, hub: StreamHub, path: str | os.PathLike[str], speed: float | None) -> None:
        self._hub = hub
        self._path = checked_source(path)
        self._speed = checked_speed(speed)
        self._next: Record | None = None
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._records = self._open()
        if next(self._records, None) is None:
            raise ValueError(f"{self._path} holds no message")
        self.stop()
        hub.on_change.append(self._listeners_changed)

    def _open(self) -> Generator[Record]:
        return records([self._path], _no_event)

    def stop(self) -> None:
        """Send nothing until the next stream opens, and then from the beginning."""
        self._pause()
        self._records.close()
        self._records, self._next = self._open(), None

    def _pause(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _listeners_changed(self) -> None:
        if not self._hub.streams:
            self._pause()
        elif self._timer is None:
            self._due = time.monotonic() + (self._next.after / self._speed if self._next else 0.0)
            self._schedule(0.0)

    def _schedule(self, wait: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(wait, self._play)

    def _play(self) -> None:
        begun = time.monotonic()
        while self._hub.streams:
            if self._next is None:
                try:
                    self._next = next(self._records, None)
                except (OSError, ValueError) as error:
                    _logger.error("the recording ends here: %s", error)
                if self._next is None:
                    return  # and its timer stays, so that it doesn't begin again
                self._due += self._next.after / self._speed
            now = time.monotonic()
            if self._due > now and self._speed < math.inf:
                self._schedule(self._due - now)
                return
            if self._speed == math.inf and self._waiting() > _QUEUED:
                self._schedule(_TICK)
                return
            frame, self._next = self._next.item, None
            for stream in tuple(self._hub.streams.values()):
                stream.send_message(frame)
            self._hub.notify()
            if now - begun > _TICK:
                self._schedule(0.0)
                return

    def _waiting(self) -> int:
        return max((stream.waiting() for stream in self._hub.streams.values()), default=0)


def _no_event(members: dict[str, Any]) -> None:
    """Leave out an event: the emulator's own connections have theirs."""
