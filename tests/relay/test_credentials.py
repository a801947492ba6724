"""Credentials for a log, and TLS."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import os
import socket
import ssl
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nkeys
import pytest
import trustme

from rxtweets.backoff import BackoffPolicy
from rxtweets.errors import ConnectionFailed, LogError, LogUnauthorized, StreamError
from rxtweets.messages import Reconnecting
from rxtweets.relay import JetStream
from tests.relay.servers import Server, running
from tests.relay.working import Worker, frames, post, read, write

SECRET = "s3cret"


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def tls(folder: Path, authority: trustme.CA, name: str = "127.0.0.1") -> str:
    """Return the part of a server's configuration that has it speak TLS."""
    folder.mkdir()
    certificate = authority.issue_cert(name)
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    return f'tls {{ cert_file: "{folder}/server.pem", key_file: "{folder}/server.pem" }}\n'


@contextlib.contextmanager
def nothing_shown(caplog: pytest.LogCaptureFixture, *secrets: str) -> Iterator[None]:
    """Let nothing that is logged inside have a secret in it."""
    with caplog.at_level(logging.DEBUG):
        yield
    assert not [secret for secret in secrets if secret in caplog.text]


def refused(log: JetStream, *secrets: str) -> StreamError:
    """Return the error that *log* ends with; it shows none of the *secrets*, nor does what it came of."""
    with pytest.raises(StreamError) as caught:
        write(log, [post(1)], policy=BackoffPolicy.never())
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(log)
    assert not [secret for secret in (SECRET, *secrets) if secret in shown]
    return caught.value


def test_tls(tmp_path: Path, authority: trustme.CA, caplog: pytest.LogCaptureFixture) -> None:
    """Over TLS with a token, what is written is read; neither token nor anything of asyncio's is logged."""
    config = f'{tls(tmp_path / "tls", authority)} authorization {{ token: "{SECRET}" }}'
    with running(tmp_path, config=config) as server:
        with nothing_shown(caplog, SECRET, "eof_received"):
            given: list[tuple[str, dict[str, Any]]] = [
                (server.url.replace("nats:", "tls:"), {"token": SECRET}),
                (server.url, {"token": SECRET}),
                (server.url.replace("nats://", f"tls://{SECRET}@"), {}),
            ]
            for number, (url, options) in enumerate(given):
                log = JetStream(url, stream=f"x{number}", tls=trusting(authority), **options)
                assert write(log, [post(1)]) == [post(1)]
                assert frames(read(log, 1)) == [post(1)]
        wrong = JetStream(server.url, stream="x", tls=trusting(authority), token=SECRET + "2")
        assert isinstance(refused(wrong), LogUnauthorized)


@pytest.mark.parametrize(("name", "words"), [("127.0.0.1", "unable to get local issuer"), ("x.example", "")])
def test_whom_nobody_trusts(tmp_path: Path, authority: trustme.CA, name: str, words: str) -> None:
    """A server whose certificate isn't trusted, or is another's, gets no secret, and is waited for."""
    trusted = trusting(authority) if name == "x.example" else ssl.create_default_context()
    words = words or "certificate is not valid for '127.0.0.1'"
    with running(tmp_path, config=tls(tmp_path / "tls", authority, name)) as server:
        log = JetStream(server.url, stream="x", tls=trusted, user="u", password=SECRET)
        error = refused(log)
        assert isinstance(error, ConnectionFailed)
        assert words in str(error)
        with Worker(log.consume("g")) as worker:
            worker.wait_for(lambda seen: sum(isinstance(item, Reconnecting) for item in seen) > 1)
        if name == "x.example":
            named = JetStream(server.url, stream="x", tls=trusted, tls_hostname=name)
            assert write(named, [post(1)]) == [post(1)]


def test_tls_is_not_done_without(tmp_path: Path, authority: trustme.CA) -> None:
    """A server that says that it has no TLS gets no secret, if TLS was asked for, and that is final."""
    with running(tmp_path) as server:
        for log in (
            JetStream(server.url.replace("nats://", "tls://"), stream="x", user="u", password=SECRET),
            JetStream(server.url, stream="x", tls=trusting(authority), token=SECRET),
        ):
            error = refused(log)
            assert type(error) is LogError
            assert "has no TLS" in str(error)


