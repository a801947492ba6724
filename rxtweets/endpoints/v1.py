"""The v1.1 streams. Each function checks its parameters and returns the endpoint; nothing is sent.

Common to all:

* *delimited* asks for each message's length before it; off by default, since lines are delimited anyway.
* *stall_warnings* asks for a warning when this client falls behind; on by default.
* *base_url* is the root of another host that serves all of `/1.1/…`; by default X's own hosts, or the value
  of the environment variable `RXTWEETS_BASE_URL`.
* A `ValueError` names the parameter that is wrong, what it was, and what would be right.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypedDict, Unpack

from . import _hosts
from ._predicates import Boxes, boxes, languages, phrases
from .checks import Ids, Names, choice, ids, items, number
from .endpoint import Endpoint, Pairs, Request

__all__ = [
    "STALL_TIMEOUT",
    "Boxes",
    "FilterLevel",
    "Ids",
    "Names",
    "Partitions",
    "Predicates",
    "With",
    "filter",
    "filter_form",
    "firehose",
    "links",
    "retweet",
    "sample",
    "site",
    "user",
]

FilterLevel = Literal["none", "low", "medium"]
With = Literal["user", "followings"]
Partitions = int | Iterable[int]

STALL_TIMEOUT = 90.0
"""Seconds of three keep-alives, one every 30 s by X's guide to consuming streaming data."""

# Source: X's streaming API parameters; the first two are those of the default access level.
MOST_FOLLOWED = 5_000
_MOST_SITE_USERS = 100
_MOST_BACKLOG = 150_000


class Predicates(TypedDict, total=False):
    """The parameters of `filter`, each optional; `FilterQuery` takes and has the same."""

    track: Names | None
    follow: Ids | None
    locations: Boxes | str | None
    languages: Names | None
    filter_level: FilterLevel | None
    count: int | None


def filter(
    *,
    delimited: bool = False,
    stall_warnings: bool = True,
    base_url: str | None = None,
    **predicates: Unpack[Predicates],
) -> Endpoint:
    """Ask for statuses that match any of *track*, *follow*, *locations*.

    They are narrowed to *languages* and *filter_level*, if given.

    Args:
        track: up to 400 phrases of at most 60 bytes. Words in a phrase are ANDed. A comma separates phrases,
            so `"python,ruby"` is two, and a plain string is one phrase, not its letters.
        follow: up to 5,000 numeric user ids.
        locations: up to 25 boxes of west, south, east, north in degrees, flat or one tuple a box.
        languages: BCP 47 codes.
        filter_level: `none`, `low` or `medium`.
        count: -150,000 to 150,000 earlier messages; a negative count ends the stream after them. X only
            allows it with elevated access.

    Raises:
        ValueError: a parameter is wrong, or none of *track*, *follow* and *locations* says what to match.
    """
    request = Request(
        "POST",
        _hosts.url(base_url, _hosts.STREAM, "/1.1/statuses/filter.json"),
        form=filter_form(**predicates) + _common(delimited, stall_warnings),
    )
    return Endpoint(request, STALL_TIMEOUT, delimited, finite=_ends(predicates.get("count")))


def filter_form(**predicates: Unpack[Predicates]) -> Pairs:
    """Return the parameters of `filter`, checked, by their names on the wire.

    Raises:
        ValueError: as for `filter`.
        TypeError: there is no such parameter.
    """
    given: dict[str, Any] = {**dict.fromkeys(Predicates.__annotations__), **predicates}
    for name in given.keys() - Predicates.__annotations__.keys():
        raise TypeError(f"filter has no {name!r}; it has {', '.join(Predicates.__annotations__)}")
    matched = _predicates(given["track"], given["locations"], given["follow"])
    form = matched + _narrowed(given["languages"], given["filter_level"]) + _backlog(given["count"])
    if not matched:
        raise ValueError("a filter needs at least one of track, follow, locations; all are empty")
    return form


def sample(
    *,
    languages: Names | None = None,
    filter_level: FilterLevel | None = None,
    delimited: bool = False,
    stall_warnings: bool = True,
    base_url: str | None = None,
) -> Endpoint:
    """Ask for about 1% of all statuses, the same for everyone; of *languages* and *filter_level* if given."""
    params = _narrowed(languages, filter_level)
    return _get("/1.1/statuses/sample.json", params, delimited, stall_warnings, base_url)


def firehose(
    *,
    count: int | None = None,
    partitions: Partitions | None = None,
    delimited: bool = False,
    stall_warnings: bool = True,
    base_url: str | None = None,
) -> Endpoint:
    """Ask for all public statuses. *count* is as for `filter`; *partitions* are numbers of parts of it."""
    return _whole("firehose", count, partitions, delimited, stall_warnings, base_url)


