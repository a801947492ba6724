"""Makes the plot and the tables of the page "Measured" from the results of the benchmark `peers`."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

import msgspec

DOCS = Path(__file__).parents[2] / "docs"
PAGE, RESULTS, PLOT = DOCS / "measured.md", DOCS / "measured" / "peers.json", DOCS / "measured" / "peers.svg"

LONGEST_STOP = 45
"""Seconds that a reader is given to stop: more than X leaves between two keep-alives."""

TITLES = {"v2": "v2, posts", "v1": "v1.1, statuses"}
_BETWEEN = re.compile(r"(?<=<!-- made from measured/peers.json -->\n).*?(?=<!-- until here -->)", re.DOTALL)


class Reader(msgspec.Struct, frozen=True):
    """Medians of one reader's runs.

    Attributes:
        name: the library.
        version: its version; of a bare reader that of orjson.
        cpu: microseconds of the whole process a message.
        memory: MiB that the process held at the most.
        p50: microseconds from the server's write to the callback; half of the messages take longer.
        p99: the same; one of a hundred takes longer.
        stop: seconds until nothing is read any more; None for more than `LONGEST_STOP`.
    """

    name: str
    version: str
    cpu: float
    memory: float
    p50: float
    p99: float
    stop: float | None


class Ratio(msgspec.Struct, frozen=True):
    """The part that rxtweets took of what another took in the same turn."""

    of: str
    median: float
    least: float
    most: float
    limit: float | None


class Protocol(msgspec.Struct, frozen=True):
    """The results for one protocol.

    Attributes:
        bytes: of a message, on average.
        messages: how many the CPU was measured with.
        first: whether readers and server ran before all other programs while the latency was measured.
    """

    bytes: int
    messages: int
    first: bool
    readers: list[Reader]
    ratios: list[Ratio]


class Measured(msgspec.Struct, frozen=True):
    """The results of a run.

    Attributes:
        load: processes that others had running, on average, in the five minutes before.
    """

    date: str
    machine: str
    load: float
    rounds: int
    rate: float
    protocols: dict[str, Protocol]


def write(measured: Measured) -> None:
    """Write the results, and what is made from them."""
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(measured)) + b"\n")
    PLOT.write_text(plot(measured), encoding="utf-8")
    PAGE.write_text(page(measured, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def read() -> Measured:
    """Return the results that were written last."""
    return msgspec.json.decode(RESULTS.read_bytes(), type=Measured)


def page(measured: Measured, text: str) -> str:
    """Return *text* of the page with its tables as of *measured*."""
    return _BETWEEN.sub(lambda _: f"\n{tables(measured)}\n", text)


def tables(measured: Measured) -> str:
    """Return the results as tables in Markdown."""
    return "\n".join(
        [
            f"Measured on {measured.date}: {measured.machine}. {measured.rounds} turns. Other programs kept "
            f"{measured.load:g} processes busy.",
            *(line for name, found in measured.protocols.items() for line in _table(TITLES[name], found)),
        ]
    )


def _table(title: str, found: Protocol) -> list[str]:
    return [
        "",
        f"### {title}",
        "",
        f"{found.messages:,} messages of {found.bytes:,} bytes on average. For the latency, readers and "
        f"server had {'priority over all other programs' if found.first else 'the usual priority'}.",
        "",
        "| reader | CPU a message | memory | latency p50 | p99 | to stop |",
        "|---|---|---|---|---|---|",
        *(
            f"| {_label(reader)} | {reader.cpu:.1f} µs | {reader.memory:.0f} MiB "
            f"| {reader.p50 / 1000:.2f} ms | {reader.p99 / 1000:.2f} ms | {_seconds(reader.stop)} |"
            for reader in found.readers
        ),
        "",
        "| rxtweets' part, in the same turn | median | least to most | wanted |",
        "|---|---|---|---|",
        *(
            f"| {ratio.of} | {ratio.median:.2f}× | {ratio.least:.2f} to {ratio.most:.2f} "
            f"| {'' if ratio.limit is None else f'at most {ratio.limit:.2f}×'} |"
            for ratio in found.ratios
        ),
    ]


def _label(reader: Reader) -> str:
    if reader.name == "a bare reader":
        return f"{reader.name} (orjson {reader.version})"
    return f"{reader.name} {reader.version}"


def _seconds(stop: float | None) -> str:
    if stop is None:
        return f"not within {LONGEST_STOP} s"
    return f"{stop * 1000:.1f} ms" if stop < 1 else f"{stop:.1f} s"


_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.note { fill: #57606a }
.back { fill: #ffffff }
.bar { fill: #9aa4af }
.far { fill: #d0d7de }
.ours .bar { fill: #0969da }
.ours .far { fill: #b6d7fb }
.ours text { font-weight: 600 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .note { fill: #9ba5b0 }
  .back { fill: #131416 }
  .bar { fill: #6e7681 }
  .far { fill: #3a4048 }
  .ours .bar { fill: #4493f8 }
  .ours .far { fill: #1f4272 }
}
"""
_WIDTH, _ROW, _NAMES, _BARS, _VALUES = 800, 26, 170, 200, 95


def plot(measured: Measured) -> str:
    """Return the CPU and the latencies as bars: an SVG that follows the reader's choice of light or dark."""
    parts: list[str] = []
    top = 12
    for name, found in measured.protocols.items():
        parts += _panel(top, TITLES[name], found.readers)
        top += _ROW * (len(found.readers) + 1) + 22
    size = f'width="{_WIDTH}" height="{top}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" {size} role="img">',
        "<title>CPU a message and latency of rxtweets and others</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="back" {size} rx="6"/>',
        *parts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _panel(top: int, title: str, readers: list[Reader]) -> list[str]:
    left, right = _NAMES, _NAMES + _BARS + _VALUES + 20
    parts = [
        _text(12, top + 14, title, "title"),
        _text(left, top + 14, "CPU a message", "note"),
        _text(right, top + 14, "latency: half, and 99 of 100, are faster", "note"),
    ]
    cpu, delay = max(reader.cpu for reader in readers), max(reader.p99 for reader in readers)
    for row, reader in enumerate(readers):
        y = top + _ROW * (row + 1)
        delays = f"{reader.p50 / 1000:.2f}, {reader.p99 / 1000:.2f} ms"
        label = reader.name if reader.name == "a bare reader" else f"{reader.name} {reader.version}"
        parts += [
            f'<g class="{"ours" if reader.name == "rxtweets" else "other"}">',
            _text(12, y + 14, label),
            _bar(left, y, reader.cpu / cpu, "bar"),
            _text(left + 6 + _BARS * reader.cpu / cpu, y + 14, f"{reader.cpu:.1f} µs"),
            _bar(right, y, reader.p99 / delay, "far"),
            _bar(right, y, reader.p50 / delay, "bar"),
            _text(right + 6 + _BARS * reader.p99 / delay, y + 14, delays),
            "</g>",
        ]
    return parts


def _bar(x: float, y: float, part: float, kind: str) -> str:
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{_BARS * part:.1f}" height="{_ROW - 7}" rx="2"/>'


def _text(x: float, y: float, text: str, kind: str = "name") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y}">{escape(text)}</text>'
