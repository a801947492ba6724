"""Seeds of users, and files that have them: nats-py would read a wrong one for ever, or again and again."""

from __future__ import annotations

import os
import re
import stat
from collections import UserString
from pathlib import Path
from typing import Any

from nats.aio.client import RawCredentials

from rxtweets.errors import LogUnauthorized

_SEED = rb"SU[A-D][A-Z2-7]{55}"
_CREDENTIALS = rb"BEGIN NATS USER JWT.*\n(.+)\n(?s:.)*?BEGIN USER NKEY SEED.*\n(" + _SEED + rb")\n"
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


def with_files_read(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options for nats-py, with what their files have in them now in the place of the paths.

    nats-py would read them again when the server has answered, which may be seconds later.

    Raises:
        OSError: one can't be read.
        LogUnauthorized: one has something else in it, or is no file.
    """
    read = dict(options)
    path, given = read.pop("nkeys_seed", None), options.get("user_credentials")
    if path is not None:
        seed = _read(path).strip()
        if not is_seed(seed):
            raise LogUnauthorized(f"{path} has no seed of a user in it")
        read["nkeys_seed_str"] = options.get("nkeys_seed_str") or seed.decode()
    if isinstance(given, tuple):
        token, seed = map(_read, given)
        if not token or not is_seed(seed):
            raise LogUnauthorized(
                f"{given[0]} and {given[1]} have no token, or no seed, of a user in them alone"
            )
        read["user_credentials"] = _raw(token, seed)
    elif given is not None:
        raw = isinstance(given, UserString)
        found = re.search(_CREDENTIALS, str(given).encode() if raw else _read(given))
        if found is None:
            raise LogUnauthorized(f"{'the text' if raw else given} has no token and seed of a user in it")
        read["user_credentials"] = _raw(*found.groups())
    return read


def _raw(token: bytes, seed: bytes) -> RawCredentials:
    text = b"BEGIN NATS USER JWT\n%s\nBEGIN USER NKEY SEED\n%s\n" % (token.strip(), seed)
    return RawCredentials(text.decode(errors="replace"))


def _read(path: Any) -> bytes:
    """Return what a file has in it. A pipe is refused: it would be waited for."""
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise LogUnauthorized(f"{path} is a pipe or a device, not a file")
    with Path(path).open("rb") as file:
        text = file.read(_LONGEST + 1)
    if len(text) > _LONGEST:
        raise LogUnauthorized(f"{path} is longer than {_LONGEST:,} bytes")
    return text
