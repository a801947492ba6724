"""Show a sample stream on a dashboard in the browser, a page fed by server-sent events, until Ctrl-C (v2).

python examples/browser_dashboard.py [--emulator]
"""

import json
import secrets
import threading
import time
from collections import deque
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from going_live import x_or_emulator
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Connected, Connecting, Disconnected, Post, Reconnecting, unescape

PAGE = Path(__file__).with_suffix(".html")
ROWS, SECONDS = 100, 120
"""The posts in the table, and the points of the chart."""

FRAME = 0.25
"""Seconds from one event for a page to the next: what costs is drawing, whatever the number of posts."""


class Board:
    """All that the pages show: written on the stream's threads, read on each page's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._posts = deque[dict[str, Any]](maxlen=ROWS)
        self._rates = deque[dict[str, Any]](maxlen=SECONDS)
        self._count = self._seconds = 0
        self._state: dict[str, Any] = {"is": "connecting"}
        self._again = 0.0
        self._facts: dict[str, Any] = {"reconnects": 0, "lag": None, "tags": []}

    def take(self, item: object) -> None:
        """Note a post, or an event of the connection."""
        with self._lock:
            match item:
                case Post():
                    self._count += 1
                    self._posts.append(row(item, self._count))
                case Connecting():
                    self._state = {"is": "connecting"}
                case Connected():
                    self._state = {"is": "live", "since": time.time() * 1000}
                case Disconnected(cause):
                    self._state = {"is": "lost", "why": str(cause)}
                case Reconnecting(delay, attempt, cause):
                    self._state = {"is": "waiting", "delay": delay, "attempt": attempt, "why": str(cause)}
                    self._again = time.monotonic() + delay

    def end(self, error: Exception) -> None:
        """Note what ended the stream for good."""
        with self._lock:
            self._state = {"is": "ended", "why": f"{type(error).__name__}: {error}"}

    def measure(self, meter: tw.Meter) -> None:
        """Note the volume of a second."""
        with self._lock:
            self._seconds += 1
            rate = meter.last.messages_per_second
            self._rates.append({"number": self._seconds, "rate": rate, "gap": meter.last.gap > 0.5})
            self._facts["reconnects"] = meter.total.reconnects

    def note(self, **facts: object) -> None:
        """Note figures by their names."""
        with self._lock:
            self._facts.update(facts)

    def since(self, posts: int, seconds: int) -> tuple[dict[str, Any], int, int]:
        """Return what a page lacks that has so many of the posts and of the seconds, and what it has then."""
        with self._lock:
            left = max(self._again - time.monotonic(), 0.0)
            frame = {
                "posts": [post for post in self._posts if post["number"] > posts],
                "rates": [rate for rate in self._rates if rate["number"] > seconds],
                "state": {**self._state, "left": left},
                "facts": {**self._facts, "count": self._count},
            }
            return frame, self._count, self._seconds


def row(post: Post, number: int) -> dict[str, Any]:
    """Return what the table has of a post, as plain text: the page puts no markup together."""
    author = post.author
    return {
        "number": number,
        "at": post.created_at and post.created_at.timestamp() * 1000,
        "name": unescape(author.name) if author else "",
        "handle": f"@{author.username}" if author else "",
        "text": unescape(post.full_text),
        "lang": post.lang,
    }


class Dashboard(ThreadingHTTPServer):
    """Serves the page, to programs of this machine only."""

    daemon_threads = True

    def __init__(self, board: Board) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.board = board
        self.ended = threading.Event()
        self.host = f"127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Dashboard

    def do_GET(self) -> None:
        """Send the page, or what happens as long as somebody looks."""
        if self.headers["Host"] != self.server.host:  # another site's name, made to lead here
            self.send_error(421)
        elif self.path == "/":
            self._send_page()
        elif self.path == "/events":
            with suppress(ConnectionError):  # the page was closed
                self._send_events()
        else:
            self.send_error(404)

    def _send_page(self) -> None:
        nonce = secrets.token_urlsafe(16)
        page = PAGE.read_text(encoding="utf-8").replace("NONCE", nonce).encode()
        policy = f"default-src 'none'; img-src data:; connect-src 'self'; style-src 'nonce-{nonce}'; "
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Content-Security-Policy", f"{policy}script-src 'nonce-{nonce}'")
        self.end_headers()
        self.wfile.write(page)

    def _send_events(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        posts = seconds = 0
        fresh = True
        while not self.server.ended.is_set():
            frame, posts, seconds = self.server.board.since(posts, seconds)
            self.wfile.write(f"data: {json.dumps({'fresh': fresh, **frame})}\n\n".encode())
            fresh = False
            self.server.ended.wait(FRAME)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of requests."""


def main() -> None:
    """Serve the page until Ctrl-C."""
    board = Board()
    client = rxt.StreamingClient(rxt.BearerToken.from_env())
    sample = client.sample(
        tweet_fields=["created_at", "lang", "entities", "note_tweet", "referenced_tweets"],
        expansions=["author_id", "referenced_tweets.id"],
    )
    shared = sample.pipe(ops.publish())  # one session, whoever looks
    shared.subscribe(board.take, board.end)
    rates = shared.pipe(tw.meter(every=1))
    lags = shared.pipe(tw.lag(window=10, every=1))
    tags = shared.pipe(tw.posts(), tw.top(rxt.hashtags, 10, window=60, every=1))
    rates.subscribe(board.measure, lambda _: None)  # `end` has the error
    lags.subscribe(lambda lag: board.note(lag=lag.p50), lambda _: None)
    tags.subscribe(lambda top: board.note(tags=top.counts), lambda _: None)
    with Dashboard(board) as server:
        session = shared.connect()
        print(f"http://{server.host}/", flush=True)
        try:
            with suppress(KeyboardInterrupt):
                server.serve_forever()
        finally:
            server.ended.set()
            if session is not None:
                session.dispose()


if __name__ == "__main__":
    with x_or_emulator("X_BEARER_TOKEN"):
        main()
