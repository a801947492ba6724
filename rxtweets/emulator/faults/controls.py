"""The controls of an emulator in Python: each is an action, done at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from . import actions
from .perform import perform
from .scenario import Scenario, read_scenario

if TYPE_CHECKING:
    from rxtweets.emulator.app.site import Site

_T = TypeVar("_T")
Protocol = Literal["1.1", "2"]


class Controls:
    """What an emulator can be asked to do.

    What is done to streams is done to all that are open, or to those of a `path` or a `protocol` (``"1.1"``,
    ``"2"``); the number of these streams is returned. Values that make no sense raise ValueError.
    """

    _site: Site
    _call: Callable[[Callable[[], _T]], _T]

    def do(self, action: actions.Action) -> int | str | None:
        """Do what an action of `rxtweets.emulator.faults.actions` says, and return its result."""
        return self._call(lambda: perform(self._site, action))

    def _count(self, action: actions.Action) -> int:
        reached = self.do(action)
        assert isinstance(reached, int)
        return reached

    def play(self, path: str | Path) -> Scenario:
        """Begin to play a scenario file, and return at once with the handle to wait for its end.

        Raises:
            OSError: the file can't be read.
            ValueError: it is no scenario; names the step and the field.
            RuntimeError: the emulator doesn't run.
        """
        scenario = Scenario(self._site, read_scenario(path), self._call)
        self._call(scenario.begin)
        return scenario

    # --- messages

    def send(
        self,
        message: Mapping[str, Any] | bytes,
        *,
        protocol: Protocol | None = None,
        path: str | None = None,
    ) -> int:
        """Send a message to every open stream, whatever it asked for; those that are stalled don't count.

        A mapping is sent as a message, framed as the stream's others are; bytes are sent as they stand.
        """
        plain = isinstance(message, bytes)
        given = None if plain else dict(message)  # type: ignore[arg-type]
        data = message if isinstance(message, bytes) else None
        return self._count(actions.Send(message=given, data=data, path=path, protocol=protocol))

    def keep_alive_now(self, *, path: str | None = None, protocol: Protocol | None = None) -> int:
        """Send a keep-alive to every open stream."""
        return self._count(actions.KeepAlive(path=path, protocol=protocol))

    def send_garbage(
        self,
        garbage: str | bytes | None = None,
        *,
        path: str | None = None,
        protocol: Protocol | None = None,
    ) -> int:
        """Send what is no message, as it stands; left out, a choice of nasty lines."""
        text = garbage if isinstance(garbage, str) else None
        data = garbage if isinstance(garbage, bytes) else None
        return self._count(actions.Garbage(text=text, data=data, path=path, protocol=protocol))

    def send_long_line(
        self,
        size: int = 10 * 1024 * 1024,
        *,
        valid: bool = True,
        path: str | None = None,
        protocol: Protocol | None = None,
    ) -> int:
        """Send one line of so many bytes: a post with a long text, or letters if not `valid`.

        It is sent as fast as it is read, and other messages wait behind it.
        """
        return self._count(actions.LongLine(size=size, valid=valid, path=path, protocol=protocol))

    # --- refusals

    def answer(
        self,
        status: int,
        *,
        times: int | None = None,
        seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
        body: str | bytes | Mapping[str, Any] | None = None,
        path: str | None = None,
    ) -> None:
        """Answer the next requests for a stream, or for `path`, with that status, whatever else they deserve.

        The next `times` requests get it (1 if nothing is said), or all in so many `seconds`; with both,
        whichever ends first. `body` is text, bytes or an object to send as JSON; without one it is as the
        protocol has it. Several orders are served one after the other.

        The answer has the `headers` given. Where these don't tell of v2's rate limits, it does, as every
        answer of v2: a 429 says that nothing is left until the `seconds` are over, or else the window of 15
        minutes is; one whose body is about too many connections or a usage cap says what is left. No order
        counts against a limit.

        Raises:
            ValueError: the status is outside 200 to 599, `times` below 1, or HTTP doesn't allow the headers.
        """
        data = body if isinstance(body, bytes) else None
        plain = body if isinstance(body, str) else None
        given = dict(body) if isinstance(body, Mapping) else plain
        pairs = {str(name): str(value) for name, value in (headers or {}).items()}
        self.do(
            actions.Answer(
                status=status, times=times, seconds=seconds, headers=pairs, body=given, data=data, path=path
            )
        )

    def mute(
        self,
        times: int | None = None,
        *,
        seconds: float | None = None,
        head: str = "",
        path: str | None = None,
    ) -> None:
        """Take the next requests for a stream, or for `path`, and never answer: no head, no close.

        `times` and `seconds` are as with `answer`. With `head`, the first bytes of an answer such as
        ``"HTTP/1.1 200 OK\\\\r\\\\nContent-Ty"``, these are sent and no more.
        """
        self.do(actions.Mute(times=times, seconds=seconds, head=head, path=path))

    def clear_faults(self) -> None:
        """Take back all orders that are still to be met, but for stalls, and what counts against clients."""
        self.do(actions.ClearFaults())

    def renew_bearer_token(self) -> str:
        """Refuse the present bearer token from now on, and return the one that takes its place."""
        return str(self.do(actions.RenewBearerToken()))

    # --- silence

    def stall(
        self, *, keep_alives: bool = False, path: str | None = None, protocol: Protocol | None = None
    ) -> int:
        """Send nothing on any stream until `resume`, later ones included; keep-alives go on if so wished.

        What is published meanwhile isn't sent later, but to a client that asks for what it has missed.
        """
        return self._count(actions.Stall(keep_alives=keep_alives, path=path, protocol=protocol))

    def resume(self) -> None:
        """End every stall."""
        self.do(actions.Resume())

    # --- ends

    def close_streams(
        self,
        *,
        inside: Literal["message", "character", "gzip"] | None = None,
        path: str | None = None,
        protocol: Protocol | None = None,
    ) -> int:
        """End every stream cleanly, with its last chunk.

        With `inside` the last message is cut off within, or within a character, though the chunks are whole;
        with ``"gzip"`` the end of the compressed data is missing.
        """
        return self._count(actions.Close(inside=inside, path=path, protocol=protocol))

    def cut_streams(
        self,
        *,
        inside: actions.Inside | None = None,
        path: str | None = None,
        protocol: Protocol | None = None,
    ) -> int:
        """Close every stream's connection without the last chunk of its response.

        With `inside`, in the middle of a message, a chunk's header, a character, or of compressed data.
        """
        return self._count(actions.Cut(inside=inside, path=path, protocol=protocol))

    def reset_streams(
        self,
        *,
        inside: actions.Inside | None = None,
        path: str | None = None,
        protocol: Protocol | None = None,
    ) -> int:
        """Reset every stream's connection (TCP RST); `inside` is as with `cut_streams`."""
        return self._count(actions.Reset(inside=inside, path=path, protocol=protocol))

    def disconnect_streams(
        self,
        *,
        code: int | None = None,
        type: str | None = None,
        path: str | None = None,
        protocol: Protocol | None = None,
    ) -> int:
        """Say goodbye on every stream, then end it cleanly.

        `code` (1 to 7, 9 to 12) is for v1.1's streams, `type` (as ``"ForceDisconnect"``) for v2's; without
        either both are ended, each with a goodbye of its protocol.
        """
        return self._count(actions.Disconnect(code=code, type=type, path=path, protocol=protocol))

    # --- until `clear_faults`

    def duplicate(
        self, share: float = 0.1, *, path: str | None = None, protocol: Protocol | None = None
    ) -> int:
        """Send that share of all messages (0 to 1) twice, half of them some messages later."""
        return self._count(actions.Duplicate(share=share, path=path, protocol=protocol))

    def reorder(self, window: int = 10, *, path: str | None = None, protocol: Protocol | None = None) -> int:
        """Send messages in another order: so many at a time, or those of half a second."""
        return self._count(actions.Reorder(window=window, path=path, protocol=protocol))

    def fragment(self, size: int = 7, *, path: str | None = None, protocol: Protocol | None = None) -> int:
        """Send everything in chunks and TCP segments of so many bytes."""
        return self._count(actions.Fragment(size=size, path=path, protocol=protocol))

    # --- time

    def skew(self, seconds: float) -> None:
        """Set the emulator's clock wrong by that much, to the future or, if negative, to the past.

        Dates, the windows of limits, the time that signatures must have, and the times of posts go by it.
        """
        self.do(actions.Skew(seconds=seconds))
