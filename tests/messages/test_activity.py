"""Activity events, in the forms that X's page of payloads shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from rxtweets import messages as m
from rxtweets import testing as b

ADA = {
    "id": "7",
    "username": "ada",
    "name": "Ada",
    "public_metrics": {"followers_count": 12, "followers_count_str": "12"},
}
BOB = {"id": "8", "username": "bob", "name": "Bob"}


def activity(event_type: str, payload: Any, **beside: Any) -> m.Activity:
    message = m.decode(b.activity_json(event_type, payload, **beside))
    assert isinstance(message, m.Activity)
    assert message.mismatches == ()
    return message


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize(
    "event_type", ["follow.follow", "follow.unfollow", "mute.mute", "mute.unmute", "block.block"]
)
def test_relations(event_type: str, wrapped: bool) -> None:
    """A follow, mute or block has its two users, whether each is wrapped in `data` or not."""
    users = [{"data": user} if wrapped else user for user in (ADA, BOB)]
    found = activity(event_type, {"source": users[0], "target": users[1]}).payload
    assert isinstance(found, m.Relation)
    assert (found.source.username, found.target.username) == ("ada", "bob")
    assert found.source.public_metrics is not None
    assert found.source.public_metrics.followers_count == 12


@pytest.mark.parametrize("number", ["9007199254740993", "9.007199254740992e15", "null", None])
def test_numbers_are_those_of_their_text(number: str | None) -> None:
    """An integer that was rounded on its way, or is missing, is read from its `…_str`."""
    plain = "" if number is None else f'"like_count":{number},'
    metrics = f'{{{plain}"like_count_str":"9007199254740993","reply_count":2,"reply_count_str":"2"}}'
    payload = f'{{"id":"1","text":"x","edit_history_tweet_ids":["1"],"public_metrics":{metrics}}}'
    frame = f'{{"data":{{"event_type":"post.create","event_uuid":"-1","payload":{payload}}}}}'
    message = m.decode(frame.encode())
    assert isinstance(message, m.Activity)
    assert isinstance(message.payload, m.Post)
    assert message.payload.public_metrics is not None
    assert message.payload.public_metrics.like_count == 9007199254740993
    assert message.payload.public_metrics.reply_count == 2


def test_a_number_that_is_text_stays() -> None:
    """An id that came as text is no number's twin, and what isn't one is left alone."""
    payload = {"id": "1", "id_str": "2", "author_id": "3", "author_id_str": "x"}
    found = activity("post.delete", payload).payload
    assert found == m.PostRef(id="1", author_id="3")


def test_a_deleted_posts_author_is_included() -> None:
    """Users in `includes` may be wrapped, too."""
    message = activity("post.delete", {"id": "1", "author_id": "7"}, includes={"users": [{"data": ADA}]})
    assert isinstance(message.payload, m.PostRef)
    author = message.includes.user(message.payload.author_id)
    assert author is not None
    assert author.username == "ada"


def test_a_like() -> None:
    """It knows its post, the post's author by either name of the field, and its time."""
    payload = {
        "id": "87719f50",
        "liked_tweet_id": "5",
        "liked_tweet_author_id": "7",
        "timestamp_ms": "1784927565236",
    }
    includes = {"users": [ADA], "tweets": [b.post_object("hello", id="5")]}
    like = activity("like.create", payload, event_uuid="-3402274206530057851", includes=includes).like
    assert like is not None
    assert (like.tweet_author_id, like.liked_tweet_author_id, like.timestamp_ms) == ("7", "7", 1784927565236)
    assert like.post is not None
    assert like.post.text == "hello"
    assert like.post_author is not None
    assert like.post_author.username == "ada"
    assert activity("post.create", None).like is None


def message_create(text: str) -> dict[str, Any]:
    return {
        "type": "message_create",
        "id": "2080763914820927863",
        "created_timestamp": "1784927750704",
        "message_create": {
            "target": {"recipient_id": "8"},
            "sender_id": "7",
            "message_data": {"text": text, "entities": {"hashtags": []}},
        },
    }


