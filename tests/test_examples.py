"""Every example runs as it stands, without credentials, and prints what it is there to show."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

import rxtweets as rxt
from rxtweets.emulator import Emulator
from rxtweets.relay import JetStream
from tests.conftest import DISPLAY_REQUIRED
from tests.forked import DEVNULL, PIPE, Program
from tests.relay.servers import Server, nobody
from tests.screen import XVFB

EXAMPLES = Path(__file__).parent.parent / "examples"

PRINTS = {
    "filter_by_track": r"(@\w+: .*\n([^@].*\n|\n)*){5}",
    "filter_by_follow": r"(@\w+ (writes:|repeats|answers) .*\n([^@].*\n|\n)*){5}",
    "handle_errors": r"420: come back in 60 s\n403: Forbidden\n401: check .*\nthe network: .*refused.*\n",
    "route_messages": r"connected, HTTP 200\n(?s:.)*\d+ Status, .*1 Connected.*\n",
    "activity": r"((post|like|follow|dm)\.\w+: .*\n([^plfd].*\n|\n)*){10}",
    "merge_streams": r"(v1\.1|v2  ) @\w+: (?s:.)*(v1\.1|v2  ) @\w+: (?s:.)*",
    "powerstream_two_coasts": r"(?=(?s:.)*connected to atla\n)(?=(?s:.)*connected to pdxa\n)"
    r"(connected to \w+\n|@\w+: .*\n([^@c].*\n|\n)*)+",
    "two_filters": r"((coffee|tea   ) .*\n([^ct].*\n|\n)*)+",
    "search_box": r"(searching for \w+\n( +.*\n([^ s].*\n|\n)*)+){3}",
    "watch_backoff": r"(connecting\nattempt [123] in 0\.\d+ s, because of: HTTP 503.*\n){3}"
    r"connecting\nattempt 4 in 0\.6\d+ s, because of: HTTP 429.*\n"
    r"connecting\nconnected\n(a Post\n){3}(a Post\n)*"
    r"lost: .*\nattempt 5 in 0\.000 s, because of: .*\nconnecting\nconnected\n(a \w+\n)*",
    "filtered_stream": r"(rule \d+: .*\n){2}not added: lang:en: .*\n"
    r"\[(python|drinks|python, drinks)\] @\w+: (?s:.)*\n2 rules deleted\n",
    "posts_per_second": r"((\d+ posts, [\d.]+ kB a second|half of them within \d\.\d+ s of .*)\n){8}",
    "top_hashtags": r"(\d+ hashtags in \d+ s\n( +#\S+ +\d+ ▪+\n)*){4}",
    "parallel_work": r"(process \d+: [ \d]\d of 64 bits differ: .*\n){20}",
    "slow_consumer": r"((written: \d+|dropped: \d+, \d+ to \d+)\n){16}2 waited at most, \d+ were dropped\n",
    "record_and_replay": r"(live      \d+\n){20}(recorded  \d+\n){20}"
    r"the same posts, in [\d.]+ s and in [\d.]+ s\n",
    "compat_filter": r"(\d{4}-\d\d-\d\d [\d:]+ @\w+: (?s:.)*?\n){5}",
}
"""A regular expression for all that each example prints."""

ON_A_LOG = (
    r"(worker [12]: \d+\n)*worker [12]: something goes wrong\n"
    r"(worker [12]: (\d+|one comes again, attempt \d)\n)*"
    r"20 posts written, worked on by one of two, and read by a third\n"
)
"""The same of the example that needs a server of NATS."""

HELPERS = {"going_live"}

WINDOWS = {"panes", "tk_ticker", "qt_dashboard", "gtk_ticker"}
"""Those that open a window; all but the first have tests of their own."""

UNTIL_CTRL_C = {"asyncio_to_sqlite", "browser_dashboard", "nicegui_board"}
"""Those that go on until they are interrupted; the dashboard and the board have tests of their own."""

OWN_EMULATOR = {"handle_errors", "watch_backoff"}
"""Those that say themselves that the emulator causes their faults."""

SAID = "Without credentials: made-up posts, from the emulator.\n"
"""The line on stderr of the other examples when there are no credentials."""

ASKED = "As you asked for: made-up posts, from the emulator.\n"
"""The same, with `--emulator`."""


def command(name: str) -> list[str]:
    return [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py")]


@pytest.mark.parametrize("name", PRINTS)
def test_example(name: str) -> None:
    """The example ends by itself, without credentials, and has printed what it is there to show."""
    with Program([str(EXAMPLES / f"{name}.py")], stdin=DEVNULL, stdout=PIPE, stderr=PIPE) as program:
        out, err = program.communicate()
    assert err == ("" if name in OWN_EMULATOR else SAID)
    assert program.returncode == 0
    assert re.fullmatch(PRINTS[name], out), out


USER = """
import re, runpy, sys, tkinter

