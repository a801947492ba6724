"""What every decoded message has: the bytes it came in, and what of them did not fit its type."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

# The keys under which a JSON message could name the two bookkeeping fields. They are names nobody uses, and
# the length bounds below make every value but the default invalid: JSON can never set these fields. The
# bounds hold while decoding only; Python code gives whatever values it likes.
BOOKKEEPING = {"raw": "\x7fraw", "drift": "\x7fdrift"}


class Message(Struct, frozen=True, kw_only=True, gc=False, rename=BOOKKEEPING):
    """A message of a stream, immutable; equal to another of its kind with the same bytes and fields.

    `raw`: the bytes as received, without the line end; empty in a message built by hand or part of another.
    `drift`: JSON paths (`"user.description"`) of the values that had another type than documented and could
    not be taken as they were; the fields in question hold their defaults, or the value converted where that
    loses nothing (`"12"` for `12`). Empty for a message as documented.
    """

    raw: Annotated[bytes, Meta(max_length=0)] = b""
    drift: Annotated[tuple[str, ...], Meta(max_length=0)] = ()

    def json(self) -> Any:
        """The JSON as received, decoded anew on each call; None in a message without `raw`.

        Every field is in it, also those that have no attribute.
        """
        return msgspec.json.decode(self.raw) if self.raw else None

    def __hash__(self) -> int:
        return hash(self.raw)


class Undecodable(Message, frozen=True, kw_only=True):
    """A frame that is not JSON.

    `error`: what was wrong with it, in a sentence.
    """

    error: str = ""


class Unknown(Message, frozen=True, kw_only=True):
    """A frame that is JSON, but no kind of message known to this version: see `json()`."""
