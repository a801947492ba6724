"""The feed: the newest posts at the bottom, of which only those that are seen are laid out."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

import wcwidth
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from rxtweets.cli.output import parts

from .look import HUES, fitted, in_cells
from .watched import Row

MOST_ROWS = 2_000
"""Posts that are kept, and as many again while the feed stands still."""

MOST_BYTES = 32_000_000
"""Bytes of their JSON that are kept, at most."""

_MOST_LINES = 5
"""Lines of a post's text in the feed; all of them are seen when it is opened."""

_ROOMY = 30
"""Lines of the feed from which posts have a blank line between them."""

_WORDS = re.compile(r"[#@]\w+|https?://\S+")


class Card:
    """A post in the feed: its texts, safe for the terminal, and its lines for one width."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.size = len(row.post.raw)
        self._texts: tuple[str, str, str] | None = None
        self.key: object = None
        self.strips: list[Strip] = []

    @property
    def texts(self) -> tuple[str, str, str]:
        """Its time, author and text."""
        if self._texts is None:
            time, author, text = parts(self.row.post)
            self._texts = time, in_cells(author), in_cells(text)
        return self._texts

    def contains(self, query: str) -> bool:
        """Return whether its author or text has *query*, which is in lower case."""
        _, author, text = self.texts
        return query in text.lower() or query in author.lower()


class _Kept(deque[Card]):
    """The newest posts, bounded in number and in bytes."""

    def __init__(self) -> None:
        super().__init__()
        self._bytes = 0

    def keep(self, card: Card) -> list[Card]:
        """Append *card*, and return those that had to go for it, the oldest first."""
        self.append(card)
        self._bytes += card.size
        gone = []
        while len(self) > MOST_ROWS or (self._bytes > MOST_BYTES and len(self) > 1):
            gone.append(self.popleft())
            self._bytes -= gone[-1].size
        return gone

    def take(self) -> list[Card]:
        """Return all, and keep none."""
        cards = list(self)
        self.clear()
        self._bytes = 0
        return cards


class Feed(Widget, can_focus=True):
    """The posts. It follows the newest, or stands still while one of them is selected.

    Attributes:
        selected: the post that is selected; None while the feed follows.
        waiting: how many came since it stands still.
        sought: what is searched for, in lower case.
    """

    DEFAULT_CSS = """
    Feed { width: 1fr; height: 1fr; padding: 0 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", "Pause"),
        Binding("enter", "open", "Open"),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "move(-8)", "Page up", show=False),
        Binding("pagedown", "move(8)", "Page down", show=False),
        Binding("home,g", "move(-100000)", "Oldest", show=False),
        Binding("end,G", "follow", "Newest", show=False),
    ]

    class Changed(Message):
        """The feed has paused or gone on, or searches for something else, or more has come for it."""

    class Opened(Message):
        """A post is to be shown whole."""

        def __init__(self, row: Row) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        super().__init__()
        self.selected: Card | None = None
        self.waiting = 0
        self.sought = ""
        self._cards = _Kept()
        self._held = _Kept()
        self._shown: deque[Card] = self._cards
        self._bottom = -1  # the index of the lowest one, while it stands still
        self._page: list[tuple[Strip, Card | None]] | None = None
        self._names: tuple[str, ...] = ()
        self._styles_of: dict[
            bool, dict[str, Style]
        ] = {}  # of a post that isn't selected, and of one that is

    # --- what comes

    def add(self, rows: Iterable[Row], names: Sequence[str]) -> None:
        """Show more posts; *names* are those of all filters, whose places choose their colours."""
        if names != self._names:
            self._names = tuple(names)
        cards = [Card(row) for row in rows]
        if not cards:
            return
        if self.selected is not None:
            for card in cards:
                self._held.keep(card)
            self.waiting += len(cards)
            self.post_message(self.Changed())
            return
        self._append(cards)
        self.changed()
        if self.sought:
            self.post_message(self.Changed())

    @property
    def matches(self) -> int:
        """The number of posts that are kept and have what is searched for."""
        return len(self._shown)

    @property
    def kept(self) -> int:
        """The number of posts that are kept."""
        return len(self._cards)

    def search(self, query: str) -> None:
        """Show only posts that have *query*; all of them if it is empty."""
        self.sought = query.lower()
        if not self.sought:
            self._shown = self._cards
        else:
            self._shown = deque(card for card in self._cards if card.contains(self.sought))
        if self.selected is not None and self.selected not in self._shown:
            self.selected = self._shown[-1] if self._shown else self.selected
        self._bottom = len(self._shown) - 1
        if self.selected is not None and self.selected in self._shown:
            self._select(self._shown.index(self.selected))
            return
        self.changed()
        self.post_message(self.Changed())

    def changed(self) -> None:
        """Draw it anew."""
        self._page = None
        self.refresh()

    def _append(self, cards: Iterable[Card]) -> None:
        for card in cards:
            gone = self._cards.keep(card)
            if self.sought:
                for old in gone:
                    if self._shown and self._shown[0] is old:
                        self._shown.popleft()
                if card.contains(self.sought):
                    self._shown.append(card)

    # --- keys

    def action_pause(self) -> None:
        """Stand still, or go on."""
        if self.selected is not None:
            self.action_follow()
        elif self._shown:
            self._select(len(self._shown) - 1)

    def action_follow(self) -> None:
        """Show the newest, and follow."""
        if self.selected is None:
            return
        self.selected = None
        self.waiting = 0
        self._append(self._held.take())
        self.changed()
        self.post_message(self.Changed())

    def action_move(self, by: int) -> None:
        """Select another post; the first time the newest."""
        if not self._shown:
            return
        if self.selected is None:
            self._select(len(self._shown) - 1)
            if by < -1:
                self.action_move(by)
            return
        at = self._shown.index(self.selected) if self.selected in self._shown else len(self._shown) - 1
        if by > 0 and at == len(self._shown) - 1:
            self.action_follow()
            return
        self._select(max(0, min(len(self._shown) - 1, at + by)))

    def action_open(self) -> None:
        """Show the post that is selected, or else the newest, whole."""
        if self.selected is None:
            self.action_pause()
        if self.selected is not None:
            self.post_message(self.Opened(self.selected.row))

    def _select(self, at: int) -> None:
        if self.selected is None:
            self._bottom = len(self._shown) - 1
        self.selected = self._shown[at]
        if at > self._bottom:
            self._bottom = at
        elif self.selected not in self._seen(self._bottom):
            room = self.size.height
            for lowest in range(at, len(self._shown)):
                room -= len(self._lines(self._shown[lowest]))
                if room < 0 and lowest > at:
                    break
                self._bottom = lowest
        self.changed()
        self.post_message(self.Changed())

    def on_click(self, event: events.Click) -> None:
        """Select a post; open it if it is selected already."""
        self._lay_out()
        assert self._page is not None
        offset = event.get_content_offset(self)
        card = self._page[offset.y][1] if offset is not None and offset.y < len(self._page) else None
        if card is None:
            return
        if card is self.selected:
            self.action_open()
        else:
            self._select(self._shown.index(card))

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-1)

    def on_mouse_scroll_down(self) -> None:
        if self.selected is not None:
            self.action_move(1)

    # --- drawing

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._restyle())
        self._restyle()

    def on_resize(self) -> None:
        self.changed()

    def _restyle(self) -> None:
        colors = self.app.theme_variables

        def styles(background: str) -> dict[str, Style]:
            def style(color: str, **more: bool) -> Style:
                return Style(color=colors[color], bgcolor=colors[background], **more)  # type: ignore[arg-type]

            return {
                "author": style("foreground", bold=True),
                "text": style("foreground"),
                "muted": style("muted"),
                "tag": style("accent"),
                "name": style("primary"),
                "found": Style(color=colors["background"], bgcolor=colors["warning"], bold=True),
            } | {f"hue-{number}": style(f"hue-{number}") for number in range(HUES)}

        self._styles_of = {False: styles("background"), True: styles("panel")}
        self.changed()

    def render_line(self, y: int) -> Strip:
        """Return one line."""
        self._lay_out()
        assert self._page is not None
        return self._page[y][0] if y < len(self._page) else Strip.blank(self.content_size.width)

    def _lay_out(self) -> None:
        if self._page is not None:
            return
        bottom = len(self._shown) - 1 if self.selected is None else self._bottom
        seen = self._seen(bottom)
        lines = [(strip, card) for card in seen for strip in self._lines(card)]
        if lines and not lines[-1][0].text.strip():
            lines.pop()  # the blank line below the lowest
        width, height = self.content_size
        blank = Strip.blank(width, self._styles_of[False]["text"])
        empty: list[tuple[Strip, Card | None]] = [(blank, None)] * max(0, height - len(lines))
        self._page = [*lines[-height:], *empty] if len(lines) < height else [*lines[-height:]]

    def _seen(self, bottom: int) -> list[Card]:
        """Return the posts that are seen when that with the index *bottom* is the lowest."""
        seen: list[Card] = []
        room = self.content_size.height
        for at in range(bottom, -1, -1):
            if room <= 0:
                break
            seen.append(self._shown[at])
            room -= len(self._lines(self._shown[at]))
        return seen[::-1]

    def _lines(self, card: Card) -> list[Strip]:
        """Return the lines of a post."""
        width, height = self.content_size
        roomy, selected = height >= _ROOMY, card is self.selected
        key = (width, roomy, selected, self.sought, self._names, self.app.theme)
        if card.key != key:
            card.key, card.strips = key, self._draw(card, width, roomy, self._styles_of[selected])
        return card.strips

    def _draw(self, card: Card, width: int, roomy: bool, styles: dict[str, Style]) -> list[Strip]:
        time, author, text = card.texts
        places = {name: place for place, name in enumerate(self._names)}
        hues = [f"hue-{places[name] % HUES}" if name in places else "muted" for name in card.row.names]
        edge = Segment("▎ ", styles[hues[0] if hues else "muted"])
        room = max(width - 2 - len(time) - 1, 0)
        author = fitted(author, room)
        head = [edge, Segment(author, styles["author"])]
        room -= cell_len(author)
        for name, hue in zip(card.row.names, hues, strict=True) if len(places) > 1 else ():
            mark = fitted(in_cells(name), 24)
            if cell_len(mark) + 2 > room:
                break
            head.append(Segment(f"  {mark}", styles[hue]))
            room -= cell_len(mark) + 2
        head += [Segment(" " * (room + 1), styles["text"]), Segment(time, styles["muted"])]
        columns = max(width - 2, 8)
        seen = text[: columns * (_MOST_LINES + 1)]  # the rest would not be seen
        wrapped = wcwidth.wrap(seen, columns, break_on_hyphens=False) if seen else []
        if len(wrapped) > _MOST_LINES:
            wrapped = [*wrapped[: _MOST_LINES - 1], fitted(wrapped[_MOST_LINES - 1] + " …", columns)]
        lines = [head, *([edge, *self._colored(line, styles)] for line in wrapped)]
        strips = [Strip(line).adjust_cell_length(width, styles["text"]) for line in lines]
        return [*strips, Strip.blank(width, self._styles_of[False]["text"])] if roomy else strips

    def _colored(self, line: str, styles: dict[str, Style]) -> Iterator[Segment]:
        """Yield a line of text in which tags, names, links and what is searched for stand out."""
        pattern = re.compile(re.escape(self.sought), re.IGNORECASE) if self.sought else _WORDS
        at = 0
        for match in pattern.finditer(line):
            if match.start() > at:
                yield Segment(line[at : match.start()], styles["text"])
            kind = "found" if self.sought else {"#": "tag", "@": "name"}.get(match[0][0], "muted")
            yield Segment(match[0], styles[kind])
            at = match.end()
        if at < len(line):
            yield Segment(line[at:], styles["text"])
