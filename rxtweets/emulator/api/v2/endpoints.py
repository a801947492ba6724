"""The endpoints of v2 that stream posts, and the table of all of v2's paths."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import partial

from rxtweets.emulator.api.oauth.authenticator import Authenticator
from rxtweets.emulator.app.limits import ACTIVITY, FILTERED, RULES, SUBSCRIPTIONS
from rxtweets.emulator.app.rate_limits import RateLimiter
from rxtweets.emulator.app.services import Services
from rxtweets.emulator.server.http import Request, Response, encode, problem, v2_refusal
from rxtweets.emulator.streams.hub import StreamHub
from rxtweets.emulator.streams.source import Feed
from rxtweets.emulator.world.model import Post
from rxtweets.emulator.world.post_spec import ANY, PostSpec
from rxtweets.emulator.world.specs import spec_from_rule

from . import connections as connection_params
from . import rules as rule_params
from . import subscriptions as subscription_params
from .access import APP_ONLY, BY_USER, SIGNED, client_forbidden, unsupported_authentication
from .activity import ActivityFeed
from .connections import ConnectionEndpoints
from .events import EventFeed, LikeFeed
from .fields import BACKFILL, LIKE_LISTS, POST_LISTS, RECOVERY, Fields, check, read_fields
from .forms import post_bytes
from .params import Check, check_query
from .recovery import recover
from .rules import RuleBook, RuleEndpoints
from .subscriptions import SubscriptionEndpoints

Endpoint = Callable[[Request], Response | Feed]


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

    def post_spec(self, rng: random.Random) -> PostSpec | None:
        trees = tuple(self._book.trees.values())
        return spec_from_rule(rng.choice(trees), rng) if trees else None


def checked(endpoint: Endpoint, known: Mapping[str, Check], *required: str) -> Endpoint:
    """Return the endpoint, for requests whose query has these parameters only."""
    return lambda request: check_query(request, known, required) or endpoint(request)


class Access:
    """The check of who may use an endpoint, and how often."""

    def __init__(self, authenticator: Authenticator, rate_limiter: RateLimiter) -> None:
        self._authenticator = authenticator
        self._rate_limiter = rate_limiter

    def authorized(self, path: str, endpoint: Endpoint, by_user: bool = False) -> Endpoint:
        """Return the endpoint for those who have the bearer token and keep to the limits of its path.

        `by_user` is for endpoints that also take what a user signed (OAuth 1.0a), or the user's own token.
        """
        known = self._authenticator

        def guarded(request: Request) -> Response | Feed:
            if known.has_bearer(request) or (
                by_user and (known.has_user_token(request) or known.has_signature(request))
            ):
                return self._rate_limiter.check_request(request.method, path) or endpoint(request)
            if by_user:
                return v2_refusal(401)
            if known.has_user_token(request):
                return unsupported_authentication(BY_USER, APP_ONLY)
            if request.headers.get("authorization", "").lower().startswith("oauth "):
                return unsupported_authentication(SIGNED, APP_ONLY)
            return v2_refusal(401)

        return guarded

    def stream(self, path: str, endpoint: Endpoint, hub: StreamHub) -> Endpoint:
        """Return the endpoint of a stream for those whose level has it, with the past if asked."""
        allowance = self._rate_limiter.allowance
        forbidden = partial(client_forbidden, self._authenticator.accounts.user_id)

        def admitted(request: Request) -> Response | Feed:
            if not allowance.may_open(path):
                return forbidden()
            reply = endpoint(request)
            if not isinstance(reply, Feed):
                return reply
            return (
                recover(request, reply, hub.history, hub.clock, None if allowance.enterprise else forbidden)
                or self._rate_limiter.check_connections(request, reply, hub.streams.values())
                or reply
            )

        return self.authorized(path, admitted)


def streams(services: Services) -> dict[str, dict[str, Endpoint]]:
    """Return the paths and methods of v2's streams."""

    def filtered(request: Request) -> Response | Feed:
        fault = check(request, POST_LISTS)
        if fault is not None:
            return fault
        if not services.rule_book.rules:
            detail = (
                f"You must define rules using the POST {RULES} endpoint before connecting to filtered stream."
            )
            more = {"connection_issue": "RuleConfigurationIssue"}
            return problem(409, "ConnectionException", detail, "streaming-connection", **more)
        return FilteredFeed(read_fields(request), services.rule_book)

    def posts(
        partitions: int = 1, lang: str | None = None, recovery: Mapping[str, Check] = RECOVERY
    ) -> Endpoint:
        return lambda request: (
            check(request, POST_LISTS, partitions, recovery)
            or PostFeed(read_fields(request), _partition(request), partitions, lang)
        )

    def likes(partitions: int) -> Endpoint:
        return lambda request: (
            check(request, LIKE_LISTS, partitions)
            or LikeFeed(read_fields(request), _partition(request), partitions, services.world)
        )

    def events(kind: str, partitions: int = 1) -> Endpoint:
        return lambda request: (
            check(request, {}, partitions) or EventFeed(kind, _partition(request), partitions, services.world)
        )

    table: dict[str, Endpoint] = {
        FILTERED: filtered,
        "/2/tweets/sample/stream": posts(recovery=BACKFILL),
        "/2/tweets/sample10/stream": posts(2),
        "/2/tweets/firehose/stream": posts(20),
        "/2/likes/firehose/stream": likes(20),
        "/2/likes/sample10/stream": likes(2),
        "/2/likes/compliance/stream": events("likes_compliance"),
        "/2/tweets/compliance/stream": events("tweets_compliance", 4),
        "/2/users/compliance/stream": events("users_compliance", 4),
        "/2/tweets/label/stream": events("labels"),
        ACTIVITY: lambda request: check(request, {}) or ActivityFeed(services.subscriptions, services.world),
    }
    for lang, partitions in LANGUAGES.items():
        table[f"/2/tweets/firehose/stream/lang/{lang}"] = posts(partitions, lang)
    access = Access(services.authenticator, services.rate_limiter)
    return {path: {"GET": access.stream(path, endpoint, services.hub)} for path, endpoint in table.items()}


def routes(services: Services) -> dict[str, dict[str, Endpoint]]:
    """Return v2's other paths and methods; a path that ends in ``/*`` takes one more segment."""
    authenticator, clock = services.authenticator, services.clock
    access = Access(authenticator, services.rate_limiter)
    rules = RuleEndpoints(services.rule_book, authenticator.accounts.user_id, clock)
    subscriptions = SubscriptionEndpoints(
        services.subscriptions,
        services.rate_limiter.allowance.subscriptions,
        authenticator,
        clock,
        services.world.ids,
    )
    connections = ConnectionEndpoints(services.hub)
    table: dict[str, dict[str, Endpoint]] = {
        RULES: {
            "GET": checked(rules.list_rules, rule_params.LISTED),
            "POST": checked(rules.update, rule_params.UPDATED),
        },
        f"{RULES}/counts": {"GET": checked(rules.counts, rule_params.COUNTED)},
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
    }
    return {
        path: {
            method: access.authorized(path, endpoint, by_user=path == SUBSCRIPTIONS and method != "DELETE")
            for method, endpoint in methods.items()
        }
        for path, methods in table.items()
    }


def _partition(request: Request) -> int | None:
    text = request.query.get("partition")
    return int(text) if text else None
