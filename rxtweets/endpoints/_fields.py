"""The names that X's v2 streams know, and the options that ask for them.

Source: X's OpenAPI description, version 2.167.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from .checks import Names, words

TWEET_FIELDS = words(
    """
    article attachments author_id card_uri community_id context_annotations conversation_id created_at
    display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang
    matched_media_notes media_metadata non_public_metrics note_request_suggestions note_tweet
    organic_metrics paid_partnership possibly_sensitive promoted_metrics public_metrics
    referenced_tweets reply_settings scopes source suggested_source_links
    suggested_source_links_with_counts text withheld
    """
)
USER_FIELDS = words(
    """
    affiliation confirmed_email connection_status created_at description entities id
    is_identity_verified location most_recent_tweet_id name parody pinned_tweet_id profile_banner_url
    profile_image_url protected public_metrics receives_your_dm subscription subscription_type url
    username verified verified_followers_count verified_type withheld
    """
)
MEDIA_FIELDS = words(
    """
    alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url
    promoted_metrics public_metrics type url variants width
    """
)
POLL_FIELDS = ("duration_minutes", "end_datetime", "id", "options", "voting_status")
PLACE_FIELDS = ("contained_within", "country", "country_code", "full_name", "geo", "id", "name", "place_type")
LIKE_FIELDS = words(
    """
    attachments_media_keys created_at id liked_tweet_author_id liked_tweet_id timestamp_ms
    """
)
POST_EXPANSIONS = words(
    """
    article.cover_media article.media_entities attachments.media_keys attachments.media_source_tweet
    attachments.poll_ids author_id edit_history_tweet_ids entities.mentions.username geo.place_id
    in_reply_to_user_id entities.note.mentions.username referenced_tweets.id
    referenced_tweets.id.attachments.media_keys referenced_tweets.id.author_id
    """
)
LIKE_EXPANSIONS = ("attachments.media_keys", "liked_tweet_author_id", "liked_tweet_id")


class Backfill(TypedDict, total=False):
    """The options of every v2 stream."""

    backfill_minutes: int


class Window(Backfill, total=False):
    """The options of every v2 stream but the 1% sample."""

    start_time: datetime | str
    end_time: datetime | str


class PostFields(TypedDict, total=False):
    """The fields to send of posts, and of the objects they refer to."""

    tweet_fields: Names
    user_fields: Names
    media_fields: Names
    poll_fields: Names
    place_fields: Names
    expansions: Names


class SampleOptions(PostFields, Backfill, total=False):
    """The options of the 1% sample of posts."""


class PostOptions(PostFields, Window, total=False):
    """The options of all other streams of posts."""


class LikeOptions(Window, total=False):
    """The options of the streams of likes."""

    like_fields: Names
    tweet_fields: Names
    user_fields: Names
    media_fields: Names
    expansions: Names
