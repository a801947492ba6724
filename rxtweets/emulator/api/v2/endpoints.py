"""The endpoints of v2 that stream posts, and the table of all of v2's paths."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import partial

from rxtweets.emulator.app.limits import (
    ACTIVITY,
    COUNTS_ALL,
    COUNTS_RECENT,
    CREDITS,
    FILTERED,
    POWERSTREAM,
    POWERSTREAM_RULES,
    RULES,
    SEARCH_ALL,
    SEARCH_RECENT,
    SUBSCRIPTIONS,
    USAGE,
)
from rxtweets.emulator.app.services import Services
from rxtweets.emulator.app.usage import Resources
from rxtweets.emulator.server.http import Request, Response, encode, problem
from rxtweets.emulator.streams.source import Endpoint, Feed, Opening
from rxtweets.emulator.world.model import Post
from rxtweets.emulator.world.post_spec import ANY, PostSpec
from rxtweets.emulator.world.specs import spec_from_rule
from rxtweets.rules.hub_tags import is_lease

from . import connections as connection_params
from . import powerstream as powerstream_params
from . import rules as rule_params
from . import search as search_params
from . import subscriptions as subscription_params
from . import usage as usage_params
from .access import BY_USER, SIGNED, Access, client_forbidden
from .activity import ActivityFeed
from .connections import ConnectionEndpoints
from .events import EventFeed, LikeFeed
from .fields import BACKFILL, LIKE_LISTS, POST_LISTS, RECOVERY, Fields, check, read_fields
from .forms import delivered, post_bytes
from .params import Check, check_query
from .powerstream import PowerstreamFeed, PowerstreamRuleEndpoints, nearest_datacenter
from .recovery import NAMES, recover
from .rules import RuleBook, RuleEndpoints
from .search import SearchEndpoints
from .subscriptions import SubscriptionEndpoints
from .usage import UsageEndpoints

# Partitions of each language's firehose. Source: X's OpenAPI description.
LANGUAGES = {"en": 8, "ja": 2, "ko": 2, "pt": 2}


class PostFeed(Feed):
    """Every post, or every post in one language."""

    def __init__(
        self, fields: Fields, partition: int | None = None, partitions: int = 1, lang: str | None = None
    ) -> None:
        self.fields = fields
        self.partition = partition
        self.partitions = partitions
        self._lang = lang

    def message(self, post: Post) -> bytes | None:
        return post_bytes(post, self.fields) if self._lang in (None, post.lang) else None

    def delivered(self, post: Post) -> Resources:
        return delivered(post, self.fields)

    def post_spec(self, rng: random.Random) -> PostSpec | None:
        return PostSpec(lang=self._lang) if self._lang else ANY


class FilteredFeed(Feed):
    """Posts that a rule matches, with the rules that do."""

    def __init__(self, fields: Fields, book: RuleBook) -> None:
        self.fields = fields
        self._book = book

    def message(self, post: Post) -> bytes | None:
        book = self._book
        matching = [book.rules[key] for key in book.selector.matching(post)]
        if not matching:
            return None
        # X sends the tag of a rule that has none, too: empty. Tweepy 4 relies on it.
        rules = encode([{"id": rule.id, "tag": rule.tag or ""} for rule in matching])
        return post_bytes(post, self.fields)[:-1] + b',"matching_rules":' + rules + b"}"

    def delivered(self, post: Post) -> Resources:
        return delivered(post, self.fields)

    def post_spec(self, rng: random.Random) -> PostSpec | None:
        book = self._book
        trees = [tree for key, tree in book.trees.items() if not is_lease(book.rules[key].tag)]
        return spec_from_rule(rng.choice(trees), rng) if trees else None


def checked(endpoint: Endpoint, known: Mapping[str, Check], *required: str) -> Endpoint:
    """Return the endpoint, for requests whose query has these parameters only."""
    return lambda request: check_query(request, known, required) or endpoint(request)


class StreamEndpoints:
    """The endpoints of v2's streams: each checks a request, and makes the feed of the stream."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> dict[str, dict[str, Endpoint]]:
        """Return the paths and methods of the streams."""
        table: dict[str, Callable[[Request], Response | Feed]] = {
            FILTERED: self._filtered,
            "/2/tweets/sample/stream": partial(self._posts, recovery=BACKFILL),
            "/2/tweets/sample10/stream": partial(self._posts, partitions=2),
            "/2/tweets/firehose/stream": partial(self._posts, partitions=20),
            "/2/likes/firehose/stream": partial(self._likes, 20),
            "/2/likes/sample10/stream": partial(self._likes, 2),
            "/2/likes/compliance/stream": partial(self._events, "likes_compliance", 1),
            "/2/tweets/compliance/stream": partial(self._events, "tweets_compliance", 4),
            "/2/users/compliance/stream": partial(self._events, "users_compliance", 4),
            "/2/tweets/label/stream": partial(self._events, "labels", 1),
            ACTIVITY: self._activity,
            POWERSTREAM: self._powerstream,
        }
        for lang, partitions in LANGUAGES.items():
            table[f"/2/tweets/firehose/stream/lang/{lang}"] = partial(
                self._posts, partitions=partitions, lang=lang
            )
        access = Access(self._services.authenticator, self._services.rate_limiter, self._services.usage)
        return {
            path: {"GET": access.authorized(path, partial(self._open, make))} for path, make in table.items()
        }

    def _open(self, make: Callable[[Request], Response | Feed], request: Request) -> Response | Opening:
        """Make the feed and the replay that a request asks for, if its level of access has them."""
        services, rate_limiter = self._services, self._services.rate_limiter
        forbidden = partial(client_forbidden, services.authenticator.accounts.user_id)
        if not rate_limiter.allowance.may_open(request.path):
            return forbidden()
        feed = make(request)
        if isinstance(feed, Response):
            return feed
        refusal = None if rate_limiter.allowance.enterprise else forbidden
        names = powerstream_params.RECOVERY if request.path == POWERSTREAM else NAMES
        replay = recover(request, services.hub.history, services.clock, refusal, names)
        if isinstance(replay, Response):
            return replay
        opening = Opening(feed, replay)
        return rate_limiter.check_connections(request, opening, services.hub.streams.values()) or opening

    def _filtered(self, request: Request) -> Response | Feed:
        book = self._services.rule_book
        refusal = check(request, POST_LISTS) or _without_rules(book, RULES, "filtered stream")
        return refusal or FilteredFeed(read_fields(request), book)

    def _powerstream(self, request: Request) -> Response | Feed:
        services, book = self._services, self._services.powerstream_rules
        refusal = check_query(request, powerstream_params.PARAMETERS) or _without_rules(
            book, POWERSTREAM_RULES, "Powerstream"
        )
        return refusal or PowerstreamFeed(
            book,
            nearest_datacenter(services.hub),
            services.clock,
            local=request.query.get("localDcOnly", "").lower() == "true",
            arrays=services.powerstream_arrays,
        )

    def _posts(
        self,
        request: Request,
        *,
        partitions: int = 1,
        lang: str | None = None,
        recovery: Mapping[str, Check] = RECOVERY,
    ) -> Response | Feed:
        return check(request, POST_LISTS, partitions, recovery) or PostFeed(
            read_fields(request), _partition(request), partitions, lang
        )

    def _likes(self, partitions: int, request: Request) -> Response | Feed:
        return check(request, LIKE_LISTS, partitions) or LikeFeed(
            read_fields(request), _partition(request), partitions, self._services.world
        )

    def _events(self, kind: str, partitions: int, request: Request) -> Response | Feed:
        return check(request, {}, partitions) or EventFeed(
            kind, _partition(request), partitions, self._services.world
        )

    def _activity(self, request: Request) -> Response | Feed:
        return check(request, {}) or ActivityFeed(self._services.subscriptions, self._services.graph)