def test_a_certificate_of_the_client(tmp_path: Path, authority: trustme.CA) -> None:
    """A server may ask for a certificate; who has none is told."""
    (tmp_path / "ca.pem").write_bytes(authority.cert_pem.bytes())
    asking = f', ca_file: "{tmp_path}/ca.pem", verify: true }}'
    config = tls(tmp_path / "tls", authority).replace("}", asking)
    with running(tmp_path, config=config) as server:
        known = trusting(authority)
        authority.issue_cert("reader@example.org").configure_cert(known)
        log = JetStream(server.url, stream="x", tls=known)
        assert write(log, [post(1)]) == [post(1)]
        assert isinstance(
            refused(JetStream(server.url, stream="x", tls=trusting(authority))), ConnectionFailed
        )


def test_users(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A user with a password writes and reads, by options or in the address; none of it is logged."""
    config = f'authorization {{ user: "reader", password: "{SECRET}" }}'
    with running(tmp_path, config=config) as server, nothing_shown(caplog, SECRET):
        log = JetStream(server.url, stream="x", user="reader", password=SECRET)
        assert write(log, [post(1)]) == [post(1)]
        there = JetStream(server.url.replace("//", f"//reader:{SECRET}@"), stream="x")
        with Worker(there.consume("g", from_="start")) as worker:
            worker.wait_for(lambda seen: post(1) in seen)
            server.kill()
            worker.wait_for(lambda seen: any(isinstance(item, Reconnecting) for item in seen))
            server.start()
            write(log, [post(2)])
            worker.wait_for(lambda seen: post(2) in seen)
        assert SECRET not in repr(worker.seen)
        assert isinstance(
            refused(JetStream(server.url, stream="x", user="x", password=SECRET)), LogUnauthorized
        )


class Key:
    """A key of NATS's: its seed, and what others may know of it."""

    def __init__(self, prefix: int = nkeys.PREFIX_BYTE_USER) -> None:
        self.seed: str = nkeys.encode_seed(os.urandom(32), prefix).decode()
        self.pair = nkeys.from_seed(bytearray(self.seed.encode()))
        self.public: str = self.pair.public_key.decode()


def token(issuer: Key, subject: Key, kind: str, **claims: Any) -> str:
    """Return the token by which an issuer says who somebody is. Source: NATS's jwt library."""

    def encoded(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    nats = {"type": kind, "version": 2, **claims}
    body = {"jti": subject.public, "iat": 0, "iss": issuer.public, "sub": subject.public, "nats": nats}
    text = b".".join(map(encoded, [b'{"typ": "JWT", "alg": "ed25519-nkey"}', json.dumps(body).encode()]))
    return (text + b"." + encoded(issuer.pair.sign(text))).decode()


def test_seeds(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A user's seed, as an option or in a file, is enough; another's is refused; none is shown."""
    user, other = Key(), Key()
    path = tmp_path / "seed"
    path.write_text(f"{user.seed}\n")
    config = f"authorization {{ users: [ {{ nkey: {user.public} }} ] }}"
    secrets = (user.seed, other.seed, SECRET)
    with running(tmp_path / "nats", config=config) as server, nothing_shown(caplog, *secrets):
        for log in (
            JetStream(server.url, stream="x", nkeys_seed_str=user.seed),
            JetStream(server.url, stream="y", nkeys_seed=str(path)),
        ):
            assert write(log, [post(1)]) == [post(1)]
            assert frames(read(log, 1)) == [post(1)]
            assert user.seed not in repr(log)
        error = refused(JetStream(server.url, stream="x", nkeys_seed_str=other.seed), *secrets)
        assert isinstance(error, LogUnauthorized)
        path.write_text(SECRET)
        pipe, long = tmp_path / "pipe", tmp_path / "long"
        os.mkfifo(pipe)
        long.write_bytes(b"x" * 65_537)
        for file, words in (
            (pipe, "is a pipe or a device, not a file"),
            (long, "is longer than 65,536 bytes"),
            (path, "has no seed of a user in it"),
            (tmp_path / "nowhere", "No such file or directory"),
            (tmp_path, "Is a directory"),
        ):
            error = refused(JetStream(server.url, stream="x", nkeys_seed=str(file)))
            assert isinstance(error, LogUnauthorized)
            assert str(file) in str(error)
            assert words in str(error)


@contextlib.contextmanager
def changing(path: Path, server: Server) -> Iterator[str]:
    """An address of a server, at which a file is emptied as soon as its reader is connected."""

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        there, _ = listening.accept()
        path.write_text("")
        with there, socket.create_connection(("127.0.0.1", server.port)) as here:
            back = threading.Thread(target=pump, args=[here, there])
            back.start()
            pump(there, here)
            back.join()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=serve)
        serving.start()
        yield f"nats://127.0.0.1:{listening.getsockname()[1]}"
        serving.join()


def test_files_of_credentials(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file of a user, as `nsc` writes it, is enough; one that lacks something is refused; none is shown."""
    operator, user = Key(nkeys.PREFIX_BYTE_OPERATOR), Key()
    account, system = Key(nkeys.PREFIX_BYTE_ACCOUNT), Key(nkeys.PREFIX_BYTE_ACCOUNT)
    limits = dict.fromkeys(
        ("subs", "data", "payload", "conn", "mem_storage", "disk_storage", "streams", "consumer"), -1
    )
    config = f"""
        operator: {token(operator, operator, "operator")}
        system_account: {system.public}
        resolver: MEMORY
        resolver_preload: {{
            {system.public}: {token(operator, system, "account")}
            {account.public}: {token(operator, account, "account", limits=limits)}
        }}
    """
    known = token(account, user, "user", subs=-1, data=-1, payload=-1)
    whole = (
        f"-----BEGIN NATS USER JWT-----\n{known}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"
    )
    path, alone, seed = (tmp_path / name for name in ("user.creds", "user.jwt", "user.nk"))
    alone.write_text(known)
    seed.write_text(user.seed)
    with running(tmp_path / "nats", config=config) as server, nothing_shown(caplog, user.seed, known):
        for given in (str(path), (str(alone), str(seed))):
            path.write_text(whole)
            log = JetStream(server.url, stream="x", user_credentials=given)
            assert write(log, [post(1)]) == [post(1)]
        for wrong in ("", user.seed, whole.replace(user.seed, SECRET), whole.replace("USER JWT", "")):
            path.write_text(wrong)
            error = refused(JetStream(server.url, stream="x", user_credentials=str(path)), user.seed, known)
            assert isinstance(error, LogUnauthorized)
            assert str(error) == f"{path} has no token and seed of a user in it"
        path.write_text(whole)
        with changing(path, server) as url:
            assert write(JetStream(url, stream="x", user_credentials=str(path)), [post(2)]) == [post(2)]
        seed.write_text(Key().seed)
        error = refused(log, user.seed, known)
        assert isinstance(error, LogUnauthorized)


def test_options_are_checked() -> None:
    """A context that is none, or a seed that is none, is told before anything is connected to."""
    wrong: Any = True
    with pytest.raises(ValueError, match=r"tls is an ssl.SSLContext, not True"):
        JetStream("nats://127.0.0.1", stream="x", tls=wrong)
    with pytest.raises(ValueError, match=r"nkeys_seed_str is the seed of a user") as caught:
        JetStream("nats://127.0.0.1", stream="x", nkeys_seed_str=SECRET)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("option", ["nkeys_seed", "user_credentials"])
def test_what_is_no_path_is_not_shown(option: str) -> None:
    """A secret in the place of its file, or what can't name one, is told before anything is connected to."""
    seed = Key().seed
    wrong: list[Any] = [
        seed,
        f"{seed}\n",
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n",
        5,
        ("x", 5),
        ("x",),
        b"x",
    ]
    for given in wrong:
        with pytest.raises(ValueError, match=f"{option} is the path of a file") as caught:
            JetStream("nats://127.0.0.1", stream="x", **{option: given})
        assert seed not in str(caught.value)
