"""Seeds of users, and files that have them: nats-py would read a wrong one for ever, or again and again."""

from __future__ import annotations

import re
from collections import UserString
from pathlib import Path
from typing import Any

from rxtweets.errors import LogUnauthorized

_SEED = rb"SU[A-D][A-Z2-7]{55}"
_CREDENTIALS = rb"BEGIN NATS USER JWT.*\n.+\n(?s:.)*BEGIN USER NKEY SEED.*\n" + _SEED + rb"\n"
"""A user's. Source: NATS's nkeys and jwt libraries."""


def is_seed(text: bytes) -> bool:
    """Return whether *text* is the seed of a user."""
    return re.fullmatch(_SEED, text) is not None


def check_files(options: dict[str, Any]) -> None:
    """Check the files that the options name, as they are now.

    Raises:
        OSError: one can't be read.
        LogUnauthorized: one has something else in it.
    """
    path, given = options.get("nkeys_seed"), options.get("user_credentials")
    if path is not None and not is_seed(Path(path).read_bytes().strip()):
        raise LogUnauthorized(f"{path} has no seed of a user in it")
    if isinstance(given, tuple):
        token, seed = given
        if not Path(token).read_bytes() or not is_seed(Path(seed).read_bytes()):
            raise LogUnauthorized(f"{token} and {seed} have no token, or no seed, of a user in them alone")
    elif given is not None:
        raw = isinstance(given, UserString)
        text = str(given).encode() if raw else Path(given).read_bytes()
        if not re.search(_CREDENTIALS, text):
            raise LogUnauthorized(f"{'the text' if raw else given} has no token and seed of a user in it")
