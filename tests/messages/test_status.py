"""Fields of a v1.1 status, in each form that X sends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets import messages as m
from rxtweets import testing as b

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
    assert message.mismatches == ()


def test_full_text_of_each_form() -> None:
    """`full_text` is the extended tweet's, the `full_text`, or the `text`; `text` stays as received."""
    assert status(b.status_json("short")).full_text == "short"
    extended = status(b.extended_status_json(LONG))
    assert extended.full_text == LONG
    assert extended.text.endswith("…")
    assert extended.truncated
    assert status(b.status_json(b.OMIT, full_text=LONG)).full_text == LONG  # type: ignore[arg-type]


ESCAPED = "salt &amp; pepper &lt;3 " * 9
CUT = "RT @charles: " + ESCAPED[:126] + "…"


def original(form: str, **fields: Any) -> dict[str, Any]:
    """A status by Charles that says `ESCAPED`, in one of the forms it may come in."""
    forms = {
        "text": b.status_json(ESCAPED),
        "full_text": b.status_json(b.OMIT, full_text=ESCAPED),  # type: ignore[arg-type]
        "extended_tweet": b.extended_status_json(ESCAPED),
    }
    made: dict[str, Any] = json.loads(forms[form])
    return {**made, "id": 7, "user": {"id": 9, "screen_name": "charles"}, **fields}


@pytest.mark.parametrize("form", ["text", "full_text", "extended_tweet"])
@pytest.mark.parametrize("own", ["text", "full_text"])
def test_full_text_of_a_retweet(form: str, own: str) -> None:
    """A retweet's full text is `RT @name: ` and the original's whole text, in each form of both."""
    said = {"text": CUT} if own == "text" else {"text": b.OMIT, "full_text": CUT}
    message = status(b.status_json(**said, retweeted_status=original(form)))
    assert message.full_text == "RT @charles: " + ESCAPED
    assert message.retweeted_status is not None
    assert message.retweeted_status.full_text == ESCAPED
    assert message.text == ("" if own == "full_text" else CUT)


def test_full_text_of_a_retweet_of_a_quote() -> None:
    """The quote's own text is whole in it, and that of what is quoted stands with the quoted status."""
    quoted = original("extended_tweet", id=5)
    quoting = original("extended_tweet", quoted_status=quoted, is_quote_status=True)
    message = status(b.status_json(CUT, retweeted_status=quoting, quoted_status=quoted))
    assert message.full_text == "RT @charles: " + ESCAPED
    assert message.quoted_status is not None
    assert message.quoted_status.full_text == ESCAPED


@pytest.mark.parametrize(
    ("text", "fields", "whole"),
    [
        ("RT @old_name: salt…", {}, "RT @old_name: " + ESCAPED),
        ("", {}, "RT @charles: " + ESCAPED),
        ("salt…", {}, "RT @charles: " + ESCAPED),
        (CUT, {"user": None}, "RT @charles: " + ESCAPED),
        ("salt…", {"user": None}, ESCAPED),
        (CUT, {"text": ""}, CUT),
        (CUT, {"retweeted_status": original("text", text="deeper")}, "RT @charles: " + ESCAPED),
    ],
)
def test_full_text_of_an_odd_retweet(text: str, fields: dict[str, Any], whole: str) -> None:
    """The name is that of the retweet's text, else the original's; without an original nothing changes."""
    message = status(b.status_json(text, retweeted_status={**original("text"), **fields}, full_text=b.OMIT))
    assert message.full_text == whole


@pytest.mark.parametrize("frame", reference_statuses())
def test_full_text_of_recorded_statuses(frame: bytes) -> None:
    """No recorded status whose original is there has a text that is cut, and all begin as their own text."""
    message = status(frame)
    assert message.full_text.startswith(message.text.removesuffix("…"))
    if message.retweeted_status is not None:
        assert message.full_text.endswith(": " + message.retweeted_status.full_text)
    for url in message.full_entities.urls:
        assert message.full_text[slice(*url.indices)] == url.url


def test_entities_of_a_retweet_stand_where_its_full_text_has_them() -> None:
    """A retweet's entities are its mention and the original's, moved; its media are the original's."""
    whole = "x" * 150 + " #tag @bob $SYM https://t.co/a https://t.co/b"

    def at(part: str) -> list[int]:
        return [whole.index(part), whole.index(part) + len(part)]

    entities = {
        "hashtags": [{"text": "tag", "indices": at("#tag")}],
        "user_mentions": [{"screen_name": "bob", "indices": at("@bob")}],
        "symbols": [{"text": "SYM", "indices": at("$SYM")}],
        "urls": [{"url": "https://t.co/a", "indices": at("https://t.co/a")}],
        "media": [{"type": "photo", "url": "https://t.co/b", "indices": at("https://t.co/b")}],
    }
    extended = {"full_text": whole, "entities": entities}
    inner = json.loads(
        b.extended_status_json(whole, extended_tweet=extended, user={"screen_name": "charles"})
    )
    named = {"user_mentions": [{"screen_name": "charles", "indices": [3, 11]}]}
    message = status(b.status_json(f"RT @charles: {whole[:126]}…", entities=named, retweeted_status=inner))
    found = message.full_entities
    in_order: list[Any] = [*found.user_mentions, *found.hashtags, *found.symbols, *found.urls, *found.media]
    assert [message.full_text[slice(*entity.indices)] for entity in in_order] == [
        "@charles",
        "@bob",
        "#tag",
        "$SYM",
        "https://t.co/a",
        "https://t.co/b",
    ]
    assert message.entities.urls == ()
    assert [media.url for media in message.media] == ["https://t.co/b"]
    short = status(b.status_json("RT @charles: hi", entities=named, retweeted_status=b.status_object("hi")))
    assert short.full_entities is short.entities


