"""The console's pages and fragments, rendered by Jinja2, and the stream of events that keeps them fresh."""

from __future__ import annotations

import asyncio
import time
import unicodedata
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2

from rxtweets.emulator.http.answers import Answer, Call, encode, json_answer
from rxtweets.emulator.http.wire import Connection, Opened

from .forms import forms
from .state import Volume, snapshot

if TYPE_CHECKING:
    from rxtweets.emulator.site import Site

FRAGMENTS = ("volume", "streams", "rules", "posts", "requests", "trouble")
VIEWERS = 20
"""Pages that may be open at once."""
_JOINER = "\u200d"  # holds emoji of several parts together
_PERIOD = 0.25
_SILENCE = 15.0
_BEHIND = 1024 * 1024
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
)
_FILES = {"console.css": "text/css; charset=utf-8", "console.js": "text/javascript; charset=utf-8"}


def visible(text: object) -> str:
    """A text in which no character moves or hides others: controls and marks of direction are shown as �."""
    return "".join(
        "�" if unicodedata.category(char) in ("Cc", "Cf", "Cs") and char != _JOINER else char
        for char in str(text)
    )


class Console:
    """Answers for the page at ``/`` and what belongs to it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._volume = Volume()
        self._viewers: set[Viewer] = set()
        self._made: dict[str, str] = {}
        self._made_at = -_PERIOD
        self._jinja = jinja2.Environment(
            loader=jinja2.PackageLoader("rxtweets.emulator.console"), autoescape=True, trim_blocks=True
        )
        self._jinja.filters["visible"] = visible

    def page(self, call: Call) -> Answer:
        """The whole page."""
        html = self._jinja.get_template("page.html").render(fragments=self.fragments(), groups=forms())
        return Answer(200, html.encode(), "text/html; charset=utf-8", _HEADERS)

    def state(self, call: Call) -> Answer:
        """What the page shows, as JSON."""
        return json_answer(snapshot(self._site))

    def file(self, call: Call) -> Answer:
        """The page's style or script."""
        name = call.path.rpartition("/")[2]
        body = (files(__package__) / "static" / name).read_bytes()
        return Answer(200, body, _FILES[name], _HEADERS)

    def events(self, call: Call) -> Answer | Opened:
        """Fragments as they change, as server-sent events."""
        if len(self._viewers) >= VIEWERS:
            return json_answer({"error": f"there are {VIEWERS} pages open already: close one"}, 503)
        return Viewer(self, self._viewers)

    def fragments(self) -> dict[str, str]:
        """The parts of the page that change, by the ids of where they belong; made once for all pages."""
        now = time.monotonic()
        if now - self._made_at >= _PERIOD / 2:
            self._made_at, self._made = now, self._render()
        return self._made

    def _render(self) -> dict[str, str]:
        self._volume.note(self._site.hub.messages)
        state = snapshot(self._site)
        bars, most = list(self._volume.each), max(*self._volume.each, 1)
        more: dict[str, Any] = {"bars": [48 * count / most for count in bars], "volume": self._volume}
        return {
            name: self._jinja.get_template(f"{name}.html").render(state=state, **more) for name in FRAGMENTS
        }


class Viewer:
    """One open page: gets what has changed, at most four times a second; a slow one is dropped."""

    headers = (("content-type", "text/event-stream; charset=utf-8"), *_HEADERS)

    def __init__(self, console: Console, viewers: set[Viewer]) -> None:
        self._console = console
        self._viewers = viewers
        self._shown: dict[str, str] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._silent = 0.0

    def begin(self, connection: Connection, chunked: bool) -> None:
        """Start to send."""
        self._connection = connection
        self._chunked = chunked
        self._viewers.add(self)
        self._tick()

    def ended(self) -> None:
        """The page is closed."""
        self._viewers.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        if self._connection.unsent() > _BEHIND:
            self._connection.transport.abort()
            return
        self._timer = asyncio.get_running_loop().call_later(_PERIOD, self._tick)
        made = self._console.fragments()
        changed = {name: html for name, html in made.items() if self._shown.get(name) != html}
        self._shown = made
        self._silent = 0.0 if changed else self._silent + _PERIOD
        if changed:
            self._write(b"data: %b\n\n" % encode(changed))
        elif self._silent >= _SILENCE:
            self._silent = 0.0
            self._write(b":\n\n")

    def _write(self, data: bytes) -> None:
        self._connection.transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
