"""Posts in v2's form, with what they include: the fields asked for and no more."""

from __future__ import annotations

from typing import Any

from rxtweets.emulator.app.usage import Resources
from rxtweets.emulator.server.http import encode
from rxtweets.emulator.world.languages import sent_code
from rxtweets.emulator.world.model import Counts, Media, Person, Post
from rxtweets.messages._time import id_time

from .entities import entities, note
from .fields import LISTS, Fields
from .objects import FieldTable, media_form, place_form, poll_form, user_form, when
from .recorded import reduced

_FURTHER_POSTS = "referenced_tweets.id.referenced_tweets.id"
_POSTS = frozenset(name for name in LISTS["expansions"] if name.startswith("referenced_tweets.id"))
"""Expansions that bring posts."""
_CHARGED = {"users": ("user", "id"), "tweets": ("post", "id"), "media": ("media", "media_key")}
"""The kinds of included objects that are charged, and the key of each."""
_PRIVATE = ("non_public_metrics", "organic_metrics", "promoted_metrics")


def post_bytes(post: Post, fields: Fields) -> bytes:
    """Return the message of a post without its rules, made once for all streams with the same fields."""
    return _made(post, fields)[0]


def delivered(post: Post, fields: Fields) -> Resources:
    """Return what the message of a post brings: it, and the posts, users and media included."""
    return _made(post, fields)[1]


def _made(post: Post, fields: Fields) -> tuple[bytes, Resources]:
    made: tuple[bytes, Resources] | None = post.cache.get(fields)
    if made is None:
        whole = payload(post, fields)
        made = post.cache[fields] = (encode(whole), resources("post", whole))
    return made


def resources(kind: str, message: dict[str, Any]) -> Resources:
    """Return what X charges of a message: its data, of that kind, and what it includes."""
    includes = message.get("includes", {})
    found: dict[tuple[str, int | str], None] = {(kind, message["data"]["id"]): None}
    for name, (included, key) in _CHARGED.items():
        found |= {(included, one[key]): None for one in includes.get(name, ())}
    return tuple(found)


def payload(post: Post, fields: Fields) -> dict[str, Any]:
    """Return the message of a post without its rules."""
    line = post.recorded_in("2")
    return reduced(line, fields) if line else envelope(post, fields)


def envelope(post: Post, fields: Fields) -> dict[str, Any]:
    """Return ``data``, ``includes`` and ``errors`` of a post."""
    whole: dict[str, Any] = {"data": post_form(post, fields)}
    includes = _includes(post, fields)
    if includes:
        whole["includes"] = includes
    errors = [_denied(post, name) for name in _PRIVATE if name in fields.post]
    if _brings_posts(fields):
        errors += [_gone(other) for other in (post.quoted, post.reply_to) if other and other.gone]
    if errors:
        whole["errors"] = errors
    return whole


def post_form(post: Post, fields: Fields) -> dict[str, Any]:
    """Return the post object; fields without a value are left out."""
    number = str(post.id)
    versions = [*map(str, post.edits), number] if post.edits else [number]
    form: dict[str, Any] = {"edit_history_tweet_ids": versions, "id": number, "text": post.text}
    if fields.post:
        _POST.fill(form, fields.post, post)
    return form


def _includes(post: Post, fields: Fields) -> dict[str, Any]:
    wanted = fields.expansions
    if not wanted:
        return {}
    people: dict[int, Person] = {}
    media: dict[str, Media] = {}
    matching = _FURTHER_POSTS in wanted
    further = post.retweeted.quoted if post.retweeted and matching else None
    named = (post.retweeted, post.quoted, post.reply_to, further)
    referred = [other for other in named if other is not None and (not other.gone or matching)]
    if "author_id" in wanted:
        people[post.author.id] = post.author
    if "in_reply_to_user_id" in wanted and post.addressee:
        people[post.addressee.id] = post.addressee
    if "entities.mentions.username" in wanted:
        people.update((mention.person.id, mention.person) for mention in post.mentions)
    if "entities.note.mentions.username" in wanted and post.note:
        people.update((mention.person.id, mention.person) for mention in post.note.mentions)
    if "attachments.media_keys" in wanted:
        media.update((one.key, one) for one in post.media)
    if "referenced_tweets.id.author_id" in wanted:
        people.update((other.author.id, other.author) for other in referred)
    if "referenced_tweets.id.attachments.media_keys" in wanted:
        media.update((one.key, one) for other in referred for one in other.media)
    if "affiliation.user_id" in wanted:
        people.update((one.affiliation.id, one.affiliation) for one in [*people.values()] if one.affiliation)
    posts = [post] if "edit_history_tweet_ids" in wanted else []
    if _brings_posts(fields):
        posts += referred
    made: dict[str, Any] = {
        "users": [user_form(person, fields) for person in people.values()],
        "media": [media_form(one, fields) for one in media.values()],
        "tweets": [post_form(other, fields) for other in posts],
    }
    if "geo.place_id" in wanted and post.place:
        made["places"] = [place_form(post.place, fields)]
    if "attachments.poll_ids" in wanted and post.poll:
        made["polls"] = [poll_form(post.poll, post.ms, fields)]
    return {name: objects for name, objects in made.items() if objects}


