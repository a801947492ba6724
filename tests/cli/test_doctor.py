"""`rxtweets doctor`, with each thing made wrong in turn."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from rxtweets.cli import probes
from rxtweets.emulator import X_HOSTS, Emulator
from rxtweets.emulator.faults.actions import Skew
from tests.servers import Peer, Server, unanswering

from .command import Command, Ended, in_a_terminal

COUNTS = "/2/tweets/search/stream/rules/counts"


def lines(ended: Ended) -> dict[str, list[str]]:
    """The lines of each state, each with what would mend it."""
    assert ended.err == ""
    assert ended.status == (1 if re.search("^fail", ended.out, re.MULTILINE) else 0)
    found: dict[str, list[str]] = {"ok": [], "warn": [], "fail": []}
    for line in re.sub(r"\n {19}", " >> ", ended.out).splitlines():
        state, text = line.split(maxsplit=1)
        found[state].append(re.sub(" +", " ", text))
    return found


def secrets(emulator: Emulator) -> list[str]:
    return [emulator.bearer_token, *emulator.oauth1]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for longer than a moment."""
    monkeypatch.setattr(probes, "TIMEOUT", 0.3)


@contextmanager
def closed_port() -> Iterator[int]:
    """A port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


def test_all_is_well(rxtweets: Command, emulator: Emulator) -> None:
    """With good credentials of both protocols each line is ok, and no secret is in any."""
    ended = rxtweets("doctor")
    found = lines(ended)
    assert (found["warn"], found["fail"]) == ([], [])
    subjects = " ".join(line.split()[0] for line in found["ok"])
    assert subjects == "credentials credentials proxy DNS connection clock v2 level rate v1.1"
    assert "level enterprise: 0 of 25,000 rules are in use" in found["ok"]
    assert "v1.1 X accepts them, as @you" in found["ok"]
    assert not any(secret in ended.out for secret in secrets(emulator))


def test_an_emulator_of_its_own(rxtweets: Command) -> None:
    """--emulator needs nothing else, and has the level of new accounts."""
    found = lines(rxtweets("doctor", "--emulator"))
    assert found["fail"] == []
    assert any(line.startswith("level pay-per-use: 0 of 1,000 rules") for line in found["ok"])


def test_colours(rxtweets: Command) -> None:
    """A terminal shows the states in colours."""
    assert "\x1b[32m" in in_a_terminal(["doctor", "--emulator"], 80)


def test_no_credentials(rxtweets: Command, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials it names the variables, those that are set, and the ways to set the others."""
    for name in emulator.env().keys() - {"RXTWEETS_BASE_URL", "X_CONSUMER_KEY"}:
        monkeypatch.delenv(name)
    found = lines(rxtweets("doctor"))
    (line,) = found["fail"]
    assert line.startswith("credentials no credentials in the environment; only X_CONSUMER_KEY set >> set X_")
    assert "rxtweets auth login" in line


def test_credentials_that_are_malformed(rxtweets: Command, emulator: Emulator, tmp_path: Path) -> None:
    """A token with a blank, and a file that is open to others, are told with what mends them."""
    found = lines(rxtweets("doctor", env={"X_BEARER_TOKEN": "a b"}))
    assert any("X_BEARER_TOKEN has a blank" in line for line in found["fail"])
    file = tmp_path / "x.toml"
    file.write_text('bearer_token = "x"\n')
    file.chmod(0o644)
    found = lines(rxtweets("doctor", "--credentials", str(file)))
    assert any("chmod 600" in line for line in found["fail"])
    found = lines(rxtweets("doctor", "--credentials", str(tmp_path / "none")))
    assert any("none: No such file" in line for line in found["fail"])


def test_credentials_that_lose(rxtweets: Command, emulator: Emulator, tmp_path: Path) -> None:
    """Credentials of the user's own file that those of the environment hide are told."""
    folder = tmp_path / "rxtweets"
    folder.mkdir()
    file = folder / "credentials.toml"
    file.touch(0o600)
    file.write_text(f'bearer_token = "{emulator.bearer_token}"\n')
    found = lines(rxtweets("doctor", env={"XDG_CONFIG_HOME": str(tmp_path)}))
    hidden = f"for v2 a bearer token, from {file}; not used: the environment comes first"
    assert f"credentials {hidden}" in found["ok"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "v2 HTTP 401 Unauthorized"),
        (402, "buy credit"),
        (403, "that the app is in a project"),
        (500, "v2 HTTP 500"),
    ],
)
def test_refused_credentials(rxtweets: Command, emulator: Emulator, status: int, said: str) -> None:
    """A refusal says what X said and what mends it, without the token, should X repeat it."""
    body = {"title": "no", "detail": f"token {emulator.bearer_token}"}
    emulator.answer(status, path=COUNTS, times=3, body=body)
    ended = rxtweets("doctor")
    assert any(said in line for line in lines(ended)["fail"]), ended.out
    assert emulator.bearer_token not in ended.out


