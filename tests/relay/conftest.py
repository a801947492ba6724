from __future__ import annotations

import contextlib
import itertools
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rxtweets.relay import JetStream
from tests.relay.servers import Server

_numbers = itertools.count(1)

MakeLog = Callable[..., JetStream]


@pytest.fixture
def make_log(server: Server) -> MakeLog:
    """Make the same log of the test's own at each call."""
    stream = f"log-{next(_numbers)}"

    def make(**options: Any) -> JetStream:
        return JetStream(server.url, stream=stream, **options)

    return make


@pytest.fixture
def log(make_log: MakeLog) -> JetStream:
    """A log of the test's own."""
    return make_log()


def free_ports(count: int) -> list[int]:
    """Ports that are free now: routes have to be known before any server is up."""
    with contextlib.ExitStack() as stack:
        bound = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in bound:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in bound]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[list[Server]]:
    """Three servers that know each other."""
    ports = free_ports(3)
    routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports)
    servers = [
        Server(
            tmp_path / f"n{number}",
            config=f"server_name: n{number}\n"
            f'cluster {{ name: c, listen: "127.0.0.1:{port}", routes: [{routes}] }}',
        )
        for number, port in enumerate(ports)
    ]
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            server.kill()
