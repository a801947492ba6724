"""The streams of v2 that don't carry posts: likes, compliance, labels."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from rxtweets.emulator.app.usage import Resources
from rxtweets.emulator.server.http import encode
from rxtweets.emulator.streams.source import PlainFeed
from rxtweets.emulator.world.model import Post
from rxtweets.emulator.world.text import names
from rxtweets.emulator.world.world import World

from .fields import Fields
from .forms import post_form, resources
from .objects import media_form, user_form, when

_USER_EVENTS = names(
    "user_protect user_unprotect user_delete user_undelete user_suspend user_unsuspend"
    " user_withheld scrub_geo user_profile_modification"
)
_LABELS = ("MisleadingInformation", "Satire", "AdultContent")


class LikeFeed(PlainFeed):
    """One like for each post."""

    def __init__(self, fields: Fields, partition: int | None, partitions: int, world: World) -> None:
        self.fields = fields
        self.partition = partition
        self.partitions = partitions
        self._world = world
        self._resources: Resources = ()

    def message(self, post: Post) -> bytes | None:
        made = like(post, self.fields, self._world.rng)
        self._resources = resources("like", made)
        return encode(made)

    def delivered(self, post: Post) -> Resources:
        return self._resources


def like(post: Post, fields: Fields, rng: random.Random) -> dict[str, Any]:
    """Return a like of the post, with what the fields and expansions ask for."""
    asked = fields.like
    data: dict[str, Any] = {"id": f"{rng.getrandbits(128):032x}", "liked_tweet_id": str(post.id)}
    if "created_at" in asked:
        data["created_at"] = when(post.ms + 500)
    if "timestamp_ms" in asked:
        data["timestamp_ms"] = post.ms + 500
    if "liked_tweet_author_id" in asked or "liked_tweet_author_id" in fields.expansions:
        data["tweet_author_id"] = str(post.author.id)
    includes: dict[str, Any] = {}
    if "liked_tweet_author_id" in fields.expansions:
        includes["users"] = [user_form(post.author, fields)]
    if "liked_tweet_id" in fields.expansions:
        includes["tweets"] = [post_form(post, fields)]
    if "attachments.media_keys" in fields.expansions and post.media:
        includes["media"] = [media_form(media, fields) for media in post.media]
    return {"data": data, "includes": includes} if includes else {"data": data}


Event = Callable[[Post, World], dict[str, Any]]


class EventFeed(PlainFeed):
    """One event for each post."""

    def __init__(self, kind: str, partition: int | None, partitions: int, world: World) -> None:
        self.partition = partition
        self.partitions = partitions
        self._world = world
        self._event = EVENTS[kind]

    def message(self, post: Post) -> bytes | None:
        return encode({"data": self._event(post, self._world)})


def _post_event(post: Post, world: World) -> dict[str, Any]:
    """Return the event of a post deleted, withheld, dropped, undropped or edited."""
    rng = world.rng
    named = {"id": str(post.id), "author_id": str(post.author.id)}
    what: dict[str, Any] = {"tweet": named, "event_at": when(post.ms + 2000)}
    kind = rng.choices(("delete", "withheld", "drop", "undrop", "tweet_edit"), (70, 8, 8, 6, 8))[0]
    if kind == "withheld":
        what["withheld_in_countries"] = rng.sample(("DE", "FR", "TR", "IN"), rng.randrange(1, 3))
    elif kind == "tweet_edit":
        before = str(post.id - (1 << 34))
        what |= {
            "tweet": {"id": str(post.id)},
            "initial_tweet_id": before,
            "edit_tweet_ids": [before, str(post.id)],
        }
    elif post.quoted is not None:
        what["quote_tweet_id"] = str(post.quoted.id)
    return {kind: what}


def _user_event(post: Post, world: World) -> dict[str, Any]:
    """Return the event of a user protected, suspended, deleted, withheld or changed, or the reverse."""
    what: dict[str, Any] = {"user": {"id": str(post.author.id)}, "event_at": when(post.ms + 2000)}
    kind = world.rng.choice(_USER_EVENTS)
    if kind == "user_withheld":
        what["withheld_in_countries"] = ["DE"]
    elif kind == "scrub_geo":
        what["up_to_tweet_id"] = str(post.id)
    elif kind == "user_profile_modification":
        what |= {"profile_field": "description", "new_value": post.author.bio}
    return {kind: what}


def _unlike(post: Post, world: World) -> dict[str, Any]:
    """Return the event of a like withdrawn."""
    favorite = {"id": str(post.id), "user_id": str(world.people.sample(world.rng).id)}
    return {"delete": {"favorite": favorite, "event_at": when(post.ms + 2000)}}


def _label(post: Post, world: World) -> dict[str, Any]:
    """Return the event of a notice on a post, or of a post that became unviewable."""
    named = {"id": str(post.id), "author_id": str(post.author.id)}
    what: dict[str, Any] = {"tweet": named, "event_at": when(post.ms + 2000), "application": "apply"}
    if world.rng.random() < 0.3:
        return {"public_tweet_unviewable": what}
    title = world.rng.choice(_LABELS)
    what |= {"event_type": "label", "label_title": title, "details": f"This post was labelled {title}."}
    return {"public_tweet_notice": what}


EVENTS: dict[str, Event] = {
    "tweets_compliance": _post_event,
    "users_compliance": _user_event,
    "likes_compliance": _unlike,
    "labels": _label,
}
