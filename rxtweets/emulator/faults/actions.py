"""Everything that the emulator can be told to do, each kind as a value that performs itself.

``Emulator.do``, ``POST /emulator/do``, scenario files and the console use these. In JSON or TOML an action
is an object whose ``do`` names its kind, such as ``{"do": "answer", "status": 503, "times": 2}``.

To add a kind, write its class here under `kind`: every one of these ways finds it in `KINDS`.
"""

from __future__ import annotations

import difflib
import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from msgspec import Struct, structs

from rxtweets.emulator.app.records import EndReason, StreamRecord
from rxtweets.emulator.server.http import Request, encode, refuse
from rxtweets.emulator.server.wire import NoResponse
from rxtweets.emulator.world import events
from rxtweets.emulator.world.languages import checked_code

from . import noise, wire
from .checks import check_answer, check_bounds
from .disconnects import CODES, TYPES, disconnect_message
from .distortion import Distortion
from .fault_plan import FaultPlan, Ordered

if TYPE_CHECKING:
    from rxtweets.emulator.app.services import Services
    from rxtweets.emulator.streams.stream import OpenStream

LONGEST_LINE = 1024 * 1024 * 1024
"""Bytes that a long line may have."""
WIDEST_WINDOW = 1000
"""Messages that may be held back to send them in another order."""

Protocol = Literal["1.1", "2"]
Result = int | str | None
"""The number of streams reached, a new token, or nothing."""
_A = TypeVar("_A", bound="Action")

KINDS: dict[str, type[Action]] = {}
"""The kinds of action by their names, in the order in which they are listed and shown."""


def kind(action: type[_A]) -> type[_A]:
    """Make a kind of action available by its tag, over HTTP, in scenario files and on the console."""
    KINDS[str(action.__struct_config__.tag)] = action
    return action


