"""Frames to messages, as an operator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import reactivex as rx
from hypothesis import given
from hypothesis import strategies as st
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.errors import StreamDisconnected
from rxtweets.framing import LineFramer
from rxtweets.messages import DisconnectMessage, Limit, Message, Status, Undecodable, Unknown
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


ELEMENTS = [STATUS, LIMIT, status_json(text='],[ "drei" 三 \\'), b'{"new":[{"a":[]}]}']
BROKEN = [b'{"text":tru}', b'{"text":"\xff","user":{}}', b'{"a" 1}', b'{"a":[1,]}', b'"', b"{\\}", b"01"]


def array(elements: list[bytes], between: bytes = b",") -> bytes:
    return b"[" + between.join(elements) + b"]"


def test_a_message_in_an_array_has_its_own_bytes() -> None:
    """Each object of an array is a message, as if it had come bare; an array of anything else stays whole."""
    assert decoded(array([STATUS])) == [(Status, STATUS)]
    spaced = b" [ \r" + b"  ,\t".join(ELEMENTS) + b" ] "
    assert decoded(spaced) == [decoded(element)[0] for element in ELEMENTS]
    assert decoded(array([STATUS, b"1", array([LIMIT])])) == [
        (Status, STATUS),
        (Unknown, b"1"),
        (Unknown, array([LIMIT])),
    ]
    gaps = b"[%b, ,%b,,]" % (STATUS, LIMIT)  # an element without bytes is none, and can't be recorded
    assert decoded(gaps) == [(Status, STATUS), (Limit, LIMIT)]
    for frame in (b"[]", b"[1,2]", array([array([STATUS])])):
        assert decoded(frame) == [(Unknown, frame)]
    assert decoded(b"[") == [(Undecodable, b"[")]
    assert decoded(b"[" * 100_000) == [(Undecodable, b"[" * 100_000)]


@pytest.mark.parametrize("broken", BROKEN[:4])
def test_a_broken_element_is_undecodable_for_itself(broken: bytes) -> None:
    """An element that is no JSON is an Undecodable of its own, and the others are delivered."""
    assert decoded(array([STATUS, broken, LIMIT])) == [
        (Status, STATUS),
        (Undecodable, broken),
        (Limit, LIMIT),
    ]


@pytest.mark.parametrize(
    ("frame", "rest"),
    [
        (array([STATUS, LIMIT])[:-1], [(Limit, LIMIT)]),
        (array([STATUS, LIMIT])[:-3], [(Undecodable, LIMIT[:-2])]),
        (array([STATUS, LIMIT]) + b"x", [(Limit, LIMIT), (Undecodable, b"x")]),
        (array([STATUS, b'{"a":"b},' + LIMIT]), [(Undecodable, b'{"a":"b},' + LIMIT + b"]")]),
    ],
    ids=["no bracket", "in an element", "garbage", "no quote"],
)
def test_a_damaged_array(frame: bytes, rest: list[Any]) -> None:
    """The elements before the damage are delivered, and what follows is Undecodable, once."""
    assert decoded(frame) == [(Status, STATUS), *rest]


@given(st.lists(st.sampled_from(ELEMENTS + BROKEN[:4]), min_size=1, max_size=5), st.data())
def test_any_split_and_any_cut(elements: list[bytes], data: st.DataObject) -> None:
    """However the bytes are split the messages are the same; a cut takes the element that it is in."""
    frame = array([STATUS, *elements])
    wire = frame + b"\r\n"
    splits = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=5)))
    framer = LineFramer()
    frames = [
        one
        for begin, end in zip([0, *splits], [*splits, len(wire)], strict=True)
        for one in framer.feed(wire[begin:end])
    ]
    assert frames == [frame]
    whole = [element for _, element in decoded(frame)]
    assert whole == [STATUS, *elements]

    cut = data.draw(st.integers(0, len(frame)))
    framer = LineFramer()
    framer.feed(frame[:cut])
    left = framer.close()
    count = len(left.frames)
    assert left.frames == whole[:count]
    begin = 1 + sum(len(element) + 1 for element in whole[:count])
    in_element = whole[count][: max(0, cut - begin)] if count < len(whole) else b""
    assert (left.cut or 0) == (len(in_element) if cut > 1 else cut)


def test_a_goodbye_in_an_array_counts() -> None:
    """The reason for the end is told also where the goodbye came in an array, as its last element."""
    goodbye = b'{"disconnect":{"code":7,"reason":"admin logout"}}'
    cut = StreamDisconnected("cut")
    for frame, code in ((array([STATUS, goodbye]), 7), (array([goodbye, STATUS]), None)):
        errors: list[Any] = []
        rx.concat(rx.of(frame), rx.throw(cut)).pipe(tw.decode()).subscribe(on_error=errors.append)
        assert [getattr(error, "code", None) for error in errors] == [code]


def test_the_rest_of_an_array_after_a_dispose() -> None:
    """A subscriber who leaves in the middle of an array gets nothing more of it."""
    seen: list[bytes] = []
    two = rx.of(array(ELEMENTS), STATUS).pipe(tw.decode(), tw.messages(), ops.take(2))
    two.subscribe(lambda message: seen.append(message.raw))
    assert seen == ELEMENTS[:2]
    subject, seen = rx.Subject[bytes](), []

    def enough(message: Message) -> None:
        seen.append(message.raw)
        subscription.dispose()

    subscription = subject.pipe(tw.decode(), tw.messages()).subscribe(enough)
    subject.on_next(array(ELEMENTS))
    assert seen == ELEMENTS[:1]


def test_recording_an_array(tmp_path: Path) -> None:
    """Messages are recorded each with its own bytes; frames, before they are decoded, as they came."""
    frame = array([STATUS, BROKEN[0], LIMIT])
    messages, frames = tmp_path / "messages.jsonl", tmp_path / "frames.jsonl"
    rx.of(frame).pipe(tw.decode(), tw.record(messages)).run()
    rx.of(frame).pipe(tw.record(frames)).run()
    replayed = [
        rxt.replay(path, speed=None).pipe(ops.filter(lambda item: type(item) is bytes), ops.to_list()).run()
        for path in (messages, frames)
    ]
    assert replayed == [[STATUS, BROKEN[0], LIMIT], [frame]]
