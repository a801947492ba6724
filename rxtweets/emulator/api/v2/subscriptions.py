"""v2's subscriptions to activity, which feed its stream."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins
from msgspec.structs import replace

from rxtweets.emulator.api.oauth.authenticator import Authenticator
from rxtweets.emulator.app.clock import Clock
from rxtweets.emulator.server.http import Request, Response, invalid_request, json_response, problem
from rxtweets.emulator.world.ids import Snowflakes
from rxtweets.messages.activity import EVENT_TYPES as KNOWN_TYPES
from rxtweets.messages.activity import is_private

from .access import APP_ONLY, BY_USER, SIGNED, unsupported_authentication
from .params import ID, PAGING, Check, check_path_id, ids, meta, page, read_body, split, whole
from .rules import sent

EVENT_TYPES = KNOWN_TYPES - {"oauth.revoke"}
"""The kinds of events that can be subscribed to."""
_UNDIRECTED = ("mute.", "block.")
"""Kinds whose subscriptions have no direction."""
MOST_LISTED = 1000
LISTED: dict[str, Check] = {**PAGING, "max_results": whole(1, MOST_LISTED)}
DELETED: dict[str, Check] = {"ids": ids(1, 100)}
"""The parameters of the endpoints that have any."""

_Tag = Annotated[str, Meta(min_length=1, max_length=200)]
_Id = Annotated[str, Meta(pattern=ID)]


class _Filter(Struct, frozen=True, forbid_unknown_fields=True):
    user_id: _Id | UnsetType = UNSET
    keyword: Annotated[str, Meta(min_length=1, max_length=150)] | UnsetType = UNSET
    direction: Literal["inbound", "outbound"] | UnsetType = UNSET


class _Create(Struct, frozen=True, forbid_unknown_fields=True):
    """The body that makes a subscription."""

    event_type: str
    filter: _Filter
    tag: _Tag | UnsetType = UNSET
    webhook_id: _Id | UnsetType = UNSET


class _Change(Struct, frozen=True, forbid_unknown_fields=True):
    """The body that changes one."""

    tag: _Tag | UnsetType = UNSET
    webhook_id: _Id | UnsetType = UNSET


class Subscription(Struct, frozen=True):
    id: str
    event_type: str
    filter: dict[str, str]
    tag: str | None
    webhook_id: str | None
    created: str
    updated: str
    by_user: bool

    def form(self) -> dict[str, Any]:
        whole = {
            "subscription_id": self.id,
            "event_type": self.event_type,
            "filter": self.filter,
            "tag": self.tag,
            "webhook_id": self.webhook_id,
            "created_at": self.created,
            "updated_at": self.updated,
        }
        return {name: value for name, value in whole.items() if value is not None}


class SubscriptionEndpoints:
    """``/2/activity/subscriptions``."""

    def __init__(
        self,
        subscriptions: dict[str, Subscription],
        most: int,
        authenticator: Authenticator,
        clock: Clock,
        ids: Snowflakes,
    ) -> None:
        self._subscriptions = subscriptions
        self._most = most
        self._authenticator = authenticator
        self._clock = clock
        self._ids = ids

    def list_subscriptions(self, request: Request) -> Response:
        by_user = self._authenticator.has_user_token(request)  # who is told of their own alone
        everything = tuple(one for one in self._subscriptions.values() if one.by_user or not by_user)
        part, following = page(request, len(everything), MOST_LISTED)
        shown = [one.form() for one in everything[part]]
        body: dict[str, Any] = {"data": shown} if shown else {}
        return json_response({**body, "meta": {**meta(shown, following), **self._total()}})

    def _total(self) -> dict[str, int]:
        """Return what `meta` tells of all subscriptions."""
        return {"total_subscriptions": len(self._subscriptions)}

    def create(self, request: Request) -> Response:
        asked = read_body(request, _Create)
        if isinstance(asked, Response):
            return asked
        if asked.event_type not in EVENT_TYPES:
            message = f"`event_type` is not one of [{','.join(sorted(EVENT_TYPES))}]"
            return invalid_request(({"event_type": [asked.event_type[:100]]}, message))
        wanted: dict[str, str] = to_builtins(asked.filter)
        if asked.event_type.startswith(_UNDIRECTED):
            wanted.pop("direction", None)
        if not wanted.keys() - {"direction"}:
            return invalid_request(({"filter": []}, "`filter` must hold a user_id or a keyword"))
        refusal = self._private(request, asked.event_type, wanted)
        if refusal is not None:
            return refusal
        if len(self._subscriptions) >= self._most:
            detail = f"At most {self._most} subscriptions are allowed."
            return problem(403, "Disallowed Resource", detail, "disallowed-resource")
        now = sent(self._clock)
        made = Subscription(
            str(self._ids.next()),
            asked.event_type.replace("conversation_join", "conversation.join"),
            wanted,
            asked.tag or None,
            asked.webhook_id or None,
            now,
            now,
            self._authenticator.has_user_token(request),
        )
        self._subscriptions[made.id] = made
        return json_response({"data": {"subscription": made.form()}, "meta": self._total()})

    def _private(self, request: Request, event_type: str, wanted: dict[str, str]) -> Response | None:
        """Return the refusal of a subscription to private events that the user didn't allow, if it is one."""
        if not is_private(event_type):
            return None
        if not self._authenticator.has_user_token(request):
            signed = request.headers.get("authorization", "").lower().startswith("oauth ")
            return unsupported_authentication(SIGNED if signed else APP_ONLY, BY_USER)
        if wanted.get("user_id") == str(self._authenticator.accounts.user_id):
            return None
        detail = (
            f"Events of type [{event_type}] are private: filter.user_id must be the user who authorized the"
            f" app, [{self._authenticator.accounts.user_id}]."
        )
        more = {"resource_type": "user", "parameter": "user_id", "value": wanted.get("user_id", "")}
        return problem(403, "Authorization Error", detail, "not-authorized-for-resource", **more)

    def update(self, request: Request) -> Response:
        fault = check_path_id(request, "subscription_id")
        asked = fault if fault is not None else read_body(request, _Change)
        if isinstance(asked, Response):
            return asked
        found = self._subscriptions.get(_last(request))
        if found is None:
            return _missing(_last(request))
        made = replace(
            found,
            tag=asked.tag or found.tag,
            webhook_id=asked.webhook_id or found.webhook_id,
            updated=sent(self._clock),
        )
        self._subscriptions[made.id] = made
        total = self._total()
        return json_response({"data": {"subscription": made.form(), **total}, "meta": total})

    def delete(self, request: Request) -> Response:
        fault = check_path_id(request, "subscription_id")
        if fault is not None:
            return fault
        if self._subscriptions.pop(_last(request), None) is None:
            return _missing(_last(request))
        return json_response({"data": {"deleted": True}, "meta": self._total()})

    def delete_many(self, request: Request) -> Response:
        data: list[dict[str, Any]] = []
        errors: list[dict[str, str]] = []
        for item in split(request.query["ids"]):
            if self._subscriptions.pop(item, None) is not None:
                data.append({"subscription_id": item, "deleted": True})
            else:
                errors.append(
                    {"subscription_id": item, "message": "Subscription not found", "reason": "not_found"}
                )
        body: dict[str, Any] = {"data": data, "meta": self._total()}
        return json_response({**body, "errors": errors} if errors else body)


def _last(request: Request) -> str:
    return request.path.rpartition("/")[2]


def _missing(subscription_id: str) -> Response:
    detail = f"Could not find subscription with id: [{subscription_id}]."
    more = {"resource_id": subscription_id, "resource_type": "subscription", "parameter": "subscription_id"}
    return problem(404, "Not Found Error", detail, "resource-not-found", **more)
