"""rxtweets' own client lives through each fault: the right error, a new connection, and posts again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from reactivex import Observable

import rxtweets as rxt
from rxtweets.emulator import Emulator
from rxtweets.messages import Post, Reconnecting, Status
from tests.clients import QUICK, client_on, stream_on
from tests.observing import Seen

BREAKS: dict[str, tuple[Callable[[Emulator], object], type[Exception]]] = {
    "close": (lambda e: e.close_streams(), rxt.StreamDisconnected),
    "close in a message": (lambda e: e.close_streams(inside="message"), rxt.StreamDisconnected),
    "close in a character": (lambda e: e.close_streams(inside="character"), rxt.StreamDisconnected),
    "close in gzip": (lambda e: e.close_streams(inside="gzip"), rxt.StreamError),
    "cut": (lambda e: e.cut_streams(), rxt.StreamError),
    "cut in a message": (lambda e: e.cut_streams(inside="message"), rxt.StreamError),
    "cut in a chunk's header": (lambda e: e.cut_streams(inside="chunk_header"), rxt.StreamError),
    "cut in a character": (lambda e: e.cut_streams(inside="character"), rxt.StreamError),
    "cut in gzip": (lambda e: e.cut_streams(inside="gzip"), rxt.StreamError),
    "reset": (lambda e: e.reset_streams(), rxt.ConnectionFailed),
    "reset in a message": (lambda e: e.reset_streams(inside="message"), rxt.ConnectionFailed),
    "a long line": (lambda e: e.send_long_line(), rxt.FrameTooLong),
    "disconnect": (lambda e: e.disconnect_streams(), rxt.StreamDisconnected),
}

NUISANCES: dict[str, Callable[[Emulator], object]] = {
    "garbage": lambda e: e.send_garbage(),
    "duplicates": lambda e: e.duplicate(0.5),
    "disorder": lambda e: e.reorder(5),
    "fragments": lambda e: e.fragment(3),
    "skew": lambda e: e.skew(3600),
}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(rate=200) as running:
        yield running


def stream_of(emulator: Emulator, protocol: str) -> Observable[Any]:
    return (stream_on if protocol == "v1" else client_on)(emulator, policy=QUICK).sample()


def is_post(item: object) -> bool:
    return isinstance(item, Post | Status)


@pytest.mark.parametrize("protocol", ["v1", "v2"])
@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_stream_is_opened_again(emulator: Emulator, protocol: str, name: str) -> None:
    """The break is told as the error it is, and posts come again."""
    break_, error = BREAKS[name]
    seen = Seen(stream_of(emulator, protocol)).count(5)
    break_(emulator)
    seen.wait(lambda seen: any(isinstance(item, Reconnecting) for item in seen.items))
    at = next(place for place, item in enumerate(seen.items) if isinstance(item, Reconnecting))
    seen.wait(lambda seen: any(map(is_post, seen.items[at:])))
    seen.dispose()
    assert isinstance(seen.items[at].cause, error)


@pytest.mark.parametrize("protocol", ["v1", "v2"])
@pytest.mark.parametrize("name", NUISANCES)
def test_a_nuisance_is_lived_through(emulator: Emulator, protocol: str, name: str) -> None:
    """The connection stays, and posts go on coming."""
    seen = Seen(stream_of(emulator, protocol)).count(5)
    NUISANCES[name](emulator)
    before = len(seen.items)
    seen.wait(lambda seen: sum(map(is_post, seen.items[before:])) >= 20)
    seen.dispose()
    assert not any(isinstance(item, Reconnecting) for item in seen.items)
