"""Clients that aren't written in Python."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rxtweets.emulator import Emulator

from .conftest import PROGRAMS, environment, said

pytestmark = pytest.mark.peers


@pytest.mark.skipif(shutil.which("npm") is None, reason="Node.js and npm are needed")
def test_twitter_api_v2(emulator: Emulator, packages: Callable[[], Path], tmp_path: Path) -> None:
    """twitter-api-v2 manages rules and reads the filtered stream, the sample, and v1.1's filter."""
    program = subprocess.Popen(
        ["node", str(PROGRAMS / "twitter_api_v2.js")],
        cwd=tmp_path,
        env={**environment(emulator), "NODE_PATH": str(packages())},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    got = said(program)
    assert got["rules"] == [["cat"]]
    assert [message["matching_rules"][0]["tag"] for message in got["filtered"]] == ["pets"] * 10
    assert all(message["includes"]["users"] for message in got["filtered"])
    assert len(got["sampled"]) == len(got["statuses"]) == 10
    assert got["error"] == [401]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is needed")
def test_curl(emulator: Emulator) -> None:
    """curl reads a compressed stream until it is closed."""
    emulator.rate = 0
    bearer, url = f"Authorization: Bearer {emulator.bearer_token}", "https://api.x.com/2/tweets/sample/stream"
    process = subprocess.Popen(
        ["curl", "-sS", "--compressed", "--no-buffer", "--max-time", "30", "--header", bearer, url],
        env=environment(emulator),
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    emulator.wait_for_streams(1, timeout=20)
    emulator.publish("one")
    emulator.publish("two")
    emulator.close_streams()
    output, _ = process.communicate(timeout=40)
    assert process.returncode == 0
    assert [json.loads(line)["data"]["text"] for line in output.splitlines() if line] == ["one", "two"]