def test_a_wrong_account(rxtweets: Command, emulator: Emulator) -> None:
    """A wrong secret of v1.1 is told apart from v2's token, which is good."""
    found = lines(rxtweets("doctor", env={"X_ACCESS_TOKEN_SECRET": "wrong"}))
    (line,) = found["fail"]
    assert line.startswith("v1.1 HTTP 401")
    assert "clock" in line
    assert "v2 X accepts the app's token" in found["ok"]


def test_the_access_of_an_account(rxtweets: Command, emulator: Emulator) -> None:
    """If X says what the tokens may do, so does the line on the account."""
    headers = {"x-access-level": "read-write"}
    emulator.answer(
        200, path="/1.1/account/verify_credentials.json", headers=headers, body={"screen_name": "ada"}
    )
    assert "v1.1 X accepts them, as @ada; access level read-write" in lines(rxtweets("doctor"))["ok"]


@pytest.mark.parametrize("body", ["", "[]", "<html>"])
def test_answers_that_are_none(rxtweets: Command, emulator: Emulator, body: str) -> None:
    """An answer that isn't X's is a failure of its own."""
    emulator.answer(200, path=COUNTS, body=body, times=2)
    assert any(line.startswith("v2 ") for line in lines(rxtweets("doctor"))["fail"])


def test_rate_limits(rxtweets: Command, emulator: Emulator) -> None:
    """Used up limits are a warning, with the seconds to wait."""
    emulator.answer(429, path=COUNTS, times=3)
    found = lines(rxtweets("doctor"))
    assert found["fail"] == []
    assert any(
        re.fullmatch(r"rate limit 0 of 50 such v2 requests are left >> wait [\d,]+ s", line)
        for line in found["warn"]
    )


@pytest.mark.parametrize(("skew", "state"), [(0, "ok"), (100, "warn"), (-100, "warn"), (600, "fail")])
def test_the_clock(rxtweets: Command, emulator: Emulator, skew: int, state: str) -> None:
    """A clock that is off is a warning, and a failure when signatures are refused for it."""
    emulator.do(Skew(seconds=skew))
    found = lines(rxtweets("doctor"))
    (line,) = [line for line in found[state] if line.startswith("clock")]
    if skew:
        assert ("behind" if skew > 0 else "ahead of") in line
        assert "NTP" in line


def test_a_name_that_is_unknown(rxtweets: Command) -> None:
    """A name that DNS doesn't know ends the look at the way."""
    env = {"RXTWEETS_BASE_URL": "https://nowhere.invalid", "X_BEARER_TOKEN": "x"}
    (line,) = lines(rxtweets("doctor", env=env))["fail"]
    assert line.startswith("DNS nowhere.invalid: ")
    assert "RXTWEETS_BASE_URL" in line


@pytest.mark.parametrize("url", ["https://", "ftp://x", "https://user:secret-word@x"])
def test_a_wrong_address(rxtweets: Command, url: str) -> None:
    """A base URL that is none is named."""
    ended = rxtweets("doctor", env={"RXTWEETS_BASE_URL": url, "X_BEARER_TOKEN": "x"})
    assert any(line.startswith("address RXTWEETS_BASE_URL") for line in lines(ended)["fail"])
    assert "secret-word" not in ended.out


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nobody_listens(rxtweets: Command, scheme: str) -> None:
    """A refused connection is told with host and port."""
    with closed_port() as port:
        env = {"RXTWEETS_BASE_URL": f"{scheme}://127.0.0.1:{port}", "X_BEARER_TOKEN": "x"}
        (line,) = lines(rxtweets("doctor", env=env))["fail"]
    assert line.startswith(f"connection 127.0.0.1, port {port}: Connection refused")


@pytest.mark.usefixtures("short")
def test_a_silent_server(rxtweets: Command) -> None:
    """A server that says nothing is given up."""
    with Server(lambda peer: peer.wait_for_close()) as server:
        port = server.base_url.rpartition(":")[2]
        env = {"RXTWEETS_BASE_URL": f"https://127.0.0.1:{port}", "X_BEARER_TOKEN": "x"}
        (line,) = lines(rxtweets("doctor", env=env))["fail"]
    assert "timed out" in line


