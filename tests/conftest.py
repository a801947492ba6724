from __future__ import annotations

import contextlib
import importlib
import itertools
import os
import ssl
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
from hypothesis import settings

from rxtweets.emulator import Emulator
from tests.relay.servers import Server, running
from tests.screen import virtual_screen

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

settings.register_profile("any machine", deadline=None)  # a busy one may take long for an example
settings.load_profile("any machine")

_STATES = itertools.count()

GRACE = 10.0
"""Seconds within which threads and sockets must be gone."""

DISPLAY_REQUIRED = "RXTWEETS_BROWSER_TESTS"
"""If this variable is set, a missing display is a failure and no reason to skip."""


def our_threads() -> list[threading.Thread]:
    """The threads that the library started and that still run."""
    return [
        thread
        for thread in threading.enumerate()
        if thread.name.startswith("rxtweets") or isinstance(thread, threading.Timer)
    ]


def open_sockets() -> int:
    """Return the number of sockets this process has open; 0 where the system doesn't say."""
    try:
        numbers = os.listdir("/proc/self/fd")
    except OSError:
        return 0
    count = 0
    for number in numbers:
        try:
            count += os.readlink(f"/proc/self/fd/{number}").startswith("socket:")
        except OSError:
            continue
    return count


def leftovers(sockets_before: int, threads_before: Sequence[threading.Thread] = ()) -> list[str]:
    """Return, in words, the threads and sockets that are new and still there after `GRACE`."""
    tick = threading.Event()
    for _ in range(int(GRACE / 0.01)):
        left = [f"thread {thread.name}" for thread in our_threads() if thread not in threads_before]
        more = open_sockets() - sockets_before
        if more > 0:
            left.append(f"{more} sockets")
        if not left:
            return []
        tick.wait(0.01)
    return left


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Fail a test that leaves a thread or a socket behind."""
    sockets, threads = open_sockets(), our_threads()
    yield
    assert leftovers(sockets, threads) == []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of NATS for all tests of the module."""
    with running(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test sees the credentials, proxies, CAs or files of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("X_", "TWITTER_", "RXTWEETS_")) or name.lower().endswith(
            ("_proxy", "_ca_bundle")
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no configuration"))
    state = tmp_path_factory.getbasetemp() / "state" / str(next(_STATES))
    monkeypatch.setenv("XDG_STATE_HOME", str(state))


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority of the tests' own."""
    return trustme.CA()


@pytest.fixture(scope="session")
def bundle(authority: trustme.CA) -> Iterator[str]:
    """A file that makes it trusted."""
    with authority.cert_pem.tempfile() as path:
        yield path


@pytest.fixture(scope="session")
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    """TLS for a server on 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """Start an X server that shows nothing, and return its name."""
    with virtual_screen() as name:
        yield name


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A browser for all tests of the module."""
    from tests import browsing  # other tests run without selenium, too

    browser = browsing.start(tmp_path_factory.mktemp("browser"))
    try:
        yield browser
    finally:
        browser.quit()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator whose world says nothing by itself."""
    with Emulator(rate=0) as emulator:
        yield emulator


def pytest_configure() -> None:
    """Keep byte code, also where the environment says to keep none.

    To compile all anew is most of what it takes to collect the tests, and of the life of programs that they
    start. Whatever can't be written is compiled each time.
    """
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Have each of xdist's workers import a share of all tests before it collects the rest.

    All of them collect all tests, in the same order: at a time they would compile the same.
    """
    config = session.config
    if "PYTEST_XDIST_WORKER" not in os.environ or config.args != config.getini("testpaths"):
        return
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    modules = sorted(Path(__file__).parent.rglob("test_*.py"))
    for path in modules[number :: int(os.environ["PYTEST_XDIST_WORKER_COUNT"])]:
        with contextlib.suppress(Exception, pytest.skip.Exception):  # it is seen when it is collected
            importlib.import_module(".".join(path.relative_to(config.rootpath).with_suffix("").parts))


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Start two workers more than there are processors: a third of a test is waiting."""
    return (yield) + 2


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long or needs the network unless it is asked for with `-m`."""
    if config.getoption("-m"):
        return
    left_out = [item for item in items if {mark.name for mark in item.iter_markers()} & {"soak", "peers"}]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
