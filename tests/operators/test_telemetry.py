"""OpenTelemetry's view of a stream."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.request import urlopen

import prometheus_client
import pytest
import reactivex
from opentelemetry import metrics, trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from reactivex import Observable, Subject
from reactivex import operators as ops
from reactivex.scheduler import HistoricalScheduler
from reactivex.testing import TestScheduler

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.backoff import Curve
from rxtweets.emulator import Emulator
from rxtweets.endpoints import v2
from rxtweets.messages import Connected, Connecting, Dropped
from rxtweets.testing import HOLD, Script, ScriptedTransport, delete_json, post_json, status_json, timeline
from tests.observing import PATIENCE, Seen

POLICY = rxt.BackoffPolicy(jitter=0)

PLACE = {
    "messaging.system": "x",
    "messaging.destination.name": "/2/tweets/sample/stream",
    "server.address": "api.x.com",
    "server.port": 443,
}


class Kept:
    """Providers that keep what is recorded."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self._spans = InMemorySpanExporter()
        self.meters = MeterProvider(metric_readers=[self._reader])
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.meter = self.meters.get_meter("test")
        self.tracer = self.tracers.get_tracer("test")

    def points(self, name: str) -> list[tuple[dict[str, Any], Any]]:
        """Return the attributes and the value of each point of a metric; of a histogram count and sum."""
        data = self._reader.get_metrics_data()
        found = []
        for resource in data.resource_metrics if data else []:
            for metric in [metric for scope in resource.scope_metrics for metric in scope.metrics]:
                for point in metric.data.data_points if metric.name == name else []:
                    value: Any = (
                        point.value if isinstance(point, NumberDataPoint) else (point.count, point.sum)
                    )
                    found.append((dict(point.attributes or {}), value))
        return found

    def spans(self) -> list[Span]:
        return [Span.of(span) for span in self._spans.get_finished_spans()]


class Span(NamedTuple):
    """A span in short; times are seconds of the virtual clock."""

    name: str
    start: float
    end: float
    failed: bool
    attributes: dict[str, Any]

    @classmethod
    def of(cls, span: ReadableSpan) -> Span:
        start, end = (round((at or 0) / 1e9, 6) for at in (span.start_time, span.end_time))
        failed = span.status.status_code is trace.StatusCode.ERROR
        assert span.status.description is None
        assert not span.events
        return cls(span.name, start, end, failed, dict(span.attributes or {}))


@pytest.fixture
def kept() -> Iterator[Kept]:
    """Providers whose readers are shut down at the end."""
    kept = Kept()
    yield kept
    kept.meters.shutdown()
    kept.tracers.shutdown()


def chain(kept: Kept, *scripts: Script, policy: rxt.BackoffPolicy = POLICY) -> Observable[Any]:
    """Return the default chain on *scripts* in place of sockets, recorded."""
    endpoint = v2.sample()
    session = rxt.connect(endpoint, transport=ScriptedTransport(*scripts))
    stream = session.pipe(tw.decode(), tw.retry_with_backoff(policy))
    return stream.pipe(tw.telemetry(kept.meter, kept.tracer, endpoint=endpoint))


def test_messages_are_counted_by_kind(kept: Kept) -> None:
    """Each kind of message has its count; events of the connection are none."""
    body = b"\r\n".join(
        [post_json(), b"", status_json(), post_json(), delete_json(1, user_id=2), b"no JSON", b""]
    )
    timeline(chain(kept, Script(body), policy=rxt.BackoffPolicy.never()))
    counted = kept.points("messaging.client.consumed.messages")
    assert {point.pop("rxtweets.message.kind"): value for point, value in counted} == {
        "Post": 2,
        "Status": 1,
        "Delete": 1,
        "Undecodable": 1,
    }
    assert all(point == {**PLACE, "messaging.operation.name": "receive"} for point, _ in counted)


def test_reconnects_are_counted_by_what_failed(kept: Kept) -> None:
    """Each reconnect counts for the error before it, with the status if it has one."""
    busy = [Script(status=503)] * 2
    timeline(
        chain(kept, Script(b"\r\n"), *busy, Script(fails=rxt.ConnectionFailed("no")), Script(status=401))
    )
    assert kept.points("rxtweets.reconnects") == [
        ({**PLACE, "error.type": "StreamDisconnected"}, 1),
        ({**PLACE, "error.type": "ServerError", "http.response.status_code": 503}, 2),
        ({**PLACE, "error.type": "ConnectionFailed"}, 1),
    ]


