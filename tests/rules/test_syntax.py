"""Parsing and printing of rules: precedence, grouping, negation, quoting."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from rxtweets.rules import (
    Rule,
    RuleSyntaxError,
    bio,
    cashtag,
    from_,
    has,
    hashtag,
    is_,
    keyword,
    mention,
    near,
    parse,
    phrase,
    validate,
)

a, b, c, d = map(keyword, "abcd")

READ: list[tuple[str, Rule]] = [
    ("a", a),
    ("a b", a & b),
    ("a  \n\tb", a & b),
    ("a OR b", a | b),
    ("a OR b c", a | (b & c)),
    ("a b OR c", (a & b) | c),
    ("(a OR b) c", (a | b) & c),
    ("a (b c)", a & b & c),
    ("a OR (b OR c)", a | b | c),
    ("((a))", a),
    ("a(b)c", a & b & c),
    ("-a", ~a),
    ("a -b", a & ~b),
    ("-a OR b", ~a | b),
    ("(-a)", ~a),
    ("cat #meme -grumpy", keyword("cat") & hashtag("meme") & ~keyword("grumpy")),
    ("ORange", keyword("ORange")),
    ("order", keyword("order")),
    ('"or"', phrase("or")),
    ('"a b"', phrase("a b")),
    ('"a b"~3', near("a b", 3)),
    ('-"a b"~3', ~near("a b", 3)),
    (r'"say \"hi\" \\ bye"', phrase(r'say "hi" \ bye')),
    ('"a" "b"', phrase("a") & phrase("b")),
    ('a"b"', a & phrase("b")),
    ("#meme", hashtag("meme")),
    ("#日本", hashtag("日本")),
    ("@ada", mention("ada")),
    ("$BRK.B", cashtag("BRK.B")),
    ("FROM:Ada", from_("Ada")),
    ('bio:"a b"', bio("a b")),
    (r'bio:"a \"b\""', bio('a "b"')),
    ("is:Retweet", is_("retweet")),
    ("-has:images", ~has("images")),
    ("C++", phrase("C++")),
    ("12:30", phrase("12:30")),
    ("it's", phrase("it's")),
    ("😀", keyword("😀")),
    ("👨‍👩‍👧", phrase("👨‍👩‍👧")),
    ("привет мир", keyword("привет") & keyword("мир")),
]


@pytest.mark.parametrize(("text", "rule"), READ)
def test_read(text: str, rule: Rule) -> None:
    """A blank is AND and binds before OR; parentheses group; - negates one operator."""
    assert parse(text) == rule
    assert hash(parse(text)) == hash(rule)


PRINTED: list[tuple[Rule, str]] = [
    ((a | b) & c, "(a OR b) c"),
    (a | (b & c), "a OR b c"),
    (a & (b | (c & (d | a))), "a (b OR c (d OR a))"),
    (~(a | b), "-a -b"),
    (~(a & b), "-a OR -b"),
    (~(a & ~b), "-a OR b"),
    (c & ~(a & b), "c (-a OR -b)"),
    (~~(a & (b | c)), "a (b OR c)"),
    (keyword("or"), '"or"'),
    (keyword("AND"), '"AND"'),
    (keyword("coca-cola"), '"coca-cola"'),
    (keyword("two words"), '"two words"'),
    (keyword("-a"), '"-a"'),
    (phrase('a "b"\\'), r'"a \"b\"\\"'),
    (near("a b", 0), '"a b"~0'),
    (bio("one"), "bio:one"),
    (bio("(one)"), 'bio:"(one)"'),
]


@pytest.mark.parametrize(("rule", "text"), PRINTED)
def test_printed(rule: Rule, text: str) -> None:
    """The fewest parentheses, and quotes only where they are needed; reading gives the same rule."""
    assert str(rule) == text
    assert repr(rule) == f"parse({text!r})"
    assert parse(text) == rule


def test_a_syntax_error_points_at_its_place() -> None:
    """The error has the position, a caret line and a hint, and knows of all others."""
    with pytest.raises(RuleSyntaxError) as caught:
        parse("cat AND form:ada")
    error = caught.value
    assert (error.position, error.end) == (4, 7)
    assert error.caret() == "cat AND form:ada\n    ^^^"
    assert "blank" in error.hint
    assert error.message in str(error)
    assert [problem.position for problem in error.problems] == [4, 8]
    assert error.problems[1].caret() == "cat AND form:ada\n        ^^^^^^^^"
    assert error.problems[1].hint == "did you mean from:?"


def test_the_caret_stands_below_wide_characters() -> None:
    """Chinese, Japanese and emoji take two columns; a long rule is cut around the place."""
    assert validate("日本 has:x")[0].caret() == "日本 has:x\n     ^^^^^"
    text, line = validate(f"{'cat ' * 40}has:x {'dog ' * 40}")[0].caret().splitlines()
    assert text.startswith("…")
    assert text.endswith("…")
    assert text[line.index("^") : line.rindex("^") + 1] == "has:x"


HOSTILE = [
    "(" * 10_000,
    ")" * 10_000,
    "(" * 10_000 + "a" + ")" * 10_000,
    "(" * 5_000 + "a" + ")" * 5_000,
    "(" * 4_000,
    "(" * 101 + "a" + ")" * 101,
    "-" * 8_000,
    "a OR " * 1_600,
    "a(" * 4_000,
    '"' * 8_001,
    "\\" * 8_000 + '"',
    '"' + "\\" * 8_000,
    "a:" * 4_000 + "(",
    "ab:c " * 1_600,
    "x" * 1_000_000,
    "point_radius:[" * 500,
    "\x00(\ud800",
]


@pytest.mark.parametrize("text", HOSTILE, ids=[repr(text[:10]) for text in HOSTILE])
def test_hostile_input_is_refused_at_once(text: str) -> None:
    """Depth and length are bounded, time is linear, and no other error comes."""
    parse("warm up")
    start = time.thread_time()
    with pytest.raises(RuleSyntaxError) as caught:
        parse(text)
    assert validate(text)
    assert time.thread_time() - start < 3
    assert len(str(caught.value)) < 1_000


def test_depth_that_is_allowed() -> None:
    """A hundred parentheses in each other are fine; a deeper tree can't be built either."""
    assert parse("(" * 100 + "a" + ")" * 100) == a
    rule = a
    for _ in range(50):
        rule = (rule & b) | c
    assert parse(str(rule)) == rule
    with pytest.raises(ValueError, match="at most 100 groups deep"):
        rule & b


def test_parse_takes_text() -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match="text or a Rule, not None"):
        parse(None)  # type: ignore[arg-type]


def test_a_missing_parser_names_the_extra() -> None:
    """Without Lark rules are built and matched; reading one says what to install."""
    program = """
import sys
sys.modules["lark"] = None
from rxtweets.rules import keyword, parse
print(keyword("cat") | keyword("dog"))
try:
    parse("cat")
except ImportError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [
        "cat OR dog",
        "reading rules needs Lark: pip install 'rxtweets[rules]'",
    ]
