"""Programs forked from a process that has imported the library: several times cheaper than new interpreters.

Such a program has arguments, variables, a folder and files of its own, and standard streams as Python opens
them. It ends as any other does, by the interpreter's own end or by a signal. It doesn't go through the start
of an interpreter: variables that only this reads, and imports that fail, are for tests that start one.

`python -m tests.forked` is that process: it forks a program for each connection to its socket, and ends when
its stdin does.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from types import ModuleType, TracebackType
from typing import IO, Any, Self

ROOT = Path(__file__).parent.parent

PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL

CLOSED = -9
"""In place of a file: the program has none of this number."""

STREAMS = ("stdin", "stdout", "stderr")

PYTHON = (sys.executable, "-W", "error")

IMPORTED = ("rxtweets.cli.process", "rxtweets.emulator", "rxtweets.rules", "lark")
"""The modules that are there before a program begins, unless a test says others."""

_LONGEST_ORDER = 1 << 20


class Program:
    """A running program, with those methods of `subprocess.Popen` that tests use.

    Args:
        arguments: as Python takes them: `-c` and code, `-m` and a module, or a script's path; then its own.
        python: the interpreter, with its options.
        imported: the modules that it has imported before.
        env: its variables, in place of this process's.
        cwd: its folder.
        stdin, stdout, stderr: each the number of a file, `PIPE`, `DEVNULL`, `CLOSED`, or None for this
            process's own.

    Attributes:
        stdin, stdout, stderr: the ends of pipes, as text.
        returncode: None until it has ended; negative: the signal that it died of.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        python: Sequence[str] = PYTHON,
        imported: Sequence[str] = IMPORTED,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> None:
        self.stdin: IO[str] | None = None
        self.stdout: IO[str] | None = None
        self.stderr: IO[str] | None = None
        self.returncode: int | None = None
        files: dict[int, int] = {}
        ours: list[int] = []
        for number, file in enumerate((stdin, stdout, stderr)):
            if file == PIPE:
                reading, writing = os.pipe()
                its, end, mode = (reading, writing, "w") if number == 0 else (writing, reading, "r")
                setattr(self, STREAMS[number], os.fdopen(end, mode, encoding="utf-8"))
                files[number] = its
                ours.append(its)
            elif file == DEVNULL:
                files[number] = os.open(os.devnull, os.O_RDWR)
                ours.append(files[number])
            elif file != CLOSED:
                files[number] = number if file is None else file
        order: dict[str, Any] = {
            "arguments": list(arguments),
            "env": dict(os.environ if env is None else env),
            "cwd": str(cwd or os.getcwd()),
            "files": list(files),
        }
        self._told = socket.socket(socket.AF_UNIX)
        self._told.connect(_server(tuple(python), tuple(imported), order["env"].get("PYTHONPATH", "")))
        socket.send_fds(self._told, [json.dumps(order).encode() + b"\n"], list(files.values()))
        for file in ours:
            os.close(file)
        self._lines = self._told.makefile("r", encoding="ascii")
        self.pid = int(self._lines.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in (self.stdin, self.stdout, self.stderr):
            if file is not None:
                file.close()
        self.wait()

    def poll(self) -> int | None:
        """Return its status if it has ended."""
        if self.returncode is None and select.select([self._told], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, and return its status.

        Raises:
            TimeoutExpired: it hasn't ended within *timeout* seconds.
        """
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a program", timeout or 0)
            self.returncode = int(self._lines.readline())
            self._lines.close()
            self._told.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Close its stdin, read all that it writes, and wait for its end."""
        if self.stdin is not None:
            self.stdin.close()
        with ThreadPoolExecutor(2) as pool:
            out, err = pool.map(_all, (self.stdout, self.stderr))
        self.wait(timeout)
        return out, err

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it may have ended since
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def write_command(path: Path) -> None:
    """Write a script that is the command `rxtweets`, for a shell: one is forked, and it ends as that."""
    server = _server(PYTHON, IMPORTED, os.environ.get("PYTHONPATH", ""))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_COMMAND.format(python=sys.executable, server=server), encoding="utf-8")
    path.chmod(0o755)


_COMMAND = """#!{python} -IS
import json, os, signal, socket, sys
told = socket.socket(socket.AF_UNIX)
told.connect({server!r})
order = {{
    "arguments": ["-m", "rxtweets", *sys.argv[1:]],
    "env": dict(os.environ),
    "cwd": os.getcwd(),
    "files": [0, 1, 2],
}}
socket.send_fds(told, [json.dumps(order).encode() + b"\\n"], order["files"])
lines = told.makefile()
pid = int(lines.readline())
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, frame: os.kill(pid, number))
status = int(lines.readline())
if status < 0:
    signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
os._exit(status)
"""


def _all(file: IO[str] | None) -> str:
    """Return what can be read from *file*, and close it."""
    if file is None or file.closed:
        return ""
    with file:
        return file.read()


@cache
def _server(python: tuple[str, ...], imported: tuple[str, ...], path: str) -> str:
    """Start the process that such programs are forked from, unless there is one; return its socket's name."""
    folder = tempfile.mkdtemp()
    name = f"{folder}/socket"
    process = subprocess.Popen(
        [*python, "-m", __name__, name, *imported],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    @atexit.register
    def end() -> None:
        process.communicate()
        shutil.rmtree(folder)

    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return name


def serve(name: str) -> list[str]:
    """Fork a program for each connection; return, in the program's process, its arguments."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(name)
    listener.listen()
    print("ready", flush=True)
    gc.collect()
    gc.freeze()  # its pages stay shared
    monitors = 0
    while listener.fileno() in select.select([listener.fileno(), 0], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            return _monitor(connection)
        connection.close()
        monitors += 1
        while monitors and os.waitpid(-1, os.WNOHANG) != (0, 0):
            monitors -= 1
    listener.close()
    sys.exit()


def _monitor(connection: socket.socket) -> list[str]:
    """Fork the program; in the program return its arguments, and in this process tell of its end, and end."""
    text, files, *_ = socket.recv_fds(connection, _LONGEST_ORDER, 3)
    while not text.endswith(b"\n"):
        text += connection.recv(_LONGEST_ORDER)
    order = json.loads(text)
    if pid := os.fork():
        for file in files:
            os.close(file)
        connection.sendall(b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        with connection:
            connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    connection.close()
    for number in range(3):
        os.close(number)
    for number, file in zip(order["files"], files, strict=True):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(order["env"])
    time.tzset()
    os.chdir(order["cwd"])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    sys.stdin = sys.__stdin__ = _stream(0, "r", "surrogateescape")  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = _stream(1, "w", "surrogateescape")  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _stream(2, "w", "backslashreplace")  # type: ignore[misc]
    arguments: list[str] = order["arguments"]
    return arguments


def _stream(number: int, mode: str, errors: str) -> Any:
    """Return a standard stream as Python opens it, or None if its file is closed."""
    try:
        os.fstat(number)
    except OSError:
        return None
    stream: Any = os.fdopen(number, mode, encoding="utf-8", errors=errors, closefd=False)
    if number == 2:
        stream.reconfigure(line_buffering=True)
    return stream


def become(arguments: Sequence[str]) -> None:
    """Run the program as Python would that is started with *arguments*."""
    first, *rest = arguments
    if first == "-c":
        sys.argv = ["-c", *rest[1:]]
        sys.path[0:0] = [""]
        sys.modules["__main__"] = main = ModuleType("__main__")
        exec(rest[0], vars(main))
    elif first == "-m":
        sys.argv = rest
        sys.path[0:0] = [os.getcwd()]
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [first, *rest]
        sys.path[0:0] = [str(Path(first).parent)]
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    name, *modules = sys.argv[1:]
    for module in modules:
        importlib.import_module(module)
    become(serve(name))
