"""The emulated site: takes requests, holds the streams, the faults and the world."""

from __future__ import annotations

import asyncio
import os
import random
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from rxtweets.emulator.api.oauth import signin
from rxtweets.emulator.api.oauth.authenticator import Accounts, Authenticator
from rxtweets.emulator.api.v1 import endpoints as v1
from rxtweets.emulator.api.v2 import endpoints as v2
from rxtweets.emulator.api.v2.rules import RuleBook
from rxtweets.emulator.api.v2.subscriptions import Subscription
from rxtweets.emulator.faults.fault_plan import FaultPlan, Ordered
from rxtweets.emulator.faults.scenario import Scenario
from rxtweets.emulator.server.http import Request, Response, refuse
from rxtweets.emulator.server.wire import Connection, NoResponse, Reply
from rxtweets.emulator.streams.history import History
from rxtweets.emulator.streams.hub import StreamHub
from rxtweets.emulator.streams.producer import PostProducer
from rxtweets.emulator.streams.source import Feed
from rxtweets.emulator.streams.stream import OpenStream, wants_gzip
from rxtweets.emulator.world.recording import Recording
from rxtweets.emulator.world.world import World

from .clock import Clock
from .control import Control, is_own
from .limits import Allowance, Level, Limits
from .rate_limits import RateLimiter
from .records import LONGEST_BODY, EndReason, RequestLog, RequestRecord, StreamRecord, frozen

KEEP_ALIVE = {"1.1": 30.0, "2": 20.0}
"""Seconds between keep-alives. Source: X's guides to consuming streams."""

WHY = "x-emulator-reason"
"""The header of a 401 that says what was wrong with the credentials, which X's answers don't."""

Endpoint = Callable[[Request], Response | Feed]


