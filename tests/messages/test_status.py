"""What a v1.1 status says, whichever form it came in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from rxtweets import messages as m
from rxtweets.testing import builders as b

from .corpus import STATUSES, differences, encode, reference

LONG = "All work and no play. " * 12


def status(frame: bytes) -> m.Status:
    message = m.decode(frame)
    assert isinstance(message, m.Status)
    return message


def reference_statuses() -> list[bytes]:
    path = reference("statuses-v1.1.jsonl")
    return path.read_bytes().splitlines() if path else []


@pytest.mark.parametrize("frame", STATUSES + reference_statuses())
def test_every_member_has_an_equal_attribute(frame: bytes) -> None:
    """Each member of the JSON, at any depth, is an attribute with that value."""
    message = status(frame)
    assert message.json() == json.loads(frame)
    assert not list(differences(message.json(), message))
    assert message.drift == ()


def test_full_text_of_each_form() -> None:
    """`full_text` is the extended tweet's, the `full_text`, or the `text`; `text` stays as received."""
    assert status(b.status_json("short")).full_text == "short"
    extended = status(b.extended_status_json(LONG))
    assert extended.full_text == LONG
    assert extended.text.endswith("…")
    assert extended.truncated
    assert status(b.status_json(b.OMIT, full_text=LONG)).full_text == LONG  # type: ignore[arg-type]


def test_the_whole_entities_and_media() -> None:
    """`full_entities` and `media` are those of the whole text, `entities` those of the cut one."""
    photo, video = {"id": 1, "type": "photo"}, {"id": 2, "type": "video"}
    extended = status(
        b.extended_status_json(
            LONG,
            extended_tweet={
                "full_text": LONG,
                "entities": {"hashtags": [{"text": "whole", "indices": [200, 206]}], "media": [photo]},
                "extended_entities": {"media": [photo, video]},
            },
            entities={"hashtags": []},
        )
    )
    assert [tag.text for tag in extended.full_entities.hashtags] == ["whole"]
    assert extended.entities.hashtags == ()
    assert [media.type for media in extended.media] == ["photo", "video"]
    plain = status(b.status_json(entities={"media": [photo]}, extended_entities={"media": [photo, video]}))
    assert plain.full_entities is plain.entities
    assert len(plain.media) == 2
    assert [media.id for media in status(b.status_json(entities={"media": [photo]})).media] == [1]


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("Wed Aug 27 13:08:45 +0000 2008", datetime(2008, 8, 27, 13, 8, 45, tzinfo=UTC)),
        (
            "Wed Aug 27 13:08:45 -0130 2008",
            datetime(2008, 8, 27, 13, 8, 45, tzinfo=timezone(-timedelta(minutes=90))),
        ),
        ("2008-08-27T13:08:45.000Z", datetime(2008, 8, 27, 13, 8, 45, tzinfo=UTC)),
        ("2008-08-27T13:08:45", datetime(2008, 8, 27, 13, 8, 45, tzinfo=UTC)),
        ("yesterday", None),
        ("Wed Foo 27 13:08:45 +0000 2008", None),
        ("Wed Aug 32 13:08:45 +0000 2008", None),
        ("Wed Aug 27 13:08:45 +9999 2008", None),
        ("", None),
    ],
)
def test_created_at_is_an_aware_time(written: str, time: datetime | None) -> None:
    """v1.1's format and ISO 8601 are read; an unreadable one is None."""
    read = status(b.status_json(created_at=written, timestamp_ms=b.OMIT, user={"created_at": written}))
    assert read.created_at == time
    assert read.user.created_at == time
    assert read.created_at is None or read.created_at.tzinfo is not None


def test_created_at_falls_back_to_the_milliseconds() -> None:
    """Without a readable `created_at` it is the time of `timestamp_ms`."""
    expected = datetime(2014, 8, 31, 0, 29, 15, 123000, tzinfo=UTC)
    assert status(b.status_json(created_at=b.OMIT, timestamp_ms="1409444955123")).created_at == expected
    assert status(b.status_json(created_at=None, timestamp_ms=1409444955123)).created_at == expected
    assert status(b.status_json(created_at="?", timestamp_ms="9" * 30)).created_at is None


def test_retweets_and_quotes_are_statuses_themselves() -> None:
    """A retweeted or quoted status is a Status with its own author, whole text, bytes and JSON."""
    inner = json.loads(b.extended_status_json(LONG, id=7, user={"screen_name": "charles"}))
    message = status(b.status_json("RT", retweeted_status=inner, quoted_status=inner))
    for nested in (message.retweeted_status, message.quoted_status):
        assert nested is not None
        assert (nested.id, nested.full_text, nested.user.screen_name) == (7, LONG, "charles")
        assert nested.json() == inner == json.loads(nested.raw)
        assert nested == status(encode(inner))
    assert message.is_retweet
    assert not message.is_reply
    assert not status(b.status_json()).is_retweet
    assert status(b.status_json(in_reply_to_user_id=7)).is_reply


def test_the_objects_of_other_v11_messages() -> None:
    """Events have accounts even where X gives an id, and typed target objects; site messages are decoded."""
    event = m.decode(b.event_json("favorite", source=5, target="6", target_object=b.status_object("plain")))
    assert isinstance(event, m.Event)
    assert (event.source.id, event.target.id, event.target.id_str) == (5, 6, "6")
    assert isinstance(event.target_object, m.Status)
    assert event.target_object.text == "plain"
    assert event.drift == ()
    listed = m.decode(b.event_json("list_created", target_object={"slug": "engines"}))
    assert isinstance(listed, m.Event)
    assert listed.source.screen_name == "ada"
    assert listed.target_object == {"slug": "engines"}
    site = m.decode(b.for_user_json(b.status_json("to you"), "7"))
    assert isinstance(site, m.ForUser)
    assert isinstance(site.message, m.Status)
    assert (site.for_user, site.message.text) == (7, "to you")
    delete = m.decode(b.delete_json(timestamp_ms="1409444955123"))
    assert isinstance(delete, m.Delete)
    assert delete.deleted_at == datetime(2014, 8, 31, 0, 29, 15, 123000, tzinfo=UTC)
