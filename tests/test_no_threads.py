"""Streams and requests when the system starts no more threads."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.connection import connect, fetch
from rxtweets.errors import ConnectionFailed, ServerError
from rxtweets.messages import Reconnecting
from rxtweets.testing import HOLD, Script, ScriptedTransport

from .clients import ENDPOINT, QUICK
from .observing import Seen


class System:
    """Lets threads start or not.

    Attributes:
        refused: how many threads it has refused.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refused = 0
        self._refuses: Callable[[threading.Thread], bool] = lambda thread: False
        start = threading.Thread.start

        def start_or_not(thread: threading.Thread) -> None:
            if self._refuses(thread):
                self.refused += 1
                raise RuntimeError("can't start new thread")
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", start_or_not)

    def refuse(self, *, timers: bool, readers: bool, times: int = 1_000_000) -> None:
        """Refuse the next *times* threads that read, that are timers, or both."""
        left = [times]

        def refuses(thread: threading.Thread) -> bool:
            concerned = timers if isinstance(thread, threading.Timer) else readers
            left[0] -= concerned
            return concerned and left[0] >= 0

        self._refuses = refuses


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    """The system, which starts all threads until it is told otherwise."""
    return System(monkeypatch)


def is_no_thread(error: Exception | None) -> bool:
    """Return True if *error* says that the system started no thread."""
    return (
        isinstance(error, ConnectionFailed)
        and "can't start new thread" in str(error)
        and isinstance(error.__cause__, RuntimeError)
    )


@pytest.mark.parametrize(("timers", "readers"), [(True, False), (False, True), (True, True)])
def test_a_session_without_a_thread_has_failed(system: System, timers: bool, readers: bool) -> None:
    """A session for which no thread, or no timer, can be started ends with a ConnectionFailed."""
    system.refuse(timers=timers, readers=readers)
    for observable in (
        connect(ENDPOINT, transport=ScriptedTransport(*[Script(HOLD)] * 2)),
        fetch(ENDPOINT.request, transport=ScriptedTransport(*[Script(b"{}")] * 2)),
    ):
        assert is_no_thread(Seen(observable).ended().error)
        with pytest.raises(ConnectionFailed):
            rxt.run(observable)


def test_it_is_raised_to_who_subscribes_without_an_on_error(system: System) -> None:
    """`subscribe` without a function for the error raises it to its caller."""
    system.refuse(timers=False, readers=True)
    with pytest.raises(ConnectionFailed):
        connect(ENDPOINT, transport=ScriptedTransport(Script(HOLD))).subscribe()


def test_it_is_retried(system: System) -> None:
    """The policy retries it, at the first connect as at a reconnect."""
    system.refuse(timers=False, readers=True, times=3)
    transport = ScriptedTransport(Script(b"1\r\n", HOLD))
    seen = Seen(connect(ENDPOINT, transport=transport).pipe(tw.retry_with_backoff(QUICK)))
    seen.wait(lambda seen: b"1" in seen.items).dispose()
    causes = [item.cause for item in seen.items if isinstance(item, Reconnecting)]
    assert len(causes) == 3
    assert all(map(is_no_thread, causes))


def test_a_reconnect_waits_where_it_can(system: System) -> None:
    """When neither a timer nor a reader can be started for a reconnect, the last reader waits."""
    transport = ScriptedTransport(Script(b"1\r\n"), Script(b"2\r\n", HOLD))

    def refuse(item: object) -> None:
        if item == b"1":
            system.refuse(timers=True, readers=True, times=20)

    stream = connect(ENDPOINT, transport=transport).pipe(ops.do_action(refuse), tw.retry_with_backoff(QUICK))
    seen = Seen(stream).wait(lambda seen: b"2" in seen.items)
    seen.dispose()
    assert system.refused == 20
    assert len({item.attempt for item in seen.items if isinstance(item, Reconnecting)}) > 8


def test_disposing_ends_such_a_wait(system: System) -> None:
    """`dispose` wakes the thread that waits for a reconnect."""
    slow = rxt.BackoffPolicy(http=rxt.backoff.Curve(3600.0))

    def refuse(_: object) -> None:
        system.refuse(timers=True, readers=True)

    transport = ScriptedTransport(Script(status=503))
    session = connect(ENDPOINT, transport=transport).do_action(on_error=refuse)
    seen = Seen(session.pipe(tw.retry_with_backoff(slow))).wait(
        lambda seen: any(isinstance(item, Reconnecting) for item in seen.items)
    )
    seen.dispose()  # that no thread is left is what every test ends with


def test_the_subscribers_thread_is_not_kept(system: System) -> None:
    """If only the subscriber's own thread could wait, the stream ends with the failure at once."""
    system.refuse(timers=True, readers=True)
    transport = ScriptedTransport(Script(HOLD))
    seen = Seen(connect(ENDPOINT, transport=transport).pipe(tw.retry_with_backoff(QUICK)))
    assert is_no_thread(seen.error)
    assert "nothing to wait on" in "".join(getattr(seen.error, "__notes__", []))
    assert not isinstance(seen.error, ServerError)
