"""Everything the emulator can be asked to do, each kind as a value.

Python's methods, ``POST /emulator/do``, scenario files and the console all speak in these. As JSON or TOML an
action is an object whose ``do`` names its kind, such as ``{"do": "answer", "status": 503, "times": 2}``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct

from .checks import check_answer, check_bounds
from .disconnects import CODES, TYPES

LONGEST_LINE = 1024 * 1024 * 1024
"""Bytes that a long line may have."""
WIDEST_WINDOW = 1000
"""Messages that may be held back to send them in another order."""

Inside = Literal["message", "chunk_header", "character", "gzip"]


class Action(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    """What can be done."""


class OnStreams(Action, frozen=True, kw_only=True):
    """What is done to open streams: all, or those of a `path` or `protocol` (``"1.1"``, ``"2"``)."""

    path: str | None = None
    protocol: Literal["1.1", "2"] | None = None


class Publish(Action, frozen=True, kw_only=True, tag="publish"):
    """Make a post of that text and send it to the streams that it matches.

    `author` is a screen name or a user id, `lang` a language code, `coordinates` longitude and latitude.
    """

    text: str
    author: str | int | None = None
    lang: str | None = None
    coordinates: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.coordinates is not None:
            longitude, latitude = self.coordinates
            if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
                raise ValueError(
                    "coordinates must be a longitude within ±180 and a latitude within ±90,"
                    f" got {longitude}, {latitude}"
                )


class Send(OnStreams, frozen=True, kw_only=True, tag="send"):
    """Send the object `message` as a message, or `text` or `data` as they stand.

    `data` are bytes; in JSON and TOML, which have none, they are written in base64.
    """

    message: dict[str, Any] | None = None
    text: str | None = None
    data: bytes | None = None

    def __post_init__(self) -> None:
        _one_of(self, "message", "text", "data")


class Answer(Action, frozen=True, kw_only=True, tag="answer"):
    """Answer the next requests for a stream, or for `path`, with a status, whatever else they deserve.

    The next `times` requests (1 if nothing is said), or all for so many `seconds` of the emulator's clock;
    with both, whichever ends first. `body` is text, or an object to send as JSON; without one it is as the
    protocol has it. Beside `headers`, v2's answers tell of rate limits as all do: a 429 says that nothing is
    left until the order's `seconds` are over, or else the window is. One whose `body` is about too many
    connections or a usage cap says what is left, as X does. No order counts against a limit.
    """

    status: int
    times: int | None = None
    seconds: float | None = None
    headers: dict[str, str] = {}
    body: str | dict[str, Any] | None = None
    data: bytes | None = None
    path: str | None = None

    def __post_init__(self) -> None:
        check_answer(self.status, self.headers)
        check_bounds(self.times, self.seconds)
        if self.body is not None and self.data is not None:
            raise ValueError("an answer has either a body or data, not both")


class Mute(Action, frozen=True, kw_only=True, tag="mute"):
    """Take the next requests for a stream, or for `path`, and never answer.

    `times` and `seconds` are as with `answer`. `head`, as text, is the beginning of an answer that is sent
    and not gone on with.
    """

    times: int | None = None
    seconds: float | None = None
    head: str = ""
    path: str | None = None

    def __post_init__(self) -> None:
        check_bounds(self.times, self.seconds)


class ClearFaults(Action, frozen=True, kw_only=True, tag="clear_faults"):
    """Take back each `answer`, `mute`, `duplicate`, `reorder`, `fragment`, and what clients have earned."""


class Stall(OnStreams, frozen=True, kw_only=True, tag="stall"):
    """Send nothing on streams, those to come included, until `resume`; `keep_alives` go on if so wished.

    Posts made meanwhile aren't sent later, but a client that asks for what it has missed gets them.
    """

    keep_alives: bool = False


class Resume(Action, frozen=True, kw_only=True, tag="resume"):
    """End every stall."""


class Close(OnStreams, frozen=True, kw_only=True, tag="close"):
    """End streams with their last chunk.

    With `inside` the body is whole HTTP but ends within a message, within a character of one, or, with
    ``"gzip"``, without the end of the compressed data.
    """

    inside: Literal["message", "character", "gzip"] | None = None


class Cut(OnStreams, frozen=True, kw_only=True, tag="cut"):
    """Close streams' connections (FIN) without the last chunk.

    With `inside` the last bytes are a part: of a message in a chunk whose size said more, of a chunk's
    header, of a character's UTF-8, or, on compressed streams, of the compressed data of a message.
    """

    inside: Inside | None = None


class Reset(OnStreams, frozen=True, kw_only=True, tag="reset"):
    """Reset streams' connections (RST); `inside` is as with `cut`."""

    inside: Inside | None = None


