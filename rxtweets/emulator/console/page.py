"""The console's pages and fragments, rendered by Jinja2, and the stream of events that keeps them fresh."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Callable
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING

from rxtweets._printable import dollars, printable
from rxtweets.emulator.app.records import EndReason
from rxtweets.emulator.server.http import Request, Response, encode, json_response
from rxtweets.emulator.server.wire import Connection, StreamingResponse

from .forms import groups
from .pace import Volume
from .state import State

if TYPE_CHECKING:
    import jinja2

FRAGMENTS = ("address", "volume", "streams", "ended", "rules", "posts", "requests", "bill", "faults")
TABS = {
    "posts": "Posts",
    "requests": "Requests",
    "rules": "Rules",
    "ended": "Ended",
    "bill": "Bill",
}.items()
"""The fragments that share a place, and what their tabs say."""
VIEWERS = 20
"""Pages that may be open at once."""
_PERIOD = 0.25
_RETRY = b"retry: 1000\n\n"  # milliseconds from when the emulator is gone to when a page looks again
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
_WHY: dict[str, str] = {
    EndReason.CLIENT: "closed by the client",
    EndReason.SERVER: "closed by the emulator",
    EndReason.SLOW: "dropped: read too slowly",
    EndReason.REPLAYED: "its replay was finished",
    EndReason.SUPERSEDED: "a newer one took its place",
    EndReason.OPERATOR: "told to disconnect",
    EndReason.UNPAID: "the cap or the credit is used up",
}
_FILES = {"console.css": "text/css; charset=utf-8", "console.js": "text/javascript; charset=utf-8"}


def _printable(value: object) -> str:
    return printable(str(value))


def duration(seconds: int) -> str:
    """Return so many seconds as text, in the two units that matter."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def round_up(count: int) -> int:
    """Return the top of a scale for *count*: 1, 2, 4 or 6 with zeros after it, so that it has a half."""
    scale = 1
    while True:
        for step in (1, 2, 4, 6):
            if count <= step * scale:
                return step * scale
        scale *= 10


def pace(count: float) -> str:
    """Return so many a second as text, with tenths where they are few."""
    return f"{count:,.1f}" if count < 100 else f"{count:,.0f}"


class Console:
    """The endpoints of the page at ``/`` and what belongs to it.

    Args:
        state: What is going on.
        started: When the emulator was made, on the monotonic clock.
        stream_paths: The paths of all streams.
        variables: Returns those that point programs at the emulator, as `Emulator.env` does.
    """

    def __init__(
        self,
        state: State,
        started: float,
        stream_paths: list[str],
        variables: Callable[[], dict[str, str]],
    ) -> None:
        self._state = state
        self._volume = Volume(started)
        self._stream_paths = stream_paths
        self._variables = variables
        self._viewers: set[Viewer] = set()
        self._made: dict[str, str] = {}
        self._made_at = -_PERIOD

    @cached_property
    def _jinja(self) -> jinja2.Environment:
        import jinja2  # not before somebody looks at the page: it would be a tenth of the emulator's start

        made = jinja2.Environment(
            loader=jinja2.PackageLoader("rxtweets.emulator.console"), autoescape=True, trim_blocks=True
        )
        made.filters.update(
            printable=lambda said: printable(str(said)),
            duration=duration,
            pace=pace,
            why=_why,
            dollars=dollars,
        )
        return made

    def page(self, request: Request) -> Response:
        """Return the whole page."""
        html = self._jinja.get_template("page.html").render(
            fragments=self.fragments(), parts=TABS, groups=groups(), paths=self._stream_paths
        )
        return Response(200, html.encode(), "text/html; charset=utf-8", _HEADERS)

    def state(self, request: Request) -> Response:
        """Return as JSON what the page shows."""
        return json_response(self._state.now())

    def file(self, request: Request) -> Response:
        """Return the page's style or script."""
        name = request.path.rpartition("/")[2]
        body = (files(__package__) / "static" / name).read_bytes()
        return Response(200, body, _FILES[name], _HEADERS)

    def events(self, request: Request) -> Response | StreamingResponse:
        """Send fragments as they change, as server-sent events."""
        if len(self._viewers) >= VIEWERS:
            return json_response({"error": f"there are {VIEWERS} pages open already: close one"}, 503)
        return Viewer(self, self._viewers)

    def fragments(self) -> dict[str, str]:
        """Return the parts of the page that change, by the ids of their places; made once for all pages."""
        now = time.monotonic()
        if now - self._made_at >= _PERIOD / 2:
            self._made_at, self._made = now, self._render()
        return self._made

    def _render(self) -> dict[str, str]:
        state, each = self._state.now(), self._volume.each
        self._volume.note(time.monotonic(), state["messages"])
        most = max(each)
        top = round_up(most)
        shown = {"state": state, "most": most, "top": top, "bars": [100 * count / top for count in each]}
        shown.update(self._address())
        return {name: self._jinja.get_template(f"{name}.html").render(shown) for name in FRAGMENTS}

    def _address(self) -> dict[str, list[tuple[str, bool]]]:
        """Return the address, the token, a command and the variables, each in parts, True beside secrets."""
        variables = self._variables()
        url, token = variables["RXTWEETS_BASE_URL"], variables["X_BEARER_TOKEN"]
        trusted = variables.get("CURL_CA_BUNDLE")
        trust = [] if trusted is None else ["--cacert", trusted]
        header = ["-H", f"Authorization: Bearer {token}"]
        curl = shlex.join(["curl", "-N", *trust, *header, f"{url}/2/tweets/sample/stream"])
        before, after = curl.split(token)
        exports: list[tuple[str, bool]] = []
        for name, value in variables.items():
            secret = name.startswith("X_")
            exports += [(f"export {name}=", False), (shlex.quote(value), secret), ("\n", False)]
        return {
            "url": [(url, False)],
            "token": [(token, True)],
            "curl": [(before, False), (token, True), (after, False)],
            "exports": exports[:-1],
        }


def _why(reason: str) -> str:
    return _WHY.get(reason, reason)


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
        self._write(_RETRY)
        self._tick()

    def ended(self) -> None:
        """Forget the page: it is closed."""
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
