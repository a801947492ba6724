"""A user's token against the emulator: renewed in time, by one, and kept."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import random
import signal
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

import rxtweets as rxt
from rxtweets import errors
from rxtweets.connection import Response
from rxtweets.emulator import Emulator
from tests.forked import PIPE, Program
from tests.observing import Seen
from tests.servers import Peer, Server
from tests.users import PROGRAM, RENEWING, signed_in

ME = "/2/users/me"
TOKEN = "/2/oauth2/token"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a user's token."""
    return tmp_path / "user.toml"


@pytest.fixture
def expired(emulator: Emulator, file: Path) -> rxt.OAuth2User:
    """A user whose token, in the file, expires now."""
    user = signed_in(emulator)
    user.user_token_expires = datetime.now(UTC)
    user.save(file)
    return rxt.OAuth2User.from_file(file)


def ask(base_url: str, user: rxt.OAuth2User) -> Response:
    """Ask X who the user is."""
    return rxt.fetch(rxt.Request("GET", base_url + ME), user).run()


def renewals(emulator: Emulator) -> int:
    """Return how many times a refresh token was sent."""
    return sum(one.form.get("grant_type") == "refresh_token" for one in emulator.requests)


def answers(emulator: Emulator, path: str) -> list[int | None]:
    return [one.status for one in emulator.requests if one.path == path]


def held(file: Path) -> tuple[str, str | None]:
    found = rxt.OAuth2User.from_file(file)
    return found.user_token, found.user_refresh_token


def test_a_token_is_renewed_before_it_expires(
    emulator: Emulator, expired: rxt.OAuth2User, file: Path
) -> None:
    """X sees no request with a token that expires; the file gets both new tokens, of mode 600."""
    before = held(file)
    assert ask(emulator.base_url, expired).status_code == 200
    assert answers(emulator, ME) == [200]
    assert held(file) == (expired.user_token, expired.user_refresh_token)
    assert not {*held(file)} & {*before}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = rxt.OAuth2User.from_file(file)
    assert again.user_token_expires is not None
    assert timedelta(0) < again.user_token_expires - datetime.now(UTC) <= timedelta(hours=2)
    ask(emulator.base_url, again)
    assert renewals(emulator) == 1
    assert os.listdir(file.parent) == [file.name]


def test_a_token_is_renewed_after_a_401_once(emulator: Emulator, file: Path) -> None:
    """One that X lets expire earlier is renewed; a second 401 is the request's end."""
    user = signed_in(emulator)
    user.save(file)
    emulator.skew(7300)
    assert ask(emulator.base_url, user).status_code == 200
    assert answers(emulator, ME) == [401, 200]
    emulator.answer(401, path=ME, times=2)
    assert isinstance(
        Seen(rxt.fetch(rxt.Request("GET", emulator.base_url + ME), user)).ended().error, errors.Unauthorized
    )
    assert renewals(emulator) == 2


@pytest.mark.parametrize("kept", [True, False])
def test_a_refresh_token_that_is_refused(
    emulator: Emulator, expired: rxt.OAuth2User, file: Path, caplog: pytest.LogCaptureFixture, kept: bool
) -> None:
    """The error says how to sign in again, is final, and shows no secret; nor does a log."""
    user = expired
    if not kept:
        user = signed_in(emulator)
        user.user_token_expires = datetime.now(UTC)
    revocation = user.revocation(emulator.base_url)
    assert revocation is not None
    rxt.fetch(*revocation).run()
    with caplog.at_level(logging.DEBUG):
        client = rxt.StreamingClient(user, base_url=emulator.base_url)
        error = Seen(client.subscriptions.list()).ended().error
    assert isinstance(error, rxt.SignInRequired)
    assert rxt.BackoffPolicy.standard().next(error, 0.0) is None
    assert "rxtweets auth login pkce" in str(error)
    assert "invalid_request" in str(error)
    for secret in (user.user_token, user.user_refresh_token, user.client_secret):
        assert secret is not None
        assert secret not in str(error) + repr(error) + repr(user) + caplog.text