class Disconnect(OnStreams, frozen=True, kw_only=True, tag="disconnect"):
    """Say goodbye as the site does, then end streams with their last chunk.

    `code` (1 to 7, 9 to 12) is for v1.1's streams and `type` for v2's; without either each stream gets the
    goodbye of its protocol that asks for nothing but to come back: 1, UpstreamOperationalDisconnect.
    """

    code: int | None = None
    type: str | None = None

    def __post_init__(self) -> None:
        if self.code is not None and self.type is not None:
            raise ValueError("a disconnect has either a code (v1.1) or a type (v2), not both")
        if self.code is not None and self.code not in CODES:
            raise ValueError(f"code must be one of {_listed(CODES)}, got {self.code}")
        if self.type is not None and self.type not in TYPES:
            raise ValueError(f"type must be one of {_listed(TYPES)}, got {self.type!r}")


class Garbage(OnStreams, frozen=True, kw_only=True, tag="garbage"):
    """Send what is no message between messages: `text`, `data` (base64 in JSON), or many nasty lines."""

    text: str | None = None
    data: bytes | None = None

    def __post_init__(self) -> None:
        if self.text is not None and self.data is not None:
            raise ValueError("garbage is either text or data, not both")


class LongLine(OnStreams, frozen=True, kw_only=True, tag="long_line"):
    """Send one line of `size` bytes, its end included: a post with a long text, or letters if not `valid`.

    It is made while it is sent and goes as fast as it is read; what else there is to send waits behind it.
    """

    size: int = 10 * 1024 * 1024
    valid: bool = True

    def __post_init__(self) -> None:
        if not 1024 <= self.size <= LONGEST_LINE:
            raise ValueError(f"size must be from 1024 to {LONGEST_LINE} bytes, got {self.size}")


class Duplicate(OnStreams, frozen=True, kw_only=True, tag="duplicate"):
    """Send that `share` of all messages (0 to 1) twice, half of them a bit later; until `clear_faults`."""

    share: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"share must be from 0 to 1, got {self.share}")


class Reorder(OnStreams, frozen=True, kw_only=True, tag="reorder"):
    """Send messages in another order, `window` at a time or those of half a second; until `clear_faults`."""

    window: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.window <= WIDEST_WINDOW:
            raise ValueError(f"window must be from 1 to {WIDEST_WINDOW} messages, got {self.window}")


class Fragment(OnStreams, frozen=True, kw_only=True, tag="fragment"):
    """Send all in chunks and TCP segments of `size` bytes, wherever they cut; until `clear_faults`."""

    size: int = 7

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"size must be at least 1 byte, got {self.size}")


class Skew(Action, frozen=True, kw_only=True, tag="skew"):
    """Set the emulator's clock wrong by so many `seconds`: to the future, or to the past if negative."""

    seconds: float

    def __post_init__(self) -> None:
        if not -1e9 <= self.seconds <= 1e9:
            raise ValueError(f"seconds must be within ±1,000,000,000, got {self.seconds}")


class Rate(Action, frozen=True, kw_only=True, tag="rate"):
    """Make so many posts a second (`posts`): a number, or ``"max"`` for as many as can be."""

    posts: float | Literal["max"]

    def __post_init__(self) -> None:
        if not self.per_second >= 0:
            raise ValueError(f'posts must be 0 or more a second, or "max", got {self.posts}')

    @property
    def per_second(self) -> float:
        return math.inf if self.posts == "max" else float(self.posts)


class KeepAlive(OnStreams, frozen=True, kw_only=True, tag="keep_alive"):
    """Send a keep-alive at once."""


class RenewBearerToken(Action, frozen=True, kw_only=True, tag="renew_bearer_token"):
    """Refuse the present bearer token from now on; the result is the one that takes its place."""


KINDS: dict[str, type[Action]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (
        Publish,
        Send,
        Answer,
        Mute,
        ClearFaults,
        Stall,
        Resume,
        Close,
        Cut,
        Reset,
        Disconnect,
        Garbage,
        LongLine,
        Duplicate,
        Reorder,
        Fragment,
        Skew,
        Rate,
        KeepAlive,
        RenewBearerToken,
    )
}
"""The actions by their names."""


def _one_of(action: Action, *names: str) -> None:
    if sum(getattr(action, name) is not None for name in names) != 1:
        raise ValueError(f"give exactly one of {', '.join(names)}")


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))
