"""The emulator as users hold it: where it is, what it sends, the faults it causes and what it has seen."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self, TypedDict, Unpack

from rxtweets.emulator.api.oauth import signin
from rxtweets.emulator.api.oauth.authenticator import Accounts, Authenticator
from rxtweets.emulator.api.v1 import endpoints as v1
from rxtweets.emulator.api.v2 import endpoints as v2
from rxtweets.emulator.api.v2.rules import Rule, RuleBook
from rxtweets.emulator.app.clock import Clock
from rxtweets.emulator.app.control import Control, is_own
from rxtweets.emulator.app.limits import Allowance, Level, Limits
from rxtweets.emulator.app.rate_limits import RateLimiter
from rxtweets.emulator.app.records import RequestLog, RequestRecord, StreamRecord
from rxtweets.emulator.app.router import Router
from rxtweets.emulator.app.services import Services
from rxtweets.emulator.console.page import Console
from rxtweets.emulator.console.state import State
from rxtweets.emulator.faults.actions import Rate
from rxtweets.emulator.faults.controls import Controls
from rxtweets.emulator.faults.fault_plan import FaultPlan
from rxtweets.emulator.server.certificate import Certificate, checked
from rxtweets.emulator.server.http import Request
from rxtweets.emulator.server.server import Server
from rxtweets.emulator.server.wire import Reply
from rxtweets.emulator.streams.history import History
from rxtweets.emulator.streams.hub import StreamHub
from rxtweets.emulator.streams.producer import PostProducer, checked_rate
from rxtweets.emulator.streams.source import Routes
from rxtweets.emulator.world.recording import Recording
from rxtweets.emulator.world.world import World

from .address import Address
from .world.languages import checked_code
from .world.model import Post


class Details(TypedDict, total=False):
    """The details that a post may be given beside its text; see `Emulator.compose`."""

    author: str | int | None
    lang: str | None
    reply_to: Post | None
    quote: Post | None
    coordinates: tuple[float, float] | None


class Emulator(Address, Controls):
    """A server on this machine that answers as X's hosts do, with a world of its own to stream.

    As a context manager it is ready on entry, and on exit its thread and its sockets are gone. All of its
    methods and attributes may be used from any thread.

    Args:
        host: Address to listen on; the default can be reached from this machine only.
        port: Port to listen on; 0, the default, takes a free one. A restarted emulator keeps its port.
        rate: Posts the world makes in a second from the first stream on; 0 for none but those published,
            `math.inf` for as many as the fastest reader takes. It talks on for 5 minutes, at 200 a second at
            most, once the last stream has closed.
        seed: What everything is drawn from: the same seed makes the same people, posts, ids and times, and so
            sends the same bytes. A seeded world has its own time, which begins at 2026-01-01T00:00:00Z. None,
            the default, is the world of seed 0 at the present time.
        keep_alive: Seconds of silence after which a stream gets a keep-alive; None, the default, is 30 on
            v1.1 and 20 on v2.
        level: The level of access of v2's clients: ``"pay_per_use"``, the default and what new accounts at X
            get, or ``"enterprise"``, which may use every stream, replay what was missed, connect twice,
            and have more and longer rules. What a level may not do is refused.
        limits: What clients may do where that is not what X allows at the level; None, the default, is X's
            figures.
        tls: Names of hosts to stand in for by TLS, such as `X_HOSTS`. The port then takes TLS, with a
            certificate for these names and this machine, and still plain HTTP; and it is a proxy for these
            names. Empty, the default, is plain HTTP alone.
        posts: A recorded file whose posts are sent in place of the world's own, once, in its order and while
            somebody listens. Each of its lines is a v1.1 status or a v2 payload and is sent on its own
            protocol as it is (on v2 with the fields asked for), on the other in the form that this has there.
            Lines with neither are passed over; one that can't be read later on ends the posts with an
            error in the log.

    Raises:
        ValueError: `rate` is negative or no number, `keep_alive` isn't positive, there is no such `level`, a
            name in `tls` is none of a host, or `posts` holds no post or, among the first 200, a line that is
            no JSON.
        OSError: `posts` can't be read.
        ImportError: There is `tls`, and trustme isn't installed.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        rate: float = 20.0,
        seed: int | None = None,
        keep_alive: float | None = None,
        level: Level = "pay_per_use",
        limits: Limits | None = None,
        tls: Iterable[str] = (),
        posts: str | os.PathLike[str] | None = None,
    ) -> None:
        if keep_alive is not None and keep_alive <= 0:
            raise ValueError(f"keep_alive must be more than 0 seconds, or None, got {keep_alive}")
        self._open = 0
        self._stream_count = threading.Condition()
        limits = limits or Limits()
        allowance = Allowance(level, limits, seeded=seed is not None)
        clock = Clock(seeded=seed is not None)
        history = History(limits.history)
        world = World(seed or 0, clock, history.find)
        accounts = Accounts(seed or 0)
        world.people.introduce(accounts.user_id, accounts.screen_name)
        hub = StreamHub(clock, limits, history, self._streams_changed)
        recording = None if posts is None else Recording(posts, world.people)
        self._services = services = Services(
            seed=seed,
            clock=clock,
            world=world,
            authenticator=Authenticator(accounts, clock),
            rate_limiter=RateLimiter(clock, allowance),
            rule_book=RuleBook(world.ids, allowance, seed or 0),
            subscriptions={},
            faults=FaultPlan(clock, seed),
            requests=RequestLog(),
            hub=hub,
            producer=PostProducer(world, clock, hub, rate, recording),
            on_stop=[],
        )
        streams = {**v1.StreamEndpoints(services).routes(), **v2.StreamEndpoints(services).routes()}
        others: Routes = {
            **v1.routes(services),
            **v2.routes(services),
            **signin.routes(services.authenticator),
        }
        router = Router(services, streams, others, keep_alive)
        names = checked(tls)
        console = Console(State(services), clock.started, list(streams), self.env)
        control = Control(services, console, frozenset({host.lower(), *(name.lower() for name in names)}))

        def respond(request: Request) -> Reply:
            return (control if is_own(request.path) else router).respond(request)

        certificate = Certificate(names, host) if names else None
        self._server = Server(respond, clock.time, services.stop, host, port, certificate)
        self._call = self._server.call

    def start(self) -> Self:
        """Start listening, and return once requests are answered.

        Raises:
            OSError: the address can't be had.
        """
        self._server.start()
        self._services.clock.started = time.monotonic()
        return self

    def stop(self) -> None:
        """Drop every connection and stop listening; does nothing on one that doesn't run."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _streams_changed(self, count: int) -> None:
        self._services.producer.listeners_changed()
        with self._stream_count:
            self._open = count
            self._stream_count.notify_all()
        self._services.hub.notify()

    # --- what streams get

    @property
    def rate(self) -> float:
        """Posts that the world makes in a second; may be set at any time. ValueError as for `Emulator`."""
        return self._services.producer.rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self.do(Rate(posts="max" if checked_rate(rate) == math.inf else rate))

    def compose(
        self,
        text: str,
        *,
        author: str | int | None = None,
        lang: str | None = None,
        reply_to: Post | None = None,
        quote: Post | None = None,
        coordinates: tuple[float, float] | None = None,
    ) -> Post:
        """Make a post without publishing it; hashtags, mentions, cashtags and links in the text are marked.

        Args:
            text: The text; ids and time are added.
            author: Screen name or user id; somebody of the world if left out.
            lang: X's code for its language, such as ``en``, ``in`` (Indonesian), ``zh-TW`` (of which the
                post says ``zh``) or ``und``; guessed from the script if left out.
            reply_to: The post it answers.
            quote: The post it quotes.
            coordinates: Longitude and latitude in degrees.

        Raises:
            ValueError: X has no language of that code.
        """
        code = None if lang is None else checked_code(lang)

        def make() -> Post:
            world = self._services.world
            person = None if author is None else world.people.find(author)
            return world.compose(
                text, author=person, lang=code, reply_to=reply_to, quoted=quote, point=coordinates
            )

        return self._call(make)

    def retweet(self, post: Post, *, author: str | int | None = None) -> Post:
        """Make a retweet of a post without publishing it, by the given screen name or id, or by somebody."""
        world = self._services.world
        return self._call(lambda: world.retweet(post, None if author is None else world.people.find(author)))

    def publish(self, post: str | Post, **details: Unpack[Details]) -> int:
        """Publish a post, made by `compose` or here from a text (with the same `details`).

        Returns the number of streams that it was sent to: those that it matches, but for stalled
        ones and those that had all they get in this second (`Limits.messages`).
        """
        made = self.compose(post, **details) if isinstance(post, str) else post
        return self._call(lambda: self._services.hub.publish(made))

    # --- what was seen

    @property
    def streams(self) -> tuple[StreamRecord, ...]:
        """The streams that are open, oldest first."""
        return self._call(lambda: tuple(stream.record for stream in self._services.hub.streams.values()))

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """The last requests, oldest first: 10,000 of them, or fewer where they are large (32 MiB in all)."""
        return self._call(lambda: tuple(self._services.requests.kept))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of v2's filtered stream, oldest first."""
        return self._call(lambda: tuple(self._services.rule_book.rules.values()))

    def wait_for_streams(self, count: int, timeout: float = 5.0) -> None:
        """Block until exactly `count` streams are open. Raises TimeoutError after `timeout` seconds."""
        with self._stream_count:
            if not self._stream_count.wait_for(lambda: self._open == count, timeout):
                raise TimeoutError(f"{self._open} streams are open after {timeout} s, not {count}")
