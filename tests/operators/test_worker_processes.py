"""`parallel_map` in processes: what is sent, what goes wrong there, and that none is left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import reactivex
from msgspec.structs import replace
from reactivex import Subject

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets import testing
from rxtweets.errors import WorkerDied
from rxtweets.messages import Delete, ForUser, KeepAlive, Post, Status, Undecodable, decode
from tests.observing import Seen, dispose_quickly

from .work import Unpicklable, misbehave, same

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir(), reason="it looks for processes in /proc"
)

ROOT = Path(__file__).parent.parent.parent

PATIENT = 60.0
"""Seconds: a process may take long to begin on a busy machine."""


def processes() -> list[int]:
    """The processes that this one has started, those that nobody has waited for included."""
    found = []
    for path in Path("/proc/self/task").glob("*/children"):
        children = ""
        with contextlib.suppress(OSError):  # the thread has ended; its children are those of another
            children = path.read_text()
        for pid in children.split():
            with contextlib.suppress(OSError):
                # multiprocessing's own stays until the end of the program.
                if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(int(pid))
    return found


@pytest.fixture(autouse=True)
def no_process_left() -> Iterator[list[int]]:
    """Fail a test that leaves a worker behind; the processes that were there before it, such as a display."""
    before = processes()
    yield before
    tick = threading.Event()
    for _ in range(int(PATIENT / 0.01)):
        if processes() == before:
            return
        tick.wait(0.01)
    assert processes() == before


def in_processes(items: list[Any], fn: Callable[[Any], Any], **options: Any) -> list[Any]:
    """The results for *items*."""
    found: list[Any] = []
    rxt.run(
        reactivex.from_iterable(items).pipe(tw.parallel_map(fn, executor="process", **options)), found.append
    )
    return found


def test_what_arrives_there() -> None:
    """Messages arrive with all that came beside them, in order, and other items as they are."""
    quoting = decode(
        testing.post_json(
            "hello",
            referenced_tweets=[{"type": "quoted", "id": "5"}],
            includes={
                "tweets": [{"id": "5", "text": "first", "author_id": "3", "edit_history_tweet_ids": ["5"]}],
                "users": [{"id": "3", "name": "Ada", "username": "ada"}],
            },
            matching_rules=[{"id": "7", "tag": "greeting"}],
        )
    )
    assert isinstance(quoting, Post)
    status = decode(testing.status_json("hello"))
    assert isinstance(status, Status)
    sent = [
        quoting,
        quoting.quoted,  # its own bytes, without an envelope, are not the whole of it
        status,
        decode(testing.for_user_json(testing.status_json())),
        decode(testing.delete_json()),
        decode(b"{"),
        Post(id="1", text="by hand"),
        b"a frame",
        {"a": [1, 2]},
        None,
        *range(30),
    ]
    results = in_processes(sent, same, workers=2)
    arrived = [item for item, _ in results]
    assert arrived == sent
    assert [type(item) for item in arrived[:6]] == [Post, Post, Status, ForUser, Delete, Undecodable]
    assert arrived[0].matching_rules[0].tag == "greeting"
    assert arrived[0].quoted.author.name == arrived[1].author.name == "Ada"
    assert os.getpid() not in {process for _, process in results}


def test_it_is_the_bytes_that_are_sent() -> None:
    """A message arrives as it was received, whatever has been made of it; events don't go there at all."""
    status = decode(testing.status_json("hello"))
    assert isinstance(status, Status)
    changed, event = replace(status, text="bye"), KeepAlive()
    results = in_processes([changed, event], same, workers=1)
    assert results[0][0] == status
    assert results[1] is event


def test_what_goes_wrong_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exceptions come back with their traceback, and say so what can't be sent; then work goes on."""
    reports: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: reports.append(args.exc_value))
    told = ["raise", "raise an odd exception", "return a lambda", Unpicklable(), "go on"]
    assert in_processes(told, misbehave, workers=1, on_error="skip") == ["go on"]
    raised, odd, unsent, unpicklable = reports
    assert isinstance(raised, ValueError)
    assert raised.args == ("as told",)
    assert 'raise ValueError("as told")' in raised.__notes__[0]
    assert type(odd) is RuntimeError
    assert str(odd) == "Odd: one, two"
    assert 'raise Odd("one", "two")' in odd.__notes__[0]
    assert isinstance(unsent, TypeError)
    assert str(unsent).startswith("fn returned a function that can't be pickled")
    assert isinstance(unpicklable, TypeError)
    assert str(unpicklable) == "it stays here"


@pytest.mark.parametrize(
    ("told", "on_error", "exit_code", "said"),
    [
        ("exit", "end", 3, "ended with exit code 3;"),
        ("be killed", "skip", -signal.SIGKILL, "was killed by SIGKILL;"),
    ],
)
def test_a_worker_that_dies(told: str, on_error: Any, exit_code: int, said: str) -> None:
    """It ends the stream, after the results before it, with an error that says how it died."""
    found: list[Any] = []
    stream = reactivex.of("one", told, "two")
    with pytest.raises(WorkerDied, match=f"a worker process {said}") as caught:
        rxt.run(
            stream.pipe(tw.parallel_map(misbehave, 1, executor="process", on_error=on_error)), found.append
        )
    assert caught.value.exit_code == exit_code
    assert found == ["one"]


