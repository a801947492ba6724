"""Powerstream: v1.1's statuses by rules of its own, from one data centre or from both.

Source: X's page "Powerstream".
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta, Struct

from rxtweets.emulator.api.v1.forms import status_bytes
from rxtweets.emulator.app.clock import Clock
from rxtweets.emulator.app.usage import Resources
from rxtweets.emulator.server.http import Request, Response, encode, invalid_request, json_response
from rxtweets.emulator.streams.hub import StreamHub
from rxtweets.emulator.streams.source import Feed, partition_of
from rxtweets.emulator.world.model import Post
from rxtweets.emulator.world.post_spec import PostSpec
from rxtweets.emulator.world.specs import spec_from_rule

from .params import ID, Check, flag, moment, read_body, whole
from .rules import Added, RuleBook, not_found, rule_form, sent

DATACENTERS = ("atla", "pdxa")
"""The two data centres; each post is posted at one of them."""

PARAMETERS: dict[str, Check] = {
    "localDcOnly": flag,
    "backfillMinutes": whole(0, 5),
    "startTime": moment,
    "endTime": moment,
}
RECOVERY = ("backfillMinutes", "startTime", "endTime")
"""The names of the parameters that ask for the past."""

_MOST_AT_ONCE = 100


class PowerstreamFeed(Feed):
    """Statuses that a rule matches, with the rules that do.

    Args:
        book: The rules.
        datacenter: The data centre that the client is connected to.
        local: Whether it gets the statuses of that one only.
        arrays: Whether each status comes in an array.
        clock: The time.
    """

    def __init__(self, book: RuleBook, datacenter: str, clock: Clock, *, local: bool, arrays: bool) -> None:
        self.datacenter = datacenter
        self._book = book
        self._local = local
        self._arrays = arrays
        self._clock = clock
        if local:
            self.headers = (
                ("x-powerstream-datacenter", datacenter),
                ("x-powerstream-localdconly", "true"),
            )

    def preamble(self) -> tuple[bytes, ...]:
        if not self._local:
            return ()
        metadata = {
            "type": "connection_metadata",
            "datacenter": self.datacenter,
            "timestamp": self._clock.world_ms(),
        }
        return (encode(metadata),)

    def message(self, post: Post) -> bytes | None:
        if self._local and datacenter_of(post) != self.datacenter:
            return None
        book = self._book
        rules = [
            {"tag": rule.tag, "id": int(rule.id), "id_str": rule.id}
            for rule in (book.rules[key] for key in book.selector.matching(post))
        ]
        if not rules:
            return None
        status = b'%b,"matching_rules":%b}' % (status_bytes(post)[:-1], encode(rules))
        return b"[%b]" % status if self._arrays else status

    def delivered(self, post: Post) -> Resources:
        return (("post", str(post.id)),)

    def post_spec(self, rng: random.Random) -> PostSpec | None:
        trees = [*self._book.trees.values()]
        return spec_from_rule(rng.choice(trees), rng) if trees else None


def datacenter_of(post: Post) -> str:
    """Return the data centre that a post was posted at."""
    return DATACENTERS[partition_of(post, len(DATACENTERS)) - 1]


def nearest_datacenter(hub: StreamHub) -> str:
    """Return the data centre for a new connection: the one with fewer, so that two connections have both."""
    feeds = (stream.feed for stream in hub.streams.values())
    taken = [feed.datacenter for feed in feeds if isinstance(feed, PowerstreamFeed)]
    return min(DATACENTERS, key=taken.count)


class _Named(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule to delete: by its id, or else by its value; the tag doesn't matter."""

    value: str = ""
    tag: str | None = None
    id: str = ""


class _Add(Struct, frozen=True, forbid_unknown_fields=True):
    rules: Annotated[tuple[Added, ...], Meta(min_length=1, max_length=_MOST_AT_ONCE)]


class _Delete(Struct, frozen=True, forbid_unknown_fields=True):
    rules: Annotated[tuple[_Named, ...], Meta(max_length=_MOST_AT_ONCE)] = ()
    ids: Annotated[tuple[Annotated[str, Meta(pattern=ID)], ...], Meta(max_length=_MOST_AT_ONCE)] = ()


class PowerstreamRuleEndpoints:
    """``/2/powerstream/rules``."""

    def __init__(self, book: RuleBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock

    def list_rules(self, request: Request) -> Response:
        return self._answer(200, {"rules": [rule_form(rule) for rule in self._book.rules.values()]}, {})

    def add(self, request: Request) -> Response:
        body = read_body(request, _Add)
        if isinstance(body, Response):
            return body
        done = self._book.add_all(body.rules)
        if isinstance(done, Response):
            return done
        added, errors = done
        summary = {"created": len(added), "not_created": len(errors)}
        data = {"rules": [rule_form(rule) for rule in added]}
        return self._answer(201 if added else 200, data, summary, errors)

    def delete(self, request: Request) -> Response:
        body = read_body(request, _Delete)
        if isinstance(body, Response):
            return body
        if not (body.rules or body.ids):
            return invalid_request(({}, "`rules` or `ids` must be a list of at least one rule"))
        ids = [*body.ids, *(rule.id for rule in body.rules if rule.id)]
        found, missing = self._book.find(ids, [rule.value for rule in body.rules if not rule.id])
        for rule_id in found:
            self._book.remove(rule_id)
        summary = {"deleted": len(found), "not_deleted": len(missing)}
        return self._answer(200, {}, summary, not_found(missing))

    def _answer(
        self, status: int, data: dict[str, Any], summary: dict[str, int], errors: Iterable[Any] = ()
    ) -> Response:
        meta: dict[str, Any] = {"sent": sent(self._clock), **({"summary": summary} if summary else {})}
        body: dict[str, Any] = {**({"data": data} if data else {}), "meta": meta}
        if errors:
            body["errors"] = errors
        return json_response(body, status)
