"""The endpoints of v2 that stream posts, and the table of all of v2's paths."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rxtweets.emulator.app.limits import ACTIVITY, FILTERED, RULES, SUBSCRIPTIONS
from rxtweets.emulator.server.http import Request, Response, encode, problem, v2_refusal
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

if TYPE_CHECKING:
    from rxtweets.emulator.app.site import Site

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
    """The endpoint, for requests whose query has these parameters only."""
    return lambda request: check_query(request, known, required) or endpoint(request)


def stream_for(site: Site, path: str, endpoint: Endpoint) -> Endpoint:
    """The endpoint of a stream, for those whose level has it, with the past if that is asked for."""
    allowance = site.rate_limiter.allowance

    def admitted(request: Request) -> Response | Feed:
        if not allowance.may_open(path):
            return client_forbidden(site.accounts.user_id)
        reply = endpoint(request)
        if not isinstance(reply, Feed):
            return reply
        return (
            recover(request, reply, site)
            or site.rate_limiter.check_connections(request, reply, site.hub.streams.values())
            or reply
        )

    return admitted


def authorized(site: Site, endpoint: Endpoint, by_user: bool = False) -> Endpoint:
    """The endpoint, for those who have the bearer token and keep to the limits.

    `by_user` is for endpoints that also take what a user signed (OAuth 1.0a), or the user's own token.
    """

    def guarded(request: Request) -> Response | Feed:
        authenticator = site.authenticator
        if authenticator.has_bearer(request) or (
            by_user and (authenticator.has_user_token(request) or authenticator.has_signature(request))
        ):
            return site.rate_limiter.check_request(request.method, site.endpoint(request.path)) or endpoint(
                request
            )
        if by_user:
            return v2_refusal(401)
        if authenticator.has_user_token(request):
            return unsupported_authentication(BY_USER, APP_ONLY)
        if request.headers.get("authorization", "").lower().startswith("oauth "):
            return unsupported_authentication(SIGNED, APP_ONLY)
        return v2_refusal(401)

    return guarded


def streams(site: Site) -> dict[str, dict[str, Endpoint]]:
    """The paths and methods of v2's streams."""

    def filtered(request: Request) -> Response | Feed:
        fault = check(request, POST_LISTS)
        if fault is not None:
            return fault
        if not site.book.rules:
            detail = (
                f"You must define rules using the POST {RULES} endpoint before connecting to filtered stream."
            )
            more = {"connection_issue": "RuleConfigurationIssue"}
            return problem(409, "ConnectionException", detail, "streaming-connection", **more)
        return FilteredFeed(read_fields(request), site.book)

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
            or LikeFeed(read_fields(request), _partition(request), partitions, site.world)
        )

    def events(kind: str, partitions: int = 1) -> Endpoint:
        return lambda request: (
            check(request, {}, partitions) or EventFeed(kind, _partition(request), partitions, site.world)
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
        ACTIVITY: lambda request: check(request, {}) or ActivityFeed(site.subscriptions, site.world),
    }
    for lang, partitions in LANGUAGES.items():
        table[f"/2/tweets/firehose/stream/lang/{lang}"] = posts(partitions, lang)
    return {
        path: {"GET": authorized(site, stream_for(site, path, endpoint))} for path, endpoint in table.items()
    }


def routes(site: Site) -> dict[str, dict[str, Endpoint]]:
    """v2's other paths and methods; a path that ends in ``/*`` takes one more segment."""
    rules = RuleEndpoints(site.book, site.accounts.user_id, site.clock)
    subscriptions = SubscriptionEndpoints(site)
    connections = ConnectionEndpoints(site)
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
            method: authorized(site, endpoint, by_user=path == SUBSCRIPTIONS and method != "DELETE")
            for method, endpoint in methods.items()
        }
        for path, methods in table.items()
    }


def _partition(request: Request) -> int | None:
    text = request.query.get("partition")
    return int(text) if text else None
