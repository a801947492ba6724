"""Coverage-guided fuzzing of what reads the network: nothing but our own errors, no hang, bounded memory."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import fuzzing
from tests.peers import environments

SECONDS = 300


@pytest.mark.parametrize("data", [b"", *fuzzing.seeds()])
def test_where_it_begins(data: bytes) -> None:
    """The inputs that the fuzzer starts from are read without a failure, also without their last byte."""
    fuzzing.check(data)
    fuzzing.check(data[:-1])


@pytest.mark.soak
def test_for_minutes(tmp_path: Path) -> None:
    """Chunks, gzip, framing, decoding and the parser of rules hold, whatever inputs reach new code."""
    try:
        python = environments.python(tmp_path, "atheris", os.environ)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"atheris can't be installed here: {str(error)[-300:]}")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    command = [str(python), "-m", "tests.fuzzing", str(SECONDS), str(corpus)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    assert done.returncode == 0, done.stderr[-5000:]
    print(done.stderr[-300:])
