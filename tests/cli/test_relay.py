"""`rxtweets relay`, against an emulator and servers of NATS."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import re
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from rxtweets.emulator import Emulator
from rxtweets.relay import JetStream
from rxtweets.testing import post_json
from tests.relay.machines import Machines
from tests.relay.servers import Server, nobody
from tests.relay.working import read, write

from . import command
from .command import Command

_numbers = itertools.count(1)


@pytest.fixture
def address(server: Server) -> str:
    """The address of a log of the test's own."""
    return f"{server.url}/relay-{next(_numbers)}"


def log_at(address: str) -> JetStream:
    server, _, stream = address.rpartition("/")
    return JetStream(server, stream=stream)


def notices(command: command.Running, pattern: str) -> re.Match[str]:
    """Read notices until one matches."""
    while line := command.notice():
        if found := re.search(pattern, line):
            return found
    raise AssertionError(f"it ended without {pattern!r}")


def test_it_needs_nothing(tmp_path: Path) -> None:
    """With a server of its own and the emulator it writes a stream, and both are gone in the end."""
    folder = str(tmp_path / "logs")
    ended = command.run("relay", "sample", "--emulator", "--embedded", folder, "--port", "0", "--limit", "3")
    assert ended.status == 0, ended.err
    assert ended.out == ""
    found = re.search(r"# the log is nats://127\.0\.0\.1:(\d+)/x-sample\n", ended.err)
    assert found, ended.err
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(found[1]))) != 0
    assert (tmp_path / "logs" / "jetstream").exists()


def test_its_server_goes_with_it(tmp_path: Path) -> None:
    """If the command is killed, its server ends: the next one has the folder and the port."""
    embedded = ("--emulator", "--embedded", str(tmp_path), "--port")
    with command.running("relay", "sample", *embedded, "0") as killed:
        port = notices(killed, r"# the log is nats://127\.0\.0\.1:(\d+)/x-sample")[1]
        killed.process.kill()
        killed.process.wait()
    ended = command.run("relay", "firehose", "--lang", "ja", *embedded, port, "--limit", "1")
    assert ended.status == 0, ended.err
    assert f"# the log is nats://127.0.0.1:{port}/x-firehose\n" in ended.err


