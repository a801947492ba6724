from __future__ import annotations

import importlib
import os
import socket
import sys
import threading
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from rxtweets.emulator import Emulator, Limits

from .clients import SAMPLE, V1_FILTER, call, raw_get, storm, v1_stream


def connect(emulator: Emulator) -> socket.socket:
    host, port = emulator.base_url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def ends(sock: socket.socket) -> bool:
    try:
        return sock.recv(1) == b""
    except ConnectionError:
        return True


def descriptors() -> int:
    return len(os.listdir("/dev/fd"))


def test_nothing_is_left_after_the_block() -> None:
    """Open streams don't keep the emulator's thread or sockets alive."""
    with Emulator() as emulator, raw_get(emulator, SAMPLE) as stream:
        assert stream.status == 200
        emulator.stop()
        with pytest.raises((EOFError, ConnectionError)):
            stream.drain()
    assert "rxtweets-emulator" not in {thread.name for thread in threading.enumerate()}


def test_it_can_be_restarted_on_its_port(emulator: Emulator) -> None:
    """Stopped, it refuses connections; started again, it has the same address and the same rules."""
    call(emulator, "POST", "/2/tweets/search/stream/rules", json={"add": [{"value": "cat"}]})
    address = emulator.base_url
    emulator.stop()
    host, port = address.removeprefix("http://").split(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))
    emulator.start()
    assert emulator.base_url == address
    assert [
        rule["value"] for rule in call(emulator, "GET", "/2/tweets/search/stream/rules").json()["data"]
    ] == ["cat"]


def test_clients_that_have_just_connected_are_dropped(emulator: Emulator) -> None:
    """A stop at whatever point of a connection's beginning ends it, and the emulator can be started again."""
    for _ in range(30):
        with ExitStack() as clients:
            socks = [clients.enter_context(connect(emulator)) for _ in range(3)]
            emulator.stop()
            assert all(ends(sock) for sock in socks)
        emulator.start()


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="the system doesn't list open descriptors")
def test_nothing_is_left_of_a_storm_of_clients() -> None:
    """Stops while clients come in from all sides leave no stream, no descriptor and no silent world."""
    with Emulator(rate=1000, limits=Limits.none()) as emulator:
        head = f"GET {SAMPLE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {emulator.bearer_token}\r\n\r\n"

        def attack() -> None:
            for words in (b"", b"GET", head.encode()):
                with suppress(OSError), connect(emulator) as sock:
                    sock.sendall(words)

        storm(emulator, attack, 40)
        with raw_get(emulator, SAMPLE) as stream:
            assert stream.message()["data"]["text"]


def test_after_a_stop_nobody_listens_and_the_world_talks_to_the_next(world: Emulator) -> None:
    """Streams that a stop has cut aren't listed nor counted, and new ones after it get posts as before."""
    for _ in range(3):
        with raw_get(world, SAMPLE) as stream:
            assert stream.message()["data"]["text"]
            world.stop()
            world.wait_for_streams(0, timeout=0)
            assert (world.streams, world.publish("to nobody")) == ((), 0)
        world.start()


def test_what_nobody_reads_does_not_hold_up_a_stop(emulator: Emulator) -> None:
    """Megabytes that wait for clients, on streams open and already closed, are thrown away at once."""
    with ExitStack() as clients:
        for name in ("closed", "open"):
            clients.enter_context(raw_get(emulator, SAMPLE))
            emulator.wait_for_streams(1)
            for _ in range(6):
                emulator.send(b"x" * 1024 * 1024)
            if name == "closed":
                assert emulator.close_streams() == 1
        stopping = threading.Thread(target=emulator.stop)
        stopping.start()
        stopping.join(5)
        assert not stopping.is_alive()


