"""The emulator's own addresses, ``/`` and ``/emulator/…``: control over HTTP, for programs and the console.

What browsers show from elsewhere has no business here: a request is refused whose Host isn't this server
(DNS rebinding) or whose Origin is another (cross-site requests).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from rxtweets._loopback import is_loopback
from rxtweets.emulator.console.page import Console
from rxtweets.emulator.faults.actions import Action, Result
from rxtweets.emulator.faults.reading import read
from rxtweets.emulator.server.authority import split
from rxtweets.emulator.server.http import SCHEMES, Request, Response, json_response
from rxtweets.emulator.server.wire import Reply, Respond

from .services import Services

DO = "/emulator/do"
LONGEST_BODY = 1024 * 1024
"""Bytes of a request to do something."""


class Control:
    """The endpoints of the emulator itself.

    Args:
        services: What actions are done to.
        console: The console's endpoints.
        hosts: The names, beside those of this machine, that the emulator goes by.
        others: Answers requests for X's addresses.
    """

    def __init__(self, services: Services, console: Console, hosts: frozenset[str], others: Respond) -> None:
        self._services = services
        self._hosts = hosts
        self._others = others
        self.routes: dict[str, dict[str, Callable[[Request], Reply]]] = {
            "/": {"GET": console.page},
            DO: {"POST": self._do},
            "/emulator/state": {"GET": console.state},
            "/emulator/events": {"GET": console.events},
            "/emulator/console.css": {"GET": console.file},
            "/emulator/console.js": {"GET": console.file},
        }

    def respond(self, request: Request) -> Reply:
        """Answer a request for a path of the emulator's own; pass on any other."""
        if request.path != "/" and not request.path.startswith("/emulator/"):
            return self._others(request)
        refused = self._foreign(request)
        if refused is not None:
            return _error(403, refused)
        methods = self.routes.get(request.path)
        if methods is None:
            return _error(404, f"there is no {request.path}: there are {', '.join(sorted(self.routes))}")
        endpoint = methods.get(request.method)
        if endpoint is None:
            allowed = ", ".join(methods)
            answer = _error(405, f"{request.path} takes {allowed}, not {request.method}")
            return Response(405, answer.body, answer.content_type, (("allow", allowed),))
        return endpoint(request)

    def _foreign(self, request: Request) -> str | None:
        """Return what is wrong with the origin of a request, or None."""
        authority = request.headers.get("host", "")
        try:
            host, _ = split(authority)
        except ValueError:
            host = ""
        if not (is_loopback(host) or host in self._hosts):
            return (
                "Host must be this machine's loopback address, or a host that the emulator was started with"
            )
        origin = request.headers.get("origin")
        if origin is not None and origin.lower() not in (f"{s}://{authority.lower()}" for s in SCHEMES):
            return "Origin must be the emulator itself: other pages may not control it"
        return None

    def _do(self, request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return _error(415, "Content-Type must be application/json")
        if len(request.body) > LONGEST_BODY:
            return _error(413, f"the body must have at most {LONGEST_BODY} bytes, it has {len(request.body)}")
        try:
            actions = _read(msgspec.json.decode(request.body))
        except (ValueError, RecursionError) as error:
            return _error(400, str(error))
        done: list[Result] = []
        for action in actions:
            try:
                done.append(action.perform(self._services))
            except ValueError as error:
                said = f"action {len(done) + 1}: {error}" if len(actions) > 1 else str(error)
                return json_response({"error": said, "done": done}, 400)
        return json_response({"done": done})


def _read(given: Any) -> list[Action]:
    """Return the actions given, one or a list of them: all are checked before the first is done."""
    if not isinstance(given, list):
        return [read(given)]
    actions = []
    for number, one in enumerate(given, 1):
        try:
            actions.append(read(one))
        except ValueError as error:
            raise ValueError(f"action {number}: {error}") from error
    return actions


def _error(status: int, text: str) -> Response:
    return json_response({"error": text}, status)
