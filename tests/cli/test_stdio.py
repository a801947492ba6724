"""The command with standard streams that lead nowhere, and interrupted early."""

from __future__ import annotations

import configparser
import fcntl
import os
import re
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import rxtweets as rxt
from rxtweets.cli.commands import rxtweets as cli
from rxtweets.emulator import Emulator
from rxtweets.relay import JetStream
from rxtweets.testing import post_json
from tests.forked import PIPE, Program
from tests.relay.servers import Server
from tests.relay.working import write

from .command import PATIENCE, Command, Ended, run, running

ROOT = Path(__file__).parents[2]

COMMANDS = {
    "filter": ["--track", "python", "--emulator"],
    "sample": ["--emulator", "--json"],
    "powerstream": ["--track", "python", "--emulator"],
    "record": ["new.jsonl", "--emulator"],
    "replay": ["posts.jsonl"],
    "emulator": [],
    "doctor": ["--emulator"],
    "search": ["cat", "--csv"],
    "counts": ["cat"],
    "cost": ["cat"],
    "usage": [],
    "activity": ["--event", "post.create", "--emulator"],
    "relay filter": ["--api", "v1", "--track", "python", "--emulator"],
    "relay sample": ["--emulator"],
    "relay firehose": ["--lang", "ja", "--emulator"],
    "relay status": [],
    "consume": ["--group", "g", "--from", "start"],
    "dead-letters": ["--group", "g"],
    "completion": ["bash"],
    "auth login": ["bearer"],
    "auth where": [],
    "auth check": [],
    "auth logout": [],
    "rules list": [],
    "rules add": ["cat", "--emulator"],
    "rules delete": ["--value", "cat"],
    "rules counts": [],
    "rules sync": ["rules.toml", "--emulator"],
    "rules validate": ["cat"],
    "rules explain": ["cat"],
    "rules test": ["cat", "--on", "posts.jsonl"],
    "rules from-track": ["cat"],
}
"""Every command, and arguments with which it prints something."""

SILENT = {"auth login", "auth logout", "relay filter", "relay sample", "relay firehose"}
"""Those that only write to stderr."""

TALKING = [name for name in COMMANDS if name not in SILENT]

STANDING = {"filter", "sample", "powerstream", "record", "emulator", "activity", "consume"} | {
    name for name in SILENT if name.startswith("relay ")
}
"""Those that end only when they are told to."""

ANEW = {"--version", "rules validate"}
"""Those that a new interpreter is started for; the others are forked from one, with the same files."""


def arguments(name: str) -> list[str]:
    return [*name.split(), *COMMANDS.get(name, ())]


