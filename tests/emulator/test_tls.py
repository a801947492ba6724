from __future__ import annotations

import json
import os
import socket
import ssl
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.emulator import X_HOSTS, Emulator

from .clients import RULES, SAMPLE, V1_FILTER, V1_SAMPLE, bearer, call, signed
from .tls_clients import get, plain, secure, secure_stream, trusting


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A silent emulator that stands in for X's hosts."""
    with Emulator(rate=0, tls=X_HOSTS) as emulator:
        yield emulator


@pytest.mark.parametrize("name", [*X_HOSTS, "localhost", "127.0.0.1", "::1"])
def test_its_certificate_is_for_each_name(emulator: Emulator, name: str) -> None:
    """A client that trusts the CA and checks the name is content, with each host of X and this machine."""
    with secure(emulator, name) as sock:
        assert sock.version() in ("TLSv1.2", "TLSv1.3")


def test_no_other_name_is_in_it(emulator: Emulator) -> None:
    """A client that means another host is warned by its own check."""
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"), secure(emulator, "example.com"):
        pass


def test_only_its_own_ca_vouches_for_it(emulator: Emulator) -> None:
    """A client that trusts another emulator's CA, or the system's, refuses it."""
    with Emulator(tls=X_HOSTS) as other:
        for context in (trusting(other), ssl.create_default_context()):
            with plain(emulator) as sock, pytest.raises(ssl.SSLCertVerificationError, match="verify failed"):
                context.wrap_socket(sock, server_hostname="api.x.com")


def test_the_names_may_be_any(emulator: Emulator) -> None:
    """Names and addresses of one's own are stood in for, in capitals too, and the address listened on."""
    with Emulator(tls=["Staging.Example", "10.1.2.3"], host="127.0.0.2") as other:
        for name in ("staging.example", "10.1.2.3", "127.0.0.2"):
            with secure(other, name):
                pass
        with requests.Session() as session:
            assert session.get(other.base_url + RULES, verify=other.ca_file, timeout=5).status_code == 401


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([""], "host names"),
        ([None], "host names"),
        ("api.x.com", "several"),
        ("", "several"),
        (True, "several"),
        (["https://api.x.com"], "URL"),
        (["api.x.com/2"], "URL"),
        (["api.x.com:443"], "without a port"),
        (["api..com"], "no host name"),
        (["api.x.com\r\n"], "no host name"),
        (["-x.com"], "no host name"),
        (["a" * 64], "no host name"),
        (["*.x.com"], "no host name"),
        (["münchen.example"], "xn--"),
    ],
)
def test_what_is_no_name_is_refused(names: Any, said: str) -> None:
    """A ValueError says what tls takes."""
    with pytest.raises(ValueError, match=said):
        Emulator(tls=names)


def test_the_ca_file_is_there_while_it_runs() -> None:
    """In a folder that only its user can look into; gone after a stop, and back there with a restart."""
    emulator = Emulator(tls=X_HOSTS)
    with pytest.raises(RuntimeError, match="started"):
        _ = emulator.ca_file
    with emulator:
        file = Path(emulator.ca_file)
        certificate = file.read_text()
        assert "PRIVATE" not in certificate
        assert os.name == "nt" or stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert not file.parent.exists()
    with emulator:
        assert Path(emulator.ca_file) == file
        assert file.read_text() == certificate
    assert not file.parent.exists()


def test_a_start_that_fails_leaves_no_file(emulator: Emulator) -> None:
    """On a port that is taken there is an error, and no folder of certificates."""
    port = int(emulator.base_url.rpartition(":")[2])
    other = Emulator(port=port, tls=X_HOSTS)
    with pytest.raises(OSError, match="in use"):
        other.start()
    assert not Path(other.ca_file).exists()


def test_without_tls_there_is_none_of_it() -> None:
    """ca_file and proxy_env say how to get it."""
    with Emulator() as emulator:
        with pytest.raises(RuntimeError, match="X_HOSTS"):
            _ = emulator.ca_file
        with pytest.raises(RuntimeError, match="X_HOSTS"):
            emulator.proxy_env()


def test_plain_http_goes_on(emulator: Emulator) -> None:
    """The same port answers plain HTTP."""
    with plain(emulator) as sock:
        sock.sendall(get(emulator, RULES))
        assert sock.recv(12) == b"HTTP/1.1 200"
    assert emulator.base_url.startswith("https://127.0.0.1:")


@pytest.mark.parametrize("tunnel", [False, True])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_streams_are_framed_as_without_tls(emulator: Emulator, coding: str, tunnel: bool) -> None:
    """Message by message, in chunks, compressed or not, ended by the last chunk."""
    with secure_stream(emulator, SAMPLE, f"Accept-Encoding: {coding}", tunnel=tunnel) as stream:
        assert stream.headers.get("content-encoding", "identity") == coding
        for text in ("one", "two", "三" * 90):
            assert emulator.publish(text) == 1
            assert stream.message()["data"]["text"] == text
        emulator.close_streams()
        while stream.chunk():
            pass
        assert stream.sock.recv(1) == b""


