"""Run the Python blocks of one page as a reader does: `python -m tests.snippets README.md`.

The blocks run in order, in one namespace, on the main thread. The reader looks at what an endless stream
prints and presses Ctrl-C after a few lines; at an `input()`, looks likewise and presses Enter, or opens the
address that is shown and types what stands there. Nothing in the page is changed for it.

It ends with an error when a block raises, takes too long, or says that it prints something and doesn't.
"""

from __future__ import annotations

import ast
import builtins
import faulthandler
import os
import re
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import rxtweets._run
import rxtweets._waiting

ENOUGH = 6
"""Lines after which the reader has seen enough of a stream."""

PATIENCE = 1.0
"""Seconds after the first line that the reader looks on, should fewer lines come."""

LONGEST = 60.0
"""Seconds that a block may take."""

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of a page.

    Attributes:
        language: what stands after the fence.
        text: the block.
        line: the page's line before its first.
    """

    language: str
    text: str
    line: int


def blocks(page: Path, language: str) -> Iterator[Block]:
    """The blocks of *page* that are in *language*."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        if found[1] == language:
            yield Block(language, found[2], text.count("\n", 0, found.start(2)))


def program(page: Path) -> str:
    """Return the Python blocks of *page* as one program."""
    return "".join(block.text for block in blocks(page, "python"))


class Reader:
    """Stands between the program and its output, and counts the lines of the block that runs."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._changed = threading.Condition()
        self._said = False
        self._lines = 0
        self._first = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._output, name)

    def write(self, text: str) -> int:
        """Pass *text* on, and count its lines."""
        with self._changed:
            if "\n" in text:
                self._first = self._first or time.monotonic()
                self._lines += text.count("\n")
                self._said = True
                self._changed.notify_all()
        return self._output.write(text)

    def turn_over(self) -> None:
        """Begin with another block."""
        with self._changed:
            self._said = False
            self._lines, self._first = 0, 0.0

    def sees_something(self) -> bool:
        """Wait until this block has printed a line, not for ever."""
        with self._changed:
            return self._changed.wait_for(lambda: self._said, timeout=LONGEST / 3)

    def watch(self) -> None:
        """Press Ctrl-C whenever the main thread waits for a stream of which enough has been seen."""
        main = threading.main_thread().ident
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines >= ENOUGH, timeout=0.1)
                seen = self._lines >= ENOUGH or (0 < self._first < time.monotonic() - PATIENCE)
                if not seen:
                    continue
            if _waits_in_run(sys._current_frames().get(main or 0)):
                os.kill(os.getpid(), signal.SIGINT)
                with self._changed:
                    self._lines, self._first = 0, 0.0

    def ask(self, prompt: object = "") -> str:
        """Answer `input()`."""
        self.write(f"{prompt}\n")
        if address := re.search(r"https?://\S+", str(prompt)):
            with urllib.request.urlopen(address[0]) as page:
                return str(page.read().decode())
        with self._changed:
            self._changed.wait_for(lambda: self._lines >= ENOUGH, PATIENCE)
        return ""


def _waits_in_run(frame: Any) -> bool:
    callers: list[tuple[str, str]] = []
    while frame is not None:
        callers.append((frame.f_code.co_filename, frame.f_code.co_name))
        frame = frame.f_back
    waits, runs = (rxtweets._waiting.__file__, "_first"), (rxtweets._run.__file__, "run")
    return waits in callers and runs in callers  # and not in a request's own `run`


def _interrupt(_: int, frame: Any) -> None:
    """Ctrl-C; between its being pressed and its being heard the stream may have ended by itself."""
    if _waits_in_run(frame):
        raise KeyboardInterrupt


def says_something(text: str) -> bool:
    """Return True if a block does something that prints, rather than only defining it."""
    does = (ast.Expr, ast.With, ast.For, ast.Try)
    doing = [
        node for node in ast.parse(text).body if isinstance(node, does) or "subscribe" in ast.unparse(node)
    ]
    return "print" in text and bool(doing)


def main(page: Path) -> None:
    """Run the blocks of *page*."""
    reader = Reader(sys.stdout)
    sys.stdout = reader
    signal.signal(signal.SIGINT, _interrupt)
    builtins.input = reader.ask
    threading.Thread(target=reader.watch, daemon=True).start()
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page, "python"):
        reader.turn_over()
        faulthandler.dump_traceback_later(LONGEST, exit=True)
        exec(compile("\n" * block.line + block.text, str(page), "exec"), namespace)
        if says_something(block.text) and not reader.sees_something():
            sys.exit(f"{page}:{block.line}: this block prints nothing")
    faulthandler.cancel_dump_traceback_later()
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
