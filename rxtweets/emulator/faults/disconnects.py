"""The messages that streams can be disconnected with."""

from __future__ import annotations

from rxtweets.emulator.api.v1 import notices
from rxtweets.emulator.server.http import operational_disconnect

CODES = {code: name for code, (name, _) in notices.DISCONNECTS.items()}
"""v1.1's codes and their names."""

TYPES = {
    "OperationalDisconnect": "This stream has been disconnected for operational reasons.",
    "UpstreamOperationalDisconnect": "This stream has been disconnected upstream for operational reasons.",
    "ForceDisconnect": "This stream has been disconnected by force.",
    "UpstreamUncleanDisconnect": "This stream has been disconnected upstream, and not cleanly.",
    "SlowReader": "This stream has been disconnected because it was read too slowly.",
    "InternalError": "This stream has been disconnected because of an internal error.",
    "ClientApplicationStateDegraded": "This stream has been disconnected because of the state of its app.",
    "InvalidRules": "This stream has been disconnected because of invalid rules.",
}
"""v2's types and what each says. Source: OperationalDisconnectProblem in X's OpenAPI description 2.62; X has
shown a text for UpstreamOperationalDisconnect only, the others are in its manner."""


def disconnect_message(protocol: str, name: str, code: int | None, kind: str | None) -> bytes:
    """Return the last message of a stream, of its protocol."""
    if protocol == "2":
        kind = kind or "UpstreamOperationalDisconnect"
        return operational_disconnect(kind, TYPES[kind])
    return notices.disconnect(1 if code is None else code, name)