class Action(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    """An action.

    `group` is the section of the console that has its form; `choices` has the values of each field that takes
    no others, with what the console calls them.
    """

    group: ClassVar[str] = "All"
    choices: ClassVar[Mapping[str, Mapping[Any, str]]] = {}

    @abstractmethod
    def perform(self, services: Services) -> Result:
        """Do it, on the emulator's loop.

        Raises:
            ValueError: it can't be done now, as when no open stream is compressed that could be cut so; or
                it names an author that doesn't exist.
        """
        raise NotImplementedError


class StreamAction(Action, frozen=True, kw_only=True):
    """An action on open streams: all, or those of a `path` or `protocol` (``"1.1"``, ``"2"``), or a `stream`.

    The latter is given by its id, as `Emulator.streams` and ``GET /emulator/state`` have it. The result of
    the action is the number of streams that it reached.
    """

    group = "Disturb"

    path: str | None = None
    protocol: Protocol | None = None
    stream: str | None = None

    def is_for(self, record: StreamRecord) -> bool:
        """Tell whether it is for this stream."""
        return (
            self.path in (None, record.path)
            and self.protocol in (None, record.protocol)
            and self.stream in (None, record.id)
        )

    def reachable(self, streams: Iterable[OpenStream]) -> list[OpenStream]:
        """Return the streams that it can act on: of those that it is for, all that aren't stalled."""
        return [stream for stream in streams if not stream.distortion.stalled]

    def perform(self, services: Services) -> int:
        """Act on each of the streams, and return how many there were."""
        streams = self.reachable(
            [stream for stream in services.hub.streams.values() if self.is_for(stream.record)]
        )
        for stream in streams:
            self.act(stream, services)
        return len(streams)

    @abstractmethod
    def act(self, stream: OpenStream, services: Services) -> None:
        """Do it to one stream."""
        raise NotImplementedError


class StreamFault(StreamAction, frozen=True, kw_only=True):
    """A fault that streams have from now on, also those that open later."""

    @property
    def summary(self) -> str:
        """The fault in words."""
        fields = {
            "path": self.path,
            "protocol": self.protocol,
            "stream": self.stream,
            **structs.asdict(self),
        }
        parts = (
            name.replace("_", "-") if value is True else f"{name} {value}"
            for name, value in fields.items()
            if value not in (None, False)
        )
        return f"{self.__struct_config__.tag}: {', '.join(parts) or 'on all streams'}"

    @abstractmethod
    def distort(self, distortion: Distortion) -> None:
        """Change how a stream is distorted."""
        raise NotImplementedError

    def reachable(self, streams: Iterable[OpenStream]) -> list[OpenStream]:
        return list(streams)

    def enter(self, plan: FaultPlan) -> None:
        """Put it into force."""
        plan.apply(self)

    def perform(self, services: Services) -> int:
        self.enter(services.faults)
        return super().perform(services)

    def act(self, stream: OpenStream, services: Services) -> None:
        stream.distort(services.faults.distortion(stream.record))


class StreamEnd(StreamAction, frozen=True, kw_only=True):
    """An end of streams, which stalled ones have, too."""

    group = "End"

    def reachable(self, streams: Iterable[OpenStream]) -> list[OpenStream]:
        return list(streams)


class RequestFault(Action, frozen=True, kw_only=True):
    """A fault of the next `times` requests, or of all for so many `seconds`, for streams or for `path`."""

    group = "Requests"

    times: int | None = None
    seconds: float | None = None
    path: str | None = None

    def __post_init__(self) -> None:
        check_bounds(self.times, self.seconds)

    @property
    @abstractmethod
    def summary(self) -> str:
        """The fault in words, such as ``status 503``."""
        raise NotImplementedError

    @abstractmethod
    def reply(self, request: Request, until: float | None) -> Ordered | NoResponse:
        """Return what a request gets; `until` is when the fault ends, if that is known."""
        raise NotImplementedError


# --- the world


@kind
class Publish(Action, frozen=True, kw_only=True, tag="publish"):
    """Create a post with this text and send it to the streams that it matches.

    `author` is a screen name or a user id, `lang` a language code, `coordinates` longitude and latitude.
    """

    group = "World"

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

    def perform(self, services: Services) -> int:
        world = services.world
        author = None if self.author is None else world.people.find(self.author)
        lang = None if self.lang is None else checked_code(self.lang)
        return services.hub.publish(
            world.compose(self.text, author=author, lang=lang, point=self.coordinates)
        )


@kind
class Act(Action, frozen=True, tag="act"):
    """Let a `user` act: like, follow, mute, block, write a direct message, change a profile, and so on.

    `event` is a type of X Activity, such as ``"follow.follow"``; v1.1's user and site streams are told of the
    same. `user` and `other`, to whom it is done, are screen names or user ids: of the app's user and of
    somebody of the world if left out; for ``"dm.received"`` and ``"chat.received"`` the `other` acts. `text`
    is that of a message, a news story, a profile's new value, or of the post that is liked. The result is
    the number of messages sent. Posts are made by `publish`; ``"post.delete"`` deletes the user's latest.
    """

    group = "World"
    choices = {"event": {name: name for name in sorted(events.KINDS)}}

    event: str
    user: str | int | None = None
    other: str | int | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        if self.event not in events.KINDS:
            near = difflib.get_close_matches(self.event, events.KINDS, 3) or sorted(events.KINDS)
            raise ValueError(f"event must be one of {', '.join(near)}, got {self.event!r}")

    def perform(self, services: Services) -> int:
        people, accounts = services.world.people, services.authenticator.accounts
        user = people.find(accounts.user_id if self.user is None else self.user)
        other = None if self.other is None else people.find(self.other)
        account = services.graph.account(user.id)
        if self.event == "post.delete":
            post = services.hub.history.latest_by(user)
        else:
            post = services.world.compose(self.text or "Hello.", author=user)
        if post is None:
            raise ValueError(f"@{user.screen_name} has published no post that could be deleted")
        context = events.EventContext(account, post, services.world, other, self.text)
        event = events.happen(self.event, context)
        if event is None:
            raise ValueError(f"{self.event} can't happen to @{user.screen_name} now: name an `other`")
        if self.event == "oauth.revoke" and user.id == accounts.user_id:
            accounts.oauth2.revoke_all()
        services.world.events.append(event)
        return services.hub.announce()


@kind
class Rate(Action, frozen=True, kw_only=True, tag="rate"):
    """Make so many posts a second (`posts`): a number, or ``"max"`` for as many as can be."""

    group = "World"

    posts: float | Literal["max"]

    def __post_init__(self) -> None:
        if not self.per_second >= 0:
            raise ValueError(f'posts must be 0 or more a second, or "max", got {self.posts}')

    @property
    def per_second(self) -> float:
        """The rate as a number."""
        return math.inf if self.posts == "max" else float(self.posts)

    def perform(self, services: Services) -> None:
        services.producer.rate = self.per_second


@kind
class Skew(Action, frozen=True, tag="skew"):
    """Set the emulator's clock wrong by so many `seconds`: to the future, or to the past if negative.

    Dates, the windows of limits, the time that signatures must have, and the times of posts follow it.
    """

    group = "World"

    seconds: float

    def __post_init__(self) -> None:
        if not -1e9 <= self.seconds <= 1e9:
            raise ValueError(f"seconds must be within ±1,000,000,000, got {self.seconds}")

    def perform(self, services: Services) -> None:
        services.clock.skew = self.seconds


# --- requests


@kind
class Answer(RequestFault, frozen=True, kw_only=True, tag="answer"):
    """Answer the next requests for a stream, or for `path`, with a status, whatever else they deserve.

    The next `times` requests (1 by default), or all for so many `seconds` of the emulator's clock; with both,
    whichever ends first. `body` is text, or an object to send as JSON; without one it is as the protocol has
    it. Beside `headers`, v2's answers tell of rate limits as all do: a 429 says that nothing is left until
    the order's `seconds` are over, or else the window is. One whose `body` is about too many connections or
    a usage cap says what is left, as X does. No order counts against a limit.
    """

    status: int
    headers: dict[str, str] = {}
    body: str | dict[str, Any] | None = None
    data: bytes | None = None

    def __post_init__(self) -> None:
        check_answer(self.status, self.headers)
        super().__post_init__()
        if self.body is not None and self.data is not None:
            raise ValueError("an answer has either a body or data, not both")

    @property
    def summary(self) -> str:
        return f"status {self.status}"

    def reply(self, request: Request, until: float | None) -> Ordered:
        usual = refuse(request, self.status)
        content, content_type = usual.body if self.data is None else self.data, usual.content_type
        if isinstance(self.body, str):
            content, content_type = self.body.encode(), "text/plain; charset=utf-8"
        elif self.body is not None:
            content, content_type = encode(self.body), "application/json; charset=utf-8"
        headers = []
        for name, value in self.headers.items():
            if name.lower() == "content-type":
                content_type = value
            else:
                headers.append((name, value))
        return Ordered(self.status, content, content_type, tuple(headers), until)

    def perform(self, services: Services) -> None:
        services.faults.answer(self)


@kind
class Mute(RequestFault, frozen=True, kw_only=True, tag="mute"):
    r"""Take the next requests for a stream, or for `path`, and never answer: no head, no close.

    `times` and `seconds` are as for `answer`. `head`, as text, is the beginning of a response, such as
    ``"HTTP/1.1 200 OK\r\nContent-Ty"``, which is sent without the rest.
    """

    head: str = ""

    @property
    def summary(self) -> str:
        return "no answer"

    def reply(self, request: Request, until: float | None) -> NoResponse:
        return NoResponse(self.head.encode())

    def perform(self, services: Services) -> None:
        services.faults.mute(self)


# --- ends of streams


class PartialEnd(StreamEnd, frozen=True, kw_only=True):
    """An end of streams that may come `inside` of something, of those streams that have it."""

    inside: wire.Inside | None = None

    def reachable(self, streams: Iterable[OpenStream]) -> list[OpenStream]:
        return wire.suitable(streams, self.inside)


@kind
class Close(PartialEnd, frozen=True, kw_only=True, tag="close"):
    """End streams cleanly, with their last chunk.

    With `inside` the body is whole HTTP but ends within a message, within a character of one, or, with
    ``"gzip"``, without the end of the compressed data.
    """

    inside: Literal["message", "character", "gzip"] | None = None

    def act(self, stream: OpenStream, services: Services) -> None:
        wire.close(stream, services.world, self.inside)


@kind
class Cut(PartialEnd, frozen=True, kw_only=True, tag="cut"):
    """Close streams' connections (FIN) without the last chunk.

    With `inside` the last bytes are a part: of a message in a chunk whose size said more, of a chunk's
    header, of a character's UTF-8, or, on compressed streams, of the compressed data of a message.
    """

    def act(self, stream: OpenStream, services: Services) -> None:
        wire.cut(stream, services.world, self.inside)


@kind
class Reset(PartialEnd, frozen=True, kw_only=True, tag="reset"):
    """Reset streams' connections (RST); `inside` is as with `cut`."""

    def act(self, stream: OpenStream, services: Services) -> None:
        wire.reset(stream, services.world, self.inside)


@kind
class Disconnect(StreamEnd, frozen=True, kw_only=True, tag="disconnect"):
    """Send streams X's message that they are being disconnected, then end them with their last chunk.

    `code` (1 to 7, 9 to 12) is for v1.1's streams and `type` (such as ``"ForceDisconnect"``) for v2's;
    without either each stream gets the message of its protocol that asks for nothing but to come back: code
    1, UpstreamOperationalDisconnect.
    """

    choices = {
        "code": {code: f"{code} {name}" for code, name in CODES.items()},
        "type": {name: name for name in TYPES},
    }

    code: int | None = None
    type: str | None = None

    def __post_init__(self) -> None:
        if self.code is not None and self.type is not None:
            raise ValueError("a disconnect has either a code (v1.1) or a type (v2), not both")
        for name, allowed in self.choices.items():
            value = getattr(self, name)
            if value is not None and value not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}, got {value!r}")

    def reachable(self, streams: Iterable[OpenStream]) -> list[OpenStream]:
        protocol = "1.1" if self.code is not None else "2" if self.type is not None else None
        return [stream for stream in streams if protocol in (None, stream.record.protocol)]

    def act(self, stream: OpenStream, services: Services) -> None:
        last = disconnect_message(stream.record.protocol, stream.feed.name, self.code, self.type)
        stream.end(EndReason.OPERATOR, last)


