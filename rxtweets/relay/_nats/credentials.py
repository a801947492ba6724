"""Seeds of users, and files that have them: nats-py would read a wrong one for ever, or again and again."""

from __future__ import annotations

import os
import re
import stat
from collections import UserString
from pathlib import Path
from typing import Any

from rxtweets.errors import LogUnauthorized

_SEED = rb"SU[A-D][A-Z2-7]{55}"
_CREDENTIALS = rb"BEGIN NATS USER JWT.*\n.+\n(?s:.)*BEGIN USER NKEY SEED.*\n" + _SEED + rb"\n"
"""A user's. Source: NATS's nkeys and jwt libraries."""

_LONGEST = 65_536
"""The most bytes that a file of credentials may have."""


def is_seed(text: bytes) -> bool:
    """Return whether *text* is the seed of a user."""
    return re.fullmatch(_SEED, text) is not None


def check_paths(options: dict[str, Any]) -> None:
    """Check that the options that name files do, and aren't the secrets themselves, which errors would show.

    Raises:
        ValueError: one doesn't.
    """
    path, given = options.get("nkeys_seed"), options.get("user_credentials")
    if path is not None and not _is_path(path):
        raise ValueError("nkeys_seed is the path of a file; the seed itself is nkeys_seed_str")
    paths = given if isinstance(given, tuple) and len(given) == 2 else (given,)
    if not (given is None or isinstance(given, UserString) or all(map(_is_path, paths))):
        raise ValueError(
            "user_credentials is the path of a file, or those of a token and a seed; "
            "the text itself is a nats.aio.client.RawCredentials"
        )


def _is_path(given: object) -> bool:
    return isinstance(given, str | os.PathLike) and not re.search(r"[\0\n]|^SU[A-D][A-Z2-7]{55}$", str(given))


def check_files(options: dict[str, Any]) -> None:
    """Check the files that the options name, as they are now.

    Raises:
        OSError: one can't be read.
        LogUnauthorized: one has something else in it, or is no file.
    """
    path, given = options.get("nkeys_seed"), options.get("user_credentials")
    if path is not None and not is_seed(_read(path).strip()):
        raise LogUnauthorized(f"{path} has no seed of a user in it")
    if isinstance(given, tuple):
        token, seed = given
        if not _read(token) or not is_seed(_read(seed)):
            raise LogUnauthorized(f"{token} and {seed} have no token, or no seed, of a user in them alone")
    elif given is not None:
        raw = isinstance(given, UserString)
        text = str(given).encode() if raw else _read(given)
        if not re.search(_CREDENTIALS, text):
            raise LogUnauthorized(f"{'the text' if raw else given} has no token and seed of a user in it")


def _read(path: Any) -> bytes:
    """Return what a file has in it. A pipe is refused: this would wait for it, and nats-py reads it again."""
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise LogUnauthorized(f"{path} is a pipe or a device, not a file")
    with Path(path).open("rb") as file:
        text = file.read(_LONGEST + 1)
    if len(text) > _LONGEST:
        raise LogUnauthorized(f"{path} is longer than {_LONGEST:,} bytes")
    return text
