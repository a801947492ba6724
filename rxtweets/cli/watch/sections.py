"""The sections beside the feed, each a heading and lines, and the bars above and below it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import ClassVar, Literal

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from rxtweets.operators import Counts, Lag, Meter

from .look import HUES, bar, chart, fitted, in_cells, short

State = Literal["connecting", "connected", "waiting", "idle", "ended"]
"""The state of what is watched; `waiting` is a back-off, `idle` means that there is no filter."""

_CHART_ROWS = 3


class Section(Widget):
    """A heading, with a figure at its right, and lines as wide as there is room."""

    DEFAULT_CSS = """
    Section { height: auto; width: 1fr; margin-bottom: 1; }
    """

    heading = ""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._drawn: tuple[int, list[Content]] | None = None

    @property
    def figure(self) -> str:
        """The text beside the heading."""
        return ""

    def lines(self, width: int) -> list[Content]:
        """Return the lines below the heading; none, unless a section has some."""
        return []

    def changed(self) -> None:
        """Draw it anew, higher or lower if need be."""
        before, self._drawn = self._drawn, None
        width = self.content_size.width
        self.refresh(layout=before is None or len(before[1]) != len(self._lines(width)))

    def render(self) -> Content:
        """Return the whole section."""
        width = self.content_size.width
        lines = self._lines(width)[: max(self.content_size.height - 1, 0)]
        figure = (self.figure, "bold $foreground" if self.figure[:1].isdigit() else "$muted")
        head = _ends((self.heading.upper(), "bold $primary"), figure, width)
        return Content("\n").join([head, *lines])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines."""
        return 1 + len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        if self._drawn is None or self._drawn[0] != width:
            self._drawn = width, self.lines(width)
        return self._drawn[1]


def _ends(left: tuple[str, str], right: tuple[str, str], width: int) -> Content:
    """Return a line with a text at each end."""
    text = fitted(left[0], max(width - cell_len(right[0]) - 1, 0))
    gap = " " * max(width - cell_len(text) - cell_len(right[0]), 1 if right[0] else 0)
    return Content.assemble((text, left[1]), gap, right)


class Rate(Section):
    """Messages a second, now and in the last minute or so, and how late posts come."""

    heading = "Rate"

    def __init__(self) -> None:
        super().__init__("rate")
        self._rates: deque[float] = deque(maxlen=600)
        self._lag: Lag | None = None
        self._dropped = 0

    def measured(self, meter: Meter) -> None:
        """Take the figures of one more second."""
        self._rates.append(meter.last.messages_per_second)
        self.changed()

    def delayed(self, lag: Lag) -> None:
        """Take how late posts come."""
        self._lag = lag
        self.changed()

    def dropped(self, count: int) -> None:
        """Count posts that came too fast to be shown."""
        self._dropped += count
        self.changed()

    @property
    def figure(self) -> str:
        rate = self._rates[-1] if self._rates else 0.0
        return f"{rate:.1f}/s" if rate < 99.95 else f"{short(rate)}/s"

    def lines(self, width: int) -> list[Content]:
        rates = list(self._rates)[-2 * width :]
        drawn = [Content.styled(line, "$primary") for line in chart(rates, width, _CHART_ROWS)]
        axis = _ends(
            (f"-{2 * width} s", "$muted"), (f"max {short(max(rates, default=0.0))}/s", "$muted"), width
        )
        lines = [*drawn, axis, self._lateness(width)]
        if self._dropped:
            lines.append(_ends(("dropped here", "$warning"), (short(self._dropped), "$warning"), width))
        return lines

    def _lateness(self, width: int) -> Content:
        lag = self._lag
        if lag is None or lag.p50 is None or lag.p99 is None:
            return _ends(("lag", "$muted"), ("–", "$muted"), width)
        if lag.clock_error is not None and abs(lag.clock_error) > 2:
            return _ends(("clock off by", "$warning"), (f"{lag.clock_error:+.0f} s", "$warning"), width)
        return _ends(("lag p50 · p99", "$muted"), (f"{_seconds(lag.p50)} · {_seconds(lag.p99)}", ""), width)


def _seconds(seconds: float) -> str:
    seconds = max(seconds, 0.0)
    if seconds < 0.995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    for unit, length, most in (("s", 1, 120), ("min", 60, 120), ("h", 3600, 48)):
        if seconds < most * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{short(seconds / 86_400)} d"