def test_a_disposal_ends_them_in_the_middle_of_a_call(no_process_left: list[int]) -> None:
    """A disposal returns at once, and the processes end, at work or idle."""
    source: Subject[Any] = Subject()
    seen = Seen(source.pipe(tw.parallel_map(misbehave, 2, executor="process", ordered=False)))
    source.on_next("wait")
    source.on_next("begun")
    with seen._changed:
        assert seen._changed.wait_for(lambda: seen.items, PATIENT)
    assert len(processes()) == len(no_process_left) + 2
    dispose_quickly(seen.dispose)


def test_a_disposal_while_they_begin(no_process_left: list[int]) -> None:
    """Processes that still import what they need end, too."""
    seen = Seen(reactivex.never().pipe(tw.parallel_map(misbehave, 2, executor="process")))
    assert len(processes()) == len(no_process_left) + 2
    dispose_quickly(seen.dispose)


# --- whole programs ----------------------------------------------------------------------------------------

PROGRAM = """
import multiprocessing, os, signal, sys, threading

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background

import reactivex
import rxtweets as rxt
from rxtweets import operators as tw


def work(item):
    print(os.getpid(), flush=True)
    if item == 0:
        threading.Event().wait()
    return item


def stream(fn=work):
    items = reactivex.concat(reactivex.of(1, 0), reactivex.never())
    return items.pipe(tw.parallel_map(fn, 1, executor="process"), tw.of_type(int))

"""


@contextlib.contextmanager
def program(tmp_path: Path, text: str) -> Iterator[subprocess.Popen[str]]:
    """Start a program, in a process group of its own, and end it."""
    path = tmp_path / "program.py"
    path.write_text(PROGRAM + text, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def worker(process: subprocess.Popen[str]) -> int:
    """The id of the process that works, once it is at the item that never ends."""
    assert process.stdout is not None
    first, second = (int(process.stdout.readline()) for _ in range(2))
    assert first == second != process.pid
    return first


def has_ended(pid: int) -> bool:
    """Return True once there is no process *pid*, or only its exit code."""
    tick = threading.Event()
    for _ in range(int(PATIENT / 0.02)):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                tick.wait(0.02)
                continue
        return True
    return False


def test_the_end_of_a_program(tmp_path: Path) -> None:
    """A program that ends without a disposal ends its workers, waits for no call and says nothing."""
    text = """
if __name__ == "__main__":
    begun = threading.Event()
    stream().subscribe(lambda item: begun.set(), lambda error: print("an error", error, file=sys.stderr))
    begun.wait()
    input()
"""
    with program(tmp_path, text.replace("input()", "threading.Event().wait(0.5)")) as process:
        pid = worker(process)
        output = process.communicate(timeout=PATIENT)
    assert (process.returncode, *output) == (0, "", "")
    assert has_ended(pid)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_fork_of_the_program(tmp_path: Path) -> None:
    """A forked process that exits, or disposes, leaves its parent's workers alone."""
    text = """
if __name__ == "__main__":
    import warnings
    from queue import SimpleQueue

    warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12's, about forks and threads
    source, results = reactivex.Subject(), SimpleQueue()
    subscription = source.pipe(tw.parallel_map(abs, 1, executor="process")).subscribe(results.put)
    for number in 1, 2, 3:
        source.on_next(-number)
        print(results.get())
        sys.stdout.flush()
        if pid := os.fork():
            assert os.waitpid(pid, 0)[1] == 0
        else:
            if number == 2:
                subscription.dispose()
            sys.exit()
    subscription.dispose()
"""
    with program(tmp_path, text) as process:
        output, errors = process.communicate(timeout=PATIENT)
    assert (process.returncode, output) == (0, "1\n2\n3\n")
    assert "rxtweets" not in errors  # multiprocessing itself reports that it isn't theirs to wait for


def test_ctrl_c(tmp_path: Path) -> None:
    """Ctrl-C in a terminal, which every process of a program gets, is the program's: workers say nothing."""
    with program(
        tmp_path, 'if __name__ == "__main__":\n    rxt.run(stream())\n    print("over")\n'
    ) as process:
        pid = worker(process)
        os.killpg(process.pid, signal.SIGINT)
        output = process.communicate(timeout=PATIENT)
    assert (process.returncode, *output) == (0, "over\n", "")
    assert has_ended(pid)


def test_a_program_that_is_killed(tmp_path: Path) -> None:
    """An idle worker whose program is gone ends by itself, and says nothing."""
    text = 'if __name__ == "__main__":\n    rxt.run(stream(), lambda item: print(item, flush=True))\n'
    with program(tmp_path, text.replace("stream()", "stream(abs)")) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["1\n", "0\n"]
        children = Path(f"/proc/{process.pid}/task").glob("*/children")
        pids = [int(pid) for path in children for pid in path.read_text().split()]
        process.kill()
        assert process.communicate(timeout=PATIENT) == ("", "")
    assert len(pids) >= 1
    assert all(map(has_ended, pids))


def test_a_program_that_starts_when_it_is_imported(tmp_path: Path) -> None:
    """Without `if __name__ == "__main__":` the error says that this is what is needed."""
    with program(tmp_path, "rxt.run(stream())\n") as process:
        output, errors = process.communicate(timeout=PATIENT)
    assert (process.returncode, output) == (1, "")
    assert "\nrxtweets.errors.WorkerDied: a worker process ended with exit code 1;" in errors
    assert 'under `if __name__ == "__main__":`' in errors
