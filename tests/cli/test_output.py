from __future__ import annotations

import json

import pytest
import wcwidth
from hypothesis import given
from hypothesis import strategies as st

from rxtweets.cli.output import parts, wrapped
from rxtweets.messages import Post, Status, decode


def _decoded(message: object) -> Post | Status:
    found = decode(json.dumps(message).encode())
    assert isinstance(found, Post | Status)
    return found


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("@a one two three four five", ["         @a one two", "  three four five"]),
        ("abcdefghijklmnopqrst lm", ["         abcdefghijk", "  lmnopqrst lm"]),
        ("日本語日本語日", ["         日本語日本", "  語日"]),
        ("https://a-b.c/d-e-f-g-h-i f", ["         https://a-b", "  .c/d-e-f-g-h-i f"]),
    ],
)
def test_lines_break_at_blanks(text: str, lines: list[str]) -> None:
    """A line is as long as the columns allow, counted as a terminal does; long words are cut."""
    assert wrapped(text, 20) == lines
    assert wrapped(text, 80) == [" " * 9 + text]


@given(st.text("ab 日\u0301é👍-"), st.integers(0, 100))
def test_wrapping_loses_nothing(text: str, columns: int) -> None:
    """All but blanks is kept, in order, and no line is too wide."""
    lines = wrapped("@a " + " ".join(text.split()), columns)
    assert "".join("".join(lines).split()) == "@a" + "".join(text.split())
    assert all(wcwidth.width(line) <= max(columns, 20) for line in lines)


def test_a_post_shows_its_author_and_text() -> None:
    """Names and texts come out as one safe line, with X's own escapes undone."""
    post = {
        "data": {"id": "1", "text": "a &lt;b&gt; &amp;amp;\n\x1b[2J", "author_id": "7"},
        "includes": {"users": [{"id": "7", "username": "eve\x1b]0;x\x07", "name": "Eve"}]},
    }
    assert parts(_decoded(post)) == ("--:--:--", r"@eve\x1b]0;x\x07", r"a <b> &amp; \x1b[2J")


def test_a_post_without_author() -> None:
    """Without expansions the author's id stands for the name."""
    assert parts(_decoded({"data": {"id": "1", "text": "x", "author_id": "7"}}))[1] == "@7"
    assert parts(_decoded({"data": {"id": "1", "text": "x"}}))[1] == "@?"


def test_a_retweet_is_whole() -> None:
    """A v1.1 retweet shows the text of the status it repeats, which its own text cuts."""
    original = {"id": 1, "text": "long text…", "full_text": "long text in full", "user": {"screen_name": "a"}}
    status = {"id": 2, "text": "RT @a: long…", "user": {"screen_name": "b"}, "retweeted_status": original}
    assert parts(_decoded(status))[1:] == ("@b", "RT @a: long text in full")