def test_each_attempt_is_a_span(kept: Kept) -> None:
    """A span lasts from the request to its answer, never as long as the stream; the metric is as long."""
    scheduler = TestScheduler()
    events: Subject[Any] = Subject()
    subscription = events.pipe(
        tw.telemetry(kept.meter, kept.tracer, endpoint=v2.sample10(partition=2))
    ).subscribe(on_error=lambda error: None, scheduler=scheduler)

    def at(second: float, item: Any) -> None:
        scheduler.advance_to(second)
        events.on_next(item)

    dropped = rxt.StreamDisconnected("words of the server")
    at(10.0, Connecting())
    at(10.5, Connected(200, {}))
    at(99.0, rxt.messages.Disconnected(dropped))
    at(99.0, rxt.messages.Reconnecting(0.0, 1, dropped))
    at(99.0, Connecting())
    at(99.25, Connecting())  # with a new token
    at(102.0, rxt.messages.Reconnecting(0.25, 2, rxt.StreamStalled(2.75)))
    at(103.0, Connecting())
    scheduler.advance_to(104.0)
    events.on_error(rxt.HTTPStatusError.of(403))
    subscription.dispose()
    place = {
        **PLACE,
        "messaging.destination.name": "/2/tweets/sample10/stream",
        "messaging.destination.partition.id": "2",
        "messaging.operation.name": "subscribe",
    }
    outcomes: list[dict[str, Any]] = [
        {"http.response.status_code": 200},
        {"error.type": "Unauthorized", "http.response.status_code": 401},
        {"error.type": "StreamStalled"},
        {"error.type": "Forbidden", "http.response.status_code": 403},
    ]
    times = [(10.0, 10.5), (99.0, 99.25), (99.25, 102.0), (103.0, 104.0)]
    name = "subscribe /2/tweets/sample10/stream"
    assert kept.spans() == [
        Span(name, start, end, "error.type" in outcome, {**place, **outcome})
        for (start, end), outcome in zip(times, outcomes, strict=True)
    ]
    durations = kept.points("messaging.client.operation.duration")
    assert [attributes for attributes, _ in durations] == [{**place, **outcome} for outcome in outcomes]
    assert [value for _, value in durations] == [(1, pytest.approx(end - start)) for start, end in times]


def test_an_attempt_that_is_disposed_is_no_failure(kept: Kept) -> None:
    """The span of an attempt that the program gives up is ended, and counts as neither."""
    events: Subject[Any] = Subject()
    subscription = events.pipe(tw.telemetry(kept.meter, kept.tracer)).subscribe()
    events.on_next(Connecting())
    assert kept.spans() == []
    subscription.dispose()
    events.on_next(Connecting())
    (span,) = kept.spans()
    assert (span.name, span.failed) == ("subscribe", False)
    assert kept.points("messaging.client.operation.duration") == []


def test_what_was_dropped_is_counted(kept: Kept) -> None:
    """Drops that `observe_on` told of are recorded behind it, and told on."""
    told = Dropped(7, 1, 7)
    assert reactivex.of(told).pipe(tw.telemetry(kept.meter, kept.tracer)).run() is told
    assert kept.points("rxtweets.dropped.messages") == [({"messaging.system": "x"}, 7)]


def test_lag(kept: Kept) -> None:
    """The lag is the time on the scheduler less the one in the id, 0 where this clock is behind."""
    made = datetime(2026, 11, 27, tzinfo=UTC)
    number = (int(made.timestamp() * 1000) - 1288834974657) << 22
    items = [rxt.messages.Post(id=str(number)), rxt.messages.Status(id=number), rxt.messages.Post(id="x")]
    for now in (made + timedelta(seconds=3), made - timedelta(seconds=3)):
        clock = HistoricalScheduler(now)
        reactivex.of(*items).pipe(tw.telemetry(kept.meter, kept.tracer, scheduler=clock)).run()
    assert kept.points("rxtweets.lag") == [({"messaging.system": "x"}, (4, pytest.approx(6.0)))]


def test_it_changes_nothing(kept: Kept) -> None:
    """Items, errors and completions pass as they are, each subscription on its own."""
    seen = timeline(chain(kept, Script(post_json() + b"\r\n"), policy=rxt.BackoffPolicy.never()))
    assert [type(item).__name__ for _, item in seen.items] == [
        "Connecting",
        "Connected",
        "Post",
        "Disconnected",
    ]
    assert isinstance(seen.error, rxt.StreamDisconnected)
    assert reactivex.of(1, 2).pipe(tw.telemetry(kept.meter, kept.tracer), ops.to_list()).run() == [1, 2]


def test_a_dispose_closes_the_session(kept: Kept) -> None:
    """Disposing behind it ends the session as without it."""
    transport = ScriptedTransport(Script(post_json() + b"\r\n", HOLD))
    source = rxt.connect(v2.sample(), transport=transport)
    source.pipe(tw.decode(), tw.telemetry(kept.meter, kept.tracer), tw.posts(), ops.take(1)).run()
    assert len(kept.spans()) == 1


