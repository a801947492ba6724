"""Pages of found posts, taken apart into posts with what belongs to each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from rxtweets.messages import Post, decode
from rxtweets.prices import Resource
from rxtweets.rest import JSONResponse

_KEYS = ("id", "media_key", "username")
"""The members of included objects by which a post refers to them."""


def posts_on(page: JSONResponse) -> Iterator[Post]:
    """Yield the posts of a page, in order and as a stream sends them: with their own includes and errors.

    Raises:
        UnexpectedResponse: it is no page of posts.
    """
    includes = {kind: page.get_list("includes", kind) for kind in page.get_object("includes")}
    errors = page.get_list("errors")
    for item in page.page_items():
        frame: dict[str, Any] = {"data": item}
        named = _texts_in(item)
        if own := _referred_to(named, includes):
            frame["includes"] = own
        if problems := [one for one in errors if _concerns(one, named)]:
            frame["errors"] = problems
        post = decode(msgspec.json.encode(frame))
        if not isinstance(post, Post):
            raise page.unexpected("something on it is no post")
        yield post


def resources_on(page: JSONResponse) -> Iterator[Resource]:
    """Yield what X charges for a page: the posts, and all that it includes."""
    for item in page.get_list("data"):
        yield "post", str(item.get("id"))
    for kind, charged, key in _CHARGED:
        for item in page.get_list("includes", kind):
            yield charged, str(item.get(key))


_CHARGED = (
    ("users", "user", "id"),
    ("tweets", "post", "id"),
    ("posts", "post", "id"),
    ("media", "media", "media_key"),
)


def _concerns(problem: dict[str, Any], named: set[str]) -> bool:
    """Return whether a problem is about one of those *named*, or doesn't say what it is about."""
    about = {value for value in map(problem.get, ("resource_id", "value")) if isinstance(value, str)}
    return not about or not named.isdisjoint(about)


def _referred_to(named: set[str], includes: dict[str, list[dict[str, Any]]]) -> dict[str, list[Any]]:
    """Return the included objects that *named* has, and those that included posts among them refer to."""
    posts = {kind: _among(includes[kind], named) for kind in ("tweets", "posts") if kind in includes}
    further = named.union(*(_texts_in(post) for found in posts.values() for post in found))
    others = {kind: _among(objects, further) for kind, objects in includes.items() if kind not in posts}
    return {kind: objects for kind, objects in (others | posts).items() if objects}


def _among(objects: list[dict[str, Any]], named: set[str]) -> list[dict[str, Any]]:
    return [one for one in objects if any(isinstance(one.get(k), str) and one[k] in named for k in _KEYS)]


def _texts_in(value: object) -> set[str]:
    """Return all texts in *value*, however deep: among them the ids and names that it refers to."""
    found, ahead = set[str](), [value]
    while ahead:
        one = ahead.pop()
        if isinstance(one, str):
            found.add(one)
        elif isinstance(one, dict | list):
            ahead += one.values() if isinstance(one, dict) else one
    return found