def test_much_comes_through(emulator: Emulator) -> None:
    """Megabytes that wait for a slow reader arrive whole."""
    with secure_stream(emulator, SAMPLE) as stream:
        for number in range(5):
            emulator.send({"n": number, "x": "y" * 1024 * 1024})
        assert [stream.message()["n"] for _ in range(5)] == [0, 1, 2, 3, 4]


def test_a_cut_and_a_reset(emulator: Emulator) -> None:
    """A cut ends the connection without the last chunk; a reset resets it under the TLS."""
    with secure_stream(emulator, SAMPLE) as stream:
        assert emulator.cut_streams() == 1
        with pytest.raises(EOFError):
            stream.drain()
    with (
        secure_stream(emulator, SAMPLE) as stream,
        socket.fromfd(stream.sock.fileno(), stream.sock.family, socket.SOCK_STREAM) as beneath,
    ):
        beneath.settimeout(5)
        assert emulator.reset_streams() == 1
        with pytest.raises(ConnectionResetError):
            beneath.recv(65536)


def test_a_refused_body_gets_its_answer(emulator: Emulator) -> None:
    """A client that still sends when it is refused can read why."""
    with secure(emulator) as sock:
        sock.sendall(b"POST /2/x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
        for _ in range(8):
            sock.sendall(b"x" * 65536)
        assert sock.recv(12) == b"HTTP/1.1 413"


def test_an_answer_that_ends_the_connection(emulator: Emulator) -> None:
    """Asked to close, it answers and takes its leave at once."""
    with secure(emulator) as sock:
        sock.sendall(get(emulator, RULES, "Connection: close"))
        answer = b""
        while data := sock.recv(65536):
            answer += data
        assert b'"result_count":0' in answer


def test_a_signature_is_of_the_https_address(emulator: Emulator) -> None:
    """A request signed for https:// is let in, by address and by X's name, with and without the port."""
    with requests.Session() as session:
        session.verify = emulator.ca_file
        url = emulator.base_url + V1_FILTER
        with session.post(
            url, data={"track": "a"}, auth=signed(emulator), stream=True, timeout=5
        ) as response:
            assert response.status_code == 200
        session.proxies = {"https": emulator.base_url.replace("https:", "http:")}
        for host in ("stream.twitter.com", "stream.twitter.com:443"):
            address = f"https://{host}{V1_SAMPLE}?language=en,ja"
            with session.get(address, auth=signed(emulator), stream=True, timeout=5) as response:
                assert response.status_code == 200
        plain_address = f"http://api.twitter.com{V1_SAMPLE}"
        session.proxies = {"http": emulator.base_url.replace("https:", "http:")}
        with session.get(plain_address, auth=signed(emulator), stream=True, timeout=5) as response:
            assert response.status_code == 200


@pytest.mark.parametrize("way", ["env", "proxy_env"])
def test_this_library_gets_there_by_its_environment(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both clients stream over TLS, from the emulator's address and from X's own hosts through it."""
    with Emulator(rate=500, seed=1, tls=X_HOSTS) as emulator:
        for name, value in getattr(emulator, way)().items():
            monkeypatch.setenv(name, value)
        client = rxt.StreamingClient(rxt.BearerToken(emulator.bearer_token))
        posts = client.sample().pipe(tw.posts(), ops.take(3), ops.to_list()).run()
        statuses = rxt.Stream(rxt.OAuth1(*emulator.oauth1)).sample()
        assert len(posts) == 3
        assert len(statuses.pipe(tw.statuses(), ops.take(3), ops.to_list()).run()) == 3
        hosts = {request.headers["host"] for request in emulator.requests}
        at_x = {"api.x.com", "stream.twitter.com"}
        assert hosts == ({emulator.base_url.removeprefix("https://")} if way == "env" else at_x)


def test_others_get_there_by_its_environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that knows nothing but requests and X's address is answered here."""
    for name, value in emulator.proxy_env().items():
        monkeypatch.setenv(name, value)
    answer = requests.get("https://api.x.com" + RULES, headers=bearer(emulator), timeout=5)
    assert json.loads(answer.text)["meta"]["result_count"] == 0
    assert call(emulator, "GET", RULES).status_code == 200
    assert [request.headers["host"] for request in emulator.requests][:1] == ["api.x.com"]


def test_many_at_once(emulator: Emulator) -> None:
    """Clients that all shake hands at the same moment all come in."""
    with ExitStack() as stack:
        socks = [stack.enter_context(plain(emulator)) for _ in range(200)]
        context = trusting(emulator)
        wrapped = [
            stack.enter_context(
                context.wrap_socket(sock, server_hostname="api.x.com", do_handshake_on_connect=False)
            )
            for sock in socks
        ]
        for sock in wrapped:
            sock.do_handshake()
            sock.sendall(get(emulator, RULES))
        assert {sock.recv(12) for sock in wrapped} == {b"HTTP/1.1 200"}


def test_the_port_is_kept(emulator: Emulator) -> None:
    """Restarted, it has the same port and the same certificate."""
    address, context = emulator.base_url, trusting(emulator)
    emulator.stop()
    with pytest.raises(ConnectionRefusedError):
        plain(emulator)
    emulator.start()
    assert emulator.base_url == address
    with plain(emulator) as sock, context.wrap_socket(sock, server_hostname="api.x.com") as wrapped:
        assert isinstance(wrapped, socket.socket)
