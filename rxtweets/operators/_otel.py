"""Records for `telemetry`; imported only when that is used, as it needs OpenTelemetry's API."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import metrics, trace
from reactivex import abc

from rxtweets._schedulers import steady_clock, wall_clock
from rxtweets._version import __version__
from rxtweets.endpoints import Endpoint
from rxtweets.errors import HTTPStatusError, Unauthorized
from rxtweets.messages import Connected, Connecting, Dropped, Lifecycle, Reconnecting
from rxtweets.messages._time import id_time

from ._lag import numeric_id

_SCHEMA = "https://opentelemetry.io/schemas/1.45.0"
# Source of the names that don't begin with `rxtweets`, and of the first buckets: OpenTelemetry's semantic
# conventions for messaging, 1.45.

_DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_LAGS = (0.25, 0.5, 1, 2.5, 5, 7.5, 10, 15, 30, 60, 120, 300, 900, 3600)

_Attributes = dict[str, str | int]


class Instruments:
    """The instruments of one chain, and the attributes that all they record have in common."""

    def __init__(
        self, meter: metrics.Meter | None, tracer: trace.Tracer | None, endpoint: Endpoint | None
    ) -> None:
        meter = meter or metrics.get_meter("rxtweets", __version__, schema_url=_SCHEMA)
        self.tracer = tracer or trace.get_tracer("rxtweets", __version__, schema_url=_SCHEMA)
        self.attributes: _Attributes = {"messaging.system": "x", **(_place(endpoint) if endpoint else {})}
        self.messages = meter.create_counter(
            "messaging.client.consumed.messages",
            "{message}",
            "Number of messages that were delivered to the application.",
        )
        self.durations = meter.create_histogram(
            "messaging.client.operation.duration",
            "s",
            "Duration of messaging operation initiated by a producer or consumer client.",
            explicit_bucket_boundaries_advisory=_DURATIONS,
        )
        self.reconnects = meter.create_counter(
            "rxtweets.reconnects", "{reconnect}", "Number of reconnects, by what failed before."
        )
        self.dropped = meter.create_counter(
            "rxtweets.dropped.messages", "{message}", "Number of messages dropped before a slow subscriber."
        )
        self.lag = meter.create_histogram(
            "rxtweets.lag",
            "s",
            "Time since a status or post was made, by its id.",
            explicit_bucket_boundaries_advisory=_LAGS,
        )


class Recorder:
    """Records one subscription."""

    def __init__(self, instruments: Instruments, scheduler: abc.SchedulerBase) -> None:
        self._to = instruments
        self._now = wall_clock(scheduler)
        self._clock = steady_clock(scheduler)
        self._by_kind: dict[type, _Attributes] = {}
        self._operation: _Attributes = {**instruments.attributes, "messaging.operation.name": "subscribe"}
        self._name = f"subscribe {instruments.attributes.get('messaging.destination.name', '')}".rstrip()
        self._lock = threading.Lock()  # a dispose may come on any thread
        self._attempt: tuple[trace.Span, float] | None = None
        self._closed = False

    def add(self, item: Any) -> None:
        """Record an item."""
        attributes = self._by_kind.get(type(item))
        if attributes is None:
            if isinstance(item, Lifecycle):
                self._note(item)
                return
            attributes = self._by_kind[type(item)] = {
                **self._to.attributes,
                "messaging.operation.name": "receive",
                "rxtweets.message.kind": type(item).__name__,
            }
        self._to.messages.add(1, attributes)
        number = numeric_id(item)
        if number is not None:
            self._to.lag.record(max(0.0, self._now() - id_time(number) / 1000), self._to.attributes)

    def fail(self, error: Exception) -> None:
        """Record the end of the stream with *error*."""
        self._end_attempt(_failure(error))

    def close(self) -> None:
        """End the span of an attempt that the program gave up."""
        with self._lock:
            self._closed = True
            attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt[0].end(_nanoseconds(self._clock()))

    def _note(self, event: Lifecycle) -> None:
        if isinstance(event, Connecting):
            # Another request without a failure in between: a token was refused, and has been renewed.
            self._end_attempt({"error.type": Unauthorized.__name__, "http.response.status_code": 401})
            self._begin_attempt()
        elif isinstance(event, Connected):
            self._end_attempt({"http.response.status_code": event.status_code})
        elif isinstance(event, Reconnecting):
            failure = _failure(event.cause)
            self._end_attempt(failure)
            self._to.reconnects.add(1, {**self._to.attributes, **failure})
        elif isinstance(event, Dropped):
            self._to.dropped.add(event.count, self._to.attributes)

    def _begin_attempt(self) -> None:
        began = self._clock()
        with self._lock:
            if not self._closed:
                span = self._to.tracer.start_span(
                    self._name,
                    kind=trace.SpanKind.CLIENT,
                    attributes=self._operation,
                    start_time=_nanoseconds(began),
                )
                self._attempt = span, began

    def _end_attempt(self, outcome: _Attributes) -> None:
        with self._lock:
            attempt, self._attempt = self._attempt, None
        if attempt is None:
            return
        span, began = attempt
        now = self._clock()
        span.set_attributes(outcome)
        if "error.type" in outcome:
            span.set_status(trace.StatusCode.ERROR)
        span.end(_nanoseconds(now))
        self._to.durations.record(now - began, {**self._operation, **outcome})


def _place(endpoint: Endpoint) -> _Attributes:
    """Return the attributes for where *endpoint* is."""
    url = urlsplit(endpoint.request.url)
    place: _Attributes = {
        "messaging.destination.name": url.path,
        "server.address": url.hostname or "",
        "server.port": url.port or (443 if url.scheme == "https" else 80),
    }
    if partition := dict(endpoint.request.params).get("partition"):
        place["messaging.destination.partition.id"] = partition
    return place


def _failure(error: Exception) -> _Attributes:
    failure: _Attributes = {"error.type": type(error).__name__}
    if isinstance(error, HTTPStatusError):
        failure["http.response.status_code"] = error.status_code
    return failure


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
