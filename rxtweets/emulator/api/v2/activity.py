"""The activity stream of v2: events of the kinds subscribed to."""

from __future__ import annotations

import base64
import random
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from rxtweets.emulator.app.usage import Resources
from rxtweets.emulator.server.http import encode
from rxtweets.emulator.streams.source import Feed
from rxtweets.emulator.world.events import KINDS, EventContext, happen
from rxtweets.emulator.world.model import Person, Post, WorldEvent
from rxtweets.emulator.world.post_spec import PostSpec
from rxtweets.emulator.world.sampling import pick
from rxtweets.emulator.world.social_graph import SocialGraph
from rxtweets.emulator.world.text import unescaped

from .events import like
from .fields import Fields
from .forms import post_form
from .objects import user_form, when
from .subscriptions import Subscription

_POST_FIELDS = Fields(post=frozenset({"author_id", "created_at", "lang"}))
_LIKE_FIELDS = Fields(like=frozenset({"created_at", "timestamp_ms", "liked_tweet_author_id"}))
_WANTS = {
    "post.create": None,
    "post.mention.create": "mentions",
    "post.reply.create": "reply",
    "post.quote.create": "quote",
    "post.repost.create": "retweet",
}
"""The kinds that posts themselves are, with the wants of a spec for such a post."""
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
    """The posts and the events that fit a subscription, once for each that they fit."""

    def __init__(self, subscriptions: Mapping[str, Subscription], graph: SocialGraph) -> None:
        self._subscriptions = subscriptions
        self._graph = graph
        self._world = graph.world
        self._made: tuple[Subscription, ...] = ()

    def post_spec(self, rng: random.Random) -> PostSpec | None:
        if not self._subscriptions:
            return None
        chosen = pick(rng, tuple(self._subscriptions.values()))
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
        self._made = tuple(one for one in self._subscriptions.values() if _fits_post(one, post))
        return self._post_message(self._made[0], post) if self._made else None

    def extra_messages(self, post: Post) -> tuple[bytes, ...]:
        return tuple(self._post_message(one, post) for one in self._made[1:])

    def _post_message(self, one: Subscription, post: Post) -> bytes:
        return _message(one, str(post.id), post_form(post, _POST_FIELDS))

    def delivered(self, post: Post) -> Resources:
        return tuple((one.event_type, str(post.id)) for one in self._made)

    def let_happen(self, post: Post, rng: random.Random) -> None:
        for one in self._subscriptions.values():
            if one.filter.get("user_id") == str(post.author.id):
                self._graph.account(post.author.id).remember(post)
                break
        others = tuple(one for one in self._subscriptions.values() if one.event_type in KINDS)
        if not others:
            return
        chosen = pick(rng, others)
        user_id = chosen.filter.get("user_id")
        account = self._graph.account(int(user_id) if user_id else post.author.id)
        inbound = chosen.filter.get("direction", rng.choice(("inbound", "outbound"))) == "inbound"
        directed = chosen.event_type.startswith(("like.", "follow."))
        event = happen(
            chosen.event_type, EventContext(account, post, self._world), inbound=inbound and directed
        )
        if event is not None:
            self._world.events.append(event)

    def event(self, event: WorldEvent) -> Iterator[tuple[bytes, Resources]]:
        if event.kind == "oauth.revoke":  # it comes without a subscription
            data = {"event_uuid": str(event.number), "event_type": event.kind, "filter": {}}
            yield encode({"data": {**data, "payload": _payload(event)}}), ()
            return
        parties = event.parties()
        for one in self._subscriptions.values():
            if one.event_type in parties and _fits_event(one, event, *parties[one.event_type]):
                resources = ((one.event_type, str(event.number)),)
                yield _message(one, str(event.number), _payload(event), _includes(event)), resources


def _message(
    one: Subscription, number: str, payload: dict[str, Any], includes: dict[str, Any] | None = None
) -> bytes:
    data: dict[str, Any] = {
        "event_uuid": number,
        "event_type": one.event_type,
        "filter": one.filter,
        "payload": payload,
    }
    if one.tag is not None:
        data["tag"] = one.tag
    if includes:
        data["includes"] = includes
    return encode({"data": data})


