"""v2's activity stream and the subscriptions that feed it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from rxtweets.emulator.http.answers import Answer, Call, encode, invalid_request, json_answer, problem
from rxtweets.emulator.streams import Feed
from rxtweets.emulator.world.model import NOTHING, Person, Post, Wish
from rxtweets.emulator.world.text import names
from rxtweets.emulator.world.world import World

from .events import like
from .fields import Fields
from .forms import post_form, user_form
from .rules import page, sent

if TYPE_CHECKING:
    from rxtweets.emulator.site import Site

# Source: X's OpenAPI description, CreateActivitySubscriptionRequest.
EVENT_TYPES = frozenset(
    names(
        "profile.update.bio profile.update.profile_picture profile.update.banner_picture"
        " profile.update.screenname profile.update.geo profile.update.url"
        " profile.update.verified_badge profile.update.affiliate_badge profile.update.handle news.new"
        " follow.follow follow.unfollow spaces.start spaces.end broadcast.start broadcast.end"
        " broadcast.chat chat.received chat.sent chat.conversation.join chat.conversation_join"
        " chat.conversation.member_added chat.conversation.member_removed"
        " chat.conversation.admin_added chat.conversation.admin_removed chat.update.group_name"
        " chat.update.restrictions dm.sent dm.received dm.indicate_typing dm.read post.create"
        " post.delete post.mention.create post.reply.create post.quote.create post.repost.create"
        " like.create mute.mute mute.unmute block.block block.unblock"
    )
)
_FULL = Fields(post=frozenset({"author_id", "created_at", "lang"}))
_WANTS = {"post.reply.create": "reply", "post.quote.create": "quote", "post.repost.create": "retweet"}


class Subscription(Struct, frozen=True):
    id: str
    event_type: str
    filter: dict[str, str]
    tag: str | None
    webhook_id: str | None
    created: str
    updated: str

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


class ActivityFeed(Feed):
    """Events of the subscribed kinds: one for each post made, of one subscription in turn."""

    def __init__(self, subscriptions: dict[str, Subscription], world: World) -> None:
        self._subscriptions = subscriptions
        self._world = world

    def wish(self, dice: random.Random) -> Wish | None:
        if not self._subscriptions:
            return None
        chosen = dice.choice(tuple(self._subscriptions.values()))
        wanted = _WANTS.get(chosen.event_type)
        keyword = chosen.filter.get("keyword")
        user_id = chosen.filter.get("user_id")
        return Wish(
            words=(keyword,) if keyword else (),
            author=int(user_id) if user_id else None,
            wants=frozenset({wanted}) if wanted else NOTHING.wants,
        )

    def message(self, post: Post) -> bytes | None:
        if not self._subscriptions:
            return None
        chosen = self._world.dice.choice(tuple(self._subscriptions.values()))
        data: dict[str, Any] = {
            "event_uuid": str(post.id),
            "event_type": chosen.event_type,
            "filter": chosen.filter,
            "payload": self._payload(chosen, post),
        }
        if chosen.tag is not None:
            data["tag"] = chosen.tag
        return encode({"data": data})

    def _payload(self, chosen: Subscription, post: Post) -> dict[str, Any]:
        dice, people = self._world.dice, self._world.people
        user_id = chosen.filter.get("user_id")
        person: Person = people.with_id(int(user_id)) if user_id else post.author
        room, _, what = chosen.event_type.partition(".")
        if chosen.event_type == "post.delete":
            return {"id": str(post.id), "author_id": str(person.id)}
        if room == "post":
            return post_form(post, _FULL)
        if room == "like":
            data: dict[str, Any] = like(post, Fields(like=frozenset({"created_at", "timestamp_ms"})), dice)[
                "data"
            ]
            return data
        if room == "profile":
            return {"before": people.anybody(dice).bio, "after": person.bio or "…"}
        if room == "news":
            return {"category": "News", "headline": post.text[:80], "summary": post.text, "hook": what}
        return {"source": user_form(people.anybody(dice), _FULL), "target": user_form(person, _FULL)}


class ActivityEndpoints:
    """``/2/activity/…``."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._subscriptions: dict[str, Subscription] = {}

    def stream(self) -> Feed:
        return ActivityFeed(self._subscriptions, self._site.world)

    def list_subscriptions(self, call: Call) -> Answer:
        everything = tuple(self._subscriptions.values())
        part = page(call, len(everything), 1000)
        if isinstance(part, Answer):
            return part
        shown = everything[part[0]]
        meta: dict[str, Any] = {"result_count": len(shown)}
        if part[1]:
            meta["next_token"] = part[1]
        body: dict[str, Any] = {"data": [one.form() for one in shown]} if shown else {}
        return json_answer({**body, "meta": meta})

    def create(self, call: Call) -> Answer:
        asked = _object(call)
        kind = asked.get("event_type") if asked else None
        wanted = asked.get("filter") if asked else None
        if asked is None or not isinstance(kind, str) or kind not in EVENT_TYPES:
            return invalid_request(
                ({"event_type": [str(kind)]}, "`event_type` is not one of the known event types")
            )
        fault = _filter_fault(wanted) or _tag_fault(asked)
        if fault is not None:
            return fault
        now = sent(self._site.clock)
        made = Subscription(
            str(self._site.world.ids.next()),
            kind.replace("conversation_join", "conversation.join"),
            dict(wanted) if isinstance(wanted, dict) else {},
            asked.get("tag"),
            asked.get("webhook_id"),
            now,
            now,
        )
        self._subscriptions[made.id] = made
        return json_answer({"data": {"subscription": made.form()}})

    def update(self, call: Call) -> Answer:
        found = self._subscriptions.get(_last(call))
        if found is None:
            return _missing(_last(call))
        asked = _object(call)
        if asked is None:
            return invalid_request(({}, "Request body is not a JSON object"))
        fault = _tag_fault(asked)
        if fault is not None:
            return fault
        made = Subscription(
            found.id,
            found.event_type,
            found.filter,
            asked.get("tag", found.tag),
            asked.get("webhook_id", found.webhook_id),
            found.created,
            sent(self._site.clock),
        )
        self._subscriptions[made.id] = made
        return json_answer(
            {"data": {"subscription": made.form(), "total_subscriptions": len(self._subscriptions)}}
        )

    def delete(self, call: Call) -> Answer:
        if self._subscriptions.pop(_last(call), None) is None:
            return _missing(_last(call))
        return json_answer({"data": {"deleted": True}})

    def delete_many(self, call: Call) -> Answer:
        ids = [item for item in call.query.get("ids", "").split(",") if item]
        if not 1 <= len(ids) <= 100:
            return invalid_request(({"ids": ids}, "The `ids` query parameter must hold 1 to 100 ids"))
        data: list[dict[str, Any]] = []
        errors: list[dict[str, str]] = []
        for item in ids:
            if self._subscriptions.pop(item, None) is not None:
                data.append({"subscription_id": item, "deleted": True})
            else:
                errors.append(
                    {"subscription_id": item, "message": "Subscription not found", "reason": "not_found"}
                )
        body: dict[str, Any] = {"data": data, "meta": {"total_subscriptions": len(self._subscriptions)}}
        return json_answer({**body, "errors": errors} if errors else body)