def test_a_folder_in_use(rxtweets: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another server has the folder none is started there, and the other one is named."""
    monkeypatch.setattr("rxtweets.cli.tethered.LONGEST_END", 0.0)
    (tmp_path / "nats-server_1234.ports").touch()
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ended = rxtweets("relay", "sample", "--emulator", "--embedded", str(tmp_path), "--port", "0")
    assert ended.status == 1
    assert f"the log in {tmp_path} is in use by another nats-server, process 1234: " in ended.err


def test_another_takes_over(emulator: Emulator, address: str) -> None:
    """Of two one reads, and the other says so; when it ends, the other one reads."""
    with command.running("relay", "sample", "--to", address) as one:
        notices(one, "# this is the reader now, in term 1")
        with command.running("relay", "sample", "--to", address) as another:
            notices(another, f"# standing by: .*:{one.process.pid} is the reader")
            assert one.end(signal.SIGINT).status == 130
            notices(another, "# this is the reader now, in term 2")
            notices(another, r"# recovered from \S+ \S+ to \S+ UTC: \d+ messages, by backfill")


def test_the_rules_of_the_app(rxtweets: Command, emulator: Emulator, address: str) -> None:
    """On v2 `filter` writes what the app's rules match, and leaves them as they are."""
    assert rxtweets("rules", "add", "panda", "--tag", "mine").status == 0
    emulator.rate = 0
    with command.running("relay", "filter", "--to", address, "--limit", "1") as reader:
        notices(reader, "# connected")
        emulator.publish("a panda")
        assert reader.end().status == 0
    assert json.loads(read(log_at(address), 1)[-1])["data"]["text"] == "a panda"
    assert [rule.value for rule in emulator.rules] == ["panda"]


def test_words_on_v1(emulator: Emulator, address: str) -> None:
    """On v1.1 `filter` takes words and the like."""
    emulator.rate = 0
    with command.running("relay", "filter", "--track", "cat", "--api", "v1", "--to", address) as reader:
        notices(reader, "# connected")
        emulator.publish("a cat")
        assert json.loads(read(log_at(address), 1)[-1])["text"] == "a cat"


def test_partitions(rxtweets: Command, address: str) -> None:
    """Each partition of the firehose has a lease of its own."""
    ended = rxtweets("relay", "firehose", "--emulator", "--lang", "ja", "--to", address, "--limit", "5")
    assert ended.status == 0, ended.err
    assert "# this is the ja-1 now" in ended.err
    assert "# this is the ja-2 now" in ended.err


def test_a_log_that_is_away() -> None:
    """While nobody listens, each line says so, and is a notice."""
    with nobody() as url, command.running("relay", "sample", "--emulator", "--to", f"{url}/x") as relay:
        host = url.removeprefix("nats://")
        notices(relay, rf"^# the log's leases are tried again in \S+ s: no connection to the log at {host}: ")
        ended = relay.end(signal.SIGINT)
    assert all(line.startswith("#") for line in ended.err.splitlines() if line), ended.err


def test_status(rxtweets: Command, address: str) -> None:
    """The status says how much there is, who reads, and how far each group is."""
    log = log_at(address)
    write(log, [post_json(id=str(number)) for number in range(1, 6)])
    read(log, 2, "texts")
    left = 5
    while left > 3:  # what was done is told a moment later
        [texts] = log.status().run().groups
        left = texts.waiting + texts.unacknowledged
    ended = rxtweets("relay", "status", "--log", address)
    assert ended.status == 0, ended.err
    first, reader, group = ended.out.splitlines()
    assert re.fullmatch(r"the log relay-\d+ at \S+: 5 messages, 0\.0 MB, 0/s; 1 server", first)
    assert reader == "  no reader with a lease has been here"
    assert re.fullmatch(
        r"  group texts: 3 to do \(\d handed out, \d of them more than once\), 0/s, 0 dead letters", group
    )
    with command.running("relay", "sample", "--emulator", "--to", address) as one:
        notices(one, "# connected")
        told = json.loads(rxtweets("relay", "status", "--log", address, "--json").out)
        assert told["leases"]["reader"]["reader"].endswith(f":{one.process.pid}")
        line = rxtweets("relay", "status", "--log", address).out.splitlines()[1]
        assert re.match(
            rf"  reader: \S+:{one.process.pid} reads since \S+ \S+ UTC, all is stored up to", line
        )


def test_a_silent_reader(rxtweets: Command, address: str) -> None:
    """The status tells a reader that has nothing to write, but is there, from one that is silent."""
    url, _, stream = address.rpartition("/")
    with ExitStack() as stack:
        machines = Machines(stack, url, stream, 1, lease=2.0)
        machines.start(1)
        machines.wait_for([1])
        [machine] = machines.running
        who = rf"  partition-0: \S+:{machine.pid}"
        _, line = rxtweets("relay", "status", "--log", address).out.splitlines()
        assert re.match(rf"{who} reads since \S+ \S+ UTC, all is stored up to", line)
        machines.kill()
        machine.wait()
        _, line = rxtweets("relay", "status", "--log", address).out.splitlines()
        assert re.match(rf"{who} is silent, all is stored up to", line)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("sample",), 2, "--embedded"),
        (("sample", "--to", "nats://127.0.0.1/x", "--embedded", "here"), 2, "exclude each other"),
        (("filter", "--track", "cat", "--to", "nats://127.0.0.1/x"), 2, "the app's rules say what to match"),
        (("filter", "--api", "v1", "--to", "nats://127.0.0.1/x"), 2, "say what to match"),
        (("firehose", "--lang", "ja", "--partition", "3", "--to", "nats://127.0.0.1/x"), 2, "no 3"),
        (("firehose", "--api", "v1", "--to", "nats://127.0.0.1/x"), 2, "v2's"),
        (("sample", "--keep", "5MB", "--to", "nats://127.0.0.1/x"), 2, "is not a length of time"),
    ],
)
def test_mistakes(rxtweets: Command, arguments: tuple[str, ...], status: int, message: str) -> None:
    """A wrong option is an error that says what would be right."""
    ended = rxtweets("relay", *arguments, "--emulator")
    assert ended.status == status, ended.err
    assert message in " ".join(ended.err.split())


def test_a_server_that_does_not_start(rxtweets: Command, tmp_path: Path) -> None:
    """A port that is taken, or a server that is too old, is an error that says so."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = rxtweets("relay", "sample", "--emulator", "--embedded", str(tmp_path), "--port", port)
    assert ended.status == 1
    assert "nats-server doesn't start" in ended.err
    assert "address already in use" in ended.err
    old = tmp_path / "bin" / "nats-server"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho nats-server: v2.9.10\n")
    old.chmod(0o755)
    path = f"{old.parent}{os.pathsep}{os.environ['PATH']}"
    ended = command.run("relay", "sample", "--emulator", "--embedded", str(tmp_path), env={"PATH": path})
    assert ended.status == 1
    assert "nats-server: v2.9.10; 2.11 or later is needed" in ended.err
