"""The screen: the feed, the figures beside it, and the keys."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

from reactivex import abc
from reactivex.disposable import CompositeDisposable
from rich.console import Console
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Footer, Input, Static

from rxtweets import aio
from rxtweets import operators as tw
from rxtweets.cli.notices import Notices
from rxtweets.hub.state import HubState
from rxtweets.messages import (
    BudgetPaused,
    BudgetWarning,
    Connected,
    Connecting,
    Dropped,
    Lifecycle,
    Reconnecting,
)

from .dialogs import AddFilter, Help, RemoveFilter, WholePost
from .feed import Feed
from .look import DARK, LIGHT, in_cells
from .sections import FilterList, Hashtags, Head, Kinds, Rate
from .sources import FilterSource, Refused
from .watched import Matches, Row, Tags, Watched

FRAME = 0.1
"""Seconds from one drawing of what came to the next."""

_READABLE = 10
"""Posts in a frame that are more than anybody reads: then every other frame is left out."""

_CAPACITY = 1_000
"""Items that may wait for the screen; beyond that the oldest are dropped, and counted."""

_HANGUP = 129


class _Toasts(Notices):
    """Messages that aren't posts, each kind the 1st, 10th, 100th time, in a corner of the screen."""

    def __init__(self, app: App[Any]) -> None:
        super().__init__("")
        self._app = app

    def say(self, text: str) -> None:
        """Show one."""
        self._app.notify(in_cells(text[:300]), markup=False, severity="warning", timeout=8)