ID = 1050118621198921729
FLOAT = "1.050118621198921729e18"  # as ids come back from some stores

TWINS: list[tuple[str, Callable[[Any], object], int]] = [
    # a message with ids, each also as text; what is looked at; its value
    ('{"text":"x","user":{},IDS}', lambda s: s.id, ID),
    ('{"text":"x","user":{},"in_reply_to_status_IDS}', lambda s: s.in_reply_to_status_id, ID),
    ('{"text":"x","user":{},"in_reply_to_user_IDS}', lambda s: s.in_reply_to_user_id, ID),
    ('{"text":"x","user":{},"quoted_status_IDS}', lambda s: s.quoted_status_id, ID),
    ('{"text":"x","user":{IDS}}', lambda s: s.user.id, ID),
    ('{"text":"x","user":{},"retweeted_status":{"text":"y",IDS}}', lambda s: s.retweeted_status.id, ID),
    ('{"text":"x","user":{},"entities":{"media":[{IDS}]}}', lambda s: s.media[0].id, ID),
    (
        '{"text":"x","user":{},"entities":{"media":[{"source_status_IDS}]}}',
        lambda s: s.media[0].source_status_id,
        ID,
    ),
    (
        '{"text":"x","user":{},"entities":{"user_mentions":[{IDS}]}}',
        lambda s: s.entities.user_mentions[0].id,
        ID,
    ),
    ('{"delete":{"status":{IDS,"user_id":12}}}', lambda d: d.id, ID),
    ('{"delete":{"status":{"user_IDS}}}', lambda d: d.user_id, ID),
    ('{"delete":{"direct_message":{IDS}}}', lambda d: d.id, ID),
    ('{"scrub_geo":{"user_IDS}}', lambda s: s.user_id, ID),
    ('{"scrub_geo":{"up_to_status_IDS}}', lambda s: s.up_to_status_id, ID),
    ('{"status_withheld":{IDS}}', lambda s: s.id, ID),
    ('{"status_withheld":{"user_IDS}}', lambda s: s.user_id, ID),
    ('{"user_withheld":{IDS}}', lambda s: s.id, ID),
    ('{"direct_message":{"text":"x",IDS}}', lambda d: d.id, ID),
    ('{"direct_message":{"sender_IDS}}', lambda d: d.sender_id, ID),
    ('{"direct_message":{"recipient_IDS}}', lambda d: d.recipient_id, ID),
    ('{"event":"follow","source":{IDS}}', lambda e: e.source.id, ID),
    ('{"for_user":"1050118621198921729","message":{}}', lambda f: f.user_id, ID),
]


@pytest.mark.parametrize(
    "number", [None, str(ID), "1050118621198921700", FLOAT, "1.0501186211989217e18", "null", '"x"']
)
@pytest.mark.parametrize(("frame", "look", "expected"), TWINS, ids=[frame for frame, _, _ in TWINS])
def test_ids_are_those_of_their_text(
    frame: str, look: Callable[[Any], object], expected: int, number: str | None
) -> None:
    """`…_str` tells an id wherever it came: alone, and beside a number that another program has rounded."""
    text = f'id_str":"{ID}"' if number is None else f'id":{number},"NAMEid_str":"{ID}"'
    made = re.sub(
        r'("?)((?:\w+_)?)IDS',
        lambda found: '"' + found[2] + text.replace("NAME", found[2]),
        frame,
    )
    assert look(m.decode(made.encode())) == expected


@pytest.mark.parametrize(
    ("number", "read"), [(str(ID), ID), (FLOAT, ID), ("1.0501186211989217e18", 0), ("7e3", 7000), ('"7"', 7)]
)
def test_an_id_without_its_text(number: str, read: int) -> None:
    """A float that has all digits is the id; of a rounded one nobody can tell, so it is none."""
    message = m.decode(f'{{"delete":{{"status":{{"id":{number},"user_id":12}}}}}}'.encode())
    assert isinstance(message, m.Delete)
    assert (message.id, message.user_id) == (read, 12)


def as_javascript(number: int) -> str:
    """Return *number* as JavaScript writes it: the shortest digits of the nearest float, and noughts."""
    digits = repr(float(number)).replace(".", "").partition("e")[0].rstrip("0") or "0"
    return digits.ljust(len(str(int(float(number)))), "0")


