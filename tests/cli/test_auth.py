"""`rxtweets auth`: sign in, say what there is, sign out."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import socket
import stat
import struct
import subprocess
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from rxtweets.auth import BearerToken, OAuth1, OAuth2User
from rxtweets.emulator import Emulator

from .command import COMMAND, PATIENCE, Command, Ended, running

KEYS = ("X_CONSUMER_KEY", "X_CONSUMER_SECRET")
TOKENS = ("X_BEARER_TOKEN", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET", "X_USER_TOKEN")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of the user's own file, which isn't there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "rxtweets" / "credentials.toml"


@pytest.fixture
def app(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """An emulator, of whose credentials the environment has the app's key and secret only."""
    for name in TOKENS:
        monkeypatch.delenv(name)
    return emulator


@pytest.fixture
def stranger(app: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """An emulator, of whose credentials the environment has none."""
    for name in KEYS:
        monkeypatch.delenv(name)
    return app


def shows_no_secret(emulator: Emulator, ended: Ended, file: Path) -> None:
    key, *rest = emulator.oauth1
    kept = re.findall(r'= "(.+)"', file.read_text()) if file.exists() else []
    for secret in (*rest, emulator.bearer_token, emulator.oauth2_client[1], *kept):
        assert secret == key or secret in emulator.oauth2_client[:1] or secret not in ended.out + ended.err


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def signed_in_by_pin(emulator: Emulator) -> Ended:
    with running("auth", "login", "pin", stdin=True) as command:
        url = command.notice().removeprefix("Open ").strip()
        with requests.Session() as browser:
            pin = browser.get(url, timeout=5).text
        command.type(f"{pin}\n")
        return command.end()


def test_a_pin(app: Emulator, file: Path, rxtweets: Command) -> None:
    """The owner opens the page and types the PIN; the file has the account's keys, for its owner alone."""
    ended = signed_in_by_pin(app)
    assert ended.status == 0, ended.err
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)
    assert OAuth1.from_file(file).access_token != app.oauth1.access_token
    shows_no_secret(app, ended, file)
    assert rxtweets("sample", "--api", "v1", "--limit", "1").status == 0


def test_a_wrong_pin(app: Emulator, file: Path) -> None:
    """A PIN that isn't the right one is one line, and nothing is kept."""
    with running("auth", "login", "pin", stdin=True) as command:
        command.notice()
        command.type("0000000\n")
        ended = command.end()
    assert (ended.status, file.exists()) == (1, False)
    assert ended.err.splitlines()[-1].startswith("Error: HTTP 401")


def test_a_bearer_token(app: Emulator, file: Path, rxtweets: Command) -> None:
    """The key and secret are exchanged for the token, which alone is kept; then streams need nothing else."""
    ended = rxtweets("auth", "login", "bearer")
    assert ended.status == 0, ended.err
    assert BearerToken.from_file(file).token == app.bearer_token
    assert "consumer" not in file.read_text()
    shows_no_secret(app, ended, file)
    assert "Note: the environment takes precedence over it: X_CONSUMER_KEY, X_CONSUMER_SECRET." in ended.err


def test_what_is_typed(stranger: Emulator, file: Path, rxtweets: Command) -> None:
    """The rest is read from stdin, a line each: secrets are no arguments."""
    key, secret, *_ = stranger.oauth1
    ended = rxtweets("auth", "login", "bearer", stdin=f"{key}\n{secret}\n".encode())
    assert ended.status == 0, ended.err
    assert rxtweets("sample", "--limit", "1").status == 0
    ended = rxtweets("auth", "login", "bearer", stdin=b"wrong\nwrong\n")
    assert (ended.status, ended.err.count("\n")) == (1, 1)
    ended = rxtweets("auth", "login", "bearer", stdin=b"key\n")
    assert ended == (1, "", "Error: Consumer secret: can't be read: stdin has ended\n")
    assert BearerToken.from_file(file).token == stranger.bearer_token


@pytest.mark.parametrize("public", [False, True])
def test_a_browser(stranger: Emulator, file: Path, rxtweets: Command, public: bool) -> None:
    """The browser comes back to this machine with a code, for which there is a token."""
    client_id, secret = stranger.oauth2_client
    with running("auth", "login", "pkce", "--no-browser", stdin=True) as command:
        command.type(f"{client_id}\n{'' if public else secret}\n")
        url = command.notice().removeprefix("Open ").strip()
        assert "code_challenge_method=S256" in url
        with requests.Session() as browser:
            assert "close this page" in browser.get(url, timeout=5).text
        ended = command.end()
    assert ended.status == 0, ended.err
    token = OAuth2User.from_file(file)
    assert (token.client_id, token.client_secret) == (client_id, None if public else secret)
    assert token.user_refresh_token
    shows_no_secret(stranger, ended, file)
    assert "X accepts the token, as @you" in rxtweets("auth", "check").out


