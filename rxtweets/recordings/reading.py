"""The frames and events of files, in order: of recordings, and of files of other programs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any, NamedTuple

from . import archives, lines
from .files import Lines, parts

_log = logging.getLogger("rxtweets")

_BOM = b"\xef\xbb\xbf"


class Record(NamedTuple):
    """A frame or an event.

    Attributes:
        after: seconds that passed since the one before.
        item: the frame, or what was made of the event.
    """

    after: float
    item: Any


def records(paths: list[str], event: Callable[[dict[str, Any]], object]) -> Generator[Record]:
    """Yield the records of files; *event* makes an item of the members of an event, or None to leave it out.

    One file at a time is open, until the iterator is closed. The time between two recordings is left out.

    Raises:
        OSError: a file can't be read.
        ValueError: a line can't be, or *event* raised it; names the file and the line.
    """
    for path in paths:
        clock = _Clock()
        for part in parts(path):
            with closing(Lines(part)) as source:
                for line in source.rest():
                    try:
                        yield from _read(line.removeprefix(_BOM).strip(), clock, event)
                    except ValueError as error:
                        raise ValueError(f"{part}, line {source.number}: {error}") from None
                if source.cut:
                    _log.warning(
                        "%s has no end, as after a crash or while it is recorded: nothing follows line %d",
                        part,
                        source.number,
                    )


class _Clock:
    """The time at which the record before came, in UNIX seconds."""

    def __init__(self) -> None:
        self.now: float | None = None

    def passed(self, at: float) -> float:
        """Return the seconds until *at*, and go on from there."""
        before, self.now = self.now, at
        return 0.0 if before is None else max(0.0, at - before)


def _read(line: bytes, clock: _Clock, event: Callable[[dict[str, Any]], object]) -> Iterator[Record]:
    if not line:
        return
    found = lines.parse(line)
    if found is None:
        for frame in archives.frames_of(line):
            at = archives.arrival(frame)
            # Posts are not quite in the order in which they were created, and pages begin with the newest.
            later = at is not None and (clock.now is None or at > clock.now)
            yield Record(clock.passed(at) if at is not None and later else 0.0, frame)
    elif found.event is None:
        yield Record(clock.passed(found.at), found.frame)
    elif found.event["event"] != lines.BEGINNING:
        item = event(found.event)
        if item is not None:
            yield Record(clock.passed(found.at), item)
    elif found.event.get("part") == 1:
        clock.now = found.at
