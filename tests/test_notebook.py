"""Notebooks: cards, a running stream below its cell, and its end when the cell is interrupted."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import IPython.display
import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex import operators as ops
from reactivex.disposable import Disposable

import rxtweets as rxt
from rxtweets import notebook
from rxtweets.emulator import Emulator
from rxtweets.messages import Connected, Connecting, Disconnected, Post, Reconnecting, Status, decode
from rxtweets.testing import status_json

ROOT = Path(__file__).parent.parent

# --- cards -------------------------------------------------------------------------------------------------


class Reading(HTMLParser):
    """The elements and the text of a piece of HTML, whose tags must fit."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._open.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert not any("url(" in (value or "") for _, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def html_of(message: Any) -> str:
    html: str = message._repr_html_()
    return html


NASTY = st.text(st.sampled_from("<>&\"'a/= \n\u202e\x00;"), max_size=30)


@given(NASTY, NASTY, NASTY)
def test_cards_are_escaped(text: str, name: str, tag: str) -> None:
    """A card has only its own elements and loads nothing, whatever a post, a name or a tag has in it."""
    raw = json.dumps(
        {
            "data": {"id": name, "text": text, "author_id": "1"},
            "includes": {"users": [{"id": "1", "name": name, "username": tag}]},
            "matching_rules": [{"id": "1", "tag": tag}],
        }
    )
    status = {"id": 5, "id_str": "5", "text": text, "user": {"id": 1, "name": name, "screen_name": tag}}
    for message in (decode(raw.encode()), decode(json.dumps(status).encode())):
        read = Reading(html_of(message))
        assert read.tags <= {"div", "span", "b", "a"}
        assert read.attributes <= {"style", "dir", "href", "target", "rel"}
        assert all(link == f"https://x.com/i/status/{link.rpartition('/')[2]}" for link in read.links)


def test_a_card_has_what_there_is() -> None:
    """Author, time, the whole text as written, rules, media and what is quoted, each once."""
    post = decode(
        json.dumps(
            {
                "data": {
                    "id": "12",
                    "text": "salt &amp; pepper",
                    "author_id": "1",
                    "created_at": "2026-01-02T03:04:05.000Z",
                    "referenced_tweets": [{"type": "quoted", "id": "11"}],
                    "attachments": {"media_keys": ["3_1"]},
                },
                "includes": {
                    "users": [{"id": "1", "name": "Ada", "username": "ada"}],
                    "tweets": [{"id": "11", "text": "the first", "author_id": "2"}],
                    "media": [{"media_key": "3_1", "type": "photo"}],
                },
                "matching_rules": [{"id": "7", "tag": "food"}, {"id": "8"}],
            }
        ).encode()
    )
    assert isinstance(post, Post)
    read = Reading(html_of(post))
    assert read.text == ("Ada@ada2026-01-02 03:04:05 UTCsalt & pepperaccount 2id 11the firstfoodrule 8photo")
    assert read.links == ["https://x.com/i/status/12", "https://x.com/i/status/11"]
    assert Reading(html_of(Post(text="by hand"))).text == "a postby hand"

    status = decode(status_json("whole", user={"screen_name": "bob", "name": "Bob"}))
    assert isinstance(status, Status)
    assert Reading(html_of(status)).text == f"Bob@bob{status.created_at:%Y-%m-%d %H:%M:%S} UTCwhole"


# --- a running stream, without a kernel -------------------------------------------------------------------


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The HTML of the output, each time that it is drawn."""
    drawn: list[str] = []

    class Handle:
        def update(self, output: Any) -> None:
            drawn.append(html_of(output))
            assert repr(output).splitlines()

    def display(output: Any, **_: Any) -> Handle:
        drawn.append(html_of(output))
        return Handle()

    monkeypatch.setattr(IPython.display, "display", display)
    return drawn


def test_it_shows_the_newest_rows(shown: list[str]) -> None:
    """Of a finite stream the last rows remain, the newest first; HTML of theirs, else their repr, escaped."""
    notebook.show(reactivex.of(1, "<b>", Post(text="a post")), rows=2)
    last = Reading(shown[-1])
    assert last.text == "3 items, endeda posta post<b>"
    assert "b" in last.tags


def test_it_is_drawn_seldom(shown: list[str]) -> None:
    """A flood of items costs a few drawings, and all are counted."""
    notebook.show(reactivex.range(0, 50_000).pipe(ops.map(str)))
    assert Reading(shown[-1]).text.startswith("50,000 items, ended49999")
    assert len(shown) < 100


def test_an_error_is_raised_and_shown(shown: list[str]) -> None:
    """The stream's error is raised, and what came before it stays."""
    with pytest.raises(rxt.StreamDisconnected):
        notebook.show(reactivex.of(1).pipe(ops.concat(reactivex.throw(rxt.StreamDisconnected("gone")))))
    assert Reading(shown[-1]).text == "1 item, failed: gone1"


def test_the_connection_is_told(shown: list[str]) -> None:
    """Events of the connection are told in the first line, the next connect by the clock, and aren't rows."""
    lost = rxt.StreamDisconnected("gone")
    events = {
        "0 items, connecting": Connecting(),
        "0 items, live": Connected(200, {}),
        "0 items, connection lost: gone": Disconnected(lost),
        r"0 items, connects again at \d\d:\d\d:\d\d, attempt 2, because of: gone": Reconnecting(5.0, 2, lost),
    }

    def subscribe(observer: Any, scheduler: Any = None) -> Disposable:
        for wanted, event in events.items():
            observer.on_next(event)
            for _ in range(1000):
                if re.fullmatch(wanted, Reading(shown[-1]).text):
                    break
                threading.Event().wait(0.01)
            else:
                pytest.fail(f"{wanted} isn't shown, but {shown[-1]}")
        observer.on_completed()
        return Disposable()

    notebook.show(reactivex.create(subscribe))
    assert Reading(shown[-1]).text == "0 items, ended"


def test_arguments_are_checked() -> None:
    """Rows must be 1 or more, and what is shown an Observable."""
    with pytest.raises(ValueError, match="rows must be the number"):
        notebook.show(reactivex.never(), rows=0)
    with pytest.raises(ValueError, match=r"notebook\.show takes an Observable"):
        notebook.show([1, 2])  # type: ignore[arg-type]


# --- in a kernel -------------------------------------------------------------------------------------------


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have kernels leave their files, such as the history, elsewhere than at home."""
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(tmp_path))


def in_a_kernel(program: str, *words: str) -> Any:
    """Run a program that drives a kernel, and return what it prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        env={**os.environ, "JUPYTER_PLATFORM_DIRS": "1", "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


EXECUTE = """
import json, sys
import nbformat
from nbclient import NotebookClient

book = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(book, timeout=60, kernel_name="python3").execute()
print(json.dumps([cell.get("outputs", []) for cell in book.cells if cell.cell_type == "code"]))
"""


@pytest.mark.usefixtures("kernels")
def test_the_example_runs() -> None:
    """`notebook.ipynb` runs without credentials: a card, a stream in place, a table, and figures."""
    first, card, stream, table, figures = in_a_kernel(EXECUTE, str(ROOT / "examples" / "notebook.ipynb"))
    assert first == []
    assert "@" in Reading(card[0]["data"]["text/html"]).text
    [output] = stream
    assert re.match(r"[34]\d items, ended", Reading(output["data"]["text/html"]).text)
    assert output["data"]["text/html"].count("UTC</a>") in (2, 3)
    assert table[0]["data"]["text/plain"] == "50"
    assert re.match(r"4 items, ended.*#", Reading(figures[0]["data"]["text/html"]).text, re.DOTALL)


INTERRUPT = """
import json
from jupyter_client.manager import start_new_kernel

SETUP = '''
import threading
import rxtweets as rxt
from rxtweets import aio, notebook
from rxtweets import operators as tw

posts = rxt.StreamingClient(rxt.BearerToken.from_env()).sample().pipe(tw.posts())

def left():
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("rxtweets")]
    for thread in threads:
        thread.join(5)
    return [thread.name for thread in threads if thread.is_alive()]
'''

CELLS = {
    "show": ("notebook.show(posts)", "update_display_data"),
    "iterate": ("for post in rxt.iterate(posts): print(1)", "stream"),
    "async": ("async for post in aio.iterate(posts): print(1)", "stream"),
}

manager, client = start_new_kernel()

def reply(request):
    while True:
        message = client.get_shell_msg(timeout=30)
        if message["parent_header"]["msg_id"] == request:
            return message["content"]

def output(request, kind):
    while True:
        message = client.get_iopub_msg(timeout=30)
        if message["parent_header"].get("msg_id") == request and message["msg_type"] == kind:
            return message["content"]

try:
    said = {}
    assert reply(client.execute(SETUP))["status"] == "ok"
    for name, (code, kind) in CELLS.items():
        request = client.execute(code)
        output(request, kind)
        manager.interrupt_kernel()
        status = reply(request)["status"]
        while name == "show" and "interrupted" not in output(request, kind)["data"]["text/html"]:
            pass
        after = reply(client.execute("", user_expressions={"left": "left()"}))
        said[name] = status, after["user_expressions"]["left"]["data"]["text/plain"]
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
print(json.dumps(said))
"""


@pytest.mark.usefixtures("kernels")
@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_interrupting_a_cell_closes_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt ends a cell that shows, iterates or waits; its session is closed; the kernel goes on."""
    with Emulator(rate=100) as emulator:
        for name, value in emulator.env().items():
            monkeypatch.setenv(name, value)
        said = in_a_kernel(INTERRUPT)
        assert said == {"show": ["ok", "[]"], "iterate": ["error", "[]"], "async": ["error", "[]"]}
        emulator.wait_for_streams(0)