def _last(call: Call) -> str:
    return call.path.rpartition("/")[2]


def _object(call: Call) -> dict[str, Any] | None:
    try:
        value = call.json()
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _filter_fault(wanted: Any) -> Answer | None:
    names = {"user_id", "keyword", "direction"}
    if not isinstance(wanted, dict) or not wanted or wanted.keys() - names:
        return invalid_request(
            ({"filter": [str(wanted)]}, "`filter` must hold user_id, keyword or direction")
        )
    user_id, keyword = wanted.get("user_id", "1"), wanted.get("keyword", "x")
    if not isinstance(user_id, str) or not (user_id.isascii() and user_id.isdigit() and len(user_id) <= 19):
        return invalid_request(({"filter.user_id": [str(user_id)]}, "`user_id` does not match ^[0-9]{1,19}$"))
    if not isinstance(keyword, str) or not 1 <= len(keyword) <= 150:
        return invalid_request(
            ({"filter.keyword": [str(keyword)]}, "`keyword` must have 1 to 150 characters")
        )
    if wanted.get("direction", "inbound") not in ("inbound", "outbound"):
        return invalid_request(
            ({"filter.direction": [str(wanted["direction"])]}, "`direction` is inbound or outbound")
        )
    return None


def _tag_fault(asked: dict[str, Any]) -> Answer | None:
    for name, most in (("tag", 200), ("webhook_id", 19)):
        value = asked.get(name)
        if name in asked and (not isinstance(value, str) or not 1 <= len(value) <= most):
            return invalid_request(({name: [str(value)]}, f"`{name}` must have 1 to {most} characters"))
    return None


def _missing(subscription_id: str) -> Answer:
    detail = f"Could not find subscription with id: [{subscription_id}]."
    more = {"resource_id": subscription_id, "resource_type": "subscription", "parameter": "subscription_id"}
    return problem(404, "Not Found Error", detail, "resource-not-found", **more)