# --- faults of open streams


@kind
class Stall(StreamFault, frozen=True, kw_only=True, tag="stall"):
    """Send nothing on streams, including future ones, until `resume`; `keep_alives` may continue.

    Posts made in the meantime aren't sent later, but a client that requests what it has missed gets them.
    """

    keep_alives: bool = False

    def distort(self, distortion: Distortion) -> None:
        if distortion.stalled != "all":
            distortion.stalled = "messages" if self.keep_alives else "all"

    def enter(self, plan: FaultPlan) -> None:
        plan.stall(self)


@kind
class Resume(Action, frozen=True, kw_only=True, tag="resume"):
    """End every stall, or let one `stream`, given by its id, continue although others are stalled."""

    group = "Disturb"

    stream: str | None = None

    def perform(self, services: Services) -> None:
        services.faults.resume(self.stream)
        _distort_streams(services)


@kind
class Garbage(StreamAction, frozen=True, kw_only=True, tag="garbage"):
    """Send what isn't a message, between messages: `text`, `data` (base64 in JSON), or nasty lines."""

    text: str | None = None
    data: bytes | None = None

    def __post_init__(self) -> None:
        if self.text is not None and self.data is not None:
            raise ValueError("garbage is either text or data, not both")

    def act(self, stream: OpenStream, services: Services) -> None:
        if self.text is None and self.data is None:
            for line in noise.GARBAGE:
                stream.send_raw(line + b"\r\n")
        else:
            stream.send_raw(_as_bytes(self.text, self.data))


