"""The server that the examples stream from: X if you have credentials, else the emulator; or a log."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from rxtweets.emulator import Emulator

if TYPE_CHECKING:
    from rxtweets.relay import JetStream


@contextmanager
def x_or_emulator(
    *variables: str, level: Literal["pay_per_use", "enterprise"] = "pay_per_use"
) -> Iterator[None]:
    """Run what is inside on X if these environment variables are set, else on the emulator at that level.

    `RXTWEETS_BASE_URL` counts as well: with it an emulator, or another server, is there already. With
    `--emulator` on the command line it is the emulator in any case. A program of yours doesn't need this:
    without it, it runs on X.
    """
    asked = "--emulator" in sys.argv
    if not asked and ("RXTWEETS_BASE_URL" in os.environ or all(name in os.environ for name in variables)):
        yield
        return
    why = "As you asked for" if asked else "Without credentials"
    print(f"{why}: made-up posts, from the emulator.", file=sys.stderr)
    with Emulator(level=level) as emulator:
        before = dict(os.environ)
        os.environ.update(emulator.env())
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def named_log() -> JetStream | None:
    """Return the log whose address is on the command line, such as nats://127.0.0.1:4222/x-sample."""
    for word in sys.argv[1:]:
        if "://" in word:
            from rxtweets.relay import JetStream  # which needs the extra

            server, _, stream = word.rpartition("/")
            return JetStream(server, stream=stream)
    return None
