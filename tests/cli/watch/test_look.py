"""The look of `rxtweets watch`: hostile texts, colours that can be read, and charts."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import Theme

from rxtweets.cli.watch.dialogs import WholePost, address, facts
from rxtweets.cli.watch.feed import MOST_BYTES, MOST_ROWS, Feed
from rxtweets.cli.watch.look import DARK, HUES, LIGHT, bar, chart, fitted, in_cells, short
from rxtweets.cli.watch.watched import Row
from rxtweets.emulator import Emulator
from rxtweets.messages import Post, decode
from rxtweets.testing import post_json

from .screens import run, watching

HOSTILE = {
    "escape sequences": ("\x1b]0;owned\x07\x1b[2J\x9b31m coffee", r"\x1b]0;owned\x07\x1b[2J\x9b31m coffee"),
    "markup": ("[bold red]coffee[/] [link=https://evil.example]x[/link] [@click=app.quit]y[/]",) * 2,
    "unbalanced markup": ("coffee [/] [[ ]] [/bold] \\[", "coffee [/] [[ ]] [/bold] \\["),
    "reordering": ("coffee \u202eevil\u202c \u2066x\u2069 end", "coffee evil x end"),
    "line breaks": ("coffee\r\n\u2028one\x0btwo\x85three", "coffee one two three"),
    "marks without end": ("coffee e" + "\u0301" * 500, "coffee e\u0301\u0301"),
    "joined emoji": ("coffee 👩\u200d👩\u200d👧 👍🏽 ❤\ufe0f", "coffee 👩👩👧 👍 ❤"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_posts(name: str) -> None:
    """Text from the network is shown as it is, and neither drives the terminal nor is taken for markup."""
    text, shown = HOSTILE[name]

    async def test() -> None:
        async with watching(emulator, "coffee", size=(120, 40)) as screen:
            await screen.shows("● connected")
            emulator.wait_for_streams(1)
            emulator.send(json.loads(post_json(text, id="1234567890123456789", matching_rules=rules())))
            await screen.until(lambda: shown in " ".join(line[2:78].strip() for line in screen.lines()))
            await screen.press("enter")
            await screen.shows("https://x.com/i/status/1234567890123456789")
            await screen.until(lambda: shown.partition(" ")[0] in screen.text())
            for line in screen.lines():
                assert line.isprintable()
                assert cell_len(line) <= 120

    def rules() -> list[dict[str, str]]:
        return [{"id": rule.id, "tag": rule.tag or ""} for rule in emulator.rules if rule.value == "coffee"]

    with Emulator(rate=0) as emulator:
        run(test)


@given(st.text())
def test_cells(text: str) -> None:
    """Every text becomes one line without controls, as wide as its characters are one by one."""
    line = in_cells(text)
    assert not {unicodedata.category(char) for char in line} & {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}
    assert cell_len(line) == sum(map(cell_len, line))


@given(st.text(), st.integers(0, 30))
def test_fitted(text: str, columns: int) -> None:
    """A text is never wider than its room, and whole if there is room."""
    line = in_cells(text)
    shown = fitted(line, columns)
    assert cell_len(shown) <= columns
    assert shown == line or cell_len(line) > columns


@given(st.lists(st.floats(0, 1e6), max_size=200), st.integers(0, 60), st.integers(1, 5))
def test_chart(values: list[float], columns: int, rows: int) -> None:
    """A chart has its size, 0 too; its highest dot is the highest value's, and what is above 0 has a dot."""
    lines = chart(values, columns, rows)
    assert [len(line) for line in lines] == [columns] * rows
    seen = values[max(len(values) - 2 * columns, 0) :]
    assert (lines[0].strip("\u2800") != "") == (max(seen, default=0) > 0)
    if seen and seen[-1] > 0:
        assert ord(lines[-1][-1]) & 0x80


