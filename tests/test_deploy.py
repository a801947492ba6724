"""The files of `examples/deploy` are such as systemd, Compose and nats-server take, with real commands."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import click
import pytest
import yaml  # type: ignore[import-untyped]

from rxtweets.cli.commands import rxtweets
from rxtweets.relay._nats.connection import OLDEST
from tests.relay.servers import program

DEPLOY = Path(__file__).parent.parent / "examples" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


def parse(words: list[str]) -> str:
    """Parse a command as `rxtweets` does, without running it, and return its name."""
    command: click.Command = rxtweets
    context: click.Context | None = None
    while isinstance(command, click.Group):
        context = click.Context(command, parent=context, info_name=command.name)
        found = command.get_command(context, words[0])
        assert found is not None, words
        command, words = found, words[1:]
    return command.make_context(command.name, words, parent=context).command_path


def commands(service: dict[str, Any]) -> list[str]:
    return [str(word) for word in service["command"]]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what the files say has to be set."""
    monkeypatch.setenv("RXTWEETS_LOG", "nats://posts:pw@node1:4222,node2:4222,node3:4222/x-filter")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_units(unit: Path, tmp_path: Path, environment: None) -> None:
    """Each unit is one, starts again when it fails, and its command line is a real one."""
    text = unit.read_text(encoding="utf-8")
    parsed = RawConfigParser()
    parsed.optionxform = str  # type: ignore[assignment, method-assign]
    parsed.read_string(text)
    service = parsed["Service"]
    assert service["Restart"] == "always"
    path, *words = shlex.split(service["ExecStart"])
    if Path(path).name == "rxtweets":
        assert parse(words) in {"rxtweets relay filter", "rxtweets consume"}
    else:
        assert words == ["-c", "/etc/rxtweets/nats.conf"]
    if shutil.which("systemd-analyze"):
        copy = tmp_path / unit.name.replace("@", "@1")
        copy.write_text(text.replace(path, "/bin/true"), encoding="utf-8")
        done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True)
        assert (done.returncode, unit.name in done.stderr) == (0, False), done.stderr


def test_the_configuration() -> None:
    """nats-server takes its configuration, for each node."""
    for node in ("node1", "node2", "node3"):
        done = subprocess.run(
            [program(), "-c", str(DEPLOY / "nats.conf"), "-t"],
            env={**os.environ, "NODE": node, "LOG_PASSWORD": "a-password"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr


def test_compose(environment: None) -> None:
    """Compose starts three nodes that know each other, readers and workers, with real command lines."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    names = [name for name in services if name.startswith("node")]
    assert len(names) == 3
    for name in names:
        version = re.fullmatch(r"nats:(\d+)\.(\d+)-alpine", services[name]["image"])
        assert version is not None
        assert tuple(map(int, version.groups())) >= OLDEST
        words = commands(services[name])
        options = dict(zip(words[1::2], words[2::2], strict=True))
        assert options["-n"] == name
        assert options["--routes"] == ",".join(f"nats://{other}:6222" for other in names)
        shown = subprocess.run([program(), "--help"], capture_output=True, text=True)
        assert all(re.search(rf"{option}\b", shown.stdout + shown.stderr) for option in options)
    assert parse(commands(services["reader"])) == "rxtweets relay filter"
    assert parse(commands(services["worker"])) == "rxtweets consume"
    for name in ("reader", "worker"):
        assert services[name]["environment"]["RXTWEETS_LOG"].startswith("nats://node1:4222,node2:")