class WatchApp(App[int]):
    """A stream on the whole terminal. Its result is the exit status.

    Attributes:
        failure: the error that ended the stream, or the program's own.
    """

    TITLE = "rxtweets watch"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 (as the base class has it)
        (0, "-slim"),
        (60, "-narrow"),
        (100, "-wide"),
    ]

    CSS = """
    #side { width: 40; background: $surface; padding: 1 2 0 2; }
    .-narrow #side { width: 29; padding: 0 1; }
    .-slim #side { display: none; }
    #bar { height: 1; padding: 0 1; background: $panel; display: none; }
    #self._bar.shown { display: block; }
    #search { height: 1; border: none; padding: 0 1; background: $panel; }
    Footer { background: $panel; }
    Toast { width: 56; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/", priority=True),  # before the next key
        Binding("a", "add", "Add"),
        Binding("x", "remove", "Remove"),
        Binding("t", "theme", "Theme", show=False),
        Binding("s", "side", "Figures", show=False),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "end(0)", "Quit"),
        Binding("ctrl+c,ctrl+q", "end(130)", "Quit", show=False, priority=True),
        Binding("escape", "leave", "Back", show=False),
    ]

    def __init__(self, watched: Watched) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = LIGHT.name if _is_light() else DARK.name
        self.failure: Exception | None = None
        self.error_console = Console(file=io.StringIO())  # its tracebacks show variables
        self._watched = watched
        self._source = watched.source
        self._changing = self._source if isinstance(self._source, FilterSource) else None
        self._subscription: abc.DisposableBase | None = None
        self._rows: list[Row] = []
        self._news: list[Any] = []
        self._refused: set[str] = set()
        self._state = HubState()
        self._toasts = _Toasts(self)
        self._head = Head(self._source.where, self._source.quiet)
        self._feed = Feed()
        self._bar = Static(id="bar", markup=False)
        self._search = Input(id="search", placeholder="search", select_on_focus=False)
        self._bar.display = self._search.display = False
        self._rate, self._kinds, self._hashtags = Rate(), Kinds(), Hashtags()
        self._filter_list = FilterList(self._source.heading)
        self._side = Vertical(self._rate, self._filter_list, self._kinds, self._hashtags, id="side")
        self._running_loop: asyncio.AbstractEventLoop | None = None
        self._ending = self._skips = self._heard = False

    def compose(self) -> ComposeResult:
        """Yield the widgets."""
        yield self._head
        yield Horizontal(Vertical(self._feed, self._bar, self._search), self._side)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Subscribe and open the stream."""
        self._running_loop = asyncio.get_running_loop()
        if self._ending:
            self.exit()
            return
        self._head.show("connecting", time.monotonic())
        self._show_filters()
        self.set_interval(FRAME, self._frame)
        self.set_interval(1.0, self._tick)
        rows = self._watched.rows.pipe(aio.observe_on(capacity=_CAPACITY, overflow="drop_oldest"))
        figures = self._watched.figures.pipe(aio.observe_on(capacity=100, overflow="drop_oldest"))
        self._subscription = CompositeDisposable(
            figures.subscribe(self._news.append, lambda _: None),
            rows.subscribe(self._take, self._news.append),
            self._watched.connect(),
        )
        self._feed.focus()

    def on_unmount(self) -> None:
        """Close the stream."""
        self._running_loop = None
        if self._subscription is not None:
            self._subscription.dispose()

    # --- what comes

    def _take(self, item: Any) -> None:
        self._heard = True
        (self._rows if isinstance(item, Row) else self._news).append(item)

    def _frame(self) -> None:
        """Show what has come since the last frame."""
        self._skips = not self._skips and len(self._rows) > _READABLE
        if self._rows and not self._skips:
            rows, self._rows = self._rows, []
            self._feed.add(rows, self._source.names)
            for row in rows:
                if getattr(row.post, "errors", ()):
                    self._toasts.partial_errors(row.post)  # type: ignore[arg-type]
        if self._news:
            news, self._news[:] = self._news[:], []
            for item in news:
                self._show(item)

    def _show(self, item: Any) -> None:
        now = time.monotonic()
        match item:
            case tw.Meter():
                self._rate.measured(item)
                self._kinds.measured(item)
            case tw.Lag():
                self._rate.delayed(item)
            case Tags(counts):
                self._hashtags.counted(counts)
            case Matches(counts):
                self._filter_list.counted(counts)
            case HubState():
                self._state = item
                self._show_filters()
            case Connecting():
                self._head.show("connecting", now)
            case Connected():
                self._head.show("connected", now)
            case Reconnecting(delay=delay, attempt=attempt, cause=cause):
                said = f"{cause} · attempt {attempt}" if attempt > 1 else str(cause)
                self._head.show("waiting", now, until=now + delay, cause=said)
            case BudgetWarning():
                self._toasts.say(str(item))
            case BudgetPaused(until=until):
                left = (until - datetime.now(UTC)).total_seconds()
                self._head.show("waiting", now, until=now + left, cause=str(item))
            case Dropped(count=count):
                self._rate.dropped(count)
            case Refused(name, error):
                self._refused.add(name)
                self._toasts.say(f"{name}: X refuses it: {error}")
                self._show_filters()
            case Exception():
                self.failure = item
                self._head.show("ended", now, cause=str(item) or type(item).__name__)
            case Lifecycle():
                pass
            case _:
                routes = self._toasts.routes
                for kind in type(item).__mro__:
                    if kind in routes:
                        routes[kind](item)
                        break

    def _tick(self) -> None:
        if not self._source.names and self._head.state not in {"idle", "ended"}:
            self._head.show("idle", time.monotonic())
        self._head.tick(time.monotonic(), self._heard)
        self._heard = False
        if not self.is_headless and not os.isatty(0):  # the terminal has hung up, and the signal is ignored
            self.exit(_HANGUP)

    def _show_filters(self) -> None:
        names = self._source.names
        self._refused &= set(names)
        self._filter_list.show(names, self._source.standing(self._state), self._refused)

    # --- keys

    def action_end(self, status: int) -> None:
        """Quit."""
        self.exit(status)

    def action_theme(self) -> None:
        """Change between dark and light."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def action_side(self) -> None:
        """Hide or show the figures."""
        self._side.display = not self._side.display

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(Help(self._changing is not None))

    def action_add(self) -> None:
        """Ask for one more filter."""
        if self._changing is not None:
            self.push_screen(AddFilter(partial(self._add, self._changing), self._changing.hint))

    def _add(self, filters: FilterSource, text: str) -> None:
        filters.add(text)
        if self._head.state == "idle":
            self._head.show("connecting", time.monotonic())
        self._show_filters()

    def action_remove(self) -> None:
        """Ask what to remove."""
        if self._changing is not None and self._changing.names:
            self.push_screen(RemoveFilter(self._changing.names), partial(self._remove, self._changing))

    def _remove(self, filters: FilterSource, name: str | None) -> None:
        if name is not None:
            filters.remove(name)
            self._show_filters()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether an action is there: a slash is also a letter, and only filters come and go."""
        if action in {"add", "remove"}:
            return self._changing is not None
        return action != "search" or self.focused is self._feed

    def action_search(self) -> None:
        """Ask what to search for."""
        self._search.display = True
        self.screen.set_focus(self._search)

    def action_leave(self) -> None:
        """End the search, or else go on with the newest."""
        if self._search.display or self._feed.sought:
            self._search.display = False
            self._search.value = ""
            self._feed.search("")
        else:
            self._feed.action_follow()
        self._feed.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search for what is typed."""
        if event.input.id == "search":
            self._feed.search(event.value.strip())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on with the keys of the feed; what is found stays."""
        if event.input.id == "search":
            if not event.value.strip():
                self.action_leave()
            self._feed.focus()

    def on_feed_changed(self) -> None:
        """Say that the feed stands still, or what is found."""
        parts: list[Any] = []
        if self._feed.selected is not None:
            parts.append(("‖ paused", "bold $warning"))
            parts.append((f" · {self._feed.waiting:,} new · space resumes", "$muted"))
        if self._feed.sought:
            gap = "   " if parts else ""
            parts.append((f"{gap}{self._feed.matches:,} of {self._feed.kept:,} found", "bold $accent"))
            parts.append((" · esc ends the search", "$muted"))
        self._bar.display = bool(parts)
        self._bar.update(Content.assemble(*parts) if parts else "")

    def on_feed_opened(self, event: Feed.Opened) -> None:
        """Show a post whole."""
        self.push_screen(WholePost(event.row))

    # --- the end

    def end_soon(self) -> None:
        """End; from a signal's handler, before the loop runs, too."""
        self._ending = True
        if self._running_loop is not None:
            self._running_loop.call_soon_threadsafe(self.exit)

    def panic(self, *renderables: Any) -> None:
        """End: the terminal can't be read any more."""
        self.exit(_HANGUP)

    def run_watched(self) -> int:
        """Run until its user quits, and return the exit status.

        Raises:
            Exception: the error that ended the stream, or one of the program's own.
        """
        # Textual writes there; what can't be written is dropped, as the terminal may go away first.
        before, sys.__stderr__ = sys.__stderr__, sys.stderr  # type: ignore[misc,assignment]
        try:
            status = self.run()
        finally:
            sys.__stderr__ = before  # type: ignore[misc]
        own = getattr(self, "_exception", None)
        if own is not None:
            raise own
        if self.failure is not None and not status:
            raise self.failure
        return status or 0


def _is_light() -> bool:
    """Return whether the terminal says that its background is light."""
    return os.environ.get("COLORFGBG", "").rpartition(";")[2] in {"7", "15"}
