"""To add a kind of v1.1 message: its class in `messages/notices.py`, its operator and its builder."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator

import pytest
import reactivex

from rxtweets import messages as m
from rxtweets import operators as tw
from rxtweets import testing as b
from rxtweets.messages import notices

SAMPLE = b'{"poll_closed":{"poll_id":"71","votes":12,"options":["yes","no"]}}'


@pytest.fixture
def poll_closed() -> Iterator[type[m.Message]]:
    """The new kind, as its class alone makes it known."""

    @notices.inside("poll_closed")
    class PollClosed(m.Message, frozen=True, kw_only=True):
        poll_id: str = ""
        votes: int = 0
        options: tuple[str, ...] = ()

    yield PollClosed
    del notices.INSIDE["poll_closed"]


def test_its_class_makes_a_kind_known(poll_closed: type[m.Message]) -> None:
    """`decode`, routing, envelopes and `mismatches` know a kind by its class: no other list names it."""
    message = m.decode(SAMPLE)
    assert isinstance(message, poll_closed)
    assert message.json() == json.loads(SAMPLE)
    assert (message.raw, message.mismatches) == (SAMPLE, ())

    odd = m.decode(SAMPLE.replace(b"12", b'["many"]'))
    assert isinstance(odd, poll_closed)
    assert odd.mismatches == ("votes",)

    enveloped = m.decode(b.for_user_json(SAMPLE, 7))
    assert isinstance(enveloped, m.ForUser)
    assert isinstance(enveloped.message, poll_closed)

    kept: list[m.Message] = []
    frames = reactivex.of(SAMPLE, b.limit_json(), b.status_json())
    frames.pipe(tw.decode(), tw.of_type(poll_closed)).subscribe(kept.append)
    assert kept == [message]


def test_without_its_class_it_is_unknown() -> None:
    """The sample is of a kind that the library doesn't have."""
    assert isinstance(m.decode(SAMPLE), m.Unknown)


REQUIRED: dict[str, tuple[bytes | str]] = {"for_user_json": (SAMPLE,), "extended_status_json": ("Hello",)}
BUILT = {
    type(m.decode(getattr(b, name)(*REQUIRED.get(name, ())))) for name in b.__all__ if name.endswith("_json")
}
KEPT = {inspect.signature(getattr(tw, name)).return_annotation for name in tw.__all__}


@pytest.mark.parametrize("kind", dict.fromkeys([*notices.INSIDE.values(), *notices.TOLD_BY.values()]))
def test_each_kind_is_complete(kind: type[m.Message]) -> None:
    """Each kind is exported, made by a builder, and kept by an operator of its own."""
    assert kind.__name__ in m.__all__
    assert kind in BUILT
    assert (
        kind is m.ForUser or f"Callable[[Observable[Any]], Observable[{kind.__name__}]]" in KEPT
    )  # tw.for_user() opens envelopes
