"""Frames to messages, as an operator."""

from __future__ import annotations

from typing import Any

import pytest
import reactivex as rx
from reactivex import operators as ops

from rxtweets import operators as tw
from rxtweets.messages import DisconnectMessage, Limit, Message, Status, Undecodable
from rxtweets.testing import status_json

STATUS = status_json(text="}{ zwei")
LIMIT = b'{"limit":{"track":12}}'
DEEP = b'{"a":' * 100_000


def decoded(frame: bytes) -> list[tuple[type[Message], bytes]]:
    messages: list[Any] = rx.of(frame).pipe(tw.decode(), ops.to_list()).run()
    return [(type(message), message.raw) for message in messages]


@pytest.mark.parametrize("between", [b"", b" ", b"\r"])
def test_glued_objects_are_a_message_each(between: bytes) -> None:
    """Objects that stand in one frame come out one by one, and a cut one at their end, too."""
    assert decoded(between.join([STATUS, LIMIT, STATUS])) == [
        (Status, STATUS),
        (Limit, LIMIT),
        (Status, STATUS),
    ]
    assert decoded(LIMIT + between + STATUS[:20]) == [(Limit, LIMIT), (Undecodable, STATUS[:20])]
    goodbye = b'{"disconnect":{"code":1}}'
    assert [kind for kind, _ in decoded(LIMIT + between + goodbye)] == [Limit, DisconnectMessage]


@pytest.mark.parametrize(
    "frame", [STATUS + b"garbage", STATUS[:20], b"}{", DEEP, b'{"a":"\xff"}', b'{"a":"\xff"}x']
)
def test_any_other_frame_stays_whole(frame: bytes) -> None:
    """A frame that isn't a sequence of JSON objects becomes one Undecodable."""
    assert decoded(frame) == [(Undecodable, frame)]
