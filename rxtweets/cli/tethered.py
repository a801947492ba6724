"""A program of its own: it runs another one, until that ends or stdin does.

Whoever starts it holds the other end of stdin, a pipe, which the system closes however that process ends. It
runs by its path, and imports nothing of rxtweets.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading

LONGEST_END = 10.0
"""Seconds from a request to end until the program is killed."""


def run(command: list[str]) -> int:
    """Run a program, which gets the files that this process has inherited; return its exit status."""
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, close_fds=False)
    threading.Thread(target=_end_with_stdin, args=[program], daemon=True).start()
    return program.wait()


def _end_with_stdin(program: subprocess.Popen[bytes]) -> None:
    os.read(0, 1)  # not by sys.stdin, which can't be closed while a thread reads it
    program.terminate()
    try:
        program.wait(LONGEST_END)
    except subprocess.TimeoutExpired:
        program.kill()


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
