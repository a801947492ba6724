"""Deletions and changes at X, and what they make of recorded messages.

Source: X's v1.1 documentation, "Streaming message types"; X's OpenAPI 2.167, `TweetComplianceStreamResponse`,
    `UserComplianceStreamResponse`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from rxtweets.messages import (
    ComplianceEvent,
    Delete,
    ForUser,
    Post,
    ScrubGeo,
    StatusWithheld,
    UserWithheld,
)

from . import lines

_DIGITS_ONLY = bytes(byte if byte in b"0123456789" else 32 for byte in range(256))

_GONE = object()

_WHOLE = {"data", "message", "direct_message", "retweeted_status"}
"""Members without which nothing is left of the object that they are in."""


class Changes:
    """Deletions and changes that were told, to be applied to the lines of files."""

    def __init__(self) -> None:
        self._ids: set[bytes] = set()
        self._posts: set[str] = set()
        self._direct_messages: set[str] = set()
        self._users: set[str] = set()
        self._scrubbed: dict[str, int] = {}
        self._withheld_posts: dict[str, list[str]] = {}
        self._withheld_users: dict[str, list[str]] = {}
        self._profiles: dict[str, dict[str, str]] = {}

    def __bool__(self) -> bool:
        return bool(self._ids)

    def note(self, item: Any) -> None:
        """Remember what *item* tells; most items tell nothing."""
        match item:
            case Delete(status=None):
                self._add(self._direct_messages, item.id)
            case Delete():
                self._add(self._posts, item.id)
            case ScrubGeo():
                self._scrub(item.user_id, item.up_to_status_id)
            case StatusWithheld():
                self._withhold(self._withheld_posts, item.id, item.withheld_in_countries)
            case UserWithheld():
                self._withhold(self._withheld_users, item.id, item.withheld_in_countries)
            case ComplianceEvent():
                self._comply(item)
            case Post() if len(item.edit_history_post_ids) > 1:
                # Earlier versions, and none that came later, should an earlier one be late.
                self._edited(item.edit_history_post_ids, item.id)
            case ForUser():
                self.note(item.message)

    def applied(self, line: bytes) -> bytes | None:
        """Return what is left of the *line* of a file: None for nothing, *line* itself if it stays."""
        if self._ids.isdisjoint(
            line.translate(_DIGITS_ONLY).split()
        ):  # most lines; a third of a regex's cost
            return line
        try:
            found = lines.parse(line)
        except ValueError:
            return line
        if found is None:
            return self._frame(line)
        if found.frame is not None:
            frame = self._frame(found.frame)
            if frame is None:
                return None
            return line if frame is found.frame else lines.of_frame(found.at, frame).removesuffix(b"\n")
        return self._event(line, found)

    def _comply(self, event: ComplianceEvent) -> None:
        match event.event:
            case "delete" if event.favorite is None:
                self._add(self._posts, event.post_id)
            case "drop":
                self._add(self._posts, event.post_id)
            case "tweet_edit":
                ids = event.edit_tweet_ids or (event.initial_tweet_id or "", "")
                self._edited(ids, ids[-1])
            case "withheld":
                self._withhold(self._withheld_posts, event.post_id, event.withheld_in_countries)
            case "user_withheld":
                self._withhold(self._withheld_users, event.user_id, event.withheld_in_countries)
            case "user_delete" | "user_protect" | "user_suspend":
                self._add(self._users, event.user_id)
            case "scrub_geo":
                self._scrub(event.user_id, event.up_to_tweet_id)
            case "user_profile_modification" if event.profile_field and event.user_id:
                self._add(set(), event.user_id)
                self._profiles.setdefault(event.user_id, {})[event.profile_field] = event.new_value or ""

    def _add(self, kind: set[str], id: str | int | None) -> None:
        if id:
            kind.add(str(id))
            self._ids.add(str(id).encode())

    def _edited(self, ids: Iterable[str], last: str) -> None:
        for id in ids:
            if id == last:
                return
            self._add(self._posts, id)

    def _scrub(self, user: str | int | None, up_to: str | int | None) -> None:
        self._add(set(), user)
        if str(up_to).isdecimal():
            self._scrubbed[str(user)] = max(int(up_to or 0), self._scrubbed.get(str(user), 0))

    def _withhold(self, kind: dict[str, list[str]], id: str | int | None, countries: Iterable[str]) -> None:
        self._add(set(), id)
        kind[str(id)] = [*countries]

    def _frame(self, frame: bytes) -> bytes | None:
        try:
            value = json.loads(frame)
        except (ValueError, RecursionError):
            return None  # a piece of what is gone, perhaps
        try:
            left = self._left(value)
        except RecursionError:
            return None
        if left is _GONE:
            return None
        return frame if left == value else json.dumps(left, separators=(",", ":")).encode()

    def _event(self, line: bytes, found: lines.Line) -> bytes:
        """Return the line of an event without the messages in it that are gone: a `Dropped` has some."""
        event = dict(found.event or {})
        for name in ("first", "last"):
            match event.get(name):
                case {"message": {"text": str(text)}} | {"text": str(text)}:
                    frame = self._frame(text.encode())
                    if frame is None:
                        event[name] = None
                    elif frame != text.encode():
                        kept = {"text": frame.decode()}
                        event[name] = {"message": kept} if "message" in event[name] else kept
        if event == found.event:
            return line
        kind = event.pop("event")
        return lines.of_event(found.at, kind, event).removesuffix(b"\n")

    def _left(self, value: Any) -> Any:
        """Return what is left of a JSON value: a new one, or `_GONE`."""
        if isinstance(value, list):
            return [left for one in value if (left := self._left(one)) is not _GONE]
        if not isinstance(value, dict):
            return value
        if self._is_gone(value):
            return _GONE
        made: dict[str, Any] = {}
        for name, one in value.items():
            left = self._left(one)
            if left is not _GONE:
                made[name] = left
            elif name in _WHOLE:
                return _GONE
        self._change(made)
        data, includes = made.get("data"), made.get("includes")
        if isinstance(data, dict) and isinstance(includes, dict) and value["data"].keys() - data.keys():
            includes.pop("places", None)  # the place of a post goes with its `geo`
        return made

    def _is_gone(self, value: dict[str, Any]) -> bool:
        id = _id_of(value)
        if _is_direct_message(value):
            return id in self._direct_messages
        if _is_post(value):
            return (
                id in self._posts
                or _author_of(value) in self._users
                or any(
                    isinstance(one, dict) and one.get("type") == "retweeted" and one.get("id") in self._posts
                    for one in value.get("referenced_tweets") or ()
                )
            )
        if "liked_tweet_id" in value:
            return value["liked_tweet_id"] in self._posts or value.get("tweet_author_id") in self._users
        return _is_user(value) and id in self._users

    def _change(self, value: dict[str, Any]) -> None:
        id = _id_of(value)
        if _is_post(value):
            up_to = self._scrubbed.get(_author_of(value))
            if up_to is not None and id.isdecimal() and int(id) <= up_to:
                for name in ("geo", "coordinates", "place"):
                    value.pop(name, None)
            self._mark(value, self._withheld_posts.get(id), "tweet")
        elif _is_user(value):
            value.update({name: new for name, new in self._profiles.get(id, {}).items() if name in value})
            self._mark(value, self._withheld_users.get(id), "user")

    @staticmethod
    def _mark(value: dict[str, Any], countries: list[str] | None, scope: str) -> None:
        """Write into a post or an account where it is withheld, as its protocol does."""
        if countries is not None:
            if "user" in value or "screen_name" in value:
                value["withheld_in_countries"] = countries
            else:
                value["withheld"] = {"country_codes": countries, "scope": scope}


def _id_of(value: dict[str, Any]) -> str:
    return str(value.get("id_str") or value.get("id") or "")


def _is_post(value: dict[str, Any]) -> bool:
    return ("text" in value or "full_text" in value) and ("id" in value or "id_str" in value)


def _is_direct_message(value: dict[str, Any]) -> bool:
    return "text" in value and ("recipient_id" in value or "recipient" in value)


def _is_user(value: dict[str, Any]) -> bool:
    """Return whether it is an account; a mention of one, with its place in the text, is not."""
    named = "screen_name" in value or "username" in value
    return named and "indices" not in value and "start" not in value


def _author_of(post: dict[str, Any]) -> str:
    user = post.get("user")
    return _id_of(user) if isinstance(user, dict) else str(post.get("author_id") or "")
