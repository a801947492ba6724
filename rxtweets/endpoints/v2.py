"""The v2 streams. Each function checks its parameters and returns the endpoint; nothing is sent.

The options, each optional and checked against the names that the endpoint knows:

* *tweet_fields*, *user_fields*, *media_fields*, *poll_fields*, *place_fields*, *expansions*: a list of
  names, or one string with commas. Streams of likes take *like_fields*, no polls, no places.
* *backfill_minutes*: start with the posts of the last 0 to 5 minutes, with duplicates (enterprise access).
* *start_time*, *end_time*: an aware `datetime` or ISO 8601 text. They ask for a replay of that window, up to
  24 hours back, after which the stream ends (enterprise access).
* *partition*: which part of a stream that is split over several connections.
* *base_url*: the root of another host; by default `https://api.x.com`, or the value of `RXTWEETS_BASE_URL`.

A wrong value is a `ValueError` that names the parameter, what it was, and what would be right; an option that
the endpoint doesn't have is a `TypeError`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Literal, Unpack
from urllib.parse import urlsplit

from msgspec.structs import replace

from . import _fields, _hosts
from ._fields import LikeOptions, PostFields, PostOptions, SampleOptions, Window
from .checks import choice, identifier, names, nearest, number, time
from .endpoint import Endpoint, Pairs, Request

__all__ = [
    "STALL_TIMEOUT",
    "Compliance",
    "Language",
    "LikeOptions",
    "PostFields",
    "PostOptions",
    "SampleOptions",
    "Window",
    "activity",
    "compliance",
    "filter",
    "firehose",
    "labels",
    "likes",
    "partitions_of",
    "powerstream",
    "sample",
    "sample10",
]

STALL_TIMEOUT = 30.0
"""Seconds of a keep-alive, one every 20 s by X's guide to consuming streams, and a margin of ten."""

Language = Literal["en", "ja", "ko", "pt"]
Compliance = Literal["posts", "users", "likes"]

# Source, for the numbers of partitions: X's OpenAPI description, version 2.167.
_FIREHOSE_PARTITIONS: dict[Language | None, int] = {None: 20, "en": 8, "ja": 2, "ko": 2, "pt": 2}
_SAMPLE10_PARTITIONS = 2
_LIKES_PARTITIONS = 20
_COMPLIANCE: dict[Compliance, tuple[str, int]] = {
    "posts": ("/2/tweets/compliance/stream", 4),
    "users": ("/2/users/compliance/stream", 4),
    "likes": ("/2/likes/compliance/stream", 0),
}
_PARTITIONS = {
    "/2/tweets/sample10/stream": _SAMPLE10_PARTITIONS,
    "/2/likes/sample10/stream": _SAMPLE10_PARTITIONS,
    "/2/likes/firehose/stream": _LIKES_PARTITIONS,
    **{
        "/2/tweets/firehose/stream" + (f"/lang/{lang}" if lang else ""): count
        for lang, count in _FIREHOSE_PARTITIONS.items()
    },
    **dict(_COMPLIANCE.values()),
}
"""The number of partitions of each stream that has some, by its path."""
_LONGEST_BACKFILL = 5  # minutes

# Option, to its name on the wire and the names it takes; in the order of the query.
_Known = Mapping[str, tuple[str, Collection[str]]]
_POST_FIELDS: _Known = {
    "tweet_fields": ("tweet.fields", _fields.TWEET_FIELDS),
    "user_fields": ("user.fields", _fields.USER_FIELDS),
    "media_fields": ("media.fields", _fields.MEDIA_FIELDS),
    "poll_fields": ("poll.fields", _fields.POLL_FIELDS),
    "place_fields": ("place.fields", _fields.PLACE_FIELDS),
    "expansions": ("expansions", _fields.POST_EXPANSIONS),
}
_LIKE_FIELDS: _Known = {
    "like_fields": ("like_with_tweet_author.fields", _fields.LIKE_FIELDS),
    "tweet_fields": ("tweet.fields", _fields.TWEET_FIELDS),
    "user_fields": ("user.fields", _fields.USER_FIELDS),
    "media_fields": ("media.fields", _fields.MEDIA_FIELDS),
    "expansions": ("expansions", _fields.LIKE_EXPANSIONS),
}