@kind
class LongLine(StreamAction, frozen=True, tag="long_line"):
    """Send one line of `size` bytes, its end included: a post with a long text, or letters if not `valid`.

    It is generated as fast as it is read; everything else to send waits until it is complete.
    """

    size: int = 10 * 1024 * 1024
    valid: bool = True

    def __post_init__(self) -> None:
        if not 1024 <= self.size <= LONGEST_LINE:
            raise ValueError(f"size must be from 1024 to {LONGEST_LINE} bytes, got {self.size}")

    def act(self, stream: OpenStream, services: Services) -> None:
        stream.body.pour(noise.long_line(services.world, stream.feed, self.size, self.valid))


@kind
class Duplicate(StreamFault, frozen=True, tag="duplicate"):
    """Send this `share` of all messages (0 to 1) twice, half of them a bit later; until `clear_faults`."""

    share: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"share must be from 0 to 1, got {self.share}")

    def distort(self, distortion: Distortion) -> None:
        distortion.share = self.share


@kind
class Reorder(StreamFault, frozen=True, tag="reorder"):
    """Send messages in another order, `window` at a time or those of half a second; until `clear_faults`."""

    window: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.window <= WIDEST_WINDOW:
            raise ValueError(f"window must be from 1 to {WIDEST_WINDOW} messages, got {self.window}")

    def distort(self, distortion: Distortion) -> None:
        distortion.window = self.window