def _fits_event(
    one: Subscription, event: WorldEvent, outbound: Person | None, inbound: Person | None
) -> bool:
    """Tell whether an event is what was subscribed to, in the direction and with the keyword asked for."""
    wanted = one.filter
    about = "" if event.post is None else unescaped(event.post.text)
    if wanted.get("keyword", "").casefold() not in about.casefold():
        return False
    if "user_id" not in wanted:
        return True
    direction = wanted.get("direction")
    parties = (None if direction == "inbound" else outbound, None if direction == "outbound" else inbound)
    return any(person is not None and str(person.id) == wanted["user_id"] for person in parties)


def _payload(event: WorldEvent) -> dict[str, Any]:
    """Return what there is to say about an event. Source: X's OpenAPI description and page of payloads.

    Reads and typing are as in the Account Activity API; X's page leaves them out, as it does broadcasts and
    most events of chats, which are shown like their kin here.
    """
    group, _, what = event.kind.partition(".")
    source, target, post = event.source, event.target or event.source, event.post
    if group == "post" and post is not None:
        return {"id": str(post.id), "author_id": str(post.author.id)}
    if group == "like" and post is not None:
        liked: dict[str, Any] = like(post, _LIKE_FIELDS, random.Random(event.number))["data"]
        return {**liked, "created_at": when(event.ms), "timestamp_ms": event.ms}
    if group == "profile" and event.before is not None and event.after is not None:
        field = _CHANGED[what.rpartition(".")[2]]
        return {"before": _value(event.before, field), "after": _value(event.after, field)}
    if group == "news" and post is not None:
        text = unescaped(post.text)
        headline = text.partition("\n")[0][:80]
        return {"category": "News", "headline": headline, "summary": text, "hook": post.author.name}
    if group == "dm":
        return _direct_message(event, source, target)
    if group == "chat":
        return _chat(event, source, target)
    if group in ("spaces", "broadcast"):
        number = base64.b32encode(event.number.to_bytes(8, signed=True)).decode()[:13]
        return {"user": _user(source), "broadcast_id": number, "event_type": event.kind.replace(".", "_")}
    if group == "oauth":
        at = when(event.ms).replace(".000Z", "+00:00")
        return {"date_time": at, "user_id": str(source.id), "app_id": "29820000"}
    return {"source": _user(source), "target": _user(target)}


def _user(person: Person) -> dict[str, Any]:
    """Return a user as events have them: in an envelope."""
    return {"data": user_form(person, _POST_FIELDS)}


def _direct_message(event: WorldEvent, source: Person, target: Person) -> dict[str, Any]:
    users = {"users": {str(person.id): _user(person) for person in (source, target)}}
    to = {"target": {"recipient_id": str(target.id)}, "sender_id": str(source.id)}
    if event.post is None:
        name = "mark_read" if event.kind == "dm.read" else "indicate_typing"
        return {f"direct_message_{name}_events": [{"created_timestamp": str(event.ms), **to}], **users}
    message = {
        "type": "message_create",
        "id": str(event.post.id),
        "created_timestamp": str(event.ms),
        "message_create": {**to, "message_data": {"text": event.post.text, "entities": {}}},
    }
    return {"direct_message_events": [message], **users}


def _chat(event: WorldEvent, source: Person, target: Person) -> dict[str, Any]:
    """Return an event of an encrypted chat: what is said in it is for the members alone."""
    rng = random.Random(event.number)
    return {
        "conversation_token": base64.urlsafe_b64encode(rng.randbytes(30)).decode(),
        "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "created_at_msec": str(event.ms),
        "sender_id": str(source.id),
        "conversation_id": f"{source.id}:{target.id}",
        "conversation_key_version": str(event.ms - 10**9),
        "encoded_event": base64.b64encode(rng.randbytes(60)).decode(),
    }


def _includes(event: WorldEvent) -> dict[str, Any] | None:
    if event.kind != "like.create" or event.post is None:
        return None
    return {
        "users": [user_form(event.post.author, _POST_FIELDS)],
        "tweets": [post_form(event.post, _POST_FIELDS)],
    }


def _fits_post(one: Subscription, post: Post) -> bool:
    """Tell whether a post is what was subscribed to."""
    kind, wanted = one.event_type, one.filter
    if kind not in _WANTS:
        return False
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