def filter(*, base_url: str | None = None, **options: Unpack[PostOptions]) -> Endpoint:
    """Ask for the posts that match the app's rules, which `StreamingClient.rules` manages."""
    return _stream("filter", "/2/tweets/search/stream", options, _POST_FIELDS, base_url)


def sample(*, base_url: str | None = None, **options: Unpack[SampleOptions]) -> Endpoint:
    """Ask for about 1% of all posts; it has no *start_time* and *end_time*."""
    return _stream("sample", "/2/tweets/sample/stream", options, _POST_FIELDS, base_url, windowed=False)


def sample10(*, partition: int, base_url: str | None = None, **options: Unpack[PostOptions]) -> Endpoint:
    """Ask for about 10% of all posts, in partitions 1 and 2."""
    part = _partition(partition, _SAMPLE10_PARTITIONS)
    return _stream("sample10", "/2/tweets/sample10/stream", options, _POST_FIELDS, base_url, part)


def firehose(
    *,
    partition: int,
    lang: Language | None = None,
    base_url: str | None = None,
    **options: Unpack[PostOptions],
) -> Endpoint:
    """Ask for all posts, in partitions 1 to 20.

    With *lang* only for those in that language: `en` in 1 to 8, `ja`, `ko`, `pt` in 1 and 2.
    """
    path = "/2/tweets/firehose/stream"
    if lang is not None:
        path += "/lang/" + choice("lang", lang, [code for code in _FIREHOSE_PARTITIONS if code])
    part = _partition(partition, _FIREHOSE_PARTITIONS[lang])
    return _stream("firehose", path, options, _POST_FIELDS, base_url, part)


def likes(
    *, sample10: bool = False, partition: int, base_url: str | None = None, **options: Unpack[LikeOptions]
) -> Endpoint:
    """Ask for all likes, in partitions 1 to 20; with *sample10* about 10% of them, in partitions 1 and 2."""
    path = f"/2/likes/{'sample10' if sample10 else 'firehose'}/stream"
    part = _partition(partition, _SAMPLE10_PARTITIONS if sample10 else _LIKES_PARTITIONS)
    return _stream("likes", path, options, _LIKE_FIELDS, base_url, part)


def compliance(
    kind: Compliance, *, partition: int | None = None, base_url: str | None = None, **options: Unpack[Window]
) -> Endpoint:
    """Ask for changes to posts, users or likes that stored copies must follow.

    *partition* is 1 to 4 for `posts` and `users`; the stream of `likes` has none.
    """
    path, partitions = _COMPLIANCE[choice("kind", kind, tuple(_COMPLIANCE))]  # type: ignore[index]
    if partitions:
        return _stream("compliance", path, options, {}, base_url, _partition(partition, partitions))
    if partition is not None:
        raise ValueError("the compliance stream of likes has no partitions: leave out partition")
    return _stream("compliance", path, options, {}, base_url)


def partitions_of(endpoint: Endpoint) -> int:
    """Return the number of partitions that the stream of *endpoint* has; 0 for one that isn't split."""
    return _PARTITIONS.get(urlsplit(endpoint.request.url).path, 0)


def labels(*, base_url: str | None = None, **options: Unpack[Window]) -> Endpoint:
    """Ask for labels put on posts and taken off."""
    return _stream("labels", "/2/tweets/label/stream", options, {}, base_url)


def activity(*, base_url: str | None = None, **options: Unpack[Window]) -> Endpoint:
    """Ask for the events that the app subscribed to with `StreamingClient.subscriptions`."""
    return _stream("activity", "/2/activity/stream", options, {}, base_url)


POWERSTREAM_NAMES = {
    "backfill_minutes": "backfillMinutes",
    "start_time": "startTime",
    "end_time": "endTime",
}
"""The options of other streams as Powerstream spells them."""


