from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rxtweets.emulator import X_HOSTS, Emulator

from . import environments

PROGRAMS = Path(__file__).parent / "programs"

Said = dict[str, list[Any]]
"""The values that a program says it received, in order, by kind."""

Run = Callable[..., Said]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder for environments: PEERS_ENVIRONMENTS if set, else a temporary one."""
    kept = os.environ.get("PEERS_ENVIRONMENTS")
    return Path(kept).absolute() if kept else tmp_path_factory.mktemp("environments")


@pytest.fixture(scope="session")
def interpreter(folder: Path) -> Callable[[str], Path]:
    """The interpreter of a client's environment."""
    environ = dict(os.environ)  # with whatever leads to packages, which single tests don't see
    return lambda client: environments.python(folder, client, environ)


@pytest.fixture(scope="session")
def packages(folder: Path) -> Callable[[], Path]:
    """The folder of Node.js's packages."""
    environ = dict(os.environ)
    return lambda: environments.node(folder, environ)


@pytest.fixture
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """An emulator that stands in for X's own hosts, for an enterprise that has all streams."""
    seed: int = getattr(request.module, "SEED", 4)
    with Emulator(tls=X_HOSTS, rate=400, seed=seed, level="enterprise") as emulator:
        yield emulator


def environment(emulator: Emulator) -> dict[str, str]:
    """All that a program is told: the way to the emulator, its CA, and the credentials."""
    keys = emulator.oauth1
    system = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    return {
        **system,
        **emulator.proxy_env(),
        "PYTHONIOENCODING": "utf-8",
        "BEARER_TOKEN": emulator.bearer_token,
        "CONSUMER_KEY": keys.consumer_key,
        "CONSUMER_SECRET": keys.consumer_secret,
        "ACCESS_TOKEN": keys.access_token,
        "ACCESS_TOKEN_SECRET": keys.access_token_secret,
    }


@pytest.fixture
def start(
    emulator: Emulator, interpreter: Callable[[str], Path], tmp_path: Path
) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a program in its client's environment; parameters are given to it as JSON."""
    running: list[subprocess.Popen[str]] = []

    def start(client: str, program: str, *what: object, **told: str) -> subprocess.Popen[str]:
        words = [word if isinstance(word, str) else json.dumps(word) for word in what]
        process = subprocess.Popen(
            [str(interpreter(client)), str(PROGRAMS / program), *words],
            cwd=tmp_path,
            env={**environment(emulator), **told},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> Said:
    """Wait for a program's end, and return what it has received."""
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    found: Said = defaultdict(list)
    for line in output.splitlines():
        message = json.loads(line)
        found[message["kind"]].append(message["value"])
    return found


@pytest.fixture
def run(start: Callable[..., subprocess.Popen[str]]) -> Run:
    """Run a program in its client's environment and return what it received."""
    return lambda *words, **told: said(start(*words, **told))
