"""Minutes of hostile text for the parser: `pytest -m soak`."""

from __future__ import annotations

import random
import time
import tracemalloc

import pytest

from rxtweets.rules import validate
from rxtweets.rules.language.vocabulary import OPERATORS

from .test_properties import check_text

SECONDS = 180
PIECES = [
    *'()-"[]:~\\#@$ \n“”’.,|&!_',
    " OR ",
    " ",
    " cat ",
    '"grumpy cat"',
    '"a b"~3',
    "日本",
    "😀",
    "\u200d",
    "\u0301",
    "\x00",
    *(f"{name}:{operator.example}" for name, operator in OPERATORS.items()),
]


@pytest.mark.soak
def test_the_parser_holds() -> None:
    """No crash, no hang, and memory stays bounded, for minutes of text made of the language's own pieces."""
    source = random.Random(1)
    end = time.monotonic() + SECONDS
    check_text("warm up")
    tracemalloc.start()
    try:
        while time.monotonic() < end:
            text = "".join(source.choices(PIECES, k=source.choice([3, 10, 40, 400])))
            start = time.perf_counter()
            check_text(text)
            assert time.perf_counter() - start < 5, text
        validate("cat")
        assert tracemalloc.get_traced_memory()[1] < 200 * 2**20
    finally:
        tracemalloc.stop()
