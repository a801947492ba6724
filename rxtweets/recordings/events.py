"""Lifecycle events as the members of a line, and back."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from rxtweets import errors
from rxtweets.errors import StreamError
from rxtweets.messages import (
    BudgetPaused,
    BudgetWarning,
    Connected,
    Connecting,
    Disconnected,
    Dropped,
    Failed,
    Gap,
    KeepAlive,
    Leading,
    Leg,
    Lifecycle,
    Message,
    Reconnecting,
    Recovered,
    RecoveryEstimate,
    Redelivered,
    StandingBy,
    decode,
)

_PLAIN = (Recovered, RecoveryEstimate, Gap, BudgetWarning, BudgetPaused, Redelivered, Leading)
"""Those whose members JSON and msgspec know."""

_KINDS: dict[str, type[Lifecycle]] = {
    kind.__name__: kind
    for kind in (
        *(Connecting, Connected, KeepAlive, Disconnected, Reconnecting, Dropped, Leg, Failed, StandingBy),
        *_PLAIN,
    )
}

_SECRET_HEADERS = {"set-cookie", "set-cookie2"}


def members_of(event: Lifecycle) -> dict[str, Any]:
    """Return the members that the line of *event* has beside its kind. Cookies are left out of headers."""
    if isinstance(event, _PLAIN):
        return cast(dict[str, Any], msgspec.to_builtins(event))
    return {name: _plain(getattr(event, name)) for name in event.__struct_fields__}


def event_of(members: dict[str, Any]) -> Lifecycle | None:
    """Return the event with these *members*; None for a kind that this version doesn't know.

    Raises:
        ValueError: a member isn't what it should be.
    """
    kind = _KINDS.get(members["event"])
    if kind is None:
        return None
    try:
        if issubclass(kind, _PLAIN):
            return msgspec.convert(members, kind)
        values = {name: _revived(members[name]) for name in kind.__struct_fields__}
        if "headers" in values:
            from requests.structures import CaseInsensitiveDict  # imported here, as in `errors`

            values["headers"] = CaseInsensitiveDict(values["headers"])
        return kind(**values)
    except (KeyError, TypeError, AttributeError, msgspec.ValidationError) as error:
        raise ValueError(f"no {kind.__name__}: {error!r}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, StreamError):
        # As pickle does: the class, what to call it with, and perhaps its attributes.
        kind, arguments, *state = cast(tuple[Any, ...], value.__reduce__())
        if getattr(errors, kind.__name__, None) is not kind:
            kind, arguments, state = StreamError, (str(value),), []
        return {
            "error": kind.__name__,
            "arguments": [_plain(one) for one in arguments],
            "attributes": _plain(state[0] or {} if state else {}),
        }
    if isinstance(value, Message):
        return {"message": _plain(value.raw)}
    if isinstance(value, Lifecycle):
        return {"event": type(value).__name__, **members_of(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        try:
            return {"text": value.decode()}
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items() if name.lower() not in _SECRET_HEADERS}
    return value if isinstance(value, str | int | float | None) else repr(value)


def _revived(value: Any) -> Any:
    match value:
        case {"error": str(name), "arguments": list(arguments), "attributes": dict(attributes)}:
            kind = getattr(errors, name, None)
            if not (isinstance(kind, type) and issubclass(kind, StreamError)):
                raise TypeError(f"there is no {name}")
            error = kind(*map(_revived, arguments))
            error.__dict__.update({name: _revived(one) for name, one in attributes.items()})
            str(error)  # which an attribute of another type would fail
            return error
        case {"event": str()}:
            return event_of(value)
        case list():
            return tuple(map(_revived, value))
        case {"message": message}:
            return decode(_revived(message))
        case {"text": str(text)}:
            return text.encode()
        case {"base64": str(text)}:
            return base64.b64decode(text, validate=True)
    return value