def test_bars_and_numbers() -> None:
    """A bar shows its share in eighths of a column; a number takes five columns at most."""
    assert [bar(value, 8, 1) for value in (0, 1, 4, 8)] == ["", "▏", "▌", "█"]
    assert bar(1, 1000, 10) == "▏"
    shown = [short(number) for number in (0, 999, 9999, 12_345, 999_400, 1_234_567, 2e9)]
    assert shown == ["0", "999", "9,999", "12.3k", "999k", "1.23M", "2G"]


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_contrast(theme: Theme) -> None:
    """Each colour of text has a contrast of 4.5 at least with each background that it stands on."""
    texts = [theme.foreground, theme.primary, theme.accent, theme.success, theme.warning, theme.error]
    texts += [theme.variables[f"hue-{number}"] for number in range(HUES)] + [theme.variables["muted"]]
    for text in texts:
        for background in (theme.background, theme.surface, theme.panel):
            assert text is not None
            assert background is not None
            ratio = _contrast(Color.parse(text), Color.parse(background))
            assert ratio >= 4.5, (text, background, ratio)


def _contrast(one: Color, other: Color) -> float:
    """Return the contrast of two colours as WCAG 2 defines it."""

    def luminance(color: Color) -> float:
        parts = [
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


class Alone(App[None]):
    """A feed without a stream."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.feed = Feed()

    def compose(self) -> ComposeResult:
        yield self.feed


def row(text: str, id: str = "1") -> Row:
    post = decode(post_json(text, id=id))
    assert isinstance(post, Post)
    return Row(post, ())


def test_memory_is_bounded() -> None:
    """The feed keeps so many posts and so many bytes of the newest, and as many while it pauses."""

    async def test() -> None:
        app = Alone()
        async with app.run_test() as pilot:
            feed = app.feed
            feed.add([row(f"post {number}") for number in range(MOST_ROWS + 500)], ())
            assert feed.kept == MOST_ROWS
            feed.action_pause()
            feed.add([row(f"more {number}") for number in range(MOST_ROWS + 500)], ())
            assert (feed.kept, feed.waiting) == (MOST_ROWS, MOST_ROWS + 500)
            feed.action_follow()
            await pilot.pause()
            assert (feed.kept, feed.waiting) == (MOST_ROWS, 0)
            feed.add([row("x" * 1_000_000) for _ in range(40)], ())
            assert feed.kept == MOST_BYTES // 1_000_000 - 1
            feed.search("post")
            assert feed.matches == 0

    run(test)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.sampled_from(["add", "space", "up", "down", "pageup", "home", "end", "search", "no search"]),
        max_size=30,
    )
)
@example(["add", "add", "pageup", "no search"])
def test_any_keys(steps: list[str]) -> None:
    """After any keys the selected post is seen, and a feed that follows ends with the newest."""

    async def test() -> None:
        app = Alone()
        async with app.run_test(size=(40, 10)) as pilot:
            feed, number = app.feed, 0
            feed.focus()
            for step in steps:
                if step == "add":
                    feed.add([row(f"post {number + n} {'word ' * n}") for n in range(3)], ())
                    number += 3
                elif step.endswith("search"):
                    feed.search("" if step == "no search" else "1")
                else:
                    await pilot.press(step)
            await pilot.pause()
            seen = "\n".join(feed.render_line(y).text for y in range(feed.size.height))
            if feed.selected is not None:
                assert feed.selected.texts[2].split(" word")[0] in seen or not feed.matches
            elif number and not feed.sought:
                assert f"post {number - 1} word" in seen

    run(test)


def test_facts_of_a_hostile_post() -> None:
    """They are as many and as long as can be read, and each is one printable line."""
    deep = "[" * 400 + "]" * 400
    raw = b'{"data": {"id": "1", "text": "a\\u001b[2Jb", "x\\nname": "v", "deep": %s}}' % deep.encode()
    post = decode(raw)
    assert isinstance(post, Post)
    found = dict(facts(post))
    assert found["data.id"] == "1"
    assert found["data.text"] == r"a\x1b[2Jb"
    many = decode(
        json.dumps({"data": {"id": "1", "text": "", **{f"k{n}": "v" * 5000 for n in range(2000)}}}).encode()
    )
    assert isinstance(many, Post)
    listed = list(facts(many))
    assert len(listed) == 501
    assert listed[-1][1] == "1,501 more"
    assert all(name.isprintable() and len(value) <= 501 and value.isprintable() for name, value in listed)
    assert address(post) == "https://x.com/i/status/1"
    assert WholePost(Row(post, ()))._row.post is post
