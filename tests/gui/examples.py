"""Run the examples with windows, each on a screen of its window's size, and photograph them."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.screen import virtual_screen

from .toolkits import ROOT, interpreter

WINDOWS = {
    "tk_ticker": ("tk", "620x720"),
    "qt_dashboard": ("pyside6", "1040x720"),
    "gtk_ticker": ("gtk", "620x720"),
}
"""The toolkit and the window's size, by example."""

CAMERA = shutil.which("import")
"""ImageMagick's program that photographs a screen."""


class Shown(NamedTuple):
    """A program that shows its window on a screen."""

    process: subprocess.Popen[str]
    display: str

    def photograph(self, path: Path) -> None:
        subprocess.run(
            [CAMERA or "import", "-display", self.display, "-window", "root", str(path)],
            check=True,
            timeout=30,
        )

    def filled(self, share: float, folder: Path, patience: float = 40.0) -> bytes:
        """Wait until so much of the window's height is filled with something, and return its pixels."""
        tick = threading.Event()
        deadline = time.monotonic() + patience
        while True:
            path = folder / "now.ppm"
            self.photograph(path)
            picture = path.read_bytes()
            if _filled(picture) >= share:
                return picture
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, f"only {_filled(picture):.0%} of the window shows anything"
            tick.wait(0.2)


def _filled(picture: bytes) -> float:
    """Return the share of lines, of a picture in the format PPM, with more than a few colours."""
    _, size, _, pixels = picture.split(b"\n", 3)
    width, height = map(int, size.split())
    lines = (pixels[3 * width * row : 3 * width * (row + 1)] for row in range(height))
    return sum(len({line[at : at + 3] for at in range(0, len(line), 3)}) > 3 for line in lines) / height


@contextmanager
def shown(name: str, *words: str, environment: Mapping[str, str] | None = None) -> Iterator[Shown]:
    """Start an example with *words*, or, if they begin with `-c`, a program that does."""
    toolkit, size = WINDOWS[name]
    command, needed = interpreter(toolkit)
    path = os.pathsep.join(filter(None, [str(ROOT), needed.get("PYTHONPATH")]))
    with virtual_screen(size) as display:
        process = subprocess.Popen(
            [*command, *(words if words[:1] == ("-c",) else (f"examples/{name}.py", *words))],
            cwd=ROOT,
            env={**os.environ, **needed, "PYTHONPATH": path, **(environment or {}), "DISPLAY": display},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        try:
            yield Shown(process, display)
        finally:
            process.kill()
            process.communicate()
