"""The activity stream of v2: events of the kinds subscribed to."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from rxtweets.emulator.app.usage import Resources
from rxtweets.emulator.server.http import encode
from rxtweets.emulator.streams.source import Feed
from rxtweets.emulator.world.model import Person, Post
from rxtweets.emulator.world.post_spec import PostSpec
from rxtweets.emulator.world.text import unescaped
from rxtweets.emulator.world.world import World

from .events import like
from .fields import Fields
from .forms import post_form
from .objects import user_form
from .subscriptions import Subscription

_POST_FIELDS = Fields(post=frozenset({"author_id", "created_at", "lang"}))
_LIKE_FIELDS = Fields(like=frozenset({"created_at", "timestamp_ms", "liked_tweet_author_id"}))
_WANTS = {
    "post.mention.create": "mentions",
    "post.reply.create": "reply",
    "post.quote.create": "quote",
    "post.repost.create": "retweet",
}
"""The wants of a spec for posts of these events."""
_CHANGED = {
    "bio": "description",
    "profile_picture": "profile_image_url",
    "banner_picture": "profile_banner_url",
    "screenname": "name",
    "handle": "username",
    "geo": "location",
    "url": "url",
    "verified_badge": "verified_type",
    "affiliate_badge": "affiliation",
}
"""The field of a user that a profile event is about."""


class ActivityFeed(Feed):
    """One event for each post, of a subscription that it fits; events that aren't about posts fit any."""

    def __init__(self, subscriptions: Mapping[str, Subscription], world: World) -> None:
        self._subscriptions = subscriptions
        self._world = world
        self._event = ("", "")

    def post_spec(self, rng: random.Random) -> PostSpec | None:
        if not self._subscriptions:
            return None
        chosen = rng.choice(tuple(self._subscriptions.values()))
        wanted = _WANTS.get(chosen.event_type)
        keyword, user_id = chosen.filter.get("keyword"), chosen.filter.get("user_id")
        inbound = user_id is not None and chosen.filter.get("direction") == "inbound"
        return PostSpec(
            words=(keyword,) if keyword else (),
            author=None if user_id is None or inbound else int(user_id),
            to=int(user_id) if inbound and user_id and wanted == "reply" else None,
            original_author=int(user_id) if inbound and user_id and wanted in ("quote", "retweet") else None,
            wants=frozenset({wanted}) if wanted else frozenset(),
        )

    def message(self, post: Post) -> bytes | None:
        matching = [one for one in self._subscriptions.values() if _matches(one, post)]
        if not matching:
            return None
        chosen = self._world.rng.choice(matching)
        data: dict[str, Any] = {
            "event_uuid": str(post.id),
            "event_type": chosen.event_type,
            "filter": chosen.filter,
            "payload": self._payload(chosen, post),
        }
        if chosen.tag is not None:
            data["tag"] = chosen.tag
        self._event = (chosen.event_type, str(post.id))
        return encode({"data": data})

    def delivered(self, post: Post) -> Resources:
        return (self._event,)

    def _payload(self, chosen: Subscription, post: Post) -> dict[str, Any]:
        rng, people = self._world.rng, self._world.people
        user_id = chosen.filter.get("user_id")
        person: Person = people.with_id(int(user_id)) if user_id else post.author
        category, _, event = chosen.event_type.partition(".")
        if chosen.event_type == "post.delete":
            return {"id": str(post.id), "author_id": str(post.author.id)}
        if category == "post":
            return post_form(post, _POST_FIELDS)
        if category == "like":
            data: dict[str, Any] = like(post, _LIKE_FIELDS, rng)["data"]
            return data
        if category == "profile":
            field = _CHANGED[event.rpartition(".")[2]]
            return {"before": _value(people.sample(rng), field), "after": _value(person, field)}
        if category == "news":
            text = unescaped(post.text)
            headline = text.partition("\n")[0][:80]
            return {"category": "News", "headline": headline, "summary": text, "hook": post.author.name}
        other, outbound = user_form(people.sample(rng), _POST_FIELDS), user_form(person, _POST_FIELDS)
        if chosen.filter.get("direction") == "outbound" or category in ("mute", "block"):
            return {"source": outbound, "target": other}
        return {"source": other, "target": outbound}


def _matches(one: Subscription, post: Post) -> bool:
    """Tell whether the subscription is about the post, or not about posts at all."""
    kind, wanted = one.event_type, one.filter
    if not kind.startswith("post."):
        return True
    addressed = {
        "post.mention.create": [mention.person for mention in post.mentions],
        "post.reply.create": [post.addressee] if post.addressee else [],
        "post.quote.create": [post.quoted.author] if post.quoted else [],
        "post.repost.create": [post.retweeted.author] if post.retweeted else [],
    }.get(kind)
    if addressed is not None and not addressed:
        return False
    if wanted.get("keyword", "").casefold() not in unescaped(post.text).casefold():
        return False
    if "user_id" not in wanted:
        return True
    direction = wanted.get("direction") if addressed is not None else "outbound"
    parties = [] if direction == "inbound" else [post.author]
    parties += [] if direction == "outbound" else addressed or []
    return any(str(person.id) == wanted["user_id"] for person in parties)


def _value(person: Person, field: str) -> str:
    value = user_form(person, Fields(user=frozenset({field}))).get(field, "")
    return value if isinstance(value, str) else encode(value).decode()