def _brings_posts(fields: Fields) -> bool:
    """Tell whether referenced posts are asked for."""
    return not _POSTS.isdisjoint(fields.expansions)


def _denied(post: Post, field: str) -> dict[str, Any]:
    return {
        "resource_id": str(post.id),
        "resource_type": "tweet",
        "parameter": "id",
        "section": "data",
        "field": field,
        "value": str(post.id),
        "title": "Field Authorization Error",
        "detail": f"Sorry, you are not authorized to access '{field}' on the Tweet with ids : [{post.id}].",
        "type": "https://api.x.com/2/problems/not-authorized-for-field",
    }


def _gone(post: Post) -> dict[str, Any]:
    """Return the problem of a referenced post that isn't among those included."""
    number = str(post.id)
    problem = {
        "resource_id": number,
        "resource_type": "tweet",
        "parameter": "referenced_tweets.id",
        "value": number,
    }
    if post.gone == "deleted":
        return {
            **problem,
            "title": "Not Found Error",
            "detail": f"Could not find tweet with referenced_tweets.id: [{number}].",
            "type": "https://api.x.com/2/problems/resource-not-found",
        }
    return {
        **problem,
        "section": "includes",
        "title": "Authorization Error",
        "detail": f"Sorry, you are not authorized to see the Tweet with referenced_tweets.id: [{number}].",
        "type": "https://api.x.com/2/problems/not-authorized-for-resource",
    }


def _references(post: Post) -> list[dict[str, str]] | None:
    pairs = (("retweeted", post.retweeted), ("quoted", post.quoted), ("replied_to", post.reply_to))
    return [{"type": kind, "id": str(other.id)} for kind, other in pairs if other is not None] or None


def _attachments(post: Post) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    if post.media:
        found["media_keys"] = [media.key for media in post.media]
    if post.poll:
        found["poll_ids"] = [str(post.poll.id)]
    return found or None


def _geo(post: Post) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    if post.place:
        found["place_id"] = post.place.id
    if post.point:
        found["coordinates"] = {"type": "Point", "coordinates": list(post.point)}
    return found or None


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "retweet_count": counts.retweets,
        "repost_count": counts.retweets,  # X's newer schemas ask for this name, older clients for the other
        "reply_count": counts.replies,
        "like_count": counts.likes,
        "quote_count": counts.quotes,
        "bookmark_count": counts.bookmarks,
        "impression_count": counts.views,
    }


def _edit_controls(post: Post) -> dict[str, Any]:
    began = id_time(post.edits[0]) if post.edits else post.ms
    return {
        "edits_remaining": 5 - len(post.edits),
        "is_edit_eligible": post.retweeted is None and post.reply_to is None and post.poll is None,
        "editable_until": when(began + 3_600_000),
    }


def _contexts(post: Post) -> list[dict[str, Any]] | None:
    return [
        {
            "domain": {"id": context.domain, "name": context.domain_name},
            "entity": {"id": context.entity, "name": context.name},
        }
        for context in post.contexts
    ] or None


def _media_metadata(post: Post) -> list[dict[str, str]] | None:
    return [{"media_key": media.key, "alt_text": media.alt} for media in post.media if media.alt] or None


_POST = FieldTable(
    {
        "attachments": _attachments,
        "author_id": lambda post: str(post.author.id),
        "card_uri": lambda post: f"card://{post.poll.id}" if post.poll else None,
        "community_id": lambda post: str(post.community) if post.community else None,
        "context_annotations": _contexts,
        "conversation_id": lambda post: str(post.conversation),
        "created_at": lambda post: when(post.ms),
        "display_text_range": lambda post: list(post.shown),
        "edit_controls": _edit_controls,
        "entities": entities,
        "geo": _geo,
        "in_reply_to_user_id": lambda post: str(post.addressee.id) if post.addressee else None,
        "lang": lambda post: sent_code(post.lang),
        "media_metadata": _media_metadata,
        "note_tweet": note,
        "paid_partnership": lambda post: post.sponsored,
        "possibly_sensitive": lambda post: post.sensitive,
        "public_metrics": lambda post: _counts(post.counts),
        "referenced_tweets": _references,
        "reply_settings": lambda post: post.reply_settings,
        "source": lambda post: post.source,
        "withheld": lambda post: (
            {"copyright": False, "country_codes": list(post.withheld)} if post.withheld else None
        ),
    }
)
