from __future__ import annotations

import logging
import socket
import sys
from contextlib import ExitStack

import pytest

from rxtweets.emulator import X_HOSTS, Emulator

from .clients import RULES, SAMPLE
from .test_listener import HELLO
from .tls_clients import get, plain, secure


def answers(emulator: Emulator, sock: socket.socket) -> bool:
    """Tell whether a request on that connection is answered."""
    sock.sendall(get(emulator, RULES))
    return sock.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize("host", ["localhost", ""])
def test_a_name_is_all_of_its_addresses(host: str) -> None:
    """The emulator listens on each local address of the host's name, with one port."""
    found = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)
    with Emulator(rate=0, host=host) as emulator:
        port = int(emulator.base_url.rpartition(":")[2])
        for address in {str(info[4][0]) for info in found}:
            with socket.create_connection((address, port), timeout=5) as sock:
                assert answers(emulator, sock)


@pytest.mark.skipif(not socket.has_ipv6, reason="Python without IPv6")
def test_an_address_of_ipv6() -> None:
    """base_url has it in brackets, and its certificate is good."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with Emulator(rate=0, host="::1", tls=X_HOSTS) as emulator:
        assert emulator.base_url.startswith("https://[::1]:")
        port = int(emulator.base_url.rpartition(":")[2])
        with socket.create_connection(("::1", port), timeout=5) as sock:
            assert answers(emulator, sock)


def test_an_address_of_others() -> None:
    """The start fails with an error that names an address that this machine doesn't have."""
    with pytest.raises(OSError, match=r"192\.0\.2\.1"):
        Emulator(host="192.0.2.1").start()


@pytest.mark.parametrize("words", [b"", HELLO, b"CONNECT api.x.com:443 HTTP/1.1\r\n"])
def test_nobody_may_stand_at_the_door_for_ever(words: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that doesn't say enough, in the time for a request, is seen off."""
    monkeypatch.setattr("rxtweets.emulator.server.listener.REQUEST_TIMEOUT", 0.05)
    with Emulator(rate=0, tls=X_HOSTS) as emulator, plain(emulator) as sock:
        sock.sendall(words)
        assert sock.recv(1) == b""


def test_a_crowd_at_the_door_waits_in_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many silent clients as may be, others wait, and are taken in when those go."""
    monkeypatch.setattr("rxtweets.emulator.server.listener.MOST_WAITING", 3)
    monkeypatch.setattr("rxtweets.emulator.server.listener.GRACE", 60)
    with Emulator(rate=0, tls=X_HOSTS) as emulator, ExitStack() as crowd:
        for _ in range(3):
            crowd.enter_context(plain(emulator))
        with plain(emulator) as sock:
            sock.settimeout(0.1)
            with pytest.raises(TimeoutError):
                answers(emulator, sock)
            crowd.close()
            sock.settimeout(5)
            assert sock.recv(12) == b"HTTP/1.1 200"
        for _ in range(10):
            with secure(emulator) as sock:
                assert answers(emulator, sock)


@pytest.mark.parametrize("words", [b"", HELLO, b"CONN", b"CONNECT api.x.com:443 HTTP/1.1\r\n"])
@pytest.mark.parametrize("tls", [X_HOSTS, ()], ids=["tls", "plain"])
def test_clients_that_stay_silent_lock_nobody_out(tls: tuple[str, ...], words: bytes) -> None:
    """Hundreds that connect and never come to a request: another client is served all the same."""
    with Emulator(rate=0, tls=tls) as emulator, ExitStack() as crowd:
        for _ in range(700):
            crowd.enter_context(plain(emulator)).sendall(words)
        with plain(emulator) as sock:
            assert answers(emulator, sock)
        if tls:
            with secure(emulator) as sock:
                assert answers(emulator, sock)


def test_the_oldest_at_the_door_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of clients that stay silent the first is dropped for the next, and connections that are made stay."""
    monkeypatch.setattr("rxtweets.emulator.server.listener.MOST_WAITING", 2)
    monkeypatch.setattr("rxtweets.emulator.server.listener.GRACE", 0)
    with Emulator(rate=0, tls=X_HOSTS) as emulator, ExitStack() as crowd:
        made = crowd.enter_context(secure(emulator))
        made.sendall(get(emulator, SAMPLE))
        emulator.wait_for_streams(1)
        first, second, third = (crowd.enter_context(plain(emulator)) for _ in range(3))
        assert first.recv(1) == b""
        for sock in (second, third):
            assert answers(emulator, sock)
        assert len(emulator.streams) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sets no such limit")
def test_without_descriptors_clients_wait(caplog: pytest.LogCaptureFixture) -> None:
    """When the process has no descriptor left, the emulator takes nobody in, says so, and goes on later."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Emulator(rate=0, tls=X_HOSTS) as emulator, ExitStack() as stack:
        sock = stack.enter_context(socket.socket())
        sock.settimeout(5)
        taken = [stack.enter_context(socket.socket()) for _ in range(3)]
        try:
            # The next that is opened, whoever opens it, is one too many.
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(one.fileno() for one in taken) + 1, hard))
            stack.enter_context(_filled())
            port = int(emulator.base_url.rpartition(":")[2])
            with caplog.at_level(logging.WARNING):
                sock.connect(("127.0.0.1", port))
                sock.sendall(get(emulator, RULES))
                sock.settimeout(0.2)
                with pytest.raises(TimeoutError):
                    sock.recv(12)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        sock.settimeout(5)
        assert sock.recv(12) == b"HTTP/1.1 200"
    assert [record.message.partition(":")[0] for record in caplog.records][:1] == [
        "no client can be taken in for a second"
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sets no such limit")
@pytest.mark.parametrize("tls", [X_HOSTS, ()], ids=["tls", "plain"])
def test_without_descriptors_the_silent_make_room(tls: tuple[str, ...]) -> None:
    """When clients that say nothing hold all descriptors, they are dropped for one that speaks."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Emulator(rate=0, tls=tls) as emulator, ExitStack() as stack:
        served = stack.enter_context(plain(emulator))
        silent = [stack.enter_context(plain(emulator)) for _ in range(20)]
        assert answers(emulator, served)  # so that the others have been taken in, too
        sock = stack.enter_context(socket.socket())
        sock.settimeout(10)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (sock.fileno() + 1, hard))
            stack.enter_context(_filled())
            sock.connect(("127.0.0.1", int(emulator.base_url.rpartition(":")[2])))
            assert answers(emulator, sock)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert silent[0].recv(1) == b""


def _filled() -> ExitStack:
    """Take all descriptors that are left."""
    stack = ExitStack()
    try:
        while True:
            stack.enter_context(socket.socket())
    except OSError:
        return stack