class Window(tkinter.Tk):
    def mainloop(self, n=0):
        self.rules, self.wanted = [], ["coffee", "tea|matcha", "python"]
        self.after(20, self.look)
        super().mainloop(n)

    def report_callback_exception(self, *error):
        sys.excepthook(*error)
        self.destroy()

    def look(self):
        panes = self.winfo_children()
        texts = [pane.text.get("1.0", "end") for pane in panes]
        if all(re.search(wanted, text, re.I) for wanted, text in zip(self.wanted, texts)):
            print("as wanted:", self.wanted)
            if self.wanted[0] == "juice":
                self.destroy()
                return
            self.wanted[0] = "RulesRefused: has:imagse" if self.wanted[0] == "coffee" else "juice"
            entry = panes[0].entry
            entry.delete(0, "end")
            entry.insert(0, self.wanted[0].split()[-1])
            entry.focus_force()
            self.update()
            entry.event_generate("<Return>")
        self.after(20, self.look)

tkinter.Tk = Window
sys.path.insert(0, sys.argv[1])
runpy.run_path(sys.argv[1] + "/panes.py", run_name="__main__")
"""
"""A program that opens the window, waits for posts, changes the first pane's rule twice, and closes it."""


@pytest.mark.skipif(
    not (XVFB and find_spec("_tkinter")) and DISPLAY_REQUIRED not in os.environ,
    reason="no Xvfb, or Python without Tk",
)
def test_a_window(display: str) -> None:
    """Each pane shows its posts; another rule takes over, one that X refuses is told; closing it ends it."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", USER, str(EXAMPLES)],
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "DISPLAY": display},
    )
    assert (done.returncode, done.stderr) == (0, SAID)
    assert done.stdout.count("as wanted: ") == 3


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_storing_in_sqlite(tmp_path: Path) -> None:
    """All posts that came until Ctrl-C are in the file; credentials are left alone with `--emulator`."""
    path = tmp_path / "posts.sqlite"
    with subprocess.Popen(
        [*command("asyncio_to_sqlite"), "--emulator", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "X_BEARER_TOKEN": "not-to-be-used", "PYTHONUNBUFFERED": "1"},
    ) as running:
        assert running.stdout is not None
        first = [running.stdout.readline() for _ in range(2)]
        running.send_signal(signal.SIGINT)
        rest, errors = running.communicate(timeout=30)
    assert (running.returncode, errors) == (0, ASKED)
    told = re.findall(r"(\d+) posts stored\n", "".join(first) + rest)
    with closing(sqlite3.connect(path)) as database:
        [(count, least)] = database.execute("SELECT count(*), min(length(text)) FROM posts")
    assert count == sum(map(int, told)) > 0
    assert least > 0


def test_workers_on_a_log(server: Server) -> None:
    """All posts are worked on, that of the failure again; without a server it says what to start."""
    for address, status in ((server.url, 0), ("", 1)):
        with nobody() as away:
            words = [str(EXAMPLES / "workers_on_a_log.py"), address or away]
            with Program(words, stdin=DEVNULL, stdout=PIPE, stderr=PIPE) as program:
                out, err = program.communicate()
        assert program.returncode == status, err
        if status:
            assert "Start a server first" in err
            continue
        assert err == SAID
        assert re.fullmatch(ON_A_LOG, out), out
        assert len({*re.findall(r"worker [12]: (\d+)\n", out)}) >= 20
        assert "one comes again" in out


def test_hashtags_of_a_log(server: Server) -> None:
    """With the address of a log as argument the posts are those of the log."""
    with Emulator(rate=50) as emulator:
        client = rxt.StreamingClient(rxt.BearerToken(emulator.bearer_token), base_url=emulator.base_url)
        log = JetStream(server.url, stream="x-sample")
        with client.sample(tweet_fields=["entities"]).pipe(log.publish()).subscribe():
            words = [str(EXAMPLES / "top_hashtags.py"), f"{server.url}/x-sample"]
            with Program(words, stdin=DEVNULL, stdout=PIPE, stderr=PIPE) as program:
                out, err = program.communicate()
    assert (program.returncode, err) == (0, "")
    assert re.fullmatch(PRINTS["top_hashtags"], out), out
    assert re.search(r"#\S+ +\d+ ▪", out)


def test_every_example_is_tested_and_shown() -> None:
    """Each program in the folder is run by a test, and is a part of the documentation."""
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert names == PRINTS.keys() | {"workers_on_a_log"} | HELPERS | WINDOWS | UNTIL_CTRL_C
    shown = (EXAMPLES.parent / "docs" / "examples.md").read_text(encoding="utf-8")
    for name in names:
        assert f"../examples/{name}.py" in shown
