"""The endpoints of v1.1: filter, sample and their siblings, user and site streams."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count

from rxtweets.emulator.app.services import Services
from rxtweets.emulator.server.http import Request, Response, json_response, v1_refusal
from rxtweets.emulator.streams.history import LastReplay
from rxtweets.emulator.streams.source import Endpoint, Opening
from rxtweets.emulator.world.model import Post
from rxtweets.filters import FilterQuery

from . import parameters
from .feeds import FilterFeed, StatusFeed, StatusOptions, VolumeFeed
from .forms import user
from .home import SiteFeed, UserFeed, UserStreamOptions
from .sites import PREFIX, SiteControls

VOLUME: dict[str, Callable[[Post], object]] = {
    "sample": lambda post: True,
    "firehose": lambda post: True,
    "links": lambda post: (post.retweeted or post).links,
    "retweet": lambda post: post.retweeted,
}
"""The streams that aren't filtered, with the test of their statuses."""

_Make = Callable[[StatusOptions, dict[str, str]], StatusFeed]
"""Makes a feed from the parameters of a request. Raises `Refused`."""

_COMMON = "delimited stall_warnings"
_VOLUME = f"{_COMMON} count partitions"
_FILTER = f"{_COMMON} track follow locations language filter_level count"
_SAMPLE = f"{_COMMON} language filter_level"
_USER = f"{_COMMON} with replies track locations stringify_friend_ids"
_SITE = f"{_COMMON} with replies follow stringify_friend_ids"
"""Parameters of each stream; others are ignored. Source: the streaming guides of v1.1."""
PARAMETERS = frozenset(f"{_VOLUME} {_FILTER} {_USER} {_SITE}".split())
"""Parameters of any stream."""


class StreamEndpoints:
    """The endpoints of v1.1's streams: each checks a request, and makes the feed of the stream."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._accounts = services.authenticator.accounts
        self._graph = services.graph
        self._site_numbers = count(1)

    def routes(self) -> dict[str, dict[str, Endpoint]]:
        """Return the paths and methods of the streams."""
        table: dict[str, tuple[_Make, str]] = {
            "/1.1/statuses/filter.json": (self._filter, _FILTER),
            "/1.1/user.json": (self._user, _USER),
            "/1.1/site.json": (self._site, _SITE),
        }
        for name, wanted in VOLUME.items():
            taken = _SAMPLE if name == "sample" else _VOLUME
            table[f"/1.1/statuses/{name}.json"] = (partial(self._volume, wanted), taken)
        # Both for all: Tweepy 3 asks for every stream with POST, and Twitter let it.
        return {
            path: dict.fromkeys(("GET", "POST"), partial(self._open, make, frozenset(taken.split())))
            for path, (make, taken) in table.items()
        }

    def _open(self, make: _Make, taken: frozenset[str], request: Request) -> Response | Opening:
        """Check a request, make the feed of those of its parameters that are `taken`, and find its replay."""
        services, account = self._services, self._accounts.screen_name
        if not services.authenticator.has_signature(request):
            return v1_refusal(401, request.path)
        if request.garbled:
            return v1_refusal(406, request.path, "Parameters must be UTF-8")
        impatient = services.rate_limiter.check_connect(request, account)
        if impatient is not None:
            return impatient
        params = {name: value for name, value in {**request.query, **request.form}.items() if name in taken}
        common = StatusOptions(
            account=account,
            name=f"{account}-{request.path.removeprefix('/1.1/').removesuffix('.json')}",
            clock=services.clock,
            delimited=params.get("delimited") == "length",
            stall_warnings=params.get("stall_warnings") == "true",
        )
        try:
            feed, last = make(common, params), parameters.count(params)
        except parameters.Refused as refused:
            return v1_refusal(refused.status, request.path, refused.text)
        history = services.hub.history
        return Opening(feed, LastReplay(history, abs(last), feed.matches, last < 0) if last else None)

    def _filter(self, common: StatusOptions, params: dict[str, str]) -> StatusFeed:
        return FilterFeed(common, parameters.query(params))

    def _volume(
        self, kind: Callable[[Post], object], common: StatusOptions, params: dict[str, str]
    ) -> StatusFeed:
        partitions, languages = parameters.partitions(params), parameters.language(params)
        return VolumeFeed(common, kind, partitions, languages, parameters.level(params))

    def _user(self, common: StatusOptions, params: dict[str, str]) -> StatusFeed:
        searched = params.get("track") or params.get("locations")
        query = parameters.query(params) if searched else None
        return UserFeed(common, self._graph, self._accounts.user_id, _options(params, "followings", query))

    def _site(self, common: StatusOptions, params: dict[str, str]) -> StatusFeed:
        ids = parameters.follow(params, parameters.MOST_SITE_USERS)
        if not ids:
            raise parameters.Refused(406, "No filter parameters found. Expect at least one parameter: follow")
        control = f"01_{self._accounts.user_id}_{next(self._site_numbers)}"
        return SiteFeed(common, self._graph, ids, _options(params, "user"), control)


def routes(services: Services) -> dict[str, dict[str, Callable[[Request], Response]]]:
    """Return the paths and methods that control site streams, or tell whose credentials a program has."""
    control = SiteControls(services.authenticator, services.hub, services.world.people).answer
    return {
        f"{PREFIX}*": {"GET": control, "POST": control},
        "/1.1/account/verify_credentials.json": {"GET": partial(_verify_credentials, services)},
    }


def _verify_credentials(services: Services, request: Request) -> Response:
    if not services.authenticator.has_signature(request):
        return json_response({"errors": [{"code": 32, "message": "Could not authenticate you."}]}, 401)
    return json_response(user(services.world.people.with_id(services.authenticator.accounts.user_id)))


def _options(params: dict[str, str], default: str, query: FilterQuery | None = None) -> UserStreamOptions:
    return UserStreamOptions(
        stringify_friend_ids=params.get("stringify_friend_ids") == "true",
        with_followings=parameters.one_of(params, "with", default, "user", "followings") == "followings",
        all_replies=parameters.one_of(params, "replies", "none", "none", "all") == "all",
        query=query,
    )
