"""Keeps what is signed, and with what, out of the logs of the libraries that sign and verify."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextvars import ContextVar

_signing: ContextVar[bool] = ContextVar("signing", default=False)


@contextlib.contextmanager
def unlogged() -> Iterator[None]:
    """Drop what oauthlib and requests_oauthlib log in this block: keys, tokens, base strings, whole headers.

    What others have them do meanwhile on other threads is logged as before, at the level the program chose.
    Both libraries must have been imported.
    """
    # A filter holds for the very logger it is added to, so each gets it; adding it again does nothing.
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("oauthlib", "requests_oauthlib"):
            logging.getLogger(name).addFilter(_wanted)
    token = _signing.set(True)
    try:
        yield
    finally:
        _signing.reset(token)


def _wanted(_: logging.LogRecord) -> bool:
    return not _signing.get()
