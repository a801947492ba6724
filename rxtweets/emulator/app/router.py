"""The way of a request: to its endpoint, past faults and rate limits, into the records."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from rxtweets.emulator.faults.fault_plan import Ordered
from rxtweets.emulator.server.http import Request, Response, refuse
from rxtweets.emulator.server.wire import NoResponse, Reply
from rxtweets.emulator.streams.source import Endpoint, Feed, Opening, Routes
from rxtweets.emulator.streams.stream import OpenStream

from .records import LONGEST_BODY, EndReason, RequestRecord, StreamRecord, frozen
from .services import Services

KEEP_ALIVE = {"1.1": 30.0, "2": 20.0}
"""Seconds between keep-alives. Source: X's guides to consuming streams."""

REASON_HEADER = "x-emulator-reason"
"""The header of a 401 that says what was wrong with the credentials, which X's responses don't."""


class Router:
    """The router of requests to X's addresses: it finds their endpoints, and opens the streams.

    Args:
        services: What the emulator consists of.
        streams: The routes of streams.
        others: All other routes.
        keep_alive: Seconds between keep-alives; None for X's.
    """

    def __init__(self, services: Services, streams: Routes, others: Routes, keep_alive: float | None) -> None:
        self._clock = services.clock
        self._rate_limiter = services.rate_limiter
        self._faults = services.faults
        self._requests = services.requests
        self._hub = services.hub
        self._keep_alive = keep_alive
        self._names = random.Random(f"connections/{services.seed}")
        self._streams = streams
        self._routes = {**streams, **others}

    def respond(self, request: Request) -> Reply:
        """Return the response to a request, and record both."""
        reply = self._reply(request)
        asyncio.get_running_loop().call_soon(self._hub.notify)  # once the answer is on its way
        if isinstance(reply, NoResponse):
            self._record(request, None)
            return reply
        limits = self._limits(request, reply)
        if isinstance(reply, Opening):
            self._record(request, 200)
            return self._stream(request, reply, limits)
        self._record(request, reply.status)
        given = {name.lower() for name, _ in reply.headers}
        headers = (*reply.headers, *(pair for pair in limits if pair[0] not in given))
        if reply.status == 401 and request.fault is not None:
            headers = (*headers, (REASON_HEADER, request.fault))
        return Response(reply.status, reply.body, reply.content_type, headers)

    def _record(self, request: Request, status: int | None) -> None:
        body = request.body[:LONGEST_BODY]
        self._requests.add(
            RequestRecord(
                request.method,
                request.path,
                frozen(request.query),
                frozen(request.headers),
                body,
                frozen(request.form_of(body)),
                status,
                time.monotonic(),
            )
        )

    def _limits(self, request: Request, reply: Response | Opening) -> tuple[tuple[str, str], ...]:
        """Return the headers that tell about rate limits, which every answer of v2 has."""
        if request.path.startswith("/2/"):
            used_up = isinstance(reply, Ordered) and reply.limits
            until = reply.until if isinstance(reply, Ordered) else None
            return self._rate_limiter.headers(
                request.method, self._route(request.path), used_up=used_up, until=until if used_up else None
            )
        return ()

    def _reply(self, request: Request) -> Response | Opening | NoResponse:
        methods = self._find(request.path)
        fault = self._faults.match(request, request.path in self._streams)
        if fault is not None:
            return fault
        if methods is None:
            return refuse(request, 404)
        endpoint = methods.get(request.method)
        if endpoint is None:
            answer = refuse(request, 405)
            return Response(405, answer.body, answer.content_type, (("allow", ", ".join(methods)),))
        return endpoint(request)

    def _find(self, path: str) -> Mapping[str, Endpoint] | None:
        return self._routes.get(self._route(path))

    def _route(self, path: str) -> str:
        """Return the path as it stands in the table, which may hold ``*`` for the last segment."""
        if path.startswith("/1.1/site/c/"):
            return "/1.1/site/c/*"
        if path in self._routes or not path.startswith("/2/"):
            return path
        return path.rpartition("/")[0] + "/*"

    def _stream(self, request: Request, opening: Opening, headers: tuple[tuple[str, str], ...]) -> OpenStream:
        self._end_older(opening.feed)
        protocol = opening.feed.protocol
        record = StreamRecord(
            str(uuid.UUID(int=self._names.getrandbits(128), version=4)),
            protocol,
            request.path,
            frozen(request.query),
            frozen(request.form),
            frozen(request.headers),
            datetime.fromtimestamp(self._clock.time(), UTC),
            request.client_ip,
        )
        return OpenStream(
            record,
            opening,
            self._hub,
            keep_alive=self._keep_alive or KEEP_ALIVE[protocol],
            most=self._rate_limiter.allowance.messages(request.path),
            distortion=self._faults.distortion(record),
            headers=(*opening.feed.headers, *headers),
        )

    def _end_older(self, feed: Feed) -> None:
        """End the stream, if any, whose place a newer one of the same account takes."""
        if feed.slot is None or self._rate_limiter.allowance.limits.connections is None:
            return
        for stream in tuple(self._hub.streams.values()):
            if stream.feed.slot == feed.slot:
                stream.disconnect(EndReason.SUPERSEDED)