def test_an_interrupted_start_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while it starts ends the thread, and another start is possible."""

    def interrupted(future: Future[Any], timeout: float | None = None) -> Any:
        monkeypatch.undo()
        raise KeyboardInterrupt

    emulator = Emulator(rate=0)
    monkeypatch.setattr(Future, "result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        emulator.start()
    with emulator:
        assert call(emulator, "GET", "/2/tweets/search/stream/rules").status_code == 200


def test_one_that_listens_everywhere_is_named_by_an_address_to_connect_to() -> None:
    """With host 0.0.0.0, base_url has 127.0.0.1."""
    with Emulator(host="0.0.0.0") as emulator:
        assert emulator.base_url.startswith("http://127.0.0.1:")
        assert call(emulator, "GET", "/2/tweets/search/stream/rules").status_code == 200


def test_starting_twice_is_refused(emulator: Emulator) -> None:
    """A second start says that it runs already."""
    with pytest.raises(RuntimeError, match="already"):
        emulator.start()


def test_a_taken_port_is_reported(emulator: Emulator) -> None:
    """The error of the system reaches the caller, and no thread stays."""
    port = int(emulator.base_url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        Emulator(port=port).start()


def test_without_a_start_there_is_no_address() -> None:
    """base_url before the first start explains what to do."""
    with pytest.raises(RuntimeError, match="with Emulator"):
        _ = Emulator().base_url


@pytest.mark.parametrize("options", [{"rate": -1}, {"keep_alive": 0}, {"keep_alive": -3}])
def test_senseless_options_are_refused(options: dict[str, Any]) -> None:
    """A ValueError names the option."""
    with pytest.raises(ValueError, match=next(iter(options))):
        Emulator(**options)


def test_env_points_a_program_at_it(emulator: Emulator) -> None:
    """env() has the address and all credentials, under the names that rxtweets reads."""
    assert emulator.env() == {
        "RXTWEETS_BASE_URL": emulator.base_url,
        "X_BEARER_TOKEN": emulator.bearer_token,
        "X_CONSUMER_KEY": emulator.oauth1.consumer_key,
        "X_CONSUMER_SECRET": emulator.oauth1.consumer_secret,
        "X_ACCESS_TOKEN": emulator.oauth1.access_token,
        "X_ACCESS_TOKEN_SECRET": emulator.oauth1.access_token_secret,
        "X_USER_TOKEN": emulator.user_token,
    }


def test_secrets_are_not_printed(emulator: Emulator) -> None:
    """The credentials don't show themselves."""
    assert not any(secret in repr(emulator.oauth1) for secret in emulator.oauth1)


def test_the_seed_decides(emulator: Emulator) -> None:
    """The same seed has the same credentials, another seed others."""
    assert Emulator(seed=0).oauth1 == emulator.oauth1 != Emulator(seed=1).oauth1


def test_streams_and_requests_are_recorded(emulator: Emulator) -> None:
    """An open stream's request can be read while it is open; requests are kept."""
    with v1_stream(emulator, track="python", language="en"):
        (stream,) = emulator.streams
        assert (stream.protocol, stream.path) == ("1.1", V1_FILTER)
        assert stream.form == {"track": "python", "language": "en"}
        assert stream.headers["user-agent"].startswith("python-requests")
        assert stream.opened.tzinfo is not None
    emulator.wait_for_streams(0)
    assert emulator.streams == ()
    (request,) = emulator.requests
    assert (request.method, request.path, request.status) == ("POST", V1_FILTER, 200)
    assert request.body == b"track=python&language=en"


def test_long_bodies_are_recorded_in_part(emulator: Emulator) -> None:
    """A record has the first 64 KiB of a body, and the form in those."""
    body = b"first=1&second=" + b"x" * 100_000
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert call(emulator, "POST", "/nowhere", data=body, headers=kind).status_code == 404
    (record,) = emulator.requests
    assert record.body == body[: 64 * 1024]
    assert record.form == {"first": "1", "second": "x" * (64 * 1024 - 15)}


def test_records_are_bounded_in_all(emulator: Emulator) -> None:
    """Long requests push the oldest out: 32 MiB are kept."""
    request = b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n" + b"x" * 65536
    with connect(emulator) as sock, sock.makefile("rb") as answers:
        for number in range(520):
            sock.sendall(request % number)
            while line := answers.readline().strip().lower():
                if line.startswith(b"content-length:"):
                    length = int(line.split()[1])
            answers.read(length)
    kept = emulator.requests
    assert [record.path for record in kept] == [f"/{number}" for number in range(520 - len(kept), 520)]
    assert 31 * 1024**2 < sum(len(record.body) for record in kept) <= 32 * 1024**2


def test_waiting_for_streams_times_out(emulator: Emulator) -> None:
    """wait_for_streams says how many there are instead."""
    with pytest.raises(TimeoutError, match="0 streams are open"):
        emulator.wait_for_streams(1, timeout=0.01)


def test_controls_may_be_used_from_many_threads_at_once(emulator: Emulator) -> None:
    """Posts published by several threads all arrive, each once."""
    with raw_get(emulator, SAMPLE) as stream:

        def publish(name: int) -> None:
            for number in range(20):
                assert emulator.publish(f"{name}/{number}") == 1

        threads = [threading.Thread(target=publish, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        texts = {stream.message()["data"]["text"] for _ in range(80)}
        for thread in threads:
            thread.join()
    assert texts == {f"{name}/{number}" for name in range(4) for number in range(20)}


@pytest.mark.parametrize("package", ["h11", "jinja2", "oauthlib"])
def test_a_missing_extra_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a package of the extra the import says what to install."""
    for name in [name for name in sys.modules if name.startswith("rxtweets.emulator")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"needs {package}, .*pip install 'rxtweets\[emulator\]'"):
        importlib.import_module("rxtweets.emulator")