class FilterList(Section):
    """The names of what is watched: whether each is in force, and its posts of the last minute."""

    def __init__(self, heading: str) -> None:
        super().__init__("filters")
        self.heading = heading
        self._names: tuple[str, ...] = ()
        self._standing: set[str] = set()
        self._refused: set[str] = set()
        self._counts: dict[str, int] = {}

    def show(self, names: tuple[str, ...], standing: set[str], refused: set[str]) -> None:
        """Show these filters."""
        self._names, self._standing, self._refused = names, standing, refused
        self.changed()

    def counted(self, counts: Counts[str]) -> None:
        """Take the numbers of matches."""
        self._counts = dict(counts.counts)
        self.changed()

    @property
    def figure(self) -> str:
        return "last minute" if self._names else ""

    def lines(self, width: int) -> list[Content]:
        if not self._names:
            return [Content.styled("none: press a to add one", "$muted")]
        most = max(self._counts.values(), default=0)
        return [self._line(place, name, most, width) for place, name in enumerate(self._names)]

    def _line(self, place: int, name: str, most: int, width: int) -> Content:
        hue = f"$hue-{place % HUES}"
        count = self._counts.get(name, 0)
        if name in self._refused:
            mark, color, figure = "✗", "$error", "refused"
        elif name in self._standing:
            mark, color, figure = "●", hue, short(count)
        else:
            mark, color, figure = "○", "$muted", "waits"
        return _row(mark, color, in_cells(name), figure, bar(count, most, width // 5), hue, width)


def _row(mark: str, color: str, name: str, figure: str, drawn: str, hue: str, width: int) -> Content:
    """Return a line with a mark, a name, a bar and a figure in columns."""
    columns = width // 5
    room = width - 2 - columns - 1 - 7
    name = fitted(name, room)
    return Content.assemble(
        (f"{mark} ", color),
        name + " " * (room - cell_len(name)),
        (f" {drawn:<{columns}}", hue),
        (f"{figure:>7}", "" if figure[:1].isdigit() else "$muted"),
    )


class Hashtags(Section):
    """The most frequent hashtags of the last minute."""

    heading = "Hashtags"
    DEFAULT_CSS = "Hashtags { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__("hashtags")
        self._counts: Sequence[tuple[str, int]] = ()

    def counted(self, counts: Counts[str]) -> None:
        """Take the counts."""
        self._counts = counts.counts
        self.changed()

    @property
    def figure(self) -> str:
        return "last minute" if self._counts else ""

    def lines(self, width: int) -> list[Content]:
        if not self._counts:
            return [Content.styled("none in the last minute", "$muted")]
        most = self._counts[0][1]
        return [
            _row("#", "$muted", in_cells(tag), short(count), bar(count, most, width // 5), "$accent", width)
            for tag, count in self._counts
        ]


class Kinds(Section):
    """The numbers of messages of each kind since the beginning, and of reconnects."""

    heading = "Messages"

    def __init__(self) -> None:
        super().__init__("kinds")
        self._meter: Meter | None = None

    def measured(self, meter: Meter) -> None:
        """Take the figures."""
        self._meter = meter
        self.changed()

    @property
    def figure(self) -> str:
        return short(self._meter.total.messages) if self._meter else "0"

    def lines(self, width: int) -> list[Content]:
        if self._meter is None:
            return []
        total = self._meter.total
        kinds = sorted(total.kinds, key=lambda kind: kind[1].messages, reverse=True)[:4]
        lines = [_ends((name, "$foreground"), (short(volume.messages), ""), width) for name, volume in kinds]
        if total.reconnects:
            gap = f"{short(total.reconnects)} · {_seconds(total.gap)} offline"
            lines.append(_ends(("reconnects", "$warning"), (gap, "$warning"), width))
        return lines


class Head(Widget):
    """The line at the top: what is watched, and the state of the connection; below it, what is wrong."""

    DEFAULT_CSS = """
    Head { height: auto; background: $panel; padding: 0 1; }
    """

    _MARKS: ClassVar[dict[State, tuple[str, str]]] = {
        "connecting": ("◌", "$warning"),
        "connected": ("●", "$success"),
        "waiting": ("◍", "$warning"),
        "idle": ("○", "$muted"),
        "ended": ("✗", "$error"),
    }

    def __init__(self, where: str, quiet: float) -> None:
        super().__init__(id="head")
        self._where = where
        self._quiet = quiet
        self.state: State = "connecting"
        self._since = 0.0
        self._until = 0.0
        self._cause = ""
        self._now = self._heard = 0.0

    def show(self, state: State, now: float, *, until: float = 0.0, cause: str = "") -> None:
        """Show a state; *until* is the end of a back-off, and *cause* what led to it."""
        if state != self.state or state == "waiting":
            self._since = now
        self.state, self._until, self._cause = state, until, in_cells(cause)
        self._now = self._heard = now
        self.refresh(layout=True)

    def tick(self, now: float, heard: bool) -> None:
        """Go on with the clock; *heard*: something came since the last call, if only a keep-alive."""
        self._now = now
        if heard:
            self._heard = now
        self.refresh()

    def render(self) -> Content:
        width = self.content_size.width
        mark, color = self._MARKS[self.state]
        said = f"{mark} {self._said()}"
        where = f" rxtweets watch · {self._where}"
        line = _ends((where.strip(), "bold $foreground"), (said, f"bold {color}"), width)
        if not self._cause:
            return line
        return Content("\n").join([line, Content.styled(fitted(self._cause, width), color)])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines."""
        return 2 if self._cause else 1

    def _said(self) -> str:
        match self.state:
            case "connecting":
                return "connecting"
            case "connected":
                silence = self._now - self._heard
                quiet = f"nothing for {silence:.0f} s · " if silence >= self._quiet else ""
                return f"{quiet}connected {_duration(self._now - self._since)}"
            case "waiting":
                return f"reconnecting in {max(0, math.ceil(self._until - self._now))} s"
            case "idle":
                return "not connected"
            case _:
                return "ended"


def _duration(seconds: float) -> str:
    minutes, left = divmod(int(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
