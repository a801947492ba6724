from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable
from reactivex.scheduler import TimeoutScheduler

from rxtweets._observable import StreamObservable
from rxtweets.endpoints import Endpoint

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter
    from opentelemetry.trace import Tracer

_T = TypeVar("_T")


def telemetry(
    meter: Meter | None = None,
    tracer: Tracer | None = None,
    *,
    endpoint: Endpoint | None = None,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[_T]], Observable[_T]]:
    """Record what passes with OpenTelemetry, and forward it; needs the extra `otel`.

    =====================================  =========  ===================================================
    `messaging.client.consumed.messages`   counter    messages, by `rxtweets.message.kind`
    `messaging.client.operation.duration`  histogram  seconds of each attempt to connect, by `error.type`
    `rxtweets.reconnects`                  counter    `Reconnecting`, by `error.type`
    `rxtweets.dropped.messages`            counter    items that `tw.observe_on` dropped
    `rxtweets.lag`                         histogram  seconds from the time in the id of a status or post
    =====================================  =========  ===================================================

    Each attempt to connect is a span, `subscribe`, from `Connecting` to `Connected` or its failure, so none
    lasts as long as a stream. Attributes contain nothing that the server wrote, and no post has a span.

    Put this where connection events are still in the stream, after `tw.retry_with_backoff`, as a client's
    option *telemetry* does. After `tw.observe_on`, it also records what that dropped.

    Args:
        meter: creates the instruments; default the global provider's for `rxtweets`.
        tracer: creates the spans; default likewise.
        endpoint: the endpoint, for `messaging.destination.name`, `server.address` and so on.
        scheduler: whose clock is read; default the subscriber's, else the system's clock.

    Raises:
        ImportError: OpenTelemetry's API is not installed.
    """
    try:
        from ._otel import Instruments, Recorder
    except ImportError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise ImportError(
            "telemetry needs OpenTelemetry's API: pip install 'rxtweets[otel]'", name=error.name
        ) from None
    instruments = Instruments(meter, tracer, endpoint)

    def telemetry_(source: Observable[_T]) -> Observable[_T]:
        def subscribe(
            observer: abc.ObserverBase[_T], scheduler_: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            recorder = Recorder(instruments, scheduler or scheduler_ or TimeoutScheduler.singleton())
            forward = observer.on_next

            def on_next(item: Any) -> None:
                recorder.add(item)
                forward(item)

            def on_error(error: Exception) -> None:
                recorder.fail(error)
                observer.on_error(error)

            session = source.subscribe(on_next, on_error, observer.on_completed, scheduler=scheduler_)
            return CompositeDisposable(session, Disposable(recorder.close))

        return StreamObservable(subscribe)

    return telemetry_