def test_redirects_of_others(stranger: Emulator, file: Path) -> None:
    """A redirect without the state of this sign-in is refused, and the right one is still waited for."""
    with running("auth", "login", "pkce", "--no-browser", stdin=True) as command:
        command.type("\n".join([*stranger.oauth2_client, ""]))
        url = command.notice().removeprefix("Open ").strip()
        with requests.Session() as browser:
            right = browser.get(url, timeout=5, allow_redirects=False).headers["Location"]
            root, _, query = right.partition("?")
            for wrong in (
                root,
                f"{root}?code=x&state=x",
                f"{root}/other?{query}",
                root.replace("/callback", "/"),
            ):
                assert browser.get(wrong, timeout=5).status_code == 404
            assert browser.post(right, timeout=5).status_code == 501
            for rubbish in (b"", b"GET /callb", b"\xff\x00\r\n\r\n"):
                with socket.create_connection(("127.0.0.1", urlsplit(root).port or 0)) as sock:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
                    sock.sendall(rubbish)
            assert not file.exists()
            assert browser.get(right, timeout=5).status_code == 200
        ended = command.end()
    assert ended.status == 0
    assert ended.err.removeprefix("and allow access.\n") == f"Kept in {file}, which only you can read.\n"


def test_an_owner_who_refuses(stranger: Emulator, file: Path) -> None:
    """A refusal on the page is one line."""
    with running("auth", "login", "pkce", "--no-browser", stdin=True) as command:
        command.type("\n".join([*stranger.oauth2_client, ""]))
        url = command.notice().removeprefix("Open ").strip()
        with requests.Session() as browser:
            right = browser.get(url, timeout=5, allow_redirects=False).headers["Location"]
            browser.get(re.sub("code=[^&]*", "error=access_denied", right), timeout=5)
        ended = command.end()
    assert (ended.status, file.exists()) == (1, False)
    assert ended.err.splitlines()[-1] == "Error: sign-in failed: access_denied"


def test_ctrl_c_while_it_waits(stranger: Emulator, file: Path) -> None:
    """Ctrl-C ends a sign-in, and nothing is kept."""
    with running("auth", "login", "pkce", "--no-browser", stdin=True) as command:
        command.type("\n".join([*stranger.oauth2_client, ""]))
        command.notice()
        ended = command.end(signal.SIGINT)
    assert (ended.status, file.exists()) == (130, False)
    assert "Traceback" not in ended.err


def test_a_token_is_renewed(stranger: Emulator, file: Path, rxtweets: Command) -> None:
    """A token that X refuses is renewed by the refresh token, and both are kept."""
    client = "".join(f"{line}\n" for line in stranger.oauth2_client)
    with running("auth", "login", "pkce", "--no-browser", stdin=True) as command:
        command.type(client)
        with requests.Session() as browser:
            browser.get(command.notice().removeprefix("Open ").strip(), timeout=5)
        command.end()
    before = OAuth2User.from_file(file)
    stranger.answer(401, path="/2/users/me")
    ended = rxtweets("auth", "check")
    assert "X accepts the token, as @you" in ended.out, ended
    after = OAuth2User.from_file(file)
    assert after.user_token != before.user_token
    assert after.user_refresh_token != before.user_refresh_token
    assert mode(file) == 0o600


def test_where(emulator: Emulator, file: Path, rxtweets: Command) -> None:
    """It names what is found where and which wins, and shows none of it."""
    ended = rxtweets("auth", "where")
    assert (ended.status, ended.err) == (0, "")
    assert f"{file}: no such file" in ended.out
    assert rxtweets("auth", "login", "bearer").status == 0
    ended = rxtweets("auth", "where")
    first, second, *rest = ended.out.splitlines()
    assert first.startswith("the environment: X_BEARER_TOKEN, X_CONSUMER_KEY,")
    assert second == f"{file}: bearer_token"
    assert "for v2 a bearer token, from the environment" in rest
    assert f"for v2 a bearer token, from {file}; not used: the environment comes first" in rest
    shows_no_secret(emulator, ended, file)


def test_check(emulator: Emulator, file: Path, rxtweets: Command) -> None:
    """Each kind is tried at X; one that is refused makes the status 1."""
    ended = rxtweets("auth", "check")
    assert ended.status == 0
    assert "X accepts the app's token" in ended.out
    assert "X accepts the token, as @you" in ended.out
    ended = rxtweets("auth", "check", env={"X_BEARER_TOKEN": "wrong-token"})
    assert ended.status == 1
    assert "fail  v2" in ended.out
    assert "wrong-token" not in ended.out


