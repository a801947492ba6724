"""The trouble that has been ordered: requests to refuse or leave unanswered, and streams to disturb."""

from __future__ import annotations

import random
from collections.abc import Callable

from msgspec import Struct, structs

from rxtweets.emulator.app.clock import Clock
from rxtweets.emulator.app.records import StreamRecord
from rxtweets.emulator.server.http import Answer, Call, encode, refuse
from rxtweets.emulator.server.wire import Silence

from . import actions
from .actions import Duplicate, Fragment, OnStreams, Reorder, Stall
from .distortion import Distortion


class _Order(Struct):
    """What the next `left` requests get, or all before `until`."""

    path: str | None
    left: int | None
    until: float | None
    reply: Callable[[Call], Ordered | Silence]
    what: str

    def in_force(self, now: float) -> bool:
        """Whether its time isn't over."""
        return self.until is None or now < self.until

    def said(self, now: float) -> str:
        """The order in words."""
        which = f"requests for {self.path or 'streams'}"
        count = f"all {which}" if self.left is None else f"the next {self.left} {which}"
        bound = "" if self.until is None else f" for another {self.until - now:.0f} s"
        return f"{count}{bound}: {self.what}"


def _narrowed(order: OnStreams) -> str:
    parts = {name: value for name, value in structs.asdict(order).items() if value not in (None, False)}
    said = (name.replace("_", "-") if value is True else f"{name} {value}" for name, value in parts.items())
    return ", ".join(said) or "on all streams"


class Ordered(Answer, frozen=True):
    """An answer that was ordered, which counts against no limit.

    `until` is when the order ends, in the emulator's time, or None where that isn't known.
    """

    until: float | None = None

    @property
    def limits(self) -> bool:
        """Whether it says that a rate limit is used up: a 429 for no other reason that its problem tells."""
        return self.status == 429 and not any(other in self.body for other in _OTHER_REASONS)


_OTHER_REASONS = (b"TooManyConnections", b"usage-capped")


class FaultPlan:
    """Orders for requests are served in turn; one without a path is for streams only.

    Of the orders for streams of one kind, the latest that is for a stream holds.
    """

    def __init__(self, clock: Clock, seed: int | None) -> None:
        self._clock = clock
        self._rng = random.Random(f"faults/{seed}")
        self._answers: list[_Order] = []
        self._mutes: list[_Order] = []
        self._stalls: list[Stall] = []
        self._shapes: list[Duplicate | Reorder | Fragment] = []

    # --- requests

    def answer(self, order: actions.Answer) -> None:
        """Order an answer."""
        if order.data is not None or order.body is None:
            data, kind = order.data, None
        elif isinstance(order.body, str):
            data, kind = order.body.encode(), "text/plain; charset=utf-8"
        else:
            data, kind = encode(order.body), "application/json; charset=utf-8"
        pairs = tuple(order.headers.items())
        given = next((value for name, value in pairs if name.lower() == "content-type"), kind)
        headers = tuple(pair for pair in pairs if pair[0].lower() != "content-type")

        def reply(call: Call) -> Ordered:
            usual = refuse(call, order.status)
            body = usual.body if data is None else data
            return Ordered(order.status, body, given or usual.content_type, headers, until)

        until = None if order.seconds is None else self._clock.time() + order.seconds
        self._answers.append(self._order(order, reply, f"status {order.status}"))

    def mute(self, order: actions.Mute) -> None:
        """Order a silence."""
        silence = Silence(order.head.encode())
        self._mutes.append(self._order(order, lambda call: silence, "no answer"))

    def _order(
        self,
        order: actions.Answer | actions.Mute,
        reply: Callable[[Call], Ordered | Silence],
        what: str,
    ) -> _Order:
        if order.seconds is None:
            return _Order(order.path, 1 if order.times is None else order.times, None, reply, what)
        return _Order(order.path, order.times, self._clock.time() + order.seconds, reply, what)

    def clear(self) -> None:
        """Forget what has been ordered, but for stalls."""
        self._answers.clear()
        self._mutes.clear()
        self._shapes.clear()

    def in_force(self) -> list[str]:
        """What has been ordered and still holds, in words."""
        now = self._clock.time()
        said = [order.said(now) for order in self._answers + self._mutes if order.in_force(now)]
        lasting = (*self._stalls, *self._shapes)
        return said + [f"{type(one).__name__.lower()}: {_narrowed(one)}" for one in lasting]

    def match(self, call: Call, streams: bool) -> Ordered | Silence | None:
        """What was ordered for this request."""
        return self._serve(self._mutes, call, streams) or self._serve(self._answers, call, streams)

    def _serve(self, orders: list[_Order], call: Call, streams: bool) -> Ordered | Silence | None:
        now = self._clock.time()
        orders[:] = [order for order in orders if order.in_force(now)]
        for order in orders:
            if order.path == call.path or (order.path is None and streams):
                if order.left is not None:
                    order.left -= 1
                    if order.left <= 0:
                        orders.remove(order)
                return order.reply(call)
        return None

    # --- streams

    def stall(self, order: Stall) -> None:
        if order not in self._stalls:
            self._stalls.append(order)

    def resume(self) -> None:
        self._stalls.clear()

    def apply(self, order: Duplicate | Reorder | Fragment) -> None:
        """Order what changes how streams send; takes the place of an older order of the kind for the same."""
        same = [other for other in self._shapes if type(other) is type(order)]
        for other in same:
            if (other.path, other.protocol) == (order.path, order.protocol):
                self._shapes.remove(other)
        self._shapes.append(order)

    def distortion(self, record: StreamRecord) -> Distortion:
        """How a stream is to send what it sends."""
        distortion = Distortion(self._rng)
        for stall in self._stalls:
            if is_for(stall, record) and distortion.stalled != "all":
                distortion.stalled = "messages" if stall.keep_alives else "all"
        for order in self._shapes:
            if not is_for(order, record):
                continue
            if isinstance(order, Duplicate):
                distortion.share = order.share
            elif isinstance(order, Reorder):
                distortion.window = order.window
            else:
                distortion.fragment = order.size
        return distortion


def is_for(order: OnStreams, record: StreamRecord) -> bool:
    """Whether an action is for this stream."""
    return order.path in (None, record.path) and order.protocol in (None, record.protocol)