FORMS: list[Callable[[int], str]] = [
    str,
    as_javascript,
    lambda id: repr(float(id)),
    lambda id: f"{id}.0",
    lambda id: f"{str(id)[0]}.{str(id)[1:]}0e{len(str(id)) - 1}",
    lambda id: f"{float(id):.16e}",
    lambda id: f'"{id}"',
    lambda id: "null",
]


@given(st.integers(1, 2**63 - 1), st.sampled_from(FORMS))
def test_no_id_is_another(id: int, form: Callable[[int], str]) -> None:
    """The id is read from `id_str`, however `id` was rounded; a rounded number alone is no id."""
    written = form(id)
    message = status(f'{{"text":"x","user":{{}},"id":{written},"id_str":"{id}"}}'.encode())
    assert message.id == id
    alone = status(f'{{"text":"x","user":{{}},"id":{written}}}'.encode())
    assert alone.id in (id, 0) or form is as_javascript


def test_a_status_that_speaks_of_ids_as_text_alone() -> None:
    """A reply is one, and a list of friends has its ids, by the texts alone."""
    assert status(b'{"text":"x","user":{},"in_reply_to_status_id_str":"5"}').is_reply
    friends = m.decode(b'{"friends":[1.0501186211989217e18],"friends_str":["1050118621198921729"]}')
    assert isinstance(friends, m.FriendsList)
    assert friends.ids == (ID,)


@pytest.mark.parametrize(
    ("user", "id"),
    [
        ({}, 0),
        ({"user": None}, 0),
        ({"user": {}}, 0),
        ({"user": {"id": 5}}, 5),
        ({"user": {"id_str": "5"}}, 5),
    ],
)
@pytest.mark.parametrize("text", [{"text": "hello"}, {"full_text": "hello"}])
def test_a_status_without_its_author(user: dict[str, Any], id: int, text: dict[str, str]) -> None:
    """A status without its author has an account with defaults, and that is no mismatch."""
    message = status(encode({"id": 1, "id_str": "1", **text, **user}))
    assert (message.id, message.full_text, message.user.id, message.user.screen_name) == (1, "hello", id, "")
    assert message.mismatches == ()
    retweet = status(encode({"id": 2, "text": "RT @ada: h…", "retweeted_status": {"id": 1, **text, **user}}))
    assert retweet.full_text == "RT @ada: hello"


@pytest.mark.parametrize(
    "frame",
    [
        b'{"text":"hello"}',
        b'{"id":1,"text":"hello","sender":{"id":5}}',
        b'{"id":1,"text":"hello","sender_id":5}',
        b'{"id":"1","text":"hello","edit_history_tweet_ids":["1"]}',
        b'{"id":"1","text":"hello","author_id":"5"}',
    ],
)
def test_what_has_a_text_and_no_author_is_not_always_a_status(frame: bytes) -> None:
    """Without an id it is none; nor is a bare direct message, or a v2 post without its envelope."""
    assert isinstance(m.decode(frame), m.Unknown)


@pytest.mark.parametrize(
    ("written", "countries"),
    [(["DE", "FR"], ("DE", "FR")), ("DE, FR", ("DE", "FR")), ("XX", ("XX",)), ("", ()), (None, ())],
)
def test_countries_in_their_old_form(written: object, countries: tuple[str, ...]) -> None:
    """Countries come as a list, and came as a text; both are a tuple, and neither is a mismatch."""
    fields: dict[str, Any] = {"withheld_in_countries": written}
    for message in (
        m.decode(encode({"status_withheld": fields})),
        m.decode(encode({"user_withheld": fields})),
        m.decode(b.status_json(**fields)),
        status(b.status_json(user=fields)).user,
    ):
        assert isinstance(message, m.Status | m.StatusWithheld | m.UserWithheld | m.User)
        assert message.withheld_in_countries == countries
    assert m.decode(b.status_json(**fields, user=fields)).mismatches == ()


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
    assert event.mismatches == ()
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


def test_the_rules_that_a_status_matched() -> None:
    """Powerstream names the rules in the status; ids are text, whichever way they came."""
    rules = [{"tag": "cats", "id": 17, "id_str": "1850"}, {"id": "9", "tag": None}, {"id": "7"}]
    message = status(b.status_json("hello", matching_rules=rules))
    assert [(rule.id, rule.tag) for rule in message.matching_rules] == [
        ("1850", "cats"),
        ("9", None),
        ("7", None),
    ]
    assert message.mismatches == ()
    assert "cats" in message._repr_html_()
    odd = status(b.status_json("hello", matching_rules=[{"id": 17}]))
    assert [rule.id for rule in odd.matching_rules] == ["17"]
    assert odd.mismatches == ("matching_rules[0].id",)
    assert status(b.status_json("hello", matching_rules=None)).matching_rules == ()
    metadata = m.decode(b.connection_metadata_json())
    assert isinstance(metadata, m.ConnectionMetadata)
    assert metadata.connected_at == datetime(2025, 11, 7, 23, 14, 24, 155000, tzinfo=UTC)