@pytest.mark.usefixtures("short")
def test_packets_that_are_dropped(rxtweets: Command) -> None:
    """A connection that is never answered is given up."""
    with unanswering() as port:
        env = {"RXTWEETS_BASE_URL": f"https://127.0.0.1:{port}", "X_BEARER_TOKEN": "x"}
        (line,) = lines(rxtweets("doctor", env=env))["fail"]
    assert "firewall" in line


def answering(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def test_a_certificate_that_is_not_trusted(
    rxtweets: Command, server_context: ssl.SSLContext, bundle: str
) -> None:
    """An unknown CA is told, with the variable that makes it trusted; then it is."""
    with Server(answering, server_context) as server:
        env = {"RXTWEETS_BASE_URL": server.base_url, "X_BEARER_TOKEN": "x"}
        (line,) = lines(rxtweets("doctor", env=env))["fail"]
        assert "not trusted: " in line
        assert "REQUESTS_CA_BUNDLE" in line
        found = lines(rxtweets("doctor", env={**env, "REQUESTS_CA_BUNDLE": bundle}))
        assert any(line.startswith("TLS the certificate of 127.0.0.1 is valid") for line in found["ok"])
        assert any("sends no date" in line for line in found["warn"])


def test_a_certificate_of_another_host(rxtweets: Command, authority: trustme.CA, bundle: str) -> None:
    """A certificate for another name is told as such."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    with Server(answering, context) as server:
        env = {"RXTWEETS_BASE_URL": server.base_url, "X_BEARER_TOKEN": "x", "REQUESTS_CA_BUNDLE": bundle}
        (line,) = lines(rxtweets("doctor", env=env))["fail"]
    assert line.startswith("TLS the certificate of 127.0.0.1 is not trusted: ")


def test_no_tls_where_there_should_be(rxtweets: Command, emulator: Emulator) -> None:
    """Plain HTTP on the port of TLS is told."""
    url = emulator.base_url.replace("http:", "https:")
    (line,) = lines(rxtweets("doctor", env={"RXTWEETS_BASE_URL": url}))["fail"]
    assert line.startswith("TLS 127.0.0.1: ")


def test_tls_that_is_opened_on_the_way(rxtweets: Command) -> None:
    """A proxy with a certificate that only the bundle trusts is a warning: whoever it is reads the tokens."""
    with Emulator(rate=0, tls=X_HOSTS) as emulator:
        env = {**emulator.env(), **emulator.proxy_env()}
        del env["RXTWEETS_BASE_URL"]
        ended = rxtweets("doctor", env=env)
        found = lines(ended)
    assert found["fail"] == []
    (line,) = found["warn"]
    assert line.startswith("TLS TLS is intercepted: only ")
    assert "api.x.com is resolved by the proxy" in ended.out
    assert "v2 X accepts the app's token" in found["ok"]


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("http://me:secret-word@127.0.0.1:{port}", "proxy http://…@127.0.0.1:{port}: Connection refused"),
        ("socks5://me:secret-word@127.0.0.1:{port}", "proxy socks5://…@127.0.0.1:{port}: Connection refused"),
        (
            "foo://me:secret-word@127.0.0.1",
            "address foo://…@127.0.0.1 is not a proxy's address, such as http://proxy.example:3128",
        ),
    ],
)
def test_proxies_that_do_not_work(rxtweets: Command, proxy: str, said: str) -> None:
    """A proxy that can't be reached, or is none, is told without its password."""
    with closed_port() as port:
        env = {"HTTPS_PROXY": proxy.format(port=port), "X_BEARER_TOKEN": "x"}
        ended = rxtweets("doctor", env=env)
    (line,) = lines(ended)["fail"]
    assert line.startswith(said.format(port=port))
    assert "secret-word" not in ended.out


def test_a_proxy_that_refuses(rxtweets: Command) -> None:
    """A proxy that opens no tunnel is told with what it says."""

    def refuse(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with Server(refuse) as server:
        ended = rxtweets("doctor", env={"HTTPS_PROXY": server.base_url, "X_BEARER_TOKEN": "x"})
    (line,) = lines(ended)["fail"]
    assert "407" in line


def test_a_socks_proxy(rxtweets: Command) -> None:
    """A SOCKS proxy is used; what fails behind it, the requests say, and that is the last line."""

    def refuse(peer: Peer) -> None:
        peer.sock.recv(1)
        peer.reset()

    with Server(refuse) as server:
        address = server.base_url.replace("http:", "socks5h:")
        found = lines(rxtweets("doctor", env={"HTTPS_PROXY": address, "X_BEARER_TOKEN": "x"}))
    assert any("behind a SOCKS proxy" in line for line in found["ok"])
    (line,) = found["fail"]
    assert line.startswith("connection api.x.com: ")
