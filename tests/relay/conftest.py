from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rxtweets.relay import JetStream
from tests.relay.servers import Server, running

_numbers = itertools.count(1)

MakeLog = Callable[..., JetStream]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for all tests of the module."""
    with running(tmp_path_factory.mktemp("nats")) as server:
        yield server


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
