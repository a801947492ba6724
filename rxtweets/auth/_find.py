"""The search for credentials of all kinds."""

from __future__ import annotations

import os
from typing import NamedTuple

from . import _store
from ._credentials import AppOnly, BearerToken, OAuth1
from ._user import OAuth2User


class Credentials(NamedTuple):
    """The credentials there are for each protocol, and of a user of v2; None for none."""

    v2: BearerToken | AppOnly | None
    v1: OAuth1 | None
    user: OAuth2User | None = None


def find_credentials(path: str | os.PathLike[str] | None = None) -> Credentials:
    """Return all credentials in the environment, or in the file at *path*; for v2 a token before a key.

    Those of a file and of the environment are never mixed: they may be of two accounts.

    Raises:
        ValueError: something found is malformed, or the file is not TOML or can be read by others.
        OSError: the file can't be opened.
    """
    sources = _store.environment() if path is None else [_store.file(path)]

    def first(parts: tuple[str, ...]) -> tuple[str, ...] | None:
        return next((found for source in sources if (found := _store.picked(source, parts))), None)

    bearer, app, signed, user = (first(kind._parts) for kind in (BearerToken, AppOnly, OAuth1, OAuth2User))
    return Credentials(
        BearerToken(*bearer) if bearer else AppOnly(*app) if app else None,
        OAuth1(*signed) if signed else None,
        None if not user else OAuth2User.from_env() if path is None else OAuth2User.from_file(path),
    )
