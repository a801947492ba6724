"""From a frame to the message it is."""

from __future__ import annotations

import msgspec
from msgspec.structs import force_setattr

from rxtweets.messages._base import Message, Undecodable, Unknown
from rxtweets.messages.post import Post
from rxtweets.messages.status import Status


def decode(frame: bytes) -> Message:
    """The message that a frame holds; never raises."""
    try:
        value = msgspec.json.decode(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Undecodable(raw=frame, error=str(error))
    if isinstance(value, dict):
        try:
            message: Message | None = None
            if "text" in value and "user" in value:
                message = msgspec.convert(value, Status)
            elif isinstance(value.get("data"), dict) and "text" in value["data"]:
                message = msgspec.convert(value["data"], Post)
        except msgspec.ValidationError:
            message = None
        if message is not None:
            force_setattr(message, "raw", frame)
            return message
    return Unknown(raw=frame)
