"""The figures that windows, meters and alarms emit: immutable, and equal by value."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from msgspec import Struct

K = TypeVar("K")


class Counts(Struct, Generic[K], frozen=True):
    """The keys in a window of time, and how often each came.

    Attributes:
        counts: the keys and their counts, the most frequent first; among equals, the one that has been in the
            window longest.
        total: how many keys came in the window, including those that aren't in `counts`.
        seconds: the length of the window: shorter than asked for at the beginning, and at the stream's end.
        error: by how much a count may be too low, at most; a key that came as often may be missing. 0 if all
            are exact.
    """

    counts: tuple[tuple[K, int], ...]
    total: int
    seconds: float
    error: int


class Volume(Struct, frozen=True):
    """The messages in a span of time.

    Attributes:
        seconds: the length of the span.
        messages: how many came.
        bytes: the size of their JSON, as sent.
    """

    seconds: float
    messages: int
    bytes: int

    @property
    def messages_per_second(self) -> float:
        """The messages per second."""
        return self.messages / self.seconds if self.seconds else 0.0

    @property
    def bytes_per_second(self) -> float:
        """The bytes by the seconds."""
        return self.bytes / self.seconds if self.seconds else 0.0


class Traffic(Volume, frozen=True):
    """The messages in a span of time, and what happened to the stream.

    Attributes:
        kinds: the volume of each kind of message, by class name, such as `"Status"`, in order of first
            appearance.
        reconnects: how many reconnects there were, including failed ones: how often `Reconnecting` came.
        gap: seconds without a connection.
        dropped: how many items were dropped, as `Dropped` says.
    """

    kinds: tuple[tuple[str, Volume], ...]
    reconnects: int
    gap: float
    dropped: int


class Meter(Struct, frozen=True):
    """The figures of a stream.

    Attributes:
        last: since the previous `Meter`, or since the subscription.
        total: since the subscription.
    """

    last: Traffic
    total: Traffic


class Lag(Struct, frozen=True):
    """The delays of the messages in a window of time, in seconds; None if there were no messages.

    Percentiles are those of all messages in the window, to 5 % of their value.

    Attributes:
        p50: the median.
        p90: nine of ten messages were no later.
        p99: 99 of 100 messages were no later.
        longest: the longest lag.
        count: how many messages were measured.
        seconds: the length of the window: shorter than asked for at the beginning, and at the stream's end.
        clock_error: seconds by which this machine's clock was ahead of the server's at the last connect, to
            within half a second and the time that the response took; each lag is too long by that much. None
            if no `Connected` with a `Date` came.
    """

    p50: float | None
    p90: float | None
    p99: float | None
    longest: float | None
    count: int
    seconds: float
    clock_error: float | None


class VolumeAlarm(Struct, frozen=True):
    """A change of a stream's volume, out of its bounds or back.

    Attributes:
        state: `"below"` or `"above"` a bound, or `"normal"` when it is back.
        rate: the average messages per second over the last seconds.
    """

    state: Literal["below", "above", "normal"]
    rate: float


class Bill(Struct, frozen=True):
    """The resources that X charges for in a span of time, each once per UTC day.

    Attributes:
        seconds: the length of the span.
        kinds: how many there were of each kind: `"post"`, `"user"`, `"media"`, `"like"`, or the name of an
            event.
        dollars: what they cost.
    """

    seconds: float
    kinds: dict[str, int]
    dollars: float

    @property
    def dollars_per_hour(self) -> float:
        """The dollars per hour at this rate."""
        return self.dollars / self.seconds * 3600 if self.seconds else 0.0


class RuleBill(Struct, frozen=True):
    """The part of a bill that is due to one rule of the filtered stream.

    Attributes:
        id: the rule's.
        tag: the rule's; None without one.
        posts: how many posts came by it, counting included ones.
        dollars: what they cost with all that they include.
    """

    id: str
    tag: str | None
    posts: int
    dollars: float


class Spend(Struct, frozen=True):
    """The running bill of a stream.

    Attributes:
        last: since the previous `Spend`, or since the subscription.
        total: since the subscription.
        rules: the bill of each rule, the most expensive first. A post that matches several rules is on the
            bill of each, and once in `total`.
        unpriced: names of events without a price, which were assumed to cost `Prices.unknown_event`.
    """

    last: Bill
    total: Bill
    rules: tuple[RuleBill, ...]
    unpriced: tuple[str, ...]
