"""The app's subscriptions to the activity of users."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rxtweets.endpoints import checks
from rxtweets.errors import WrongCredentials
from rxtweets.messages.activity import EVENT_TYPES, is_private
from rxtweets.rest import Api, JSONResponse, text, time

# Source for limits: X's OpenAPI description, version 2.167.
_MOST_AT_ONCE = 100
_LONGEST_TAG = 200
_LONGEST_KEYWORD = 150


class ActivitySubscription(msgspec.Struct, frozen=True):
    """Events that the app has subscribed to; None for what the server doesn't say."""

    id: str
    event_type: str | None = None
    user_id: str | None = None
    keyword: str | None = None
    direction: str | None = None
    tag: str | None = None
    webhook_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class DeletedSubscriptions(msgspec.Struct, frozen=True):
    """The result of a deletion: the ids of the deleted subscriptions, and by id why others were not."""

    deleted: tuple[str, ...]
    errors: dict[str, str]


class SubscriptionsClient:
    """The events that the activity stream brings: `StreamingClient.subscriptions`."""

    _PATH = "/2/activity/subscriptions"

    def __init__(self, api: Api, by_user: Api | None = None) -> None:
        self._api = api
        self._by_user = by_user

    def list(self) -> Observable[ActivitySubscription]:
        """Each subscription there is; for a user's credentials those of the user."""
        return self._api.items(self._PATH, (("max_results", "1000"),), _subscription)

    def add(
        self,
        event_type: str,
        *,
        user_id: int | str | None = None,
        keyword: str | None = None,
        direction: Literal["inbound", "outbound"] | None = None,
        tag: str | None = None,
        webhook_id: int | str | None = None,
    ) -> Observable[ActivitySubscription]:
        """Ask for events of *event_type* (such as `post.create`) that concern *user_id* or *keyword*.

        Private events (see `rxtweets.messages.is_private`) are requested with the client's *user*, if it has
        one, and are limited to that user; public ones with the app's credentials. If X doesn't accept these,
        the Observable ends with `WrongCredentials`, which names what X accepts; a kind of event that this
        version doesn't know is then requested with the user's.

        Args:
            event_type: the kind of event. X adds kinds often, so only the form of the name is checked.
            user_id: the numeric id of the user that the events are about.
            keyword: 1 to 150 characters that the events are about.
            direction: for events between two users, `inbound` or `outbound` only.
            tag: a label of 1 to 200 characters that comes with each event.
            webhook_id: a webhook to deliver to as well.

        Raises:
            ValueError: an argument is wrong, or there is neither *user_id* nor *keyword*.
        """
        about: dict[str, str] = {}
        if user_id is not None:
            about["user_id"] = checks.identifier("user_id", user_id)
        if keyword is not None:
            about["keyword"] = checks.line("keyword", keyword, _LONGEST_KEYWORD)
        if not about:
            raise ValueError("a subscription needs a user_id or a keyword; neither was given")
        if direction is not None:
            about["direction"] = checks.choice("direction", direction, ("inbound", "outbound"))
        kind = checks.form("event_type", event_type, r"[a-z0-9_]+(\.[a-z0-9_]+)+", "post.create")
        body = {"event_type": kind, "filter": about, **_label(tag, webhook_id)}
        if self._by_user is None or kind in EVENT_TYPES:
            api = self._by_user if self._by_user is not None and is_private(kind) else self._api
            return self._added(api, body)
        as_user = self._added(self._by_user, body)

        def handler(error: Exception, _: object) -> Observable[ActivitySubscription]:
            return as_user if isinstance(error, WrongCredentials) else reactivex.throw(error)

        return self._added(self._api, body).pipe(ops.catch(handler))

    def _added(self, api: Api, body: dict[str, Any]) -> Observable[ActivitySubscription]:
        return api.call("POST", self._PATH, body=body).pipe(ops.map(_changed))

    def update(
        self,
        subscription: int | str | ActivitySubscription,
        *,
        tag: str | None = None,
        webhook_id: int | str | None = None,
    ) -> Observable[ActivitySubscription]:
        """Give a subscription another *tag* or webhook.

        Raises:
            ValueError: the id is not numeric, or nothing is to be changed.
        """
        body = _label(tag, webhook_id)
        if not body:
            raise ValueError("update() changes a tag or a webhook_id; neither was given")
        return self._api.call("PUT", f"{self._PATH}/{_id(subscription)}", body=body).pipe(ops.map(_changed))

    def delete(self, *subscriptions: int | str | ActivitySubscription) -> Observable[DeletedSubscriptions]:
        """Delete 1 to 100 subscriptions.

        Raises:
            ValueError: an id is not numeric, or there are none, or more than 100.
        """
        if not subscriptions:
            raise ValueError("delete() needs at least one subscription; none was given")
        checks.apart("delete", subscriptions)
        ids = checks.ids("delete", [_id(item) for item in subscriptions], _MOST_AT_ONCE)
        return self._api.call("DELETE", self._PATH, (("ids", ids),)).pipe(ops.map(_deleted))


def _id(subscription: int | str | ActivitySubscription) -> str:
    given = subscription.id if isinstance(subscription, ActivitySubscription) else subscription
    return checks.identifier("subscription", given)


def _label(tag: str | None, webhook_id: int | str | None) -> dict[str, str]:
    label: dict[str, str] = {}
    if tag is not None:
        label["tag"] = checks.line("tag", tag, _LONGEST_TAG)
    if webhook_id is not None:
        label["webhook_id"] = checks.identifier("webhook_id", webhook_id)
    return label


def _subscription(item: dict[str, Any]) -> ActivitySubscription:
    about = item.get("filter")
    about = about if isinstance(about, dict) else {}
    return ActivitySubscription(
        id=text(item.get("subscription_id")) or "",
        event_type=text(item.get("event_type")),
        user_id=text(about.get("user_id")),
        keyword=text(about.get("keyword")),
        direction=text(about.get("direction")),
        tag=text(item.get("tag")),
        webhook_id=text(item.get("webhook_id")),
        created_at=time(item.get("created_at")),
        updated_at=time(item.get("updated_at")),
    )


def _changed(answer: JSONResponse) -> ActivitySubscription:
    made = answer.get_object("data", "subscription")
    if not made:
        raise answer.unexpected("there is no subscription in it")
    return _subscription(made)


def _deleted(answer: JSONResponse) -> DeletedSubscriptions:
    deleted = [text(item.get("subscription_id")) for item in answer.get_list("data") if item.get("deleted")]
    errors = {
        text(item.get("subscription_id")) or "": text(item.get("message"))
        or text(item.get("reason"))
        or "not deleted"
        for item in answer.get_list("errors")
    }
    if not deleted and not any(errors):
        raise answer.unexpected("it doesn't say what became of the subscriptions")
    return DeletedSubscriptions(tuple(item for item in deleted if item), errors)