def links(
    *,
    count: int | None = None,
    partitions: Partitions | None = None,
    delimited: bool = False,
    stall_warnings: bool = True,
    base_url: str | None = None,
) -> Endpoint:
    """Ask for all statuses with a link. *count* and *partitions* are as for `firehose`."""
    return _whole("links", count, partitions, delimited, stall_warnings, base_url)


def retweet(
    *,
    count: int | None = None,
    partitions: Partitions | None = None,
    delimited: bool = False,
    stall_warnings: bool = True,
    base_url: str | None = None,
) -> Endpoint:
    """Ask for all retweets. *count* and *partitions* are as for `firehose`."""
    return _whole("retweet", count, partitions, delimited, stall_warnings, base_url)


def user(
    *,
    with_: With | None = None,
    replies: Literal["all"] | None = None,
    track: Names | None = None,
    locations: Boxes | str | None = None,
    stringify_friend_ids: bool = False,
    delimited: bool = False,
    stall_warnings: bool = True,
    base_url: str | None = None,
) -> Endpoint:
    """Ask for the stream of the account that signs: its home timeline, events, direct messages.

    Args:
        with_: `user` for the account alone, `followings` (X's default) for those it follows as well.
        replies: `all` for replies between others as well.
        track: phrases whose statuses are added, as for `filter`.
        locations: boxes whose statuses are added, as for `filter`.
        stringify_friend_ids: whether the list of friends comes as text.
    """
    params = _personal(with_, replies, stringify_friend_ids) + _predicates(track, locations)
    return _get("/1.1/user.json", params, delimited, stall_warnings, base_url, _hosts.USER_STREAM)


def site(
    *,
    follow: Ids,
    with_: With | None = None,
    replies: Literal["all"] | None = None,
    stringify_friend_ids: bool = False,
    delimited: bool = False,
    stall_warnings: bool = True,
    base_url: str | None = None,
) -> Endpoint:
    """Ask for the user streams of up to 100 accounts in one, with the account around each message.

    Raises:
        ValueError: a parameter is wrong, or *follow* is empty.
    """
    followed = ids("follow", follow, _MOST_SITE_USERS)
    if not followed:
        raise ValueError("a site stream follows 1 to 100 users: follow is empty")
    params = (("follow", followed), *_personal(with_, replies, stringify_friend_ids))
    return _get("/1.1/site.json", params, delimited, stall_warnings, base_url, _hosts.SITE_STREAM)


def _predicates(track: Names | None, locations: Boxes | str | None, follow: Ids | None = None) -> Pairs:
    """Return the predicates that say what to match; an empty list says nothing, like None."""
    found = (
        ("track", "" if track is None else phrases("track", track)),
        ("follow", "" if follow is None else ids("follow", follow, MOST_FOLLOWED)),
        ("locations", "" if locations is None else boxes("locations", locations)),
    )
    return tuple((name, text) for name, text in found if text)


def _narrowed(codes: Names | None, filter_level: FilterLevel | None) -> Pairs:
    language = "" if codes is None else languages("languages", codes)
    params: Pairs = (("language", language),) if language else ()
    if filter_level is not None:
        params += (("filter_level", choice("filter_level", filter_level, ("none", "low", "medium"))),)
    return params


def _backlog(count: int | None) -> Pairs:
    return () if count is None else (("count", number("count", count, -_MOST_BACKLOG, _MOST_BACKLOG)),)


def _ends(count: int | None) -> bool:
    return count is not None and count < 0


def _personal(with_: With | None, replies: Literal["all"] | None, stringify_friend_ids: bool) -> Pairs:
    params: Pairs = ()
    if with_ is not None:
        params += (("with", choice("with_", with_, ("user", "followings"))),)
    if replies is not None:
        params += (("replies", choice("replies", replies, ("all",))),)
    return (*params, ("stringify_friend_ids", "true")) if stringify_friend_ids else params


def _common(delimited: bool, stall_warnings: bool) -> Pairs:
    params: Pairs = (("delimited", "length"),) if delimited else ()
    return (*params, ("stall_warnings", "true")) if stall_warnings else params


def _whole(
    kind: str,
    count: int | None,
    partitions: Partitions | None,
    delimited: bool,
    stall_warnings: bool,
    base_url: str | None,
) -> Endpoint:
    params = _backlog(count)
    if partitions is not None:
        given = [partitions] if isinstance(partitions, int) else items("partitions", partitions, "numbers")
        params += (("partitions", ",".join(number("partitions", part, 0, 2**31 - 1) for part in given)),)
    return _get(
        f"/1.1/statuses/{kind}.json", params, delimited, stall_warnings, base_url, finite=_ends(count)
    )


def _get(
    path: str,
    params: Pairs,
    delimited: bool,
    stall_warnings: bool,
    base_url: str | None,
    host: str = _hosts.STREAM,
    finite: bool = False,
) -> Endpoint:
    request = Request("GET", _hosts.url(base_url, host, path), params + _common(delimited, stall_warnings))
    return Endpoint(request, STALL_TIMEOUT, delimited, finite)
