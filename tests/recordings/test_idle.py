"""A file that is closed while it is in use."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import threading, time
from rxtweets.recordings.idle import ClosedWhenIdle
guard = ClosedWhenIdle(lambda: print("closed", flush=True))
inside = threading.Event()
def use():
    with guard:
        inside.set()
        time.sleep(0.3)
threading.Thread(target=use, daemon=True).start()
inside.wait()
guard.close()
"""


def test_the_end_of_the_program_waits_for_a_line_that_is_written() -> None:
    """A file is finished although a daemon thread was writing to it when the program ended."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == ("closed\n", "")
