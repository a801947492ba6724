"""A v1.1 status as rules see it: as the v2 post that it is, with all that a status has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from rxtweets.messages import Includes, Media, Place, Post, Status, Url, User, v2

from .features import Missing, PostFeatures

_TAGS = re.compile(r"<[^<>]*>")

_NOTHING_REFERRED_TO = v2.Reference()
"""A reference to nothing, by which a post that refers to none says that this is known."""


class StatusFeatures(PostFeatures):
    """The parts of a status that rules look at."""

    def __init__(self, status: Status) -> None:
        super().__init__(as_post(status))
        original = status.retweeted_status or status
        self._every = [one for one in (original, original.quoted_status) if one is not None]

    @cached_property
    def text_missing(self) -> Missing:
        """The rest of a text that v1.1 cuts also in its long form, at 280 characters; else nothing."""
        cut = any(_leads_to_the_rest(url, one) for one in self._every for url in one._own_entities.urls)
        return ("tweet.fields=note_tweet",) if cut else ()


def as_post(status: Status) -> Post:
    """Return *status* as a v2 post, with the posts, users, media and the place that belong to it."""
    included = [*_referred_to(status)]
    every = [status, *included]
    users = {user.id: user for one in every for user in _users(one)}
    media = {one.media_key: one for each in every for one in map(_media, each._own_media)}
    places = [_place(status.place)] if status.place is not None else []
    includes = Includes(
        tweets=tuple(map(_post, included)),
        users=tuple(users.values()),
        media=tuple(media.values()),
        places=tuple(places),
    )
    return _post(status, includes)


def _referred_to(status: Status) -> Iterator[Status]:
    """Yield the status that *status* repeats, and the one that either of them quotes."""
    original = status.retweeted_status
    if original is not None:
        yield original
    quoted = (original or status).quoted_status
    if quoted is not None:
        yield quoted


def _post(status: Status, includes: Includes = Includes()) -> Post:  # noqa: B008  (a frozen value)
    point, place = status.coordinates, status.place
    at = v2.Point(type=point.type, coordinates=point.coordinates) if point and point.coordinates else None
    author, addressee = status.user, status.in_reply_to_user_id
    return Post(
        includes=includes,
        id=str(status.id),
        text=status._own_text,
        author_id=str(author.id) if author.id else None,
        username=author.screen_name or None,
        in_reply_to_user_id=None if addressee is None else str(addressee),
        referenced_tweets=(*_references(status), _NOTHING_REFERRED_TO),
        entities=_entities(status),
        attachments=v2.Attachments(media_keys=tuple(_media(one).media_key for one in status._own_media)),
        geo=v2.Geo(coordinates=at, place_id=place.id if place is not None else None),
        lang=status.lang,
        source=None if status.source is None else _TAGS.sub("", status.source),
    )


def _references(status: Status) -> Iterator[v2.Reference]:
    original, quoted, answered = (
        status.retweeted_status,
        status.quoted_status_id,
        status.in_reply_to_status_id,
    )
    if original is not None:
        yield v2.Reference(type="retweeted", id=str(original.id))
    elif quoted is not None:
        yield v2.Reference(type="quoted", id=str(quoted))
    if answered is not None:
        yield v2.Reference(type="replied_to", id=str(answered))


def _entities(status: Status) -> v2.Entities:
    own = status._own_entities
    urls = [_url(one) for one in own.urls if not _leads_to_the_rest(one, status)]
    urls += [
        v2.Url(
            url=one.url,
            expanded_url=one.expanded_url,
            display_url=one.display_url,
            media_key=_media(one).media_key,
        )
        for one in status._own_media
    ]
    return v2.Entities(
        hashtags=tuple(v2.Hashtag(tag=one.text) for one in own.hashtags),
        cashtags=tuple(v2.Cashtag(tag=one.text) for one in own.symbols),
        mentions=tuple(
            v2.Mention(username=one.screen_name, id=None if one.id is None else str(one.id))
            for one in own.user_mentions
        ),
        urls=tuple(urls),
    )


def _url(one: Url) -> v2.Url:
    unwound = one.unwound or {}
    known = (unwound.get(name) for name in ("url", "title", "description"))
    end, title, description = (found if isinstance(found, str) else None for found in known)
    return v2.Url(
        url=one.url,
        expanded_url=one.expanded_url,
        display_url=one.display_url,
        unwound_url=end,
        title=title,
        description=description,
    )


def _leads_to_the_rest(url: Url, status: Status) -> bool:
    """Return whether a cut text ends with this link, which leads to the whole one."""
    return (url.expanded_url or "").endswith(f"/i/web/status/{status.id}")


def _users(status: Status) -> Iterator[v2.User]:
    """Yield the author, and the account that is answered, of which only the name is known."""
    addressee, name = status.in_reply_to_user_id, status.in_reply_to_screen_name
    if addressee is not None and name and addressee != status.user.id:
        yield v2.User(id=str(addressee), username=name)
    if status.user.id:
        yield _user(status.user)


def _user(user: User) -> v2.User:
    return v2.User(
        id=str(user.id),
        username=user.screen_name,
        name=user.name,
        description=user.description or "",
        location=user.location or "",
        verified=user.verified,
        public_metrics=v2.UserMetrics(
            followers_count=user.followers_count,
            following_count=user.friends_count,
            tweet_count=user.statuses_count,
            listed_count=user.listed_count,
        ),
    )


def _media(one: Media) -> v2.Media:
    return v2.Media(media_key=one.id_str or str(one.id), type=one.type)


def _place(place: Place) -> v2.Place:
    corners = (
        [corner for ring in place.bounding_box.coordinates for corner in ring] if place.bounding_box else []
    )
    box: tuple[float, ...] = ()
    if corners:
        easts, norths = zip(*corners, strict=True)
        box = (min(easts), min(norths), max(easts), max(norths))
    return v2.Place(
        id=place.id,
        name=place.name,
        full_name=place.full_name,
        country_code=place.country_code or None,
        geo=v2.PlaceGeo(bbox=box),
    )
