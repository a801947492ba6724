"""The control of an open site stream: whom it holds, and who joins or leaves it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rxtweets.emulator.api.oauth.authenticator import Authenticator
from rxtweets.emulator.server.http import Request, Response, json_response, v1_refusal
from rxtweets.emulator.streams.hub import StreamHub
from rxtweets.emulator.streams.stream import OpenStream
from rxtweets.emulator.world.people import People

from . import parameters
from .home import SiteFeed

PREFIX = "/1.1/site/c/"
MOST_USERS = 1000
"""Users of one site stream, of which 100 at a time can be added. Source: Twitter's guide to site streams."""


class SiteControls:
    """``/1.1/site/c/…``: answers only to the account's signature, as the site stream itself."""

    def __init__(self, authenticator: Authenticator, hub: StreamHub, people: People) -> None:
        self._authenticator = authenticator
        self._hub = hub
        self._people = people
        self._actions: dict[tuple[str, str], Callable[[OpenStream, SiteFeed, dict[str, str]], Response]] = {
            ("GET", "info.json"): self._info,
            ("POST", "add_user.json"): self._add,
            ("POST", "remove_user.json"): self._remove,
            ("POST", "friends/ids.json"): self._friends,
        }

    def answer(self, request: Request) -> Response:
        """Do what a request to a control address asks for."""
        if not self._authenticator.has_signature(request):
            return v1_refusal(401, request.path)
        control, _, name = request.path.removeprefix(PREFIX).partition("/")
        action = self._actions.get((request.method, name))
        found = [
            (stream, stream.feed)
            for stream in self._hub.streams.values()
            if isinstance(stream.feed, SiteFeed) and stream.feed.control == control
        ]
        if action is None or not found:
            return v1_refusal(404, request.path)
        try:
            return action(*found[0], {**request.query, **request.form})
        except parameters.Refused as refused:
            return v1_refusal(refused.status, request.path, refused.text)

    def _info(self, stream: OpenStream, feed: SiteFeed, params: dict[str, str]) -> Response:
        options = feed.options
        info = {
            "users": [self._named(key) for key in feed.users],
            "delimited": "length" if feed.delimited else "none",
            "include_followings_activity": False,
            "include_user_changes": False,
            "replies": "all" if options.all_replies else "none",
            "with": "followings" if options.with_followings else "user",
        }
        return json_response({"info": info})

    def _add(self, stream: OpenStream, feed: SiteFeed, params: dict[str, str]) -> Response:
        new = sorted(_ids(params) - feed.users.keys())
        total = len(feed.users) + len(new)
        if total > MOST_USERS:
            raise parameters.Refused(413, f"Too many users in the stream: {total}, limit is {MOST_USERS}")
        for user_id in new:
            stream.send_message(feed.add(user_id))
        return Response(200)

    def _remove(self, stream: OpenStream, feed: SiteFeed, params: dict[str, str]) -> Response:
        for user_id in _ids(params):
            feed.users.pop(user_id, None)
        return Response(200)

    def _friends(self, stream: OpenStream, feed: SiteFeed, params: dict[str, str]) -> Response:
        (user_id, *others) = _ids(params)
        if others or user_id not in feed.users:
            raise parameters.Refused(406, "Parameter user_id must be one user of this stream")
        ids = feed.users[user_id].account.friends
        follow = {"user": self._named(user_id), "friends": ids, "previous_cursor": 0, "next_cursor": 0}
        return json_response({"follow": follow})

    def _named(self, user_id: int) -> dict[str, Any]:
        name = self._people.with_id(user_id).screen_name
        return {"id": user_id, "name": name, "dm": False}


def _ids(params: dict[str, str]) -> frozenset[int]:
    ids = parameters.ids(params, "user_id", parameters.MOST_SITE_USERS)
    if not ids:
        raise parameters.Refused(406, "Parameter user_id is missing")
    return ids