class Site:
    """Everything behind the emulator's address. Lives on one loop, to be touched only there while it runs."""

    def __init__(
        self,
        *,
        rate: float,
        seed: int | None,
        keep_alive: float | None,
        limits: Limits,
        level: Level,
        changed: Callable[[int], None],
        posts: str | os.PathLike[str] | None = None,
    ) -> None:
        allowance = Allowance(level, limits, seeded=seed is not None)
        self.keep_alive = keep_alive
        self.seed = seed
        self.started = time.monotonic()
        self.clock = Clock(seeded=seed is not None)
        history = History(limits.history)
        self.world = World(seed or 0, self.clock, history.find)
        self.accounts: Accounts = Accounts(seed or 0)
        self.world.people.introduce(self.accounts.user_id, self.accounts.screen_name)
        self.authenticator = Authenticator(self.accounts, self.clock)
        self.rate_limiter = RateLimiter(self.clock, allowance)
        self.book = RuleBook(self.world.ids, allowance, seed or 0)
        self.subscriptions: dict[str, Subscription] = {}
        self.faults: FaultPlan = FaultPlan(self.clock, seed)
        self.control = Control(self)
        self.requests = RequestLog()
        self.connections: set[Connection] = set()
        self.scenarios: list[Scenario] = []
        self.hub = StreamHub(self.clock, limits, history, self._streams_changed)
        recording = None if posts is None else Recording(posts, self.world.people)
        self.producer: PostProducer = PostProducer(self.world, self.clock, self.hub, rate, recording)
        self._changed = changed
        self._names = random.Random(f"connections/{seed}")
        self._streams: dict[str, dict[str, Endpoint]] = {**v1.streams(self), **v2.streams(self)}
        self._routes: dict[str, dict[str, Endpoint]] = {
            **self._streams,
            **v1.routes(self),
            **v2.routes(self),
            **signin.routes(self),
        }

    # --- requests

    def connect(self) -> Connection:
        """The protocol of a new connection."""
        return Connection(self.respond, self.connections, self.clock.time)

    def respond(self, request: Request) -> Reply:
        """Answer a request and remember both, unless it is about the emulator itself."""
        if is_own(request.path):
            return self.control.respond(request)
        reply = self._reply(request)
        opened = isinstance(reply, Feed)
        body = request.body[:LONGEST_BODY]
        self.requests.add(
            RequestRecord(
                request.method,
                request.path,
                frozen(request.query),
                frozen(request.headers),
                body,
                frozen(request.form_of(body)),
                200 if opened else reply.status if isinstance(reply, Response) else None,
            )
        )
        asyncio.get_running_loop().call_soon(self.hub.notify)  # once the answer is on its way
        limits = self._limits(request, reply)
        if isinstance(reply, Feed):
            return self._stream(request, reply, limits)
        if isinstance(reply, Response):
            given = {name.lower() for name, _ in reply.headers}
            headers = (*reply.headers, *(pair for pair in limits if pair[0] not in given))
            if reply.status == 401 and request.fault is not None:
                headers = (*headers, (WHY, request.fault))
            return Response(reply.status, reply.body, reply.content_type, headers)
        return reply

    def _limits(self, request: Request, reply: Response | Feed | NoResponse) -> tuple[tuple[str, str], ...]:
        """Return the headers that tell about rate limits, which every answer of v2 has."""
        if request.path.startswith("/2/"):
            used_up = isinstance(reply, Ordered) and reply.limits
            until = reply.until if isinstance(reply, Ordered) else None
            return self.rate_limiter.headers(
                request.method, self.endpoint(request.path), used_up=used_up, until=until if used_up else None
            )
        return ()

    def _reply(self, request: Request) -> Response | Feed | NoResponse:
        methods = self._find(request.path)
        fault = self.faults.match(request, request.path in self._streams)
        if fault is not None:
            return fault
        if methods is None:
            return refuse(request, 404)
        endpoint = methods.get(request.method)
        if endpoint is None:
            answer = refuse(request, 405)
            return Response(405, answer.body, answer.content_type, (("allow", ", ".join(methods)),))
        return endpoint(request)

    @property
    def stream_paths(self) -> list[str]:
        """The paths of all streams there are."""
        return list(self._streams)

    def _find(self, path: str) -> dict[str, Endpoint] | None:
        return self._routes.get(self.endpoint(path))

    def endpoint(self, path: str) -> str:
        """The path as it stands in the table, which may hold ``*`` for the last segment."""
        if path.startswith("/1.1/site/c/"):
            return "/1.1/site/c/*"
        if path in self._routes or not path.startswith("/2/"):
            return path
        return path.rpartition("/")[0] + "/*"

    def _stream(self, request: Request, feed: Feed, headers: tuple[tuple[str, str], ...]) -> OpenStream:
        self._end_older(feed)
        record = StreamRecord(
            str(uuid.UUID(int=self._names.getrandbits(128), version=4)),
            feed.protocol,
            request.path,
            frozen(request.query),
            frozen(request.form),
            frozen(request.headers),
            datetime.fromtimestamp(self.clock.time(), UTC),
            request.client_ip,
        )
        distortion = self.faults.distortion(record)
        keep_alive = self.keep_alive or KEEP_ALIVE[feed.protocol]
        return OpenStream(
            record,
            feed,
            gzip=wants_gzip(request),
            keep_alive=keep_alive,
            most=self.rate_limiter.allowance.messages(request.path),
            queue=self.hub.limits.queue,
            clock=self.clock,
            registry=self.hub,
            distortion=distortion,
            headers=headers,
        )

    def _end_older(self, feed: Feed) -> None:
        """End the stream, if any, whose place a newer one of the same account takes."""
        if feed.slot is None or self.rate_limiter.allowance.limits.connections is None:
            return
        for stream in tuple(self.hub.streams.values()):
            if stream.feed.slot == feed.slot:
                stream.disconnect(EndReason.SUPERSEDED)

    def _streams_changed(self, count: int) -> None:
        self.producer.listeners_changed()
        self._changed(count)
        self.hub.notify()

    # --- ends

    def abort(self) -> None:
        """Drop every connection."""
        self.producer.stop()
        self.end_scenarios()
        for stream in self.hub.streams.values():
            stream.reason = EndReason.SERVER
        for connection in tuple(self.connections):
            connection.transport.abort()

    def drop_idle(self, seconds: float) -> None:
        """Drop the connections whose client has owed a request for at least so many seconds."""
        now = asyncio.get_running_loop().time()
        for connection in tuple(self.connections):
            if connection.idle_for(now) >= seconds:
                connection.transport.abort()

    def end_scenarios(self) -> None:
        """Do nothing more of any scenario."""
        for scenario in tuple(self.scenarios):
            scenario.end()

    def forget(self) -> None:
        """Be as one that nobody ever called, whatever became of the loop; what was seen stays."""
        self.end_scenarios()
        self.connections.clear()
        for stream in tuple(self.hub.streams.values()):
            stream.ended()
        self.producer.stop()
