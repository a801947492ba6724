"""The endpoints of v1.1: filter, sample and their siblings, user and site streams."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count

from rxtweets.emulator.app.services import Services
from rxtweets.emulator.server.http import Request, Response, json_response, v1_refusal
from rxtweets.emulator.streams.history import LastReplay
from rxtweets.emulator.streams.source import Feed
from rxtweets.emulator.world.model import Post
from rxtweets.filters import FilterQuery

from . import parameters
from .feeds import FilterFeed, StatusFeed, VolumeFeed
from .forms import user
from .home import SiteFeed, UserFeed, UserStreamOptions
from .sites import PREFIX, SiteControls
from .social_graph import SocialGraph

VOLUME: dict[str, Callable[[Post], object]] = {
    "sample": lambda post: True,
    "firehose": lambda post: True,
    "links": lambda post: (post.retweeted or post).links,
    "retweet": lambda post: post.retweeted,
}
"""The streams that aren't filtered, with the test of their statuses."""


_ALL = "delimited stall_warnings"
_VOLUME = f"{_ALL} count partitions"
_FILTER = f"{_ALL} track follow locations language filter_level count"
_SAMPLE = f"{_ALL} language filter_level"
_USER = f"{_ALL} with replies track locations stringify_friend_ids"
_SITE = f"{_ALL} with replies follow stringify_friend_ids"
"""Parameters of each stream; others are ignored. Source: the streaming guides of v1.1."""


def streams(services: Services) -> dict[str, dict[str, Callable[[Request], Response | Feed]]]:
    """Return the paths and methods of v1.1's streams."""

    def guarded(
        open_feed: Callable[[Request, dict[str, str]], StatusFeed], taken: str
    ) -> Callable[[Request], Response | Feed]:
        names = frozenset(taken.split())

        def endpoint(request: Request) -> Response | Feed:
            if not services.authenticator.has_signature(request):
                return v1_refusal(401, request.path)
            if request.garbled:
                return v1_refusal(406, request.path, "Parameters must be UTF-8")
            account = services.authenticator.accounts.screen_name
            impatient = services.rate_limiter.check_connect(request, account)
            if impatient is not None:
                return impatient
            given = {**request.query, **request.form}
            params = {name: given[name] for name in given if name in names}
            try:
                feed = open_feed(request, params)
                _settle(feed, request, params, account)
                _replay(feed, params)
            except parameters.Refused as refused:
                return v1_refusal(refused.status, request.path, refused.text)
            return feed

        return endpoint

    def _settle(feed: StatusFeed, request: Request, params: dict[str, str], account: str) -> None:
        """Set what all streams of v1.1 have in common."""
        feed.clock = services.clock
        feed.stall_warnings = params.get("stall_warnings") == "true"
        feed.name = f"{account}-{request.path.removeprefix('/1.1/').removesuffix('.json')}"
        if not isinstance(feed, SiteFeed):
            feed.slot = (account, "user" if isinstance(feed, UserFeed) else "public")

    def _replay(feed: StatusFeed, params: dict[str, str]) -> None:
        wanted, history = parameters.count(params), services.hub.history
        if wanted:
            feed.finite = wanted < 0
            feed.backlog = lambda: LastReplay(history, abs(wanted), feed.matches, wanted < 0)

    def user_stream(request: Request, params: dict[str, str]) -> StatusFeed:
        searched = params.get("track") or params.get("locations")
        query = parameters.query(params) if searched else None
        return UserFeed(
            graph, services.authenticator.accounts.user_id, _user_options(params, "followings", query)
        )

    def site_stream(request: Request, params: dict[str, str]) -> StatusFeed:
        ids = parameters.follow(params, parameters.MOST_SITE_USERS)
        if not ids:
            raise parameters.Refused(406, "No filter parameters found. Expect at least one parameter: follow")
        control = f"01_{services.authenticator.accounts.user_id}_{next(numbers)}"
        return SiteFeed(graph, ids, _user_options(params, "user"), control)

    numbers, graph = count(1), SocialGraph(services.world)
    filtered = guarded(_filter, _FILTER)
    mine, others = guarded(user_stream, _USER), guarded(site_stream, _SITE)
    table: dict[str, dict[str, Callable[[Request], Response | Feed]]] = {
        "/1.1/statuses/filter.json": {"POST": filtered, "GET": filtered},
        "/1.1/user.json": {"GET": mine, "POST": mine},
        "/1.1/site.json": {"GET": others, "POST": others},
    }
    for name, wanted in VOLUME.items():
        # POST as well: Tweepy 3 asks for every stream that way, and Twitter let it.
        opened = guarded(partial(_volume, wanted), _SAMPLE if name == "sample" else _VOLUME)
        table[f"/1.1/statuses/{name}.json"] = {"GET": opened, "POST": opened}
    return table


def routes(services: Services) -> dict[str, dict[str, Callable[[Request], Response | Feed]]]:
    """Return the paths and methods that control site streams, or tell whose credentials a program has."""
    control = SiteControls(services.authenticator, services.hub, services.world.people).answer

    def who_am_i(request: Request) -> Response:
        if not services.authenticator.has_signature(request):
            return json_response({"errors": [{"code": 32, "message": "Could not authenticate you."}]}, 401)
        return json_response(user(services.world.people.with_id(services.authenticator.accounts.user_id)))

    return {
        f"{PREFIX}*": {"GET": control, "POST": control},
        "/1.1/account/verify_credentials.json": {"GET": who_am_i},
    }


def _filter(request: Request, params: dict[str, str]) -> StatusFeed:
    return FilterFeed(parameters.query(params), parameters.delimited(params))


def _volume(kind: Callable[[Post], object], request: Request, params: dict[str, str]) -> StatusFeed:
    return VolumeFeed(
        kind,
        parameters.partitions(params),
        parameters.language(params),
        parameters.level(params),
        parameters.delimited(params),
    )


def _user_options(
    params: dict[str, str], default: str, query: FilterQuery | None = None
) -> UserStreamOptions:
    return UserStreamOptions(
        delimited=parameters.delimited(params),
        stringify_friend_ids=params.get("stringify_friend_ids") == "true",
        with_followings=parameters.one_of(params, "with", default, "user", "followings") == "followings",
        all_replies=parameters.one_of(params, "replies", "none", "none", "all") == "all",
        query=query,
    )
