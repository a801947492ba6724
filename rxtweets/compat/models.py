"""Objects with the attributes that Tweepy 3 gives them: those of the JSON, and few more.

An attribute is there only if the JSON has it, so `hasattr(status, "retweeted_status")` tells a retweet.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any, Self

from rxtweets.messages._time import parse_time


class Model:
    """Base of the objects: each member of the JSON is an attribute, unchanged where nothing else is said.

    Attributes:
        _json: the JSON as received, as a dict.
        _api: the `API` of the listener.
    """

    def __init__(self, api: Any = None) -> None:
        self._api = api

    @classmethod
    def parse(cls, api: Any, json: Mapping[str, Any]) -> Self:
        """Return the object that *json*, a dict, describes."""
        made = cls(api)
        attributes = vars(made)
        for name, value in json.items():
            attributes.update(cls._attributes(api, name, value))
        attributes.update(_api=api, _json=json)
        return made

    @classmethod
    def _attributes(cls, api: Any, name: str, value: Any) -> Mapping[str, Any]:
        """Return the attributes for the member *name* of the JSON."""
        return {name: _naive(value) if name == "created_at" else value}

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_api"}

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self) or "id" not in vars(self):
            return NotImplemented
        return bool(vars(self)["id"] == vars(other).get("id"))

    def __hash__(self) -> int:
        return hash(vars(self).get("id", id(self)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={vars(self).get('id')!r})"

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


class Status(Model):
    """A status, or the outside of another message such as an event.

    `user`, and `author` as another name for it, is a `User`; `retweeted_status` and `quoted_status` are a
    `Status`, `place` is a `Place`; `created_at` is a naive datetime in UTC; `source` is the client's name and
    `source_url` its page. All else is as in the JSON: `entities`, `extended_tweet` are dicts.
    """

    @classmethod
    def _attributes(cls, api: Any, name: str, value: Any) -> Mapping[str, Any]:
        if name == "user" and isinstance(value, dict):
            user = User.parse(api, value)
            return {"user": user, "author": user}
        if name in ("retweeted_status", "quoted_status"):
            return {name: cls.parse(api, value)} if isinstance(value, dict) else {}
        if name == "place" and isinstance(value, dict):
            return {name: Place.parse(api, value)}
        if name == "source" and (value is None or isinstance(value, str)):
            return _source(value)
        return super()._attributes(api, name, value)


class User(Model):
    """A user. `created_at` is a naive datetime in UTC, `status` a `Status`, `following` True or False."""

    @classmethod
    def _attributes(cls, api: Any, name: str, value: Any) -> Mapping[str, Any]:
        if name == "status" and isinstance(value, dict):
            return {name: Status.parse(api, value)}
        if name == "following":
            return {name: value is True}
        return super()._attributes(api, name, value)


class BoundingBox(Model):
    """The box around a place."""


class Place(Model):
    """A place. `bounding_box` is an object with `coordinates` and `type`, or None."""

    @classmethod
    def _attributes(cls, api: Any, name: str, value: Any) -> Mapping[str, Any]:
        if name == "bounding_box" and isinstance(value, dict):
            return {name: BoundingBox.parse(api, value)}
        return super()._attributes(api, name, value)


def _naive(text: Any) -> Any:
    """Return the naive UTC time of `Wed Aug 27 13:08:45 +0000 2008`; what is none, as it is."""
    moment = parse_time(text) if isinstance(text, str) else None
    try:
        return text if moment is None else moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return text


def _source(html: str | None) -> dict[str, str | None]:
    """Return name and page out of the link that a status names its client with."""
    if html is None or "<" not in html:
        return {"source": html, "source_url": None}
    _, _, rest = html.partition(">")
    _, _, address = html.partition('"')
    return {"source": rest.rpartition("<")[0], "source_url": address.partition('"')[0]}
