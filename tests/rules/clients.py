"""Rules clients for tests: one with scripted responses, and one whose requests fail."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from reactivex import Observable
from requests.auth import AuthBase

from rxtweets import errors
from rxtweets.backoff import BackoffPolicy, Curve
from rxtweets.emulator import Emulator
from rxtweets.endpoints import Request
from rxtweets.rules import RulesClient
from rxtweets.testing import ScriptedTransport
from rxtweets.transport import Head, RequestsTransport, Session
from tests.clients import client_on, over, responses
from tests.observing import PATIENCE, Seen

AT_ONCE = BackoffPolicy(network=Curve(0.0), http=Curve(0.0), rate_limit=Curve(0.0), max_attempts=2)
"""Two more attempts, without waits."""


def scripted(*answers: Any, policy: BackoffPolicy | None = AT_ONCE) -> tuple[RulesClient, ScriptedTransport]:
    """Return a client whose requests get *answers* in turn, and its transport."""
    transport = responses(*answers)
    rules = over(transport).rules
    return rules if policy is None else rules.with_policy(policy), transport


def bodies(transport: ScriptedTransport) -> list[Any]:
    """Return the bodies of the POSTs, in order."""
    return [
        msgspec.json.decode(session.request.json or b"")
        for session in transport.sessions
        if session.request.method == "POST"
    ]


def all_of(observable: Observable[Any]) -> list[Any]:
    """Return the items of an Observable that completes."""
    seen = Seen(observable).ended()
    assert seen.completed, seen.error
    return seen.items


Trouble = Literal["lost", "unsent", "busy", "held", "held back"]
"""The fate of a request: carried out, but its response lost; not sent; refused with a 503; carried out, but
its response withheld until disposal; not sent until disposal."""


def until(condition: Callable[[], object]) -> None:
    """Block until *condition* holds, for changes that nothing announces."""
    tick = threading.Event()
    for _ in range(int(PATIENCE / 0.005)):
        if condition():
            return
        tick.wait(0.005)
    raise AssertionError("the condition never held")


class Troubled:
    """A transport that makes the requests with the given numbers, from 0, fail."""

    def __init__(self, trouble: Mapping[int, Trouble], emulator: Emulator) -> None:
        self.reached = threading.Event()
        self._trouble = trouble
        self._emulator = emulator
        self._real = RequestsTransport()
        self._numbers = itertools.count()

    def session(self, request: Request, auth: AuthBase | None, *, stall_timeout: float) -> Session:
        session = self._real.session(request, auth, stall_timeout=stall_timeout)
        trouble = self._trouble.get(next(self._numbers))
        if trouble == "busy":
            self._emulator.answer(503, path=urlsplit(request.url).path)
            return session
        return session if trouble is None else _Troubled(session, trouble, self.reached)


class _Troubled:
    def __init__(self, session: Session, trouble: Trouble, reached: threading.Event) -> None:
        self._session = session
        self._trouble = trouble
        self._reached = reached
        self._shut = threading.Event()
        self.read = session.read
        self.close = session.close

    def open(self) -> Head:
        if self._trouble in ("lost", "held"):
            self._session.open()
            while self._session.read():
                pass
        self._reached.set()
        if self._trouble.startswith("held"):
            assert self._shut.wait(PATIENCE)
        raise errors.ConnectionFailed("trouble")

    def shutdown(self) -> None:
        self._shut.set()
        self._session.shutdown()


def client(emulator: Emulator, *, lost: Collection[int] = (), policy: BackoffPolicy = AT_ONCE) -> RulesClient:
    """Return a client of *emulator* that loses the responses to the requests with the given numbers."""
    return troubled(emulator, dict.fromkeys(lost, "lost"), policy)[0]


def troubled(
    emulator: Emulator, trouble: Mapping[int, Trouble], policy: BackoffPolicy
) -> tuple[RulesClient, threading.Event]:
    """Return a client whose requests fail, and an event that is set at the first failure but a 503."""
    transport = Troubled(trouble, emulator)
    return client_on(emulator, transport=transport).rules.with_policy(policy), transport.reached
