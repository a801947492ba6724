"""pyright, by which editors go, as a check of types."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def check(folder: Path, include: Sequence[Path]) -> None:
    """Fail if strict mode finds an error in the files *include*, or in those in such a folder.

    Args:
        folder: where the settings are written.
        include: files and folders; one process checks all.
    """
    pytest.importorskip("basedpyright")
    project = folder / "pyrightconfig.json"
    settings = {"include": list(map(str, include)), "typeCheckingMode": "strict", "extraPaths": [str(ROOT)]}
    project.write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "basedpyright", "-p", str(project), "--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
