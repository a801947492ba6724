"""Entities in the text of a v1.1 status: tags, mentions, links, media.

Source: X's v1.1 data dictionary, "Entities object" and "Extended entities object".
"""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import field
from msgspec.structs import replace

from rxtweets.messages._base import Part
from rxtweets.messages._twin import twins

# Begin and end (after the last) of a stretch of text, in code points.
Indices = tuple[int, int]


class Hashtag(Part, frozen=True, kw_only=True):
    """`#text`; `text` without the sign."""

    _shown: ClassVar[tuple[str, ...]] = ("text",)

    text: str = ""
    indices: Indices = (0, 0)


class Symbol(Part, frozen=True, kw_only=True):
    """A cashtag, `$text`; `text` without the sign."""

    _shown: ClassVar[tuple[str, ...]] = ("text",)

    text: str = ""
    indices: Indices = (0, 0)


class Url(Part, frozen=True, kw_only=True):
    """A link: `url` is the short one in the text, `expanded_url` where it leads."""

    _shown: ClassVar[tuple[str, ...]] = ("expanded_url",)

    url: str = ""
    expanded_url: str | None = None
    display_url: str | None = None
    indices: Indices = (0, 0)
    unwound: dict[str, Any] | None = None


@twins
class Mention(Part, frozen=True, kw_only=True):
    """`@screen_name`; without the sign."""

    _shown: ClassVar[tuple[str, ...]] = ("screen_name", "id")

    screen_name: str = ""
    name: str | None = None
    id: int | None = None
    id_str: str | None = None
    indices: Indices = (0, 0)


class MediaSize(Part, frozen=True, kw_only=True):
    """A size an image is offered in: pixels, and whether it is cropped (`crop`) or not (`fit`)."""

    w: int = 0
    h: int = 0
    resize: str = ""


class VideoVariant(Part, frozen=True, kw_only=True):
    """A form a video is offered in; `bitrate` in bits a second."""

    bitrate: int | None = None
    content_type: str = ""
    url: str = ""


class VideoInfo(Part, frozen=True, kw_only=True):
    """A video: `aspect_ratio` as width and height, `duration_millis` absent for an animated GIF."""

    aspect_ratio: Indices = (0, 0)
    duration_millis: int | None = None
    variants: tuple[VideoVariant, ...] = ()


@twins
class Media(Part, frozen=True, kw_only=True):
    """A photo, video or animated GIF (`type`) of a v1.1 status."""

    _shown: ClassVar[tuple[str, ...]] = ("type", "id", "media_url_https")

    id: int = 0
    id_str: str = ""
    type: str = ""
    media_url: str = ""
    media_url_https: str = ""
    url: str = ""
    display_url: str = ""
    expanded_url: str = ""
    indices: Indices = (0, 0)
    sizes: dict[str, MediaSize] = field(default_factory=dict)
    source_status_id: int | None = None
    source_status_id_str: str | None = None
    source_user_id: int | None = None
    source_user_id_str: str | None = None
    video_info: VideoInfo | None = None
    ext_alt_text: str | None = None
    additional_media_info: dict[str, Any] | None = None


class PollOption(Part, frozen=True, kw_only=True):
    """An answer of a poll; `position` counts from 1."""

    position: int = 0
    text: str = ""


class EntityPoll(Part, frozen=True, kw_only=True):
    """A poll in a v1.1 status (enterprise streams); `end_datetime` as received."""

    options: tuple[PollOption, ...] = ()
    end_datetime: str | None = None
    duration_minutes: int | None = None


class Entities(Part, frozen=True, kw_only=True):
    """The entities of a v1.1 text; `media` holds the first photo only, see `Status.media`."""

    hashtags: tuple[Hashtag, ...] = ()
    symbols: tuple[Symbol, ...] = ()
    urls: tuple[Url, ...] = ()
    user_mentions: tuple[Mention, ...] = ()
    media: tuple[Media, ...] = ()
    polls: tuple[EntityPoll, ...] = ()

    def moved(self, by: int) -> Entities:
        """Return them as they stand in a text with *by* more characters before."""
        names = ("hashtags", "symbols", "urls", "user_mentions", "media")
        return replace(
            self, **{name: tuple(_moved(one, by) for one in getattr(self, name)) for name in names}
        )


def _moved(entity: Any, by: int) -> Any:
    return replace(entity, indices=(entity.indices[0] + by, entity.indices[1] + by))


class ExtendedEntities(Part, frozen=True, kw_only=True):
    """All media of a v1.1 status, up to four photos or one video or GIF."""

    media: tuple[Media, ...] = ()
