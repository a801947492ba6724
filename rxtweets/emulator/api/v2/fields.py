"""The parameters of v2's streams, and the fields that they select."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from rxtweets.emulator.server.http import Request, Response
from rxtweets.emulator.world.text import names

from .params import Check, check_query, moment, some_of, split, whole

# Source of the names: X's OpenAPI description, version 2.167.
_POST = names(
    "article attachments author_id card_uri community_id context_annotations conversation_id"
    " created_at display_text_range edit_controls edit_history_tweet_ids entities geo id"
    " in_reply_to_user_id lang matched_media_notes media_metadata non_public_metrics"
    " note_request_suggestions note_tweet organic_metrics paid_partnership possibly_sensitive"
    " promoted_metrics public_metrics referenced_tweets reply_settings scopes source"
    " suggested_source_links suggested_source_links_with_counts text withheld"
)
_EXPANSIONS = names(
    "article.cover_media article.media_entities attachments.media_keys"
    " attachments.media_source_tweet attachments.poll_ids author_id edit_history_tweet_ids"
    " entities.mentions.username geo.place_id in_reply_to_user_id entities.note.mentions.username"
    " referenced_tweets.id referenced_tweets.id.attachments.media_keys"
    " referenced_tweets.id.author_id"
)
_MEDIA = names(
    "alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url"
    " promoted_metrics public_metrics type url variants width"
)
_POLL = names("duration_minutes end_datetime id options voting_status")
_USER = names(
    "affiliation confirmed_email connection_status created_at description entities id"
    " is_identity_verified location most_recent_tweet_id name parody pinned_tweet_id"
    " profile_banner_url profile_image_url protected public_metrics receives_your_dm subscription"
    " subscription_type url username verified verified_followers_count verified_type withheld"
)
_PLACE = names("contained_within country country_code full_name geo id name place_type")
_LIKE = names("attachments_media_keys created_at id liked_tweet_author_id liked_tweet_id timestamp_ms")

LISTS: dict[str, list[str]] = {
    "tweet.fields": _POST,
    "expansions": _EXPANSIONS,
    "media.fields": _MEDIA,
    "poll.fields": _POLL,
    "user.fields": _USER,
    "place.fields": _PLACE,
}
POST_LISTS = LISTS
_RENAMED = {
    "edit_history_post_ids": "edit_history_tweet_ids",
    "note_post": "note_tweet",
    "referenced_posts": "referenced_tweets.id",
    "username": "author_id",
}
"""The names that search has besides, and those that they had before "tweet" became "post" there."""
_SEARCHED = [*_POST, "article_title", "note_post"]
SEARCH_LISTS: dict[str, list[str]] = {
    **LISTS,
    "tweet.fields": _SEARCHED,
    "post.fields": _SEARCHED,
    "expansions": [*_EXPANSIONS, "edit_history_post_ids", "referenced_posts", "username"],
    "user.fields": [*_USER, "subscribes_to_you"],
}
"""X's description of search has `post.fields`; older clients send `tweet.fields`, as to streams."""
LIKE_LISTS: dict[str, list[str]] = {
    "like_with_tweet_author.fields": _LIKE,
    "expansions": ["attachments.media_keys", "liked_tweet_author_id", "liked_tweet_id"],
    "media.fields": _MEDIA,
    "user.fields": _USER,
    "tweet.fields": _POST,
}
BACKFILL: dict[str, Check] = {"backfill_minutes": whole(0, 5)}
RECOVERY: dict[str, Check] = {**BACKFILL, "start_time": moment, "end_time": moment}
# An expansion brings the field that it expands.
_BRINGS = {
    "author_id": "author_id",
    "in_reply_to_user_id": "in_reply_to_user_id",
    "attachments.media_keys": "attachments",
    "attachments.poll_ids": "attachments",
    "geo.place_id": "geo",
    "entities.mentions.username": "entities",
    "entities.note.mentions.username": "note_tweet",
    "referenced_tweets.id": "referenced_tweets",
    "referenced_tweets.id.author_id": "referenced_tweets",
    "referenced_tweets.id.attachments.media_keys": "referenced_tweets",
}

FURTHER = frozenset({"affiliation.user_id", "referenced_tweets.id.referenced_tweets.id"})
"""Expansions that no client can ask for: X, which matches the rules, knows more than it sends."""


class Fields(Struct, frozen=True):
    """The fields and expansions that a client has asked for."""

    post: frozenset[str] = frozenset()
    user: frozenset[str] = frozenset()
    media: frozenset[str] = frozenset()
    poll: frozenset[str] = frozenset()
    place: frozenset[str] = frozenset()
    expansions: frozenset[str] = frozenset()
    like: frozenset[str] = frozenset()


def read_fields(request: Request) -> Fields:
    """Return the fields of a request whose parameters were checked."""
    asked = {
        name: frozenset(_RENAMED.get(value, value) for value in split(request.query.get(name, "")))
        for name in (*SEARCH_LISTS, "like_with_tweet_author.fields")
    }
    return Fields(
        post=asked["tweet.fields"] | asked["post.fields"] | brought(asked["expansions"]),
        user=asked["user.fields"],
        media=asked["media.fields"],
        poll=asked["poll.fields"],
        place=asked["place.fields"],
        expansions=asked["expansions"],
        like=asked["like_with_tweet_author.fields"],
    )


def brought(expansions: frozenset[str]) -> frozenset[str]:
    """Return the fields of a post that come with its expansions."""
    return frozenset(_BRINGS[name] for name in expansions if name in _BRINGS)


def check(
    request: Request,
    lists: dict[str, list[str]],
    partitions: int = 1,
    recovery: Mapping[str, Check] = RECOVERY,
) -> Response | None:
    """Return the refusal of a request for a stream, with all faults of its parameters, or None.

    `partitions` is the number of partitions of the endpoint, 1 where it has none.
    """
    known = {**recovery, **{name: some_of(allowed) for name, allowed in lists.items()}}
    if partitions > 1:
        known["partition"] = whole(1, partitions)
    return check_query(request, known, ("partition",) if partitions > 1 else ())