def test_a_token_without_a_refresh_token(emulator: Emulator) -> None:
    """Once it has expired there is nothing to do but to sign in again."""
    user = signed_in(emulator, scopes=["users.read"])
    assert user.user_refresh_token is None
    emulator.skew(7300)
    error = Seen(rxt.fetch(rxt.Request("GET", emulator.base_url + ME), user)).ended().error
    assert isinstance(error, rxt.SignInRequired)
    assert "no user_refresh_token" in str(error)


def test_a_file_that_is_gone(emulator: Emulator, expired: rxt.OAuth2User, file: Path) -> None:
    """Somebody has signed out: the error says that the token can't be read."""
    file.unlink()
    error = Seen(rxt.fetch(rxt.Request("GET", emulator.base_url + ME), expired)).ended().error
    assert isinstance(error, rxt.SignInRequired)
    assert "can't be read" in str(error)
    assert renewals(emulator) == 0


def test_threads_renew_once(emulator: Emulator, expired: rxt.OAuth2User) -> None:
    """Of eight threads that share a token one renews it, before it expires and after a 401."""
    for _ in range(2):
        threads = [threading.Thread(target=ask, args=(emulator.base_url, expired)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        emulator.skew(7300)
    assert renewals(emulator) == 2
    assert answers(emulator, ME).count(200) == 16


@contextlib.contextmanager
def program(file: Path, base_url: str, text: str = PROGRAM) -> Iterator[Program]:
    """Start a program that waits to be told to begin."""
    with Program(["-c", text, str(file), base_url], stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def begin(process: Program) -> None:
    """Let a program begin."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_processes_renew_once(emulator: Emulator, expired: rxt.OAuth2User, file: Path) -> None:
    """Of four programs that share a file one renews, and the others take what it wrote."""
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(program(file, emulator.base_url)) for _ in range(4)]
        for process in processes:
            begin(process)
        ends = [process.communicate(timeout=30) for process in processes]
    assert [out for out, _ in ends] == ["done\n"] * 4, ends
    assert renewals(emulator) == 1
    assert answers(emulator, ME) == [200] * 4


def test_a_kill_between_the_answer_and_the_write(
    emulator: Emulator, expired: rxt.OAuth2User, file: Path
) -> None:
    """X has spent the old refresh token, nobody has the new one: the file is whole, and the error says it."""
    killed: list[Program] = []

    def relay(peer: Peer) -> None:
        head, _, body = peer.read_request().partition(b"\r\n\r\n")
        assert head.startswith(f"POST {TOKEN} ".encode())
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        while len(body) < int(headers["Content-Length"]):
            body += peer.sock.recv(65536)
        with requests.Session() as session:
            answer = session.post(
                emulator.base_url + TOKEN,
                data=body,
                headers={name: headers[name] for name in ("Authorization", "Content-Type")},
                timeout=5,
            )
        assert answer.status_code == 200
        killed[0].send_signal(signal.SIGKILL)

    before = held(file)
    with Server(relay) as server, program(file, f"http://127.0.0.1:{server.port}") as process:
        killed.append(process)
        begin(process)
        assert process.wait(30) == -signal.SIGKILL
    assert held(file) == before
    assert os.listdir(file.parent) == [file.name]
    again = rxt.OAuth2User.from_file(file)
    error = Seen(rxt.fetch(rxt.Request("GET", emulator.base_url + ME), again)).ended().error
    assert isinstance(error, rxt.SignInRequired)
    assert "used before" in str(error)


def test_kills_at_any_moment(emulator: Emulator, expired: rxt.OAuth2User, file: Path) -> None:
    """However often a program that renews is killed, its file is whole; at worst the token in it is spent."""
    rng = random.Random(15)
    lost = 0
    for _ in range(8):
        with program(file, emulator.base_url, RENEWING) as process:
            begin(process)
            threading.Event().wait(rng.uniform(0.0, 0.1))
        user = rxt.OAuth2User.from_file(file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        user.user_token_expires = datetime.now(UTC)
        try:
            ask(emulator.base_url, user)
        except rxt.SignInRequired:
            lost += 1
            file.unlink()
            signed_in(emulator).save(file)
    assert renewals(emulator) > 8 > lost
    (stale,) = [*file.parent.glob(".user.toml-*")][:1] or [file.with_name(".user.toml-stale")]
    stale.touch()
    os.utime(stale, (0, 0))
    user = rxt.OAuth2User.from_file(file)
    user.user_token_expires = datetime.now(UTC)
    ask(emulator.base_url, user)
    assert not stale.exists()


def test_a_disk_that_is_full(
    emulator: Emulator, expired: rxt.OAuth2User, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new token is used although it can't be kept, a warning says so, and it is kept when it can be."""
    before = held(file)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    told: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        patch.setattr("warnings.showwarning", lambda message, *_: told.append(str(message)))
        patch.setattr("warnings.filters", [])
        assert ask(emulator.base_url, expired).status_code == 200
    assert held(file) == before
    assert ["No space left" in one for one in told] == [True]
    assert ask(emulator.base_url, expired).status_code == 200
    assert held(file) == (expired.user_token, expired.user_refresh_token)
    assert renewals(emulator) == 1


def test_a_program_that_writes_without_the_lock(
    emulator: Emulator, expired: rxt.OAuth2User, file: Path
) -> None:
    """A refresh token that is refused, since the file has another by now, is no error: that is taken."""
    one, other = expired, rxt.OAuth2User.from_file(file)
    ask(emulator.base_url, one)
    assert ask(emulator.base_url, other).status_code == 200
    assert other.user_token == one.user_token
    assert renewals(emulator) == 1


def test_disposal_while_another_program_renews(
    emulator: Emulator, expired: rxt.OAuth2User, file: Path
) -> None:
    """It returns at once, the thread ends, and nothing was sent."""
    with file.open("rb") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        seen = Seen(rxt.fetch(rxt.Request("GET", emulator.base_url + ME), expired))
        seen.dispose()
    assert (seen.items, emulator.requests[2:]) == ([], ())


def test_another_program_that_renews_forever(
    emulator: Emulator, expired: rxt.OAuth2User, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is waited for a minute, here 10 ms; then the request fails, and nothing was sent."""
    monkeypatch.setattr("rxtweets.auth._store._PATIENCE", 0.01)
    with file.open("rb") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        seen = Seen(rxt.fetch(rxt.Request("GET", emulator.base_url + ME), expired)).ended()
    assert isinstance(seen.error, rxt.ConnectionFailed)
    assert "another program has been renewing the user's token" in str(seen.error)
    assert emulator.requests[2:] == ()
    assert ask(emulator.base_url, expired).status_code == 200


def test_a_program_keeps_the_tokens_itself(emulator: Emulator) -> None:
    """Without a file it is told of each renewal."""
    told: list[rxt.OAuth2User] = []
    user = signed_in(emulator)
    user.on_renewal = told.append
    emulator.skew(7300)
    ask(emulator.base_url, user)
    assert told == [user]


def test_what_is_wrong_in_a_file(file: Path) -> None:
    """A time that is none, or that has no zone, is named."""
    file.touch(0o600)
    file.write_text('user_token = "t"\nuser_token_expires = "soon"\n')
    with pytest.raises(ValueError, match=r"user_token_expires in .* must be a time such as"):
        rxt.OAuth2User.from_file(file)
    with pytest.raises(ValueError, match="no time zone"):
        rxt.OAuth2User("t", user_token_expires=datetime(2026, 1, 1))
    with pytest.raises(FileExistsError):
        rxt.OAuth2User("t").save(file)