def leaves(group: click.Group, *path: str) -> Iterator[str]:
    """Yield the names of the commands in *group* that are no groups themselves."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, *path, name)
        else:
            yield " ".join((*path, name))


def test_every_command_is_tried() -> None:
    """The commands below are all that there are, but for one that is for terminals only."""
    assert sorted(leaves(cli)) == sorted([*COMMANDS, "watch"])


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the commands read, in the folder that they run in."""
    (tmp_path / "rules.toml").write_text('[[rule]]\nvalue = "cat"\n', encoding="utf-8")
    (tmp_path / "posts.jsonl").write_bytes(post_json("a cat", id="1") + b"\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture(scope="module")
def log(server: Server) -> str:
    """The address of a log with posts, the first of which a group couldn't work on."""
    log = JetStream(server.url, stream="posts")
    write(log, [post_json("a cat", id=str(number)) for number in range(1, 101)])
    for _ in range(2):
        with pytest.raises(LookupError):
            rxt.run(log.consume("g", from_="start", attempts=2, ahead=1), refuse)
    return f"{server.url}/posts"


def refuse(item: object) -> None:
    if isinstance(item, bytes):
        raise LookupError


@pytest.fixture
def account(log: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator that the environment points to, as to the log, and whose app has a rule."""
    monkeypatch.setenv("RXTWEETS_LOG", log)
    with Emulator() as emulator:
        client = rxt.StreamingClient(rxt.BearerToken(emulator.bearer_token), base_url=emulator.base_url)
        client.rules.add("cat").run()
        for name, value in emulator.env().items():
            monkeypatch.setenv(name, value)
        yield emulator


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")
@pytest.mark.parametrize("name", [*TALKING, "--help", "--version"])
def test_a_full_disk(name: str, account: Emulator) -> None:
    """A full disk ends the command with a one-line error and status 1."""
    ended = run(*arguments(name), redirect=">/dev/full", anew=name in ANEW)
    assert ended.status == 1
    assert ended.err.splitlines()[-1] == "Error: stdout: No space left on device"
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("name", [*TALKING, "--help", "--version"])
def test_nobody_reads(name: str, account: Emulator) -> None:
    """A pipe whose reader has gone ends it with the status of that, and without a word."""
    reading, writing = os.pipe()
    os.close(reading)
    with running(*arguments(name), redirect=f">&{writing}", anew=name in ANEW) as command:
        os.close(writing)
        ended = command.end()
    assert ended.status == 141
    assert "Error" not in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("name", [*COMMANDS, "watch", "--help"])
def test_stdout_is_closed(name: str, account: Emulator) -> None:
    """Then nothing is begun."""
    before = account.requests
    ended = run(*arguments(name), redirect=">&-", anew=name in ANEW)
    assert ended == (1, "", "Error: stdout is closed\n")
    assert account.requests == before


@pytest.mark.parametrize(
    "command", [["rules", "validate", "-"], ["rules", "test", "cat", "--on", "-"], ["rules", "sync", "-"]]
)
def test_stdin_is_closed(command: list[str]) -> None:
    """Only a command that reads stdin fails when stdin is closed."""
    ended = run(*command, redirect="<&-", anew="validate" in command)
    assert ended == (1, "", "Error: stdin is closed\n")
    assert run("rules", "validate", "cat", redirect="<&-") == (0, "ok  cat\n", "")


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "emulator"])
def test_stderr_is_closed(name: str, account: Emulator) -> None:
    """Without stderr each command does what it does, in silence."""
    limited = ["--limit", "1"] if name in STANDING else []
    ended = run(*arguments(name), *limited, redirect="2>&-", anew=name in ANEW)
    assert (ended.status, ended.err) == (0, "")
    assert bool(ended.out) is (name in TALKING)


@pytest.mark.parametrize("redirect", ["2>&-", "2>/dev/full"])
def test_stderr_leads_nowhere(redirect: str) -> None:
    """Without stderr the notices are dropped; posts and exit status stay the same."""
    ended = run("sample", "--emulator", "--limit", "2", redirect=redirect)
    assert (ended.status, len(ended.out.splitlines()), ended.err) == (0, 2, "")
    for command, status in ((["nosuch"], 2), (["rules", "validate", "lang:en"], 1)):
        assert run(*command, redirect=redirect) == (status, "", "")


def test_nothing_is_open() -> None:
    """Without any of the three it ends with an error of which nobody can hear."""
    assert run("sample", "--emulator", redirect="<&- >&- 2>&-", anew=True) == (1, "", "")


def test_a_pipe_that_does_not_block(tmp_path: Path) -> None:
    """Somebody else may have made the output non-blocking: nothing is lost."""
    posts = tmp_path / "posts.jsonl"
    posts.write_bytes(b"\n".join(post_json("a cat " * 40, id=str(number)) for number in range(1, 1001)))
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with running(*arguments("rules test"), redirect=f">&{writing}") as command:
        os.close(writing)
        with open(reading, encoding="utf-8") as lines:
            shown = lines.read().splitlines()
        ended = command.end()
    assert (ended.status, ended.err) == (0, "")
    assert len(shown) == 2 * 1000 + 1


def test_a_reader_that_stands_still() -> None:
    """A signal ends it also while it waits for the reader of its output."""
    with Emulator(rate=1000) as emulator, running("sample", "--json", env=emulator.env()) as command:
        assert command.process.stdout is not None
        pipe = command.process.stdout.fileno()
        size = fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096) if sys.platform == "linux" else 65536
        assert "connected" in command.notice()
        tick = threading.Event()
        while _waiting(pipe) < size - 2000:
            tick.wait(0.01)
        command.process.send_signal(signal.SIGINT)
        assert command.process.wait(PATIENCE) == 130


def _waiting(pipe: int) -> int:
    """The bytes that could be read from *pipe*."""
    count = bytearray(4)
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return int.from_bytes(count, sys.byteorder)


BEFORE = {
    "while it is imported": ("import", "reactivex"),
    "while its parts are imported": ("import", "click"),
    "before the command begins": ("import", "rxtweets.cli.process"),
}
"""Audit events before the command looks at its arguments, and what one of theirs ends with."""

MOMENTS = {
    "while an emulator is imported": ("import", "rxtweets.emulator.world"),
    "while an emulator starts": ("socket.bind", "('127.0.0.1', 0)"),
    "while it connects": ("socket.connect", ""),
    "while it opens a file": ("open", "{file}"),
    "while it ends": ("rxtweets.ending", ""),
}
"""Audit events after that."""

STARTED = {"while it ends"}
"""The moments that need an interpreter of their own: what is registered first ends last."""

IMPORTED = ("rxtweets.cli.process",)
"""The modules that the others find imported; the emulator is none of them."""

OPENED = {"rules sync": "rules.toml", "record": "new.jsonl", "replay": "posts.jsonl"}
"""The files that commands open."""

NEVER = {
    "filter": {"file"},
    "sample": {"file"},
    "record": set[str](),
    "replay": {"emulator", "connects"},
    "rules sync": set[str](),
    "rules explain": {"emulator", "connects", "file"},
}
"""Moments that these commands never come to."""

INTERRUPTS = (130, -signal.SIGINT)
"""The statuses of a command that was interrupted."""

INTERRUPTED = """
import atexit, os, signal, sys, warnings
warnings.simplefilter("ignore", ResourceWarning)  # of a file of Python's own, whose import is interrupted
event, argument = sys.argv[1:3]
del sys.argv[1:3]
number = signal.SIGINT
signal.signal(number, signal.default_int_handler)
atexit.register(sys.audit, "rxtweets.ending")
def interrupt(name, args, pending=[True]):
    if pending and name == event and (not argument or any(str(arg).endswith(argument) for arg in args)):
        pending.clear()
        os.kill(os.getpid(), number)
sys.addaudithook(interrupt)
import rxtweets_command
rxtweets_command.main()
"""


def interrupted(*arguments: str, anew: bool) -> Ended:
    """Run the command, interrupted at the event that the first two arguments are."""
    program = ["-c", INTERRUPTED, *arguments]
    process = (
        subprocess.Popen([sys.executable, *program], stdout=PIPE, stderr=PIPE, encoding="utf-8")
        if anew
        else Program(program, imported=IMPORTED, stdout=PIPE, stderr=PIPE)
    )
    with process:
        out, err = process.communicate(timeout=PATIENCE)
    return Ended(process.wait(), out, err)


@pytest.mark.parametrize("moment", BEFORE)
def test_interrupted_while_it_starts(moment: str) -> None:
    """Ctrl-C ends it in silence, as the signal ends other programs or with the status that a shell shows."""
    ended = interrupted(*BEFORE[moment], "sample", "--emulator", "--limit", "1", anew=True)
    assert ended.status in INTERRUPTS
    assert (ended.out, ended.err) == ("", "")


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", ["filter", "sample", "record", "replay", "rules sync", "rules explain"])
def test_interrupted_at_any_moment(name: str, moment: str) -> None:
    """Likewise later, whatever the command is about."""
    event = [part.format(file=OPENED.get(name, "none")) for part in MOMENTS[moment]]
    limited = ["--limit", "1"] if name in STANDING else []
    ended = interrupted(*event, *arguments(name), *limited, anew=moment in STARTED)
    if NEVER[name] & set(moment.split()):
        assert ended.status == 0, ended.err
    else:
        assert ended.status in INTERRUPTS, ended.err
    told = ended.err.split("\n")  # click ends the line that a terminal shows ^C on
    assert all(line.startswith("# connected") for line in told if line), ended.err


def test_the_script_is_the_command() -> None:
    """The program that is installed is the one that these tests start."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert "rxtweets = rxtweets_command:main" in setup["options.entry_points"]["console_scripts"]


def test_interrupted_where_exceptions_are_lost() -> None:
    """A KeyboardInterrupt that Python drops, as in a finalizer, is not lost: Ctrl-C ends the command."""
    program = """
import signal, sys
from rxtweets.cli.signals import Signals
class Finalized:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
signals = Signals()
try:
    with signals:
        Finalized()
        signal.pause()
except KeyboardInterrupt:
    sys.exit(signals.status)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=PATIENCE)
    assert (ended.returncode, ended.stderr) == (130, b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_during_back_off(number: signal.Signals, account: Emulator) -> None:
    """A signal ends a wait for the next connect at once."""
    account.answer(503, path="/2/tweets/sample/stream", seconds=60)
    with running("sample") as command:
        while "reconnecting in 1" not in (line := command.notice()):
            assert line
        ended = command.end(number)
    assert (ended.status, ended.out, ended.err) == (128 + number, "", "")


UNREADABLE = {
    "filter": ["filter", "--emulator", "--file"],
    "credentials": ["sample", "--credentials"],
    "posts": ["emulator", "--posts"],
    "scenario": ["emulator", "--scenario"],
    "validate": ["rules", "validate", "--file"],
    "sync": ["rules", "sync"],
    "test": ["rules", "test", "cat", "--on"],
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_files_that_cannot_be_read(case: str, rxtweets: Command, tmp_path: Path) -> None:
    """A file that is missing, a folder, or not what it should be is named in one line."""
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"\xff\xfe[[[")
    garbage.chmod(0o600)
    for path in ("missing", "/", str(garbage)):
        ended = rxtweets(*UNREADABLE[case], path)
        assert (ended.status, ended.out if case != "test" else "") == (1, ""), ended
        assert re.fullmatch(r"(# line .*\n)?(The emulator listens .*\n)?Error: .+\n", ended.err)
        assert path in ended.err


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="no file that opens and can't be read")
@pytest.mark.parametrize("case", ["filter", "validate", "test"])
def test_a_disk_that_fails(case: str, rxtweets: Command) -> None:
    """A file that can be opened and then not read is named, too."""
    ended = rxtweets(*UNREADABLE[case], "/proc/self/mem")
    assert ended == (1, "", "Error: /proc/self/mem: Input/output error\n")
