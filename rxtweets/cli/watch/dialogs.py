"""Boxes above the feed: a post, a filter to add or to remove, and the keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from rxtweets._printable import printable
from rxtweets.cli.output import parts
from rxtweets.messages import Post, Status, unescape

from .look import in_cells
from .watched import Row

_MOST_FACTS = 500
_LONGEST_FACT = 500
_NAME = 44

_KEYS: Sequence[tuple[str, str]] = (
    ("space", "pause, and resume"),
    ("↑ ↓  PgUp PgDn", "select a post, and pause"),
    ("end", "resume at the newest"),
    ("enter", "open the post: all its fields, and its address"),
    ("/", "search the feed; escape ends the search"),
    ("a", "add a filter"),
    ("x", "remove a filter"),
    ("t", "switch between dark and light"),
    ("s", "hide or show the figures"),
    ("q  ctrl+c", "quit"),
)


class Dialog(ModalScreen[Any]):
    """A box above the feed, which escape closes."""

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > .box {
        width: 90%; max-width: 84; height: auto; max-height: 90%;
        background: $surface; border: round $primary; border-title-color: $primary;
        border-subtitle-color: $muted; padding: 1 2;
    }
    Dialog Input { border: tall $panel; background: $panel; margin: 0; }
    Dialog Input:focus { border: tall $primary; }
    Dialog .wrong { color: $error; height: auto; }
    Dialog .hint { color: $muted; height: auto; }
    Dialog OptionList { height: auto; max-height: 16; border: none; background: $surface; padding: 0; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close")]

    def action_close(self) -> None:
        """Close it without an answer."""
        self.dismiss(None)


class Help(Dialog):
    """The keys, those of *filters* only if there are some that come and go."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,enter,question_mark", "close", "Close")]

    def __init__(self, filters: bool) -> None:
        super().__init__()
        self._filters = filters

    def compose(self) -> ComposeResult:
        """Yield the box."""
        shown = [(keys, said) for keys, said in _KEYS if self._filters or keys not in {"a", "x"}]
        rows = [Content.assemble((f"{keys:<18}", "bold $primary"), said) for keys, said in shown]
        box = VerticalScroll(Static(Content("\n").join(rows)), classes="box")
        box.border_title, box.border_subtitle = "Keys", "esc closes"
        yield box


class AddFilter(Dialog):
    """The text of one more filter; *add* takes it, or says in a ValueError what is wrong with it."""

    def __init__(self, add: Callable[[str], None], hint: str) -> None:
        super().__init__()
        self._add = add
        self._hint = hint

    def compose(self) -> ComposeResult:
        """Yield the box."""
        box = Vertical(
            Input(placeholder="what to match", id="text"),
            Static("", classes="wrong", markup=False),
            Static(self._hint, classes="hint", markup=False),
            classes="box",
        )
        box.border_title, box.border_subtitle = "Add a filter", "enter adds · esc closes"
        yield box

    def on_input_changed(self) -> None:
        """Let go of what was wrong."""
        self.query_one(".wrong", Static).update("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Add it, or show what is wrong with it."""
        try:
            self._add(event.value)
        except ValueError as error:
            lines = "\n".join(map(_steady, str(error).splitlines()))
            self.query_one(".wrong", Static).update(Content(lines))
        else:
            self.dismiss(None)


def _steady(line: str) -> str:
    """Return a line with its indent, safe for the terminal."""
    return line[: len(line) - len(line.lstrip(" "))] + in_cells(line)


class RemoveFilter(Dialog):
    """A choice of what to watch no longer; the answer is its name."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = names

    def compose(self) -> ComposeResult:
        """Yield the box."""
        options = [Option(Content(in_cells(name))) for name in self._names]
        box = Vertical(OptionList(*options, markup=False), classes="box")
        box.border_title, box.border_subtitle = "Remove a filter", "enter removes · esc closes"
        yield box

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer."""
        self.dismiss(self._names[event.option_index])


class WholePost(Dialog):
    """A post with all its facts."""

    DEFAULT_CSS = """
    WholePost > .box { max-width: 110; height: 90%; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,enter", "close", "Close"),
        Binding("c", "copy", "Copy its address"),
    ]

    def __init__(self, row: Row) -> None:
        super().__init__()
        self._row = row

    def compose(self) -> ComposeResult:
        """Yield the box."""
        post, names = self._row
        time, author, _ = parts(post)
        text = unescape(post.full_text)
        lines = [
            Content.assemble((in_cells(author), "bold $foreground"), (f"  {time}", "$muted")),
            *(Content.assemble(("▎ ", "$primary"), in_cells(line)) for line in text.splitlines()),
            Content(""),
            Content.styled(address(post), "$accent"),
        ]
        if names:
            lines.append(Content.assemble(("matches ", "$muted"), ", ".join(map(in_cells, names))))
        table = Table.grid(padding=(0, 2))
        table.add_column(style=self.app.theme_variables["muted"], max_width=_NAME)
        table.add_column(overflow="fold")
        for name, value in facts(post):
            table.add_row(Text(name), Text(value))
        box = VerticalScroll(Static(Content("\n").join([*lines, Content("")])), Static(table), classes="box")
        box.border_title, box.border_subtitle = "Post", "c copies the address · esc closes"
        yield box

    def action_copy(self) -> None:
        """Hand the address to the terminal's clipboard."""
        self.app.copy_to_clipboard(address(self._row.post))
        self.notify("the address is copied", timeout=2)


def address(post: Post | Status) -> str:
    """Return where a post can be seen at X."""
    return f"https://x.com/i/status/{in_cells(str(post.id)) or '?'}"


def facts(post: Post | Status) -> Iterator[tuple[str, str]]:
    """Yield all that came of a post, with its path in the JSON; of very many the first."""
    try:
        found = list(_flat("", json.loads(post.raw)))
    except (ValueError, RecursionError):
        return
    for name, value in found[:_MOST_FACTS]:
        yield (
            in_cells(name)[-_NAME:],
            in_cells(value[:_LONGEST_FACT]) + ("…" if len(value) > _LONGEST_FACT else ""),
        )
    if len(found) > _MOST_FACTS:
        yield "…", f"{len(found) - _MOST_FACTS:,} more"


def _flat(path: str, value: object) -> Iterable[tuple[str, str]]:
    """Yield the values in *value* that aren't empty."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list):
        if all(isinstance(inner, str | int | float) for inner in value):
            if value:
                yield path, ", ".join(map(str, value))
        else:
            for number, inner in enumerate(value):
                yield from _flat(f"{path}.{number}", inner)
    elif value is not None and value != "":
        yield path, printable(value) if isinstance(value, str) else json.dumps(value)
