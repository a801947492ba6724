"""The trouble that has been ordered: requests to refuse, and requests to leave without any answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import h11
from msgspec import Struct

from rxtweets.emulator.http.answers import Answer, Call, encode, refuse


class _Order(Struct):
    path: str | None
    left: int
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str | None = None


class Ordered(Answer, frozen=True):
    """An answer that goes out just as it was ordered, without headers that the site would add."""


class Trouble:
    """Orders are served in turn; one without a path is for streams only, one with a path for that path."""

    def __init__(self) -> None:
        self._answers: list[_Order] = []
        self._mutes: list[_Order] = []

    def answer(
        self, status: int, times: int, headers: Mapping[str, str] | None, body: Any, path: str | None
    ) -> None:
        """Order an answer. Raises ValueError for a status that can't end a request, or `times` below 1."""
        if not 200 <= status <= 599:
            raise ValueError(f"status must be between 200 and 599, got {status}")
        _check_times(times)
        pairs = tuple((str(name), str(value)) for name, value in (headers or {}).items())
        try:
            h11.Response(status_code=status, headers=list(pairs))
        except (h11.LocalProtocolError, UnicodeEncodeError) as error:
            raise ValueError(f"headers can't be sent: {error}") from error
        if body is None or isinstance(body, bytes):
            data, kind = body, None
        elif isinstance(body, str):
            data, kind = body.encode(), "text/plain; charset=utf-8"
        else:
            data, kind = encode(body), "application/json; charset=utf-8"
        self._answers.append(_Order(path, times, status, pairs, data, kind))

    def mute(self, times: int, path: str | None) -> None:
        _check_times(times)
        self._mutes.append(_Order(path, times))

    def clear(self) -> None:
        """Forget what has been ordered and not yet served."""
        self._answers.clear()
        self._mutes.clear()

    def silent(self, path: str, streams: bool) -> bool:
        """Whether this request is to be left without an answer."""
        return _serve(self._mutes, path, streams) is not None

    def planned(self, call: Call, streams: bool) -> Ordered | None:
        """The answer ordered for this request."""
        order = _serve(self._answers, call.path, streams)
        if order is None:
            return None
        usual = refuse(call, order.status)
        body = usual.body if order.body is None else order.body
        given = next((value for name, value in order.headers if name.lower() == "content-type"), None)
        headers = tuple(pair for pair in order.headers if pair[0].lower() != "content-type")
        return Ordered(order.status, body, given or order.content_type or usual.content_type, headers)


def _serve(orders: list[_Order], path: str, streams: bool) -> _Order | None:
    for order in orders:
        if order.path == path or (order.path is None and streams):
            order.left -= 1
            if order.left <= 0:
                orders.remove(order)
            return order
    return None


def _check_times(times: int) -> None:
    if times < 1:
        raise ValueError(f"times must be at least 1, got {times}")
