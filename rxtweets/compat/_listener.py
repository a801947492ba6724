"""The base of listeners, and the method of each kind of message."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from .api import API
from .models import Status

_log = logging.getLogger("rxtweets.compat")

Answer = bool | None
"""The result of a callback: False ends the stream, anything else goes on."""


class StreamListener:
    """Base of the objects that a `Stream` calls; override the methods that you need.

    All are called one after the other on one thread: that of the caller of `filter` and its siblings or, with
    `is_async=True`, the stream's own. A method that returns False ends the stream. An exception ends it too:
    `on_exception` hears of it, then it is raised to the caller.

    Attributes:
        api: the `API` it was made with, also of every status.
    """

    api: Any = None

    def __init__(self, api: Any = None) -> None:
        self.api = api or API()

    def on_connect(self) -> Answer:
        """Handle the start of a stream, also after each reconnect."""
        return None

    def on_data(self, raw_data: str) -> Answer:
        """Handle a message, the text of one JSON object and its line end.

        This one tells the kinds apart and calls the methods below. A message of an unknown kind is logged.
        """
        found = _dispatch(self.api, raw_data)
        if found is None:
            _log.warning("a message of an unknown kind: %.200r", raw_data)
            return None
        method, arguments = found
        answer: Answer = getattr(self, method)(*arguments)
        return answer

    def keep_alive(self) -> Answer:
        """Handle a keep-alive."""
        return None

    def on_status(self, status: Any) -> Answer:
        """Handle a `Status`."""
        return None

    def on_exception(self, exception: Exception) -> Answer:
        """Handle what a callback raised, or the final failure. The stream is over."""
        return None

    def on_delete(self, status_id: int, user_id: int) -> Answer:
        """Handle a notice that a status is to be deleted."""
        return None

    def on_event(self, status: Any) -> Answer:
        """Handle an event: `status.event` is its name, `.source`, `.target`, `.target_object` are dicts."""
        return None

    def on_direct_message(self, status: Any) -> Answer:
        """Handle a direct message: `status.direct_message` is a dict."""
        return None

    def on_friends(self, friends: list[int]) -> Answer:
        """Handle the list of the ids that the account follows."""
        return None

    def on_limit(self, track: int) -> Answer:
        """Handle the number of statuses withheld since the connection opened."""
        return None

    def on_error(self, status_code: int) -> Answer:
        """Handle an HTTP status other than 200.

        False, as this one returns, ends the stream, and the call that started it returns. Anything else
        connects again with back-off, whatever the status.
        """
        return False

    def on_timeout(self) -> Answer:
        """Handle a stall: nothing came for the stall timeout. The stream connects again with back-off."""
        return None

    def on_disconnect(self, notice: Mapping[str, Any]) -> Answer:
        """Handle the server's goodbye: a dict with `code`, `stream_name`, `reason`."""
        return None

    def on_warning(self, notice: Mapping[str, Any]) -> Answer:
        """Handle a warning that this client falls behind."""
        return None

    def on_scrub_geo(self, notice: Mapping[str, Any]) -> Answer:
        """Handle a notice that a user's locations are to be deleted."""
        return None

    def on_status_withheld(self, notice: Mapping[str, Any]) -> Answer:
        """Handle a notice that a status is withheld in some countries."""
        return None

    def on_user_withheld(self, notice: Mapping[str, Any]) -> Answer:
        """Handle a notice that a user is withheld in some countries."""
        return None


_Found = tuple[str, tuple[Any, ...]]

_KINDS: dict[str, Callable[[Any, dict[str, Any]], _Found]] = {
    "event": lambda api, data: ("on_event", (Status.parse(api, data),)),
    "direct_message": lambda api, data: ("on_direct_message", (Status.parse(api, data),)),
    "friends": lambda api, data: ("on_friends", (data["friends"],)),
    "limit": lambda api, data: ("on_limit", (data["limit"]["track"],)),
    "disconnect": lambda api, data: ("on_disconnect", (data["disconnect"],)),
    "warning": lambda api, data: ("on_warning", (data["warning"],)),
    "scrub_geo": lambda api, data: ("on_scrub_geo", (data["scrub_geo"],)),
    "status_withheld": lambda api, data: ("on_status_withheld", (data["status_withheld"],)),
    "user_withheld": lambda api, data: ("on_user_withheld", (data["user_withheld"],)),
}


def _dispatch(api: Any, raw_data: str) -> _Found | None:
    """Return the listener's method for a message, and its arguments; None for one that has no method."""
    try:
        data = json.loads(raw_data)
        if not isinstance(data, dict):
            return None
        if "in_reply_to_status_id" in data or ("text" in data and "user" in data):
            return "on_status", (Status.parse(api, data),)
        if "delete" in data:
            status = data["delete"]["status"]
            return "on_delete", (status["id"], status["user_id"])
        kind = next((read for name, read in _KINDS.items() if name in data), None)
        return None if kind is None else kind(api, data)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
