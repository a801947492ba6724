"""The endpoints of v2 that stream posts, and the table of all of v2's paths."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rxtweets.emulator.http.answers import PROBLEMS, Answer, Call, encode, problem, v2_refusal
from rxtweets.emulator.matching import v2_match
from rxtweets.emulator.streams import Feed
from rxtweets.emulator.world.model import NOTHING, Post, Wish
from rxtweets.emulator.world.wishes import rule_wish

from .activity import ActivityEndpoints
from .connections import ConnectionEndpoints
from .events import EventFeed, LikeFeed
from .fields import LIKE_LISTS, POST_LISTS, Fields, check, read_fields
from .forms import envelope
from .rules import RuleBook, RuleEndpoints

if TYPE_CHECKING:
    from rxtweets.emulator.site import Site

Endpoint = Callable[[Call], Answer | Feed]

FILTERED = "/2/tweets/search/stream"
RULES = f"{FILTERED}/rules"
# Partitions of each language's firehose. Source: X's OpenAPI description.
LANGUAGES = {"en": 8, "ja": 2, "ko": 2, "pt": 2}


def post_bytes(post: Post, fields: Fields) -> bytes:
    """The message of a post without its rules, made once for all streams that ask for the same fields."""
    made: bytes | None = post.forms.get(fields)
    if made is None:
        made = post.forms[fields] = encode(envelope(post, fields))
    return made


class PostFeed(Feed):
    """Every post, or every post in one language."""

    def __init__(
        self, fields: Fields, group: str, partition: int | None = None, lang: str | None = None
    ) -> None:
        self.fields = fields
        self.group = group
        self.partition = partition
        self._lang = lang

    def message(self, post: Post) -> bytes | None:
        return post_bytes(post, self.fields) if self._lang in (None, post.lang) else None

    def wish(self, dice: random.Random) -> Wish | None:
        return Wish(lang=self._lang) if self._lang else NOTHING


class FilteredFeed(Feed):
    """Posts that a rule matches, with the rules that do."""

    def __init__(self, fields: Fields, book: RuleBook) -> None:
        self.fields = fields
        self._book = book

    def message(self, post: Post) -> bytes | None:
        book = self._book
        matching = [book.rules[key] for key, tree in book.trees.items() if v2_match(tree, post)]
        if not matching:
            return None
        rules = encode([{"id": rule.id, "tag": rule.tag or ""} for rule in matching])
        return post_bytes(post, self.fields)[:-1] + b',"matching_rules":' + rules + b"}"

    def wish(self, dice: random.Random) -> Wish | None:
        trees = tuple(self._book.trees.values())
        return rule_wish(dice.choice(trees), dice) if trees else None


def goodbye(kind: str = "UpstreamOperationalDisconnect", detail: str | None = None) -> bytes:
    """What a stream says that is being closed."""
    said = detail or "This stream has been disconnected upstream for operational reasons."
    error = {
        "title": "operational-disconnect",
        "disconnect_type": kind,
        "detail": said,
        "type": PROBLEMS + "operational-disconnect",
    }
    return encode({"errors": [error]})


class RateLimits:
    """The count of each endpoint's requests in windows of 15 minutes; counted, not enforced."""

    WINDOW = 900

    def __init__(self) -> None:
        self._windows: dict[str, tuple[float, int]] = {}

    def headers(self, path: str, limit: int) -> tuple[tuple[str, str], ...]:
        """Count a request and give the headers that tell about it."""
        now = time.time()
        start, count = self._windows.get(path, (now, 0))
        if now - start >= self.WINDOW:
            start, count = now, 0
        self._windows[path] = (start, count + 1)
        return (
            ("x-rate-limit-limit", str(limit)),
            ("x-rate-limit-remaining", str(max(0, limit - count - 1))),
            ("x-rate-limit-reset", str(int(start) + self.WINDOW)),
        )


def authorized(site: Site, endpoint: Endpoint) -> Endpoint:
    """The endpoint, for those who have the bearer token."""

    def guarded(call: Call) -> Answer | Feed:
        if site.gate.has_bearer(call):
            return endpoint(call)
        if call.headers.get("authorization", "").lower().startswith("oauth "):
            detail = (
                "Authenticating with OAuth 1.0a User Context is forbidden for this endpoint.  Supported"
                " authentication types are [OAuth 2.0 Application-Only]."
            )
            return problem(
                403, "Unsupported Authentication", detail, "unsupported-authentication", status=403
            )
        return v2_refusal(401)

    return guarded


def routes(site: Site) -> dict[str, dict[str, Endpoint]]:
    """v2's paths and methods; a path that ends in ``/*`` takes one more segment."""
    rules = RuleEndpoints(site.book, site.accounts.user_id)
    activity = ActivityEndpoints(site)
    connections = ConnectionEndpoints(site)

    def filtered(call: Call) -> Answer | Feed:
        if not site.book.rules:
            detail = (
                f"You must define rules using the POST {RULES} endpoint before connecting to filtered stream."
            )
            more = {"connection_issue": "RuleConfigurationIssue"}
            return problem(409, "ConnectionException", detail, "streaming-connection", **more)
        return check(call, POST_LISTS) or FilteredFeed(read_fields(call), site.book)

    def posts(group: str, partitions: int | None = None, lang: str | None = None) -> Endpoint:
        return lambda call: (
            check(call, POST_LISTS, partitions) or PostFeed(read_fields(call), group, _partition(call), lang)
        )

    def likes(group: str, partitions: int) -> Endpoint:
        return lambda call: (
            check(call, LIKE_LISTS, partitions)
            or LikeFeed(read_fields(call), group, _partition(call), site.world)
        )

    def events(group: str, partitions: int | None) -> Endpoint:
        return lambda call: check(call, {}, partitions) or EventFeed(group, _partition(call), site.world)

    streams: dict[str, Endpoint] = {
        FILTERED: filtered,
        "/2/tweets/sample/stream": posts("sample"),
        "/2/tweets/sample10/stream": posts("sample10", 2),
        "/2/tweets/firehose/stream": posts("firehose", 20),
        "/2/likes/firehose/stream": likes("likes", 20),
        "/2/likes/sample10/stream": likes("likes10", 2),
        "/2/likes/compliance/stream": events("likes_compliance", None),
        "/2/tweets/compliance/stream": events("tweets_compliance", 4),
        "/2/users/compliance/stream": events("users_compliance", 4),
        "/2/tweets/label/stream": events("labels", None),
        "/2/activity/stream": lambda call: check(call, {}) or activity.stream(),
    }
    for lang, partitions in LANGUAGES.items():
        streams[f"/2/tweets/firehose/stream/lang/{lang}"] = posts(f"firehose_{lang}", partitions, lang)
    table: dict[str, dict[str, Endpoint]] = {path: {"GET": endpoint} for path, endpoint in streams.items()}
    table[RULES] = {"GET": rules.list_rules, "POST": rules.update}
    table[f"{RULES}/counts"] = {"GET": rules.counts}
    table["/2/activity/subscriptions"] = {
        "GET": activity.list_subscriptions,
        "POST": activity.create,
        "DELETE": activity.delete_many,
    }
    table["/2/activity/subscriptions/*"] = {"PUT": activity.update, "DELETE": activity.delete}
    table["/2/connections"] = {"GET": connections.list_connections, "DELETE": connections.delete_uuids}
    table["/2/connections/*"] = {"DELETE": connections.delete_endpoint}
    return {
        path: {method: authorized(site, endpoint) for method, endpoint in methods.items()}
        for path, methods in table.items()
    }


def _partition(call: Call) -> int | None:
    text = call.query.get("partition")
    return int(text) if text else None