@kind
class Fragment(StreamFault, frozen=True, tag="fragment"):
    """Send everything in chunks and TCP segments of `size` bytes, cut anywhere; until `clear_faults`."""

    size: int = 7

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"size must be at least 1 byte, got {self.size}")

    def distort(self, distortion: Distortion) -> None:
        distortion.fragment = self.size


@kind
class KeepAlive(StreamAction, frozen=True, kw_only=True, tag="keep_alive"):
    """Send a keep-alive at once."""

    def reachable(self, streams: Iterable[OpenStream]) -> list[OpenStream]:
        return [stream for stream in streams if stream.distortion.stalled != "all"]

    def act(self, stream: OpenStream, services: Services) -> None:
        stream.keep_alive()


@kind
class Send(StreamAction, frozen=True, kw_only=True, tag="send"):
    """Send the object `message` as a message, or `text` or `data` as they stand.

    `data` are bytes; in JSON and TOML, which have none, they are written in base64.
    """

    message: dict[str, Any] | None = None
    text: str | None = None
    data: bytes | None = None

    def __post_init__(self) -> None:
        if [self.message, self.text, self.data].count(None) != 2:
            raise ValueError("give exactly one of message, text, data")

    def act(self, stream: OpenStream, services: Services) -> None:
        if self.message is not None:
            stream.send_message(encode(self.message))
        else:
            stream.send_raw(_as_bytes(self.text, self.data))


# --- everything


@kind
class ClearFaults(Action, frozen=True, kw_only=True, tag="clear_faults"):
    """Cancel each `answer`, `mute`, `duplicate`, `reorder` and `fragment`, and reset clients' rate limits."""

    def perform(self, services: Services) -> None:
        services.faults.clear()
        services.rate_limiter.reset()
        _distort_streams(services)


@kind
class RenewBearerToken(Action, frozen=True, kw_only=True, tag="renew_bearer_token"):
    """Refuse the current bearer token from now on, and return its replacement."""

    def perform(self, services: Services) -> str:
        return services.authenticator.accounts.renew_bearer()


def _distort_streams(services: Services) -> None:
    """Bring every open stream in line with the faults planned."""
    for stream in tuple(services.hub.streams.values()):
        stream.distort(services.faults.distortion(stream.record))


def _as_bytes(text: str | None, data: bytes | None) -> bytes:
    return text.encode() if text is not None else data or b""
