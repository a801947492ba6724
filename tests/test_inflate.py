"""Decompressing, however the bytes are cut and wherever they break."""

from __future__ import annotations

import contextlib
import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets.transport.inflate import Inflater

DATA = b"".join(b'{"id":%d,"text":"something to say"}\r\n' % number for number in range(60))


def deflated(data: bytes, wbits: int) -> bytes:
    packer = zlib.compressobj(wbits=wbits)
    return packer.compress(data) + packer.flush()


FORMS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "members": ("x-gzip", lambda data: gzip.compress(data[:500]) + gzip.compress(data[500:])),
    "deflate": ("deflate", lambda data: deflated(data, 15)),
    "bare deflate": ("deflate", lambda data: deflated(data, -15)),
}

EACH_FORM = pytest.mark.parametrize(("coding", "pack"), FORMS.values(), ids=FORMS)


def out(inflater: Inflater, limit: int = 1 << 16) -> bytes:
    pieces = list(iter(lambda: inflater.read(limit), b""))
    assert all(len(piece) <= limit for piece in pieces)
    return b"".join(pieces)


@EACH_FORM
@given(sizes=st.lists(st.integers(1, 200), min_size=1), limit=st.integers(20, 5000))
def test_any_cuts(coding: str, pack: Callable[[bytes], bytes], sizes: list[int], limit: int) -> None:
    """Data in pieces of any sizes come out whole, in pieces no larger than asked for, up to their end."""
    packed = pack(DATA)
    under_test = Inflater(coding)
    got, at, turn = b"", 0, 0
    while at < len(packed):
        size = sizes[turn % len(sizes)]
        under_test.feed(packed[at : at + size])
        got += out(under_test, limit)
        at, turn = at + size, turn + 1
    assert got == DATA
    assert under_test.ended


@EACH_FORM
def test_data_that_are_cut_have_no_end(coding: str, pack: Callable[[bytes], bytes]) -> None:
    """Cut anywhere, what came is given out and the end is missing; only between members there is one."""
    packed = pack(DATA)
    ends = {len(packed), len(gzip.compress(DATA[:500]))} if coding == "x-gzip" else {len(packed)}
    for cut in range(len(packed) + 1):
        under_test = Inflater(coding)
        under_test.feed(packed[:cut])
        assert DATA.startswith(out(under_test))
        assert under_test.ended is (cut in ends), cut


def test_what_came_before_a_fault_is_given_out_first() -> None:
    """A fault is raised when all that came before it is out, and again at each call after."""
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(DATA) + packer.flush(zlib.Z_SYNC_FLUSH)
    under_test = Inflater("gzip")
    under_test.feed(packed + b"\xff\xff\xff\xff")
    assert under_test.read(1 << 20) == DATA
    for _ in range(2):
        with pytest.raises(zlib.error):
            under_test.read(1 << 20)
    assert not under_test.ended


def test_a_wrong_checksum_is_a_fault() -> None:
    """Data whose checksum is wrong come out, and then the fault."""
    packed = bytearray(gzip.compress(DATA))
    packed[-6] ^= 1
    under_test = Inflater("gzip")
    under_test.feed(bytes(packed))
    assert under_test.read(1 << 20) == DATA
    with pytest.raises(zlib.error):
        under_test.read(1 << 20)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@given(data=st.binary(min_size=2, max_size=200))
def test_hostile_bytes_raise_one_error(coding: str, data: bytes) -> None:
    """Any data is decompressed or a zlib.error."""
    under_test = Inflater(coding)
    under_test.feed(data)
    with contextlib.suppress(zlib.error):
        out(under_test)
