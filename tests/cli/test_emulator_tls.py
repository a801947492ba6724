from __future__ import annotations

import shlex
import signal
import ssl
from pathlib import Path

import pytest

from .command import Running, run, running


def exports(server: Running, count: int) -> dict[str, str]:
    """The variables that it prints."""
    lines = [server.line() for _ in range(count)]
    return dict(shlex.split(line)[1].split("=", 1) for line in lines)


def test_the_variables_of_one_with_tls() -> None:
    """They name its CA too, and another command then streams by TLS; its files go with it."""
    with running("emulator", "--tls", "api.x.com", "--tls", "here.example") as server:
        variables = exports(server, 10)
        ca_file = variables["SSL_CERT_FILE"]
        assert ca_file == variables["REQUESTS_CA_BUNDLE"] == variables["NODE_EXTRA_CA_CERTS"]
        assert run("sample", "--limit", "1", env=variables).status == 0
        ended = server.end(signal.SIGINT)
        assert ended.status == 0
        assert not Path(ca_file).exists()
        for said in ("listens on https://127.0.0.1:", "export HTTPS_PROXY=http://127.0.0.1:"):
            assert said in ended.err


def test_a_program_that_knows_only_xs_hosts(tmp_path: Path) -> None:
    """With x-hosts, HTTPS_PROXY and the CA's file, the command streams from what it takes for X."""
    file = tmp_path / "the ca.pem"
    with running("emulator", "--tls", "x-hosts", "--ca-file", str(file)) as server:
        variables = exports(server, 10)
        assert variables["REQUESTS_CA_BUNDLE"] == str(file)
        address = variables.pop("RXTWEETS_BASE_URL")
        variables["HTTPS_PROXY"] = address.replace("https:", "http:")
        for api in ("v1", "v2"):
            ended = run("sample", "--api", api, "--limit", "1", env=variables)
            assert (ended.status, ended.err.count("connected to")) == (0, 1)
    assert ssl.create_default_context(cafile=str(file)).cert_store_stats()["x509_ca"] == 1


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--ca-file", "ca.pem"], 2, "--ca-file goes with --tls"),
        (["--tls", "https://api.x.com"], 1, "URL"),
        (["--tls", "api.x.com", "--ca-file", "/no/such/folder/ca.pem"], 1, "/no/such/folder/ca.pem"),
    ],
)
def test_what_cannot_be(arguments: list[str], status: int, said: str) -> None:
    """Options that make no sense together, names that are none, files that can't be written: an error."""
    ended = run("emulator", *arguments)
    assert ended.status == status
    assert said in ended.err


def test_a_warning_where_others_can_reach_it() -> None:
    """On an address that isn't loopback it says who may use it; on loopback it doesn't."""
    for host, warned in (("0.0.0.0", True), ("127.0.0.1", False), ("localhost", False)):
        with running("emulator", "--host", host) as server:
            server.line()
            assert ("Warning: whoever can reach" in server.end(signal.SIGINT).err) is warned
