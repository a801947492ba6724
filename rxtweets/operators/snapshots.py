"""The figures that windows, meters and alarms emit: immutable, and equal by value."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from msgspec import Struct

K = TypeVar("K")


class Counts(Struct, Generic[K], frozen=True):
    """The keys of a window of time, and how often each came.

    Attributes:
        counts: the keys and their counts, the most frequent first; of equally frequent ones that which has
            been in the window longest.
        total: how many keys came in the window, those included that are not in `counts`.
        seconds: the length of the window: shorter than asked for at the beginning, and at the stream's end.
        error: each count may be too low by up to so many, and a key that came as often may be missing; 0 if
            all are exact.
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
        bytes: of their JSON, as it was sent.
    """

    seconds: float
    messages: int
    bytes: int

    @property
    def messages_per_second(self) -> float:
        """The messages by the seconds."""
        return self.messages / self.seconds if self.seconds else 0.0

    @property
    def bytes_per_second(self) -> float:
        """The bytes by the seconds."""
        return self.bytes / self.seconds if self.seconds else 0.0


class Traffic(Volume, frozen=True):
    """The messages in a span of time, and what happened to the stream.

    Attributes:
        kinds: the volume of each kind of message, by the name of its class, such as `"Status"`; the kind that
            came first is the first.
        reconnects: how many reconnects there were, also those that failed: how often `Reconnecting` came.
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
        last: since the `Meter` before, or since the subscription.
        total: since the subscription.
    """

    last: Traffic
    total: Traffic


class Lag(Struct, frozen=True):
    """The delays of the messages in a window of time, in seconds; each is None if there were no messages.

    Percentiles are those of all messages in the window, to 5 % of their value.

    Attributes:
        p50: the median.
        p90: nine of ten messages were no later.
        p99: 99 of 100 messages were no later.
        longest: the longest lag.
        count: how many messages they are of.
        seconds: the length of the window: shorter than asked for at the beginning, and at the stream's end.
        clock_error: seconds that this machine's clock was ahead of the server's at the last connect, to half
            a second and the time that the answer took; each lag is too long by so much. None if no
            `Connected` with a `Date` came.
    """

    p50: float | None
    p90: float | None
    p99: float | None
    longest: float | None
    count: int
    seconds: float
    clock_error: float | None


class VolumeAlarm(Struct, frozen=True):
    """A change of a stream's volume, out of bounds or back.

    Attributes:
        state: `"below"` or `"above"` a bound; `"normal"`: back.
        rate: messages a second on average over the last seconds.
    """

    state: Literal["below", "above", "normal"]
    rate: float


class Bill(Struct, frozen=True):
    """The resources that X charges in a span of time, each once a UTC day.

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
        """The dollars that an hour like this costs."""
        return self.dollars / self.seconds * 3600 if self.seconds else 0.0


class RuleBill(Struct, frozen=True):
    """The part of a bill that a rule of the filtered stream has brought.

    Attributes:
        id: the rule's.
        tag: the rule's; None without one.
        posts: how many posts it has brought, included ones counted.
        dollars: what they cost with all that they include.
    """

    id: str
    tag: str | None
    posts: int
    dollars: float


class Spend(Struct, frozen=True):
    """The running bill of a stream.

    Attributes:
        last: since the `Spend` before, or since the subscription.
        total: since the subscription.
        rules: what each rule has brought, the dearest first. A post that several rules match is in the bill
            of each, and once in `total`.
        unpriced: names of events without a price, which were taken to cost `Prices.unknown_event`.
    """

    last: Bill
    total: Bill
    rules: tuple[RuleBill, ...]
    unpriced: tuple[str, ...]
