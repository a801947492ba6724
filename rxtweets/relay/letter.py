"""`DeadLetter`: a message that couldn't be worked on."""

from __future__ import annotations

from datetime import datetime

import msgspec

__all__ = ["DeadLetter"]


class DeadLetter(msgspec.Struct, frozen=True):
    """A message that a group couldn't process.

    Attributes:
        sequence: the letter's number in the log.
        at: when it was set aside, by the server's clock; aware.
        frame: the message, as it was received; for `rxtweets.messages.decode`.
        error: the exception of the last attempt, as text.
        attempts: how many attempts there were.
    """

    sequence: int
    at: datetime
    frame: bytes
    error: str
    attempts: int
