"""Bytes to frames, however the bytes are cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets.errors import FrameTooLong
from rxtweets.framing import Framer, LengthFramer, LineFramer, Remainder, split_objects

MESSAGES = [
    b'{"text":"plain"}',
    '{"text":"ünïcödé 日本語 🐍 שלום"}'.encode(),
    b"",
    b'{"text":"escaped \\n and \\r\\n inside"}',
    b"",
    b"",
    b'{"limit":{"track":12}}',
]


def lines(messages: Iterable[bytes]) -> bytes:
    return b"".join(message + b"\r\n" for message in messages)


def lengths(messages: Iterable[bytes]) -> bytes:
    return b"".join(b"%d\r\n%s\r\n" % (len(m) + 2, m) if m else b"\r\n" for m in messages)


def fed(framer: Framer, *pieces: bytes) -> list[bytes]:
    return [frame for piece in pieces for frame in framer.feed(piece)]


def closed(framer: Framer, *pieces: bytes) -> tuple[list[bytes], int | None]:
    """Return the frames of a stream of *pieces* and, when one is over the limit, the limit."""
    frames: list[bytes] = []
    limit = None
    try:
        for piece in pieces:
            frames += framer.feed(piece)
    except FrameTooLong as error:
        limit = error.limit
    return frames + (framer.close().frames if limit else []), limit


BOTH = pytest.mark.parametrize(
    ("framer", "wire"),
    [
        pytest.param(LineFramer, lines(MESSAGES), id="lines"),
        pytest.param(LengthFramer, lengths(MESSAGES), id="length"),
    ],
)


@BOTH
def test_every_cut_gives_the_same_frames(framer: Callable[[], Framer], wire: bytes) -> None:
    """A stream cut in two anywhere, also inside a character or a line end, gives the same frames."""
    for cut in range(len(wire) + 1):
        assert fed(framer(), wire[:cut], wire[cut:]) == MESSAGES, cut


@BOTH
def test_byte_by_byte(framer: Callable[[], Framer], wire: bytes) -> None:
    """Each frame comes out with the last byte of its end."""
    assert fed(framer(), *(wire[i : i + 1] for i in range(len(wire)))) == MESSAGES


RECORDED = sorted((Path(__file__).parent / "data" / "messages").glob("*.jsonl"))


@pytest.mark.parametrize("length", [False, True], ids=["lines", "length"])
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_streams_cut_anywhere(path: Path, length: bool) -> None:
    """A recorded stream, with keep-alives between its messages, gives the same frames wherever it is cut."""
    recorded = path.read_bytes().splitlines()[:12]
    messages = [part for message in recorded for part in (message, b"")]
    wire = lengths(messages) if length else lines(messages)
    make = LengthFramer if length else LineFramer
    for cut in range(len(wire) + 1):
        framer = make()
        assert framer.feed(wire[:cut]) + framer.feed(wire[cut:]) == messages, cut


TEXTS = st.lists(
    # Without line ends, and without the beginning of a byte order mark, which the first would lose.
    st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"").replace(b"\r", b"").lstrip(b"\xef")),
    max_size=12,
)


@given(messages=TEXTS, sizes=st.lists(st.integers(1, 30), min_size=1), length=st.booleans())
def test_any_cuts(messages: list[bytes], sizes: list[int], length: bool) -> None:
    """Any messages in pieces of any sizes come out whole and in order."""
    wire = lengths(messages) if length else lines(messages)
    framer: Framer = LengthFramer() if length else LineFramer()
    frames, at, turn = [], 0, 0
    while at < len(wire):
        size = sizes[turn % len(sizes)]
        frames += framer.feed(wire[at : at + size])
        at, turn = at + size, turn + 1
    assert frames == messages


@given(st.lists(st.binary(max_size=30), max_size=10), st.booleans())
def test_hostile_bytes_never_raise(pieces: list[bytes], length: bool) -> None:
    """No bytes make a framer raise anything but FrameTooLong, wherever they are cut."""

    def make() -> Framer:
        return LengthFramer(64) if length else LineFramer(64)

    whole, cut = make(), make()
    data = b"".join(pieces)
    assert closed(whole, data) == closed(cut, *pieces)


def test_a_bare_newline_ends_a_frame() -> None:
    r"""`\n` alone is tolerated."""
    assert fed(LineFramer(), b"one\ntwo\r\n\nthree") == [b"one", b"two", b""]


@pytest.mark.parametrize("framer", [LineFramer, LengthFramer])
def test_a_frame_of_exactly_the_limit_passes(framer: type[LineFramer] | type[LengthFramer]) -> None:
    """The limit counts the message without its line end."""
    wire = lengths([b"x" * 100]) if framer is LengthFramer else lines([b"x" * 100])
    for cut in range(len(wire)):
        assert fed(framer(100), wire[:cut], wire[cut:]) == [b"x" * 100]


@pytest.mark.parametrize("framer", [LineFramer, LengthFramer])
def test_a_frame_over_the_limit_is_an_error_after_those_before_it(
    framer: type[LineFramer] | type[LengthFramer],
) -> None:
    """Frames before one that is too long are returned, and nothing after it."""
    encode = lengths if framer is LengthFramer else lines
    wire = encode([b"before", b"x" * 101, b"after"])
    for cut in range(len(wire)):
        assert closed(framer(100), wire[:cut], wire[cut:]) == ([b"before"], 100)


@pytest.mark.parametrize("framer", [LineFramer, LengthFramer])
def test_an_endless_frame_is_not_collected(framer: type[LineFramer] | type[LengthFramer]) -> None:
    """A line that never ends is given up at the limit, so memory stays bounded."""
    under_test = framer(1000)
    fed = 0
    while closed(under_test, b"x" * 100)[1] is None:
        fed += 100
    assert fed <= 1100


def test_a_line_that_is_no_length_comes_out_as_a_frame() -> None:
    """Under delimited=length, a message without its length is not lost."""
    wire = b'{"no":"length"}\r\n4\r\nhi\r\n'
    assert fed(LengthFramer(), wire) == [b'{"no":"length"}', b"hi"]


OBJECTS = [b'{"text":"eins \\u007d}"}', '{"a":{"b":["日本","}{"]}}'.encode(), b"{}"]


@BOTH
def test_every_end_of_a_stream(framer: Callable[[], Framer], wire: bytes) -> None:
    """Wherever a stream ends, each of its messages comes out whole, or is said to be cut."""
    for cut in range(len(wire) + 1):
        under_test = framer()
        frames = [frame for frame in under_test.feed(wire[:cut]) if frame]
        left = under_test.close()
        whole = frames + left.frames
        messages = [message for message in MESSAGES if message]
        assert whole == messages[: len(whole)], cut
        if left.cut is None:
            # Nothing but white space may be missing of what was sent.
            sent = sum(wire[:cut].count(message) for message in set(messages))
            assert len(whole) == sent, cut


def test_a_whole_message_without_its_line_end_is_not_lost() -> None:
    """A whole message left at the end is returned; the bytes of a partial one are counted."""
    for left, expected in (
        (b'{"a":1}', Remainder([b'{"a":1}'], None)),
        (b'{"a":1}\r', Remainder([b'{"a":1}'], None)),
        (b'{"a":1}{"b', Remainder([b'{"a":1}'], 3)),
        (b'{"a":%s}' % (b"9" * 5000), Remainder([b'{"a":%s}' % (b"9" * 5000)], None)),
        (b'{"a":1', Remainder([], 6)),
        (b"\r", Remainder([], None)),
        (b"", Remainder([], None)),
        (b"12", Remainder([], 2)),
    ):
        under_test = LineFramer()
        assert under_test.feed(b"{}\r\n" + left) == [b"{}"]
        assert under_test.close() == expected


def test_a_message_that_was_announced_only_is_missing() -> None:
    """Under delimited=length, a length with nothing behind it says that a message is lost."""
    under_test = LengthFramer()
    under_test.feed(b"9\r\n")
    assert under_test.close() == Remainder([], 0)
    under_test.feed(b'{"a":1}')
    assert under_test.close() == Remainder([b'{"a":1}'], None)


def test_nothing_is_left_after_a_frame_too_long() -> None:
    """A frame that was too long is not part of the remainder."""
    for framer in (LineFramer(10), LengthFramer(10)):
        with pytest.raises(FrameTooLong):
            framer.feed(b"x" * 100)
        assert framer.close() == Remainder([], None)


@BOTH
def test_a_byte_order_mark_is_skipped(framer: Callable[[], Framer], wire: bytes) -> None:
    """A byte order mark before the first frame is no part of it, however the bytes are cut."""
    marked = b"\xef\xbb\xbf" + wire
    for cut in range(8):
        assert fed(framer(), marked[:cut], marked[cut:]) == MESSAGES
    under_test = framer()
    under_test.feed(b'\xef\xbb\xbf{"a":1}')
    assert under_test.close() == Remainder([b'{"a":1}'], None)


@given(
    st.lists(st.sampled_from(OBJECTS), max_size=4),
    st.sampled_from([b"", b" ", b"\r\n"]),
    st.sampled_from([b"", b"x", b'{"cut', b"\xff{}", b"[" * 2000, b'{"a":' * 100_000]),
)
def test_glued_objects_come_apart(objects: list[bytes], between: bytes, rest: bytes) -> None:
    """Objects one after the other come out one by one, byte for byte; what follows them is left."""
    assert split_objects(between.join([*objects, rest])) == (objects, rest)
