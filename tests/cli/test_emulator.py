"""`rxtweets emulator` as a shell runs it."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path

import pytest
import requests

from .command import Command, Running, running


def variables(server: Running) -> dict[str, str]:
    """The first of the variables that it prints: where it is, and the bearer token among them."""
    found: dict[str, str] = {}
    while not {"RXTWEETS_BASE_URL", "X_BEARER_TOKEN"} <= found.keys():
        name, _, value = shlex.split(server.line())[1].partition("=")
        found[name] = value
    return found


def test_a_scenario_plays(tmp_path: Path) -> None:
    """A scenario's faults reach a client that connects, in the order of the file."""
    scenario = tmp_path / "one bad minute.toml"
    scenario.write_text(
        """
        [[step]]
        do = "answer"
        status = 503
        headers = { "Retry-After" = "7" }

        [[step]]
        streams = 1
        do = "send"
        text = "from the scenario\\r\\n"

        [[step]]
        do = "close"
        """
    )
    with running("emulator", "--rate", "0", "--scenario", str(scenario)) as server:
        env = variables(server)
        url = f"{env['RXTWEETS_BASE_URL']}/2/tweets/sample/stream"
        headers = {"Authorization": f"Bearer {env['X_BEARER_TOKEN']}"}
        refused = requests.get(url, headers=headers, timeout=5)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "7")
        assert requests.get(url, headers=headers, timeout=5).text == "from the scenario\r\n"
        server.end(signal.SIGINT)


def test_a_scenario_that_is_none(rxtweets: Command, tmp_path: Path) -> None:
    """The file, and what is wrong in it, are named before anything listens."""
    scenario = tmp_path / "wrong.toml"
    scenario.write_text('[[step]]\ndo = "explode"\n')
    ended = rxtweets("emulator", "--scenario", str(scenario))
    assert ended.status in (1, 2)
    assert ended.out == ""
    assert "explode" in ended.err


def test_keep_alives_as_often_as_asked_for() -> None:
    """A silent stream has a blank line soon, not after X's 20 seconds."""
    with running("emulator", "--rate", "0", "--keep-alive", "0.05") as server:
        env = variables(server)
        headers = {"Authorization": f"Bearer {env['X_BEARER_TOKEN']}", "Accept-Encoding": "identity"}
        url = f"{env['RXTWEETS_BASE_URL']}/2/tweets/sample/stream"
        with requests.get(url, headers=headers, stream=True, timeout=5) as stream:
            assert stream.raw.read(4) == b"\r\n\r\n"
        server.end(signal.SIGINT)


@pytest.mark.parametrize(("options", "status"), [(("--credit", "0.004"), 402), (("--cap", "1"), 429)])
def test_a_credit_and_a_cap(options: tuple[str, ...], status: int) -> None:
    """The stream ends once one of them is used up, and the next request is refused."""
    with running("emulator", *options) as server:
        env = variables(server)
        url = f"{env['RXTWEETS_BASE_URL']}/2/tweets/sample/stream"
        headers = {"Authorization": f"Bearer {env['X_BEARER_TOKEN']}"}
        ended = requests.get(url, headers=headers, timeout=5).text.splitlines()
        assert len(ended) == 2
        assert "ClientApplicationStateDegraded" in ended[1]
        assert requests.get(url, headers=headers, timeout=5).status_code == status
        server.end(signal.SIGINT)


def test_the_level_of_access(rxtweets: Command) -> None:
    """Pay-per-use, unless an enterprise's is asked for, which has streams of its own."""
    for options, status in (((), 403), (("--level", "enterprise"), 200)):
        with running("emulator", "--rate", "0", *options) as server:
            env = variables(server)
            url = f"{env['RXTWEETS_BASE_URL']}/2/tweets/label/stream"
            headers = {"Authorization": f"Bearer {env['X_BEARER_TOKEN']}"}
            with requests.get(url, headers=headers, stream=True, timeout=5) as answer:
                assert answer.status_code == status
            server.end(signal.SIGINT)
    assert "pay_per_use" in rxtweets("emulator", "--level", "pro").err