class Open(SpanProcessor):
    """Counts the spans that were started and not ended; `begun` is set when one is started."""

    def __init__(self) -> None:
        self.open = 0
        self.begun = threading.Event()

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        self.open += 1
        self.begun.set()

    def on_end(self, span: Any) -> None:
        self.open -= 1


def test_every_span_is_ended(kept: Kept) -> None:
    """A dispose on another thread, at whatever point of an attempt, leaves no span open."""
    spans = Open()
    kept.tracers.add_span_processor(spans)
    for _ in range(50):
        events: Subject[Any] = Subject()
        subscription = events.pipe(tw.telemetry(kept.meter, kept.tracer)).subscribe()
        disposed = threading.Event()

        def connect_again_and_again(
            events: Subject[Any] = events, disposed: threading.Event = disposed
        ) -> None:
            while not disposed.is_set():
                events.on_next(Connecting())
                events.on_next(Connected(200, {}))
            events.on_next(Connecting())

        thread = threading.Thread(target=connect_again_and_again)
        thread.start()
        assert spans.begun.wait(PATIENCE)
        subscription.dispose()
        disposed.set()
        thread.join()
        assert spans.open == 0
        spans.begun.clear()


def test_a_hubs_connection_is_recorded(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub of a client with `telemetry=True` counts a message once, for however many filters it is."""
    monkeypatch.setattr(metrics, "get_meter", lambda *args, **options: kept.meter)
    monkeypatch.setattr(trace, "get_tracer", lambda *args, **options: kept.tracer)
    with Emulator(rate=0) as emulator:
        account = rxt.OAuth1(*emulator.oauth1)
        hub = rxt.FilterHub(rxt.Stream(account, base_url=emulator.base_url, telemetry=True))
        statuses = [Seen(hub.filter(track=words).pipe(tw.statuses())) for words in ("cat", "cats, cat")]
        emulator.wait_for_streams(1)
        emulator.publish("a cat")
        for seen in statuses:
            seen.count(1).dispose()
    ((attributes, count),) = kept.points("messaging.client.consumed.messages")
    assert (attributes["messaging.destination.name"], count) == ("/1.1/statuses/filter.json", 1)
    assert {span.name for span in kept.spans()} == {"subscribe /1.1/statuses/filter.json"}


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without OpenTelemetry's API, asking for telemetry says what to install; nothing else needs it."""
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "rxtweets.operators._otel", raising=False)
    wanted = r"pip install 'rxtweets\[otel\]'"
    with pytest.raises(ImportError, match=wanted):
        tw.telemetry()
    rxt.StreamingClient(None).sample()
    with pytest.raises(ImportError, match=wanted):
        rxt.StreamingClient(None, telemetry=True).sample()
    with pytest.raises(ImportError, match=wanted):
        rxt.Stream(None, telemetry=True).sample()


def test_prometheus_scrapes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prometheus scrapes what a client with `telemetry=True` does, under the names that it makes of these."""
    provider = MeterProvider(metric_readers=[PrometheusMetricReader()])
    monkeypatch.setattr(metrics, "get_meter", lambda name, *args, **options: provider.get_meter(name))
    server, thread = prometheus_client.start_http_server(0, "127.0.0.1")
    try:
        with Emulator(rate=0) as emulator:
            emulator.answer(503)
            client = rxt.StreamingClient(
                rxt.BearerToken(emulator.bearer_token),
                base_url=emulator.base_url,
                policy=rxt.BackoffPolicy(http=Curve(0.01)),
                telemetry=True,
            )
            seen = Seen(client.sample().pipe(tw.posts()))
            emulator.wait_for_streams(1)
            emulator.publish("one")
            emulator.publish("two")
            seen.count(2).dispose()
        with urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=10) as answer:
            scraped = answer.read().decode()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        provider.shutdown()
    lines = [line for line in scraped.splitlines() if "rxtweets" in line and not line.startswith("#")]
    assert all('messaging_destination_name="/2/tweets/sample/stream"' in line for line in lines)

    def value(name: str, *labels: str) -> list[str]:
        wanted = [
            line for line in lines if line.startswith(name + "{") and all(part in line for part in labels)
        ]
        return [line.rpartition(" ")[2] for line in wanted]

    assert value("messaging_client_consumed_messages_total", 'rxtweets_message_kind="Post"') == ["2.0"]
    assert value("messaging_client_operation_duration_seconds_count", 'error_type="ServerError"') == ["1.0"]
    assert value("messaging_client_operation_duration_seconds_count", 'status_code="200"') == ["1.0"]
    assert value("rxtweets_reconnects_total", 'error_type="ServerError"') == ["1.0"]
    assert value("rxtweets_lag_seconds_count") == ["2.0"]
