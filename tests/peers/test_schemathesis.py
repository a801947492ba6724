"""Schemathesis makes requests of X's description, right and wrong, and judges the answers by it."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rxtweets.emulator import Emulator, Limits
from tests.emulator.described import description, streams

from .conftest import PROGRAMS

EXAMPLES = 30
"""Requests that are made up for each operation, beside those for each of its conditions."""


def _keep_public(whole: dict[str, Any]) -> None:
    """Leave out the kinds of events that the app's token isn't enough for, which no schema can say."""
    kind = whole["components"]["schemas"]["CreateActivitySubscriptionRequest"]["properties"]["event_type"]
    kind["enum"] = [name for name in kind["enum"] if name.startswith(("profile.", "follow.", "post.create"))]


@pytest.mark.peers
def test_no_answer_violates_the_description(interpreter: Callable[[str], Path], tmp_path: Path) -> None:
    """All of its checks hold over all paths but those of streams, singly and in sequence."""
    whole = copy.deepcopy(description())
    paths = {path: item for path, item in whole["paths"].items() if path not in streams()}
    assert len(paths) == 12
    _keep_public(whole)
    (tmp_path / "description.json").write_text(json.dumps({**whole, "paths": paths}))
    # Of this test's environment only what leads to this machine's programs: no credentials, no proxies.
    system = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    hooks = {
        "SCHEMATHESIS_HOOKS": PROGRAMS.joinpath("schemathesis_hooks.py").stem,
        "PYTHONPATH": str(PROGRAMS),
    }
    with Emulator(rate=0, level="enterprise", limits=Limits.none()) as emulator:
        ran = subprocess.run(
            [
                *(str(interpreter("schemathesis")), "-m", "schemathesis.cli", "run", "description.json"),
                *("--url", emulator.base_url, "--header", f"Authorization: Bearer {emulator.bearer_token}"),
                *("--mode", "all", "--max-examples", str(EXAMPLES), "--seed", "4"),
                *("--generation-database", "none", "--continue-on-failure", "--no-color"),
            ],
            cwd=tmp_path,
            env={**system, **hooks},
            capture_output=True,
            encoding="utf-8",
            timeout=600,
        )
        asked = {(request.method, request.path) for request in emulator.requests}
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Tested: 17" in ran.stdout
    for path in ("/2/tweets/search/all", "/2/tweets/counts/recent", "/2/usage/tweets"):
        assert ("GET", path) in asked
    for path in ("/2/tweets/search/stream/rules", "/2/activity/subscriptions"):
        assert {("GET", path), ("POST", path)} <= asked
