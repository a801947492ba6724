"""Environments of their own for other people's clients, made when first asked for."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

CLIENTS = {
    "tweepy3": ["tweepy==3.10.0", "standard-imghdr; python_version >= '3.13'"],
    "tweepy4": ["tweepy[async]==4.17.*"],
    "xdk": ["xdk"],
    "twarc": ["twarc"],
    "twython": ["twython"],
    "TwitterAPI": ["TwitterAPI"],
    "python-twitter": ["python-twitter"],
    "python-twitter-v2": ["python-twitter-v2"],
    "twitter": ["twitter"],
    "schemathesis": ["schemathesis==4.*"],
    "atheris": ["atheris", "reactivex", "requests", "requests-oauthlib", "msgspec", "lark", "wcwidth"],
}
"""The packages that pip installs, by the name of the environment."""

NODE = ["twitter-api-v2", "https-proxy-agent"]
"""The packages that npm installs."""

LONGEST = 180.0
"""Seconds that an installation may take."""


def python(folder: Path, client: str, environ: Mapping[str, str]) -> Path:
    """The interpreter of the client's environment below `folder`; it is kept there for the next run.

    `environ` holds how this machine's pip gets at packages. Raises RuntimeError, with what pip said,
    where the client can't be installed.
    """
    wanted = CLIENTS[client]
    name = re.sub(r"[^\w.]+", "-", " ".join([*wanted, sys.version.split()[0]])).strip("-")
    home = folder / name
    interpreter = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    complete = home / "complete"
    if not complete.exists():
        _run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(home)], environ)
        pip = [sys.executable, "-m", "pip", "--python", str(interpreter), "--disable-pip-version-check"]
        _run([*pip, "install", "--quiet", *wanted], environ)
        complete.touch()
    return interpreter


def node(folder: Path, environ: Mapping[str, str]) -> Path:
    """The folder of packages that programs for Node.js require, kept below `folder` likewise."""
    home = folder / "node"
    complete = home / "complete"
    if not complete.exists():
        home.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm") or "npm"
        _run([npm, "install", "--no-audit", "--no-fund", "--prefix", str(home), *NODE], environ)
        complete.touch()
    return home / "node_modules"


def _run(command: list[str], environ: Mapping[str, str]) -> None:
    done = subprocess.run(
        command, env=environ, capture_output=True, encoding="utf-8", errors="replace", timeout=LONGEST
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
