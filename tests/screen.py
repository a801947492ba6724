"""A screen that nobody sees, for windows."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

XVFB = shutil.which("Xvfb")
"""The X server that shows nothing."""


@contextmanager
def virtual_screen(size: str = "1280x1024") -> Iterator[str]:
    """Start an X server that shows nothing, and return its name, for `DISPLAY`."""
    # Without -noreset it starts anew once the last program has left, and wx aborts.
    command = [XVFB or "Xvfb", "-displayfd", "1", "-noreset", "-screen", "0", f"{size}x24"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        try:
            yield f":{server.stdout.readline().decode().strip()}"
        finally:
            server.terminate()
