from __future__ import annotations

import shlex
import shutil
import signal
import ssl
import subprocess
from pathlib import Path

import pytest

from rxtweets.emulator import X_HOSTS, Emulator

from .command import Command, Running, running


def printed(server: Running) -> list[str]:
    """The lines of its output, of which that with the last variable is the last."""
    lines = [server.line()]
    while not lines[-1].startswith("export NODE_USE_ENV_PROXY="):
        lines.append(server.line())
    return lines


def exports(lines: list[str]) -> dict[str, str]:
    """The variables in such lines."""
    return dict(shlex.split(line)[1].split("=", 1) for line in lines)


def test_the_variables_of_one_with_tls(rxtweets: Command) -> None:
    """With --tls the variables name the CA, too; another command streams by TLS; the files are removed."""
    with running("emulator", "--tls", "api.x.com", "--tls", "here.example") as server:
        variables = exports(printed(server))
        ca_file = variables["SSL_CERT_FILE"]
        assert ca_file == variables["REQUESTS_CA_BUNDLE"] == variables["NODE_EXTRA_CA_CERTS"]
        assert rxtweets("sample", "--limit", "1", env=variables).status == 0
        ended = server.end(signal.SIGINT)
        assert ended.status == 0
        assert not Path(ca_file).exists()
        assert "listens on https://127.0.0.1:" in ended.err


@pytest.mark.skipif(shutil.which("sh") is None, reason="no POSIX shell")
def test_a_shell_takes_them_from_a_file(tmp_path: Path) -> None:
    """A shell can source stdout as it is, and gets all that env() and proxy_env() return."""
    with running("emulator", "--tls", "x-hosts", "--ca-file", str(tmp_path / "it's a ca.pem")) as server:
        lines = printed(server)
        file = tmp_path / "emulator.env"
        file.write_text("".join(lines))
        variables = exports(lines)
        shown = subprocess.run(
            ["sh", "-c", f". {shlex.quote(str(file))} && env"],
            capture_output=True,
            text=True,
            check=True,
            env={},
        ).stdout.splitlines()
        assert {f"{name}={value}" for name, value in variables.items()} <= set(shown)
        server.end(signal.SIGINT)
    with Emulator(tls=X_HOSTS) as emulator:
        assert variables.keys() == {**emulator.env(), **emulator.proxy_env()}.keys()


def test_a_program_that_knows_only_xs_hosts(rxtweets: Command, tmp_path: Path) -> None:
    """With x-hosts, HTTPS_PROXY and the CA's file, the command streams from what it takes for X."""
    file = tmp_path / "the ca.pem"
    with running("emulator", "--tls", "x-hosts", "--ca-file", str(file)) as server:
        variables = exports(printed(server))
        assert variables["REQUESTS_CA_BUNDLE"] == str(file)
        assert variables["HTTPS_PROXY"] == variables.pop("RXTWEETS_BASE_URL").replace("https:", "http:")
        for api in ("v1", "v2"):
            ended = rxtweets("sample", "--api", api, "--limit", "1", env=variables)
            assert (ended.status, ended.err.count("connected to")) == (0, 1)
    assert ssl.create_default_context(cafile=str(file)).cert_store_stats()["x509_ca"] == 1


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--ca-file", "ca.pem"], 2, "--ca-file needs --tls"),
        (["--tls", "https://api.x.com"], 1, "URL"),
        (["--tls", "api.x.com", "--ca-file", "/no/such/folder/ca.pem"], 1, "/no/such/folder/ca.pem"),
    ],
)
def test_what_cannot_be(rxtweets: Command, arguments: list[str], status: int, said: str) -> None:
    """Options that make no sense together, names that are none, files that can't be written: an error."""
    ended = rxtweets("emulator", *arguments)
    assert ended.status == status
    assert said in ended.err


def test_a_warning_where_others_can_reach_it() -> None:
    """On an address that isn't loopback it says who may use it; on loopback it doesn't."""
    for host, warned in (("0.0.0.0", True), ("127.0.0.1", False), ("localhost", False)):
        with running("emulator", "--host", host) as server:
            server.line()
            assert ("Warning: anyone who can reach" in server.end(signal.SIGINT).err) is warned
