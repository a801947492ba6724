"""The controls of an emulator in Python: each is an action, done at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from . import actions
from .scenario import Scenario, read_scenario

if TYPE_CHECKING:
    from rxtweets.emulator.app.services import Services

_T = TypeVar("_T")
_R_co = TypeVar("_R_co", covariant=True)
_P = ParamSpec("_P")


class _Performs(Protocol[_R_co]):
    def perform(self, services: Services) -> _R_co: ...


def _control(kind: Callable[_P, _Performs[_R_co]]) -> Callable[Concatenate[Controls, _P], _R_co]:
    """Return the method that does a kind of action, with the parameters and the docstring of the kind."""

    def control(self: Controls, /, *args: _P.args, **kwargs: _P.kwargs) -> _R_co:
        return self.do(kind(*args, **kwargs))

    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    taken = inspect.signature(kind).parameters.values()
    control.__signature__ = inspect.Signature([own, *taken])  # type: ignore[attr-defined]
    control.__doc__ = kind.__doc__
    return control


class Controls:
    """The actions of an emulator.

    An action on streams is done to all that are open, or to those of a `path` or a `protocol` (``"1.1"``,
    ``"2"``); the number of these streams is returned. Values that make no sense raise ValueError.
    """

    _services: Services
    _call: Callable[[Callable[[], _T]], _T]

    def do(self, action: _Performs[_R_co]) -> _R_co:
        """Do what an action of `rxtweets.emulator.faults.actions` says, and return its result."""
        return self._call(lambda: action.perform(self._services))

    def play(self, path: str | Path) -> Scenario:
        """Begin to play a scenario file, and return at once with the handle to wait for its end.

        Raises:
            OSError: the file can't be read.
            ValueError: it is no scenario; names the step and the field.
            RuntimeError: the emulator doesn't run.
        """
        scenario = Scenario(self._services, read_scenario(path), self._call)
        self._call(scenario.begin)
        return scenario

    # --- requests

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

        The next `times` requests get it (1 by default), or all in so many `seconds`; with both, whichever
        ends first. `body` is text, bytes or an object to send as JSON; without one it is as the protocol has
        it. Several orders are served one after the other.

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

    mute = _control(actions.Mute)
    clear_faults = _control(actions.ClearFaults)
    renew_bearer_token = _control(actions.RenewBearerToken)

    # --- ends of streams

    close_streams = _control(actions.Close)
    cut_streams = _control(actions.Cut)
    reset_streams = _control(actions.Reset)
    disconnect_streams = _control(actions.Disconnect)

    # --- messages

    def send(
        self,
        message: Mapping[str, Any] | bytes,
        *,
        path: str | None = None,
        protocol: actions.Protocol | None = None,
    ) -> int:
        """Send a message to every open stream, whatever it asked for; those that are stalled don't count.

        A mapping is sent as a message, framed as the stream's others are; bytes are sent as they stand.
        """
        if isinstance(message, bytes):
            return self.do(actions.Send(data=message, path=path, protocol=protocol))
        return self.do(actions.Send(message=dict(message), path=path, protocol=protocol))

    def send_garbage(
        self,
        garbage: str | bytes | None = None,
        *,
        path: str | None = None,
        protocol: actions.Protocol | None = None,
    ) -> int:
        """Send what is no message, as it stands; left out, a choice of nasty lines."""
        data = garbage.encode() if isinstance(garbage, str) else garbage
        return self.do(actions.Garbage(data=data, path=path, protocol=protocol))

    keep_alive_now = _control(actions.KeepAlive)
    send_long_line = _control(actions.LongLine)

    # --- faults of open streams

    stall = _control(actions.Stall)
    resume = _control(actions.Resume)
    duplicate = _control(actions.Duplicate)
    reorder = _control(actions.Reorder)
    fragment = _control(actions.Fragment)

    # --- time

    skew = _control(actions.Skew)
