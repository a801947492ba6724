"""v2 compliance and label events: changes that stored posts, users and likes must follow.

Source: X's OpenAPI 2.167, `PostComplianceData`, `UserComplianceData`, `LikeComplianceSchema`,
    `PostLabelData`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from msgspec import Meta

from rxtweets.messages._base import Message, Part
from rxtweets.messages._decoding import FromEnvelope

_EVENT = {"event": "\x7fevent"}


class PostRef(Part, frozen=True, kw_only=True):
    """A post and its author, by id."""

    id: str = ""
    author_id: str | None = None


class UserRef(Part, frozen=True, kw_only=True):
    """An account, by id."""

    id: str = ""


class LikeRef(Part, frozen=True, kw_only=True):
    """A like: the post's id and the account's."""

    id: str = ""
    user_id: str = ""


class ComplianceEvent(Message, frozen=True, kw_only=True, rename=_EVENT):
    """Something happened to a post, an account or a like after it was sent.

    Attributes:
        event: of posts `delete`, `withheld`, `drop`, `undrop`, `tweet_edit`; of users `user_delete`,
            `user_undelete`, `user_protect`, `user_unprotect`, `user_withheld`, `user_suspend`,
            `user_unsuspend`, `user_profile_modification`, `scrub_geo`; of likes `delete`.
        event_at: when.
        tweet, user, favorite: the post, account or like; two of them are None.
    """

    _shown: ClassVar[tuple[str, ...]] = ("event", "event_at", "tweet", "user", "favorite")

    event: FromEnvelope[str] = ""
    event_at: Annotated[datetime, Meta(tz=True)] | None = None
    tweet: PostRef | None = None
    user: UserRef | None = None
    favorite: LikeRef | None = None
    quote_tweet_id: str | None = None
    withheld_in_countries: tuple[str, ...] = ()
    initial_tweet_id: str | None = None
    edit_tweet_ids: tuple[str, ...] = ()
    up_to_tweet_id: str | None = None
    profile_field: str | None = None
    new_value: str | None = None

    @property
    def about(self) -> str:
        """The compliance stream it belongs to, `posts`, `users` or `likes`."""
        if self.favorite is not None:
            return "likes"
        return "posts" if self.tweet is not None or self.event in _OF_POSTS else "users"

    @property
    def post_id(self) -> str | None:
        """The id of the post, or of the post that was liked."""
        held = self.tweet or self.favorite
        return held.id if held else None

    @property
    def user_id(self) -> str | None:
        """The id of the account itself, of the post's author or of who liked."""
        if self.user is not None:
            return self.user.id
        if self.favorite is not None:
            return self.favorite.user_id
        return self.tweet.author_id if self.tweet is not None else None


class Label(Message, frozen=True, kw_only=True, rename=_EVENT):
    """X put a label on a post or took it off.

    Attributes:
        event: `public_tweet_notice` or `public_tweet_unviewable`.
        event_type: the sort of notice, such as `misleading`.
        application: `apply` or `remove`.
    """

    _shown: ClassVar[tuple[str, ...]] = ("event", "event_type", "application", "tweet")

    event: FromEnvelope[str] = ""
    event_at: Annotated[datetime, Meta(tz=True)] | None = None
    event_type: str | None = None
    application: str | None = None
    tweet: PostRef | None = None
    details: str | None = None
    extended_details_url: str | None = None
    label_title: str | None = None

    @property
    def post_id(self) -> str | None:
        """The id of the post."""
        return self.tweet.id if self.tweet else None


_OF_POSTS = frozenset({"delete", "withheld", "drop", "undrop", "tweet_edit"})

# The member of `data` that tells the kind and contains the rest.
COMPLIANCE: dict[str, type[Message]] = {
    **dict.fromkeys(_OF_POSTS, ComplianceEvent),
    "user_delete": ComplianceEvent,
    "user_undelete": ComplianceEvent,
    "user_protect": ComplianceEvent,
    "user_unprotect": ComplianceEvent,
    "user_withheld": ComplianceEvent,
    "user_suspend": ComplianceEvent,
    "user_unsuspend": ComplianceEvent,
    "user_profile_modification": ComplianceEvent,
    "scrub_geo": ComplianceEvent,
    "public_tweet_notice": Label,
    "public_tweet_unviewable": Label,
}