@pytest.mark.parametrize("event_type", ["dm.sent", "dm.received"])
def test_direct_messages(event_type: str) -> None:
    """A direct message has its text, its time and its parties."""
    users = {"7": {"data": ADA}, "8": {"data": BOB}}
    found = activity(event_type, {"direct_message_events": [message_create("psst")], "users": users}).payload
    assert isinstance(found, m.DirectMessages)
    assert (found.text, found.sender, found.recipient) == ("psst", found.users["7"], found.users["8"])
    (event,) = found.direct_message_events
    assert (event.sender_id, event.recipient_id) == ("7", "8")
    assert event.created_at == datetime(2026, 7, 24, 21, 15, 50, 704000, tzinfo=UTC)
    assert found.users["8"].username == "bob"


@pytest.mark.parametrize("name", ["direct_message_mark_read_events", "direct_message_indicate_typing_events"])
def test_signs_of_direct_messages(name: str) -> None:
    """A receipt and a sign of typing have parties, and no text."""
    sign = {"created_timestamp": "1784927750704", "sender_id": "7", "target": {"recipient_id": "8"}}
    found = activity("dm.read", {name: [sign], "users": {"7": {"data": ADA}}}).payload
    assert isinstance(found, m.DirectMessages)
    (event,) = getattr(found, name)
    assert (event.sender_id, event.recipient_id, event.text, found.text) == ("7", "8", "", "")
    assert found.sender == found.users["7"]
    assert found.recipient is None


def test_payloads_of_other_kinds() -> None:
    """Chats, Spaces, news and a withdrawal are typed; what is of no kind is the JSON."""
    chat = {
        "id": "e4f4",
        "conversation_id": "8:7",
        "sender_id": "8",
        "encoded_event": "Cw",
        "created_at_msec": "17",
    }
    found = activity("chat.received", chat).payload
    assert isinstance(found, m.ChatEvent)
    assert (found.sender_id, found.encoded_event, found.created_at_msec) == ("8", "Cw", 17)
    space = {"user": {"data": ADA}, "broadcast_id": "1qx", "event_type": "spaces_start"}
    found = activity("spaces.start", space).payload
    assert isinstance(found, m.Broadcast)
    assert (found.user.username, found.broadcast_id) == ("ada", "1qx")
    news = {"id": "1", "name": "Pets", "hook": "h", "cluster_posts_results": [{"post_id": "5"}, {}]}
    found = activity("news.new", news).payload
    assert isinstance(found, m.News)
    assert (found.title, found.post_ids) == ("Pets", ("5",))
    revoked = {"date_time": "2026-07-23T21:44:05+00:00", "user_id": "7", "app_id": "29"}
    message = activity("oauth.revoke", revoked, filter={}, tag=b.OMIT)
    assert message.payload == m.AccessRevoked(
        user_id="7", app_id="29", date_time=datetime(2026, 7, 23, 21, 44, 5, tzinfo=UTC)
    )
    assert message.filter == m.ActivityFilter()
    assert activity("bookmark.create", {"id": "1", "n": 2}).payload == {"id": "1", "n": 2}


@pytest.mark.parametrize("payload", [b"7", b"[]", b'"x"', b"[{}]", b'{"data":{"id":"1"}}', b'{"source":3}'])
def test_odd_payloads_end_nothing(payload: bytes) -> None:
    """The event is still there, whatever is in the place of its payload."""
    frame = b'{"data":{"event_type":"follow.follow","event_uuid":"1","payload":%b}}' % payload
    message = m.decode(frame)
    assert isinstance(message, m.Activity)
    assert message.event_type == "follow.follow"
    assert message.payload is not None


@pytest.mark.parametrize(
    ("event_type", "private"),
    [
        ("post.create", False),
        ("post.mention.create", True),
        ("like.create", True),
        ("follow.follow", False),
        ("dm.new_name", True),
        ("profile.update.bio", False),
    ],
)
def test_private_events(event_type: str, private: bool) -> None:
    """Those that take the user's credentials, also of names that come later."""
    assert m.is_private(event_type) is private
