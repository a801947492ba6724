"""v1.1 accounts.

Source: X's v1.1 data dictionary, "User object".
"""

from __future__ import annotations

from typing import Any, ClassVar

from rxtweets.messages._base import Part
from rxtweets.messages._forms import Countries
from rxtweets.messages._time import RawTimestamp, timed
from rxtweets.messages._twin import twins
from rxtweets.messages.entities import Entities


class UserEntities(Part, frozen=True, kw_only=True):
    """The links in an account's website field (`url`) and in its description."""

    url: Entities = Entities()
    description: Entities = Entities()


@timed
@twins
class User(Part, frozen=True, kw_only=True):
    """A v1.1 account.

    `created_at` is an aware datetime, None when missing or unreadable. Colours are RRGGBB, `utc_offset` is in
    seconds. `id` is read from `id_str` where that came.
    """

    _shown: ClassVar[tuple[str, ...]] = ("id", "screen_name", "name")

    id: int = 0
    id_str: str = ""
    name: str = ""
    screen_name: str = ""
    location: str | None = None
    description: str | None = None
    url: str | None = None
    entities: UserEntities = UserEntities()
    derived: dict[str, Any] | None = None
    translator_type: str | None = None
    protected: bool = False
    followers_count: int = 0
    friends_count: int = 0
    listed_count: int = 0
    created_at: RawTimestamp = None
    favourites_count: int = 0
    utc_offset: int | None = None
    time_zone: str | None = None
    geo_enabled: bool | None = None
    verified: bool = False
    statuses_count: int = 0
    lang: str | None = None
    contributors_enabled: bool | None = None
    is_translator: bool | None = None
    is_translation_enabled: bool | None = None
    profile_background_color: str | None = None
    profile_background_image_url: str | None = None
    profile_background_image_url_https: str | None = None
    profile_background_tile: bool | None = None
    profile_banner_url: str | None = None
    profile_image_url: str | None = None
    profile_image_url_https: str | None = None
    profile_link_color: str | None = None
    profile_sidebar_border_color: str | None = None
    profile_sidebar_fill_color: str | None = None
    profile_text_color: str | None = None
    profile_use_background_image: bool | None = None
    default_profile: bool | None = None
    default_profile_image: bool | None = None
    following: bool | None = None
    follow_request_sent: bool | None = None
    notifications: bool | None = None
    withheld_in_countries: Countries = ()
    withheld_scope: str | None = None
