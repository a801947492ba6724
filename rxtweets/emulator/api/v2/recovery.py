"""The recovery of missed posts: `backfill_minutes`, and the window of `start_time` and `end_time`."""

from __future__ import annotations

from collections.abc import Callable

from rxtweets.emulator.app.clock import Clock
from rxtweets.emulator.server.http import Request, Response, invalid_request
from rxtweets.emulator.streams.history import History, Replay

from .params import read_moment

NAMES = ("backfill_minutes", "start_time", "end_time")
_DAY = 86_400_000
"""Milliseconds that a window may reach back. Source: X's guide to recovery and redundancy."""


def recover(
    request: Request,
    history: History,
    clock: Clock,
    refusal: Callable[[str], Response] | None,
    names: tuple[str, str, str] = NAMES,
) -> Response | Replay | None:
    """Return the replay of the past that a request asks for, if any, or the refusal where it can't be had.

    `refusal` makes that of a level of access without recovery; None for one that has it. `names` are the
    parameters' own: the minutes, the start and the end.
    """
    backfill, begin, finish = names
    minutes, start, end = (request.query.get(name) for name in names)
    if minutes is not None and not int(minutes):
        minutes = None
    asked = [name for name, value in zip(names, (minutes, start, end), strict=True) if value is not None]
    if asked and refusal is not None:
        said = " and ".join(f"`{name}`" for name in asked)
        return refusal(f"Recovery ({said}) is not available at your level of access.")
    now = clock.world_ms()
    if start is None and end is None:
        return None if minutes is None else Replay(history, history.since(now - int(minutes) * 60_000), None)
    if start is None:
        return _fault(finish, end or "", f"goes with `{begin}` only")
    if minutes is not None:
        return _fault(backfill, minutes, f"can't be given together with `{begin}`")
    first, last = _milliseconds(start), now if end is None else _milliseconds(end)
    if first < now - _DAY:
        return _fault(begin, start, "is more than 24 hours ago")
    if last > now:
        return _fault(finish, end or "", "is in the future")
    if first >= last:
        return _fault(begin, start, f"must be before `{finish}`")
    return Replay(history, history.since(first), history.end if end is None else history.since(last))


def _milliseconds(text: str) -> int:
    moment = read_moment(text)
    assert moment is not None, "parameters are checked before"
    return int(moment.timestamp() * 1000)


def _fault(name: str, value: str, why: str) -> Response:
    return invalid_request(({name: [value]}, f"The `{name}` query parameter value [{value}] {why}"))