def test_logout(app: Emulator, file: Path, rxtweets: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's token is revoked at X and the file goes; a second time there is nothing to do."""
    signed_in_by_pin(app)
    token = OAuth1.from_file(file)
    ended = rxtweets("auth", "logout")
    assert (ended.status, file.exists()) == (0, False)
    assert "access_token: revoked at X" in ended.err
    url = f"{app.base_url}/1.1/account/verify_credentials.json"
    with requests.Session() as session:
        assert session.get(url, auth=token, timeout=5).status_code == 401
    ended = rxtweets("auth", "logout")
    assert (ended.status, ended.err) == (0, f"nothing to remove: there is no {file}\n")


def test_logout_of_a_browser(stranger: Emulator, file: Path, rxtweets: Command) -> None:
    """A user's OAuth 2.0 token is revoked, too."""
    with running("auth", "login", "pkce", "--no-browser", stdin=True) as command:
        command.type("\n".join([*stranger.oauth2_client, ""]))
        with requests.Session() as browser:
            browser.get(command.notice().removeprefix("Open ").strip(), timeout=5)
        command.end()
    assert "user_token: revoked at X" in rxtweets("auth", "logout").err
    assert [request.path for request in stranger.requests][-1] == "/2/oauth2/revoke"
    assert not file.exists()


def test_a_revocation_that_fails(app: Emulator, file: Path, rxtweets: Command) -> None:
    """A token that isn't revoked isn't forgotten either."""
    signed_in_by_pin(app)
    app.answer(503, path="/1.1/oauth/invalidate_token")
    ended = rxtweets("auth", "logout")
    assert (ended.status, file.exists()) == (1, True)
    assert "access_token was not revoked: HTTP 503" in ended.err


def test_a_file_of_others(app: Emulator, file: Path, rxtweets: Command) -> None:
    """A file that others can read, or that has more in it, is refused and left as it is."""
    file.parent.mkdir(parents=True)
    for text, file_mode, said in (
        ('bearer_token = "x"\n', 0o644, "chmod 600"),
        ("[tool]\nx = 1\n", 0o600, "more than credentials"),
        ("nonsense", 0o600, "is not TOML"),
    ):
        file.write_text(text)
        file.chmod(file_mode)
        ended = rxtweets("auth", "login", "bearer")
        assert (ended.status, file.read_text()) == (1, text)
        assert said in ended.err
    assert os.listdir(file.parent) == [file.name]


def test_a_full_disk(app: Emulator, file: Path, rxtweets: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is written whole or not at all, and nothing else is left in its folder."""
    assert rxtweets("auth", "login", "bearer").status == 0
    before = file.read_text()
    app.renew_bearer_token()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        ended = rxtweets("auth", "login", "bearer")
    assert (ended.status, ended.err) == (1, "Error: No space left on device\n")
    assert (file.read_text(), os.listdir(file.parent)) == (before, [file.name])


def test_other_credentials_stay(app: Emulator, file: Path, rxtweets: Command) -> None:
    """Signing in another way keeps what is there, also behind a link."""
    file.parent.mkdir(parents=True)
    real = file.with_name("real.toml")
    real.touch(0o600)
    real.write_text('access_token = "a"\n')
    file.symlink_to(real)
    assert rxtweets("auth", "login", "bearer").status == 0
    assert real.read_text() == f'access_token = "a"\nbearer_token = "{app.bearer_token}"\n'
    assert file.is_symlink()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["login"], "Missing argument"),
        (["login", "pni"], "pin"),
        (["login", "pin", "--port", "1"], "go with pkce"),
    ],
)
def test_wrong_options(rxtweets: Command, arguments: list[str], said: str) -> None:
    """Mistakes are explained, with status 2."""
    ended = rxtweets("auth", *arguments)
    assert ended.status == 2
    assert said in ended.err


def test_secrets_are_not_shown_while_they_are_typed(stranger: Emulator, file: Path) -> None:
    """A terminal asks for key and secret, and echoes neither."""
    key, secret, *_ = stranger.oauth1
    ours, its = os.openpty()
    with subprocess.Popen(
        [*COMMAND, "auth", "login", "bearer"],
        env={**os.environ, "TERM": "dumb"},
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    ) as process:
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        os.close(its)
        shown = b""
        for prompt, answer in ((b"Consumer key", key), (b"Consumer secret", secret)):
            while not re.search(prompt + b"[^:]*: $", shown):
                shown += os.read(ours, 65536)
            os.write(ours, answer.encode() + b"\n")
        with contextlib.suppress(OSError):  # as Linux tells that the other side is closed
            while piece := os.read(ours, 65536):
                shown += piece
        os.close(ours)
        assert process.wait(PATIENCE) == 0, shown
        watchdog.cancel()
        watchdog.join()
    assert not any(word.encode() in shown for word in (key, secret, stranger.bearer_token))
    assert BearerToken.from_file(file).token == stranger.bearer_token
