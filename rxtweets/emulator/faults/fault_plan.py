"""The faults in force: requests to answer otherwise or not at all, and streams to distort."""

from __future__ import annotations

import random
from typing import Protocol

from msgspec import Struct

from rxtweets.emulator.app.clock import Clock
from rxtweets.emulator.app.records import StreamRecord
from rxtweets.emulator.server.http import Request, Response
from rxtweets.emulator.server.wire import NoResponse

from .distortion import Distortion


class Ordered(Response, frozen=True):
    """An answer that was ordered, which counts against no limit.

    `until` is when the order ends, in the emulator's time, or None where that isn't known.
    """

    until: float | None = None

    @property
    def limits(self) -> bool:
        """True if it says that a rate limit is used up: a 429 for no other reason that its problem tells."""
        return self.status == 429 and not any(other in self.body for other in _OTHER_REASONS)


_OTHER_REASONS = (b"TooManyConnections", b"usage-capped")


class RequestFault(Protocol):
    """A fault of the next `times` requests, or of all for so many `seconds`, for streams or for `path`."""

    @property
    def times(self) -> int | None: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def path(self) -> str | None: ...
    @property
    def summary(self) -> str: ...
    def reply(self, request: Request, until: float | None) -> Ordered | NoResponse: ...


class StreamFault(Protocol):
    """A fault that streams have while it is in force."""

    @property
    def path(self) -> str | None: ...
    @property
    def protocol(self) -> str | None: ...
    @property
    def stream(self) -> str | None: ...
    @property
    def summary(self) -> str: ...
    def is_for(self, record: StreamRecord) -> bool: ...
    def distort(self, distortion: Distortion) -> None: ...


class _Order(Struct):
    """A fault that the next `left` requests get, or all before `until`."""

    fault: RequestFault
    left: int | None
    until: float | None

    def in_force(self, now: float) -> bool:
        """Tell whether its time isn't over."""
        return self.until is None or now < self.until

    def summary(self, now: float) -> str:
        """Return the order in words."""
        which = f"requests for {self.fault.path or 'streams'}"
        count = f"all {which}" if self.left is None else f"the next {self.left} {which}"
        bound = "" if self.until is None else f" for another {self.until - now:.0f} s"
        return f"{count}{bound}: {self.fault.summary}"


class FaultPlan:
    """The faults in force.

    Those of requests are served in turn; one without a path is for streams only. Of those of streams, the
    latest of each kind that is for a stream is in force.
    """

    def __init__(self, clock: Clock, seed: int | None) -> None:
        self._clock = clock
        self._rng = random.Random(f"faults/{seed}")
        self._answers: list[_Order] = []
        self._mutes: list[_Order] = []
        self._stalls: list[StreamFault] = []
        self._going_on: set[str] = set()  # the streams that no stall is for
        self._distorting: list[StreamFault] = []

    def in_force(self) -> list[str]:
        """Return the faults in force, in words."""
        now = self._clock.time()
        orders = [order.summary(now) for order in self._answers + self._mutes if order.in_force(now)]
        return orders + [fault.summary for fault in self._stalls + self._distorting]

    def clear(self) -> None:
        """Cancel every fault, but for stalls."""
        self._answers.clear()
        self._mutes.clear()
        self._distorting.clear()

    # --- requests

    def answer(self, fault: RequestFault) -> None:
        """Answer requests otherwise."""
        self._answers.append(self._order(fault))

    def mute(self, fault: RequestFault) -> None:
        """Leave requests unanswered, before any are answered otherwise."""
        self._mutes.append(self._order(fault))

    def _order(self, fault: RequestFault) -> _Order:
        if fault.seconds is None:
            return _Order(fault, 1 if fault.times is None else fault.times, None)
        return _Order(fault, fault.times, self._clock.time() + fault.seconds)

    def match(self, request: Request, streams: bool) -> Ordered | NoResponse | None:
        """Return what this request gets, if it meets a fault; `streams` is true of one for a stream."""
        return self._serve(self._mutes, request, streams) or self._serve(self._answers, request, streams)

    def _serve(self, orders: list[_Order], request: Request, streams: bool) -> Ordered | NoResponse | None:
        now = self._clock.time()
        orders[:] = [order for order in orders if order.in_force(now)]
        for order in orders:
            if order.fault.path == request.path or (order.fault.path is None and streams):
                if order.left is not None:
                    order.left -= 1
                    if order.left <= 0:
                        orders.remove(order)
                return order.fault.reply(request, order.until)
        return None

    # --- streams

    def stall(self, fault: StreamFault) -> None:
        """Let streams stall, until `resume`."""
        if fault not in self._stalls:
            self._stalls.append(fault)
        if fault.stream is None:
            self._going_on.clear()
        else:
            self._going_on.discard(fault.stream)

    def resume(self, stream: str | None = None) -> None:
        """End every stall, or those of one stream."""
        self._stalls = [fault for fault in self._stalls if stream is not None and fault.stream != stream]
        self._going_on = self._going_on | {stream} if stream is not None and self._stalls else set()

    def apply(self, fault: StreamFault) -> None:
        """Distort streams, in place of an older fault of the kind for the same streams."""
        self._distorting = [
            other
            for other in self._distorting
            if (type(other), other.path, other.protocol, other.stream)
            != (type(fault), fault.path, fault.protocol, fault.stream)
        ]
        self._distorting.append(fault)

    def distortion(self, record: StreamRecord) -> Distortion:
        """Return how a stream is distorted."""
        distortion = Distortion(self._rng)
        stalls = [] if record.id in self._going_on else self._stalls
        for fault in stalls + self._distorting:
            if fault.is_for(record):
                fault.distort(distortion)
        return distortion
