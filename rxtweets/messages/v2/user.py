"""v2 accounts. Source: X's OpenAPI 2.167, `User`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from msgspec import Meta

from rxtweets.messages._base import Part
from rxtweets.messages._synonym import synonyms
from rxtweets.messages.v2.entities import UserEntities


class Affiliation(Part, frozen=True, kw_only=True):
    """The organisation whose badge an account carries."""

    badge_url: str | None = None
    description: str | None = None
    url: str | None = None
    user_id: tuple[str, ...] = ()


@synonyms(post_count="tweet_count")
class UserMetrics(Part, frozen=True, kw_only=True):
    """Counts of an account; `post_count` is `tweet_count`, whichever came."""

    followers_count: int = 0
    following_count: int = 0
    tweet_count: int = 0
    post_count: int = 0
    listed_count: int = 0
    like_count: int | None = None
    media_count: int | None = None


class UserWithheld(Part, frozen=True, kw_only=True):
    """The countries (ISO 3166 codes) where an account is withheld."""

    country_codes: tuple[str, ...] = ()
    scope: str | None = None


class Subscription(Part, frozen=True, kw_only=True):
    """The account's subscription to the authenticated one."""

    subscribes_to_you: bool = False


@synonyms(most_recent_post_id="most_recent_tweet_id", pinned_post_id="pinned_tweet_id")
class User(Part, frozen=True, kw_only=True):
    """A v2 account; what was not asked for with `user.fields` is None."""

    _shown: ClassVar[tuple[str, ...]] = ("id", "username", "name")

    affiliation: Affiliation | None = None
    confirmed_email: str | None = None
    connection_status: tuple[str, ...] = ()
    created_at: Annotated[datetime, Meta(tz=True)] | None = None
    description: str | None = None
    entities: UserEntities = UserEntities()
    id: str = ""
    is_identity_verified: bool | None = None
    location: str | None = None
    most_recent_post_id: str | None = None
    most_recent_tweet_id: str | None = None
    name: str = ""
    parody: bool | None = None
    pinned_post_id: str | None = None
    pinned_tweet_id: str | None = None
    profile_banner_url: str | None = None
    profile_image_url: str | None = None
    protected: bool | None = None
    public_metrics: UserMetrics | None = None
    receives_your_dm: bool | None = None
    subscribes_to_you: bool | None = None
    subscription: Subscription | None = None
    subscription_type: str | None = None
    url: str | None = None
    username: str = ""
    verified: bool | None = None
    verified_followers_count: int | None = None
    verified_type: str | None = None
    withheld: UserWithheld | None = None