def powerstream(
    *, local_dc_only: bool = False, base_url: str | None = None, **options: Unpack[Window]
) -> Endpoint:
    """Ask for the v1.1 statuses that match Powerstream's rules, with the least delay (enterprise access).

    `StreamingClient.powerstream_rules` manages the rules. With *local_dc_only*, only statuses posted at the
    connected data centre are sent, without the delay of copying them between the two.
    """
    if not isinstance(local_dc_only, bool):
        raise ValueError(f"local_dc_only must be True or False, not {local_dc_only!r}")
    params: Pairs = (("localDcOnly", "true"),) if local_dc_only else ()
    endpoint = _stream("powerstream", "/2/powerstream", options, {}, base_url, params)
    spelled = tuple((POWERSTREAM_NAMES.get(name, name), value) for name, value in endpoint.request.params)
    return replace(endpoint, request=replace(endpoint.request, params=spelled))


def _partition(partition: int | None, partitions: int) -> Pairs:
    return (("partition", number("partition", partition, 1, partitions)),)


def _stream(
    name: str,
    path: str,
    options: Mapping[str, Any],
    known: _Known,
    base_url: str | None,
    params: Pairs = (),
    windowed: bool = True,
) -> Endpoint:
    """Return the endpoint at *path* with those *options* that are given; None means not given."""
    allowed = [*known, "backfill_minutes", *(("start_time", "end_time") if windowed else ())]
    given = _given(name, options, allowed)
    params += _fields_asked(given, known)
    if "backfill_minutes" in given:
        minutes = number("backfill_minutes", given["backfill_minutes"], 0, _LONGEST_BACKFILL)
        params += (("backfill_minutes", minutes),)
    window = window_of(given.get("start_time"), given.get("end_time"))
    request = Request("GET", _hosts.url(base_url, _hosts.API, path), params + window)
    return Endpoint(request, STALL_TIMEOUT, finite=bool(window))


def range_of(
    start_time: datetime | str | None,
    end_time: datetime | str | None,
    since_id: int | str | None,
    until_id: int | str | None,
) -> Pairs:
    """Return the parameters that say from which times, or between which posts, posts of the past are.

    Raises:
        ValueError: one of them is wrong.
    """
    ids = {"since_id": since_id, "until_id": until_id}
    given = ((name, identifier(name, value)) for name, value in ids.items() if value is not None)
    return (*window_of(start_time, end_time), *given)


def post_fields(name: str, options: Mapping[str, Any]) -> Pairs:
    """Return the parameters that ask for fields of posts, of an endpoint that has no other options.

    Raises:
        ValueError: a field is unknown.
        TypeError: an option is none of `PostFields`; it is said to be one of *name*.
    """
    return _fields_asked(_given(name, options, list(_POST_FIELDS)), _POST_FIELDS)


def _given(name: str, options: Mapping[str, Any], allowed: list[str]) -> dict[str, Any]:
    """Return the options that are given, after a check that there are no others."""
    for option in options:
        if option not in allowed:
            near = nearest(option.replace(".", "_"), allowed)
            hint = f"did you mean {near}?" if near else f"it has {', '.join(allowed)}"
            if option in ("track", "follow", "locations", "languages"):
                hint = "on v2 rules say what to match: client.rules.add('python').run()"
            raise TypeError(f"{name}() has no option {option!r}; {hint}")
    return {option: value for option, value in options.items() if value is not None}


def _fields_asked(given: Mapping[str, Any], known: _Known) -> Pairs:
    params: Pairs = ()
    for option, (wire, values) in known.items():
        if option in given:
            text = names(option, given[option], values)
            params += ((wire, text),) if text else ()
    return params


def window_of(start: datetime | str | None, end: datetime | str | None) -> Pairs:
    """Return the window's two ends, as far as they are given, to the second."""
    ends = {
        name: time(name, value)
        for name, value in (("start_time", start), ("end_time", end))
        if value is not None
    }
    if len(ends) == 2 and ends["start_time"] >= ends["end_time"]:
        raise ValueError(f"end_time is after start_time: got start_time={start!r}, end_time={end!r}")
    return tuple((name, instant.strftime("%Y-%m-%dT%H:%M:%SZ")) for name, instant in ends.items())