def _without_rules(book: RuleBook, path: str, stream: str) -> Response | None:
    """Refuse a stream that has no rules yet."""
    if book.rules:
        return None
    detail = f"You must define rules using the POST {path} endpoint before connecting to {stream}."
    more = {"connection_issue": "RuleConfigurationIssue"}
    return problem(409, "ConnectionException", detail, "streaming-connection", **more)


def routes(services: Services) -> dict[str, dict[str, Endpoint]]:
    """Return v2's other paths and methods; a path that ends in ``/*`` takes one more segment."""
    authenticator, clock = services.authenticator, services.clock
    access = Access(authenticator, services.rate_limiter, services.usage)
    rules = RuleEndpoints(services.rule_book, authenticator.accounts.user_id, clock)
    power_rules = PowerstreamRuleEndpoints(services.powerstream_rules, clock)

    def for_enterprises(endpoint: Endpoint) -> Endpoint:
        app_id, enterprise = authenticator.accounts.user_id, services.rate_limiter.allowance.enterprise
        return checked(endpoint if enterprise else lambda request: client_forbidden(app_id), {})

    subscriptions = SubscriptionEndpoints(
        services.subscriptions,
        services.rate_limiter.allowance.subscriptions,
        authenticator,
        clock,
        services.world.ids,
    )
    connections = ConnectionEndpoints(services.hub)
    search = SearchEndpoints(
        services.hub.history,
        clock,
        services.rate_limiter.allowance,
        services.usage,
        services.rate_limiter.allowance.limits.search_delay,
    )
    usage = UsageEndpoints(services.usage, authenticator.accounts.user_id)
    table: dict[str, dict[str, Endpoint]] = {
        RULES: {
            "GET": checked(rules.list_rules, rule_params.LISTED),
            "POST": checked(rules.update, rule_params.UPDATED),
        },
        f"{RULES}/counts": {"GET": checked(rules.counts, rule_params.COUNTED)},
        POWERSTREAM_RULES: {
            "GET": for_enterprises(power_rules.list_rules),
            "POST": for_enterprises(power_rules.add),
            "DELETE": for_enterprises(power_rules.delete),
        },
        SUBSCRIPTIONS: {
            "GET": checked(subscriptions.list_subscriptions, subscription_params.LISTED),
            "POST": checked(subscriptions.create, {}),
            "DELETE": checked(subscriptions.delete_many, subscription_params.DELETED, "ids"),
        },
        f"{SUBSCRIPTIONS}/*": {
            "PUT": checked(subscriptions.update, {}),
            "DELETE": checked(subscriptions.delete, {}),
        },
        "/2/connections": {
            "GET": checked(connections.list_connections, connection_params.LISTED),
            "DELETE": checked(connections.delete_uuids, {}),
        },
        "/2/connections/all": {"DELETE": checked(connections.delete_endpoint, {})},
        "/2/connections/*": {"DELETE": checked(connections.delete_endpoint, {})},
        SEARCH_RECENT: {"GET": checked(search.recent, search_params.searched(100), "query")},
        SEARCH_ALL: {"GET": checked(search.all, search_params.searched(500), "query")},
        COUNTS_RECENT: {"GET": checked(search.counts_recent, search_params.COUNTED, "query")},
        COUNTS_ALL: {"GET": checked(search.counts_all, search_params.COUNTED, "query")},
        USAGE: {"GET": checked(usage.posts, usage_params.USED)},
        CREDITS: {"GET": checked(usage.credits, {})},
    }
    return {
        path: {
            method: access.authorized(path, endpoint, *_BY_USERS.get((method, path), ()))
            for method, endpoint in methods.items()
        }
        for path, methods in table.items()
    }


_BY_USERS = {
    ("GET", SUBSCRIPTIONS): (BY_USER, SIGNED),
    ("POST", SUBSCRIPTIONS): (BY_USER, SIGNED),
    ("GET", SEARCH_RECENT): (BY_USER, SIGNED),
    ("GET", COUNTS_RECENT): (BY_USER,),
}
"""The endpoints that a user may ask, too, and with which credentials. Source: X's OpenAPI description."""


def _partition(request: Request) -> int | None:
    text = request.query.get("partition")
    return int(text) if text else None
