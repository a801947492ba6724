"""Short requests to v2's JSON endpoints, as cold Observables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import msgspec
import reactivex
from reactivex import Observable, abc
from reactivex import operators as ops

from .auth import Auth
from .connection import Response, fetch
from .endpoints import Request, api_url
from .errors import HTTPStatusError
from .transport import Transport

_T = TypeVar("_T")

Pairs = tuple[tuple[str, str], ...]


class Answer(NamedTuple):
    """An answer that was understood as far as that it is a JSON object."""

    response: Response
    json: dict[str, Any]

    def part(self, *names: str) -> dict[str, Any]:
        """The object at *names*, one inside the other; an empty one where there is none."""
        found: Any = self.json
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def listed(self, *names: str) -> list[dict[str, Any]]:
        """The objects in the list at *names*; none where there is no list."""
        found = self.part(*names[:-1]).get(names[-1])
        return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []

    def refused(self) -> HTTPStatusError:
        """The error for an answer that says by its content, not by its status, that nothing was done."""
        return HTTPStatusError(*self.response)


class Api:
    """Where requests go, and with which credentials."""

    def __init__(
        self,
        auth: Auth | None,
        base_url: str | None = None,
        transport: Transport | None = None,
        scheduler: abc.SchedulerBase | None = None,
    ) -> None:
        self._auth = auth
        self._base_url = base_url
        self._transport = transport
        self._scheduler = scheduler

    def call(self, method: str, path: str, params: Pairs = (), body: Any = None) -> Observable[Answer]:
        """The answer to one request, sent anew by each subscription."""
        encoded = None if body is None else msgspec.json.encode(body)
        request = Request(method, api_url(path, self._base_url), params, json=encoded)
        return fetch(request, self._auth, transport=self._transport, scheduler=self._scheduler).pipe(
            ops.map(_understood)
        )

    def items(self, path: str, params: Pairs, read: Callable[[dict[str, Any]], _T]) -> Observable[_T]:
        """What a paged list holds, each item through *read*; a page is asked for when the last one is out."""

        def rest(answer: Answer) -> Observable[_T]:
            held = reactivex.from_iterable([read(item) for item in answer.listed("data")])
            token = text(answer.part("meta").get("next_token"))
            return reactivex.concat(held, page((*params, ("pagination_token", token)))) if token else held

        def page(asked: Pairs) -> Observable[_T]:
            return self.call("GET", path, asked).pipe(ops.flat_map(rest))

        return page(params)


def text(value: Any) -> str | None:
    """*value* of a field that is text, or a number where a server drifted; None for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: Any) -> int:
    """*value* of a field that counts; 0 for anything that is no number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def time(value: Any) -> datetime | None:
    """*value* of a field that is a time in ISO 8601; None for anything else."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _understood(response: Response) -> Answer:
    try:
        said = msgspec.json.decode(response.body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise HTTPStatusError(*response)
    return Answer(response, said)
