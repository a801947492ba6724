"""Fields of a v2 post, and the objects included with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rxtweets import messages as m
from rxtweets import testing as b
from rxtweets.messages import v2

from .corpus import POSTS, differences

DESCRIPTION = Path(__file__).parents[1] / "data/openapi/x-api-v2-streaming.json"

USERS = [
    {"id": "7", "name": "Charles", "username": "charles", "verified_type": "blue"},
    {"id": "8", "name": "Ada", "username": "ada"},
]


def post(frame: bytes) -> m.Post:
    message = m.decode(frame)
    assert isinstance(message, m.Post)
    return message


@pytest.mark.parametrize("frame", POSTS)
def test_every_member_has_an_equal_attribute(frame: bytes) -> None:
    """Each member of `data`, `includes`, `matching_rules` and `errors`, at any depth, is an attribute."""
    message = post(frame)
    value = json.loads(frame)
    assert message.json() == value
    assert not list(differences(value.pop("data"), message))
    assert not list(differences(value, message))
    assert message.mismatches == ()


def test_what_belongs_to_a_post_is_found_for_the_user() -> None:
    """Author, media, poll, place and referenced posts come from `includes`, in the post's own order."""
    message = post(
        b.post_json(
            author_id="8",
            in_reply_to_user_id="7",
            attachments={"media_keys": ["3_2", "gone", "3_1"], "poll_ids": ["9"]},
            geo={"place_id": "p"},
            referenced_tweets=[
                {"type": "replied_to", "id": "5"},
                {"type": "quoted", "id": "6"},
                {"type": "retweeted", "id": "gone"},
            ],
            includes={
                "users": USERS,
                "media": [{"media_key": "3_1", "type": "photo"}, {"media_key": "3_2", "type": "video"}],
                "polls": [{"id": "9", "options": [{"position": 1, "label": "yes", "votes": 2}]}],
                "places": [{"id": "q"}, {"id": "p", "full_name": "Manhattan, NY"}],
                "tweets": [
                    b.post_object("quoted", id="6", author_id="7"),
                    b.post_object(
                        "answered", id="5", author_id="8", referenced_tweets=[{"type": "quoted", "id": "6"}]
                    ),
                ],
            },
        )
    )
    assert message.author is not None
    assert message.author.username == "ada"
    assert message.in_reply_to_user is not None
    assert message.in_reply_to_user.username == "charles"
    assert [media.media_key for media in message.media] == ["3_2", "3_1"]
    assert message.poll is not None
    assert message.poll.options == (v2.PollOption(position=1, label="yes", votes=2),)
    assert message.place is not None
    assert message.place.full_name == "Manhattan, NY"
    assert [found.text for found in message.referenced] == ["answered", "quoted"]
    assert message.retweeted is None
    assert message.quoted is not None
    assert message.quoted.author is not None
    assert message.quoted.author.username == "charles"
    assert message.replied_to is not None
    assert message.replied_to.quoted is not None
    assert message.replied_to.quoted.author == message.quoted.author
    assert message.quoted.json()["text"] == "quoted"


def test_a_post_without_includes_has_none_of_it() -> None:
    """Without `includes` everything that follows them is None or empty, even where ids are there."""
    message = post(b.post_json(author_id="8", attachments={"media_keys": ["1"]}, geo={"place_id": "p"}))
    assert (message.author, message.media, message.polls, message.poll) == (None, (), (), None)
    assert (message.place, message.referenced, message.quoted) == (None, (), None)


def test_matching_rules_and_partial_errors() -> None:
    """All rules are there, a missing tag is None; errors beside the data stay with the post."""
    message = post(
        b.post_json(
            matching_rules=[{"id": "1", "tag": "a"}, {"id": "2"}, {"id": "3", "tag": ""}],
            errors=[{"title": "Not Found Error", "resource_id": "9", "type": "t", "detail": "d"}],
        )
    )
    assert [(rule.id, rule.tag) for rule in message.matching_rules] == [("1", "a"), ("2", None), ("3", "")]
    assert [error.resource_id for error in message.errors] == ["9"]
    assert post(b.post_json(matching_rules=None)).matching_rules == ()


def test_both_spellings_show_what_came() -> None:
    """`repost_count` and `retweet_count`, `referenced_posts` and `referenced_tweets` … are the same."""
    old: dict[str, Any] = {
        "referenced_tweets": [{"type": "quoted", "id": "5"}],
        "note_tweet": {"text": "whole"},
    }
    new: dict[str, Any] = {"referenced_posts": old["referenced_tweets"], "note_post": old["note_tweet"]}
    for fields, count, key in ((old, "retweet_count", "tweets"), (new, "repost_count", "posts")):
        includes = {key: [b.post_object("q", id="5")]}
        message = post(b.post_json(**fields, public_metrics={count: 7}, includes=includes))
        assert message.public_metrics is not None
        assert message.public_metrics.retweet_count == message.public_metrics.repost_count == 7
        assert message.referenced_posts == message.referenced_tweets == (v2.Reference(type="quoted", id="5"),)
        assert message.note_post == message.note_tweet == v2.NotePost(text="whole")
        assert message.full_text == "whole"
        assert message.quoted is not None
        assert message.includes.posts == message.includes.tweets
        assert message.edit_history_post_ids == message.edit_history_tweet_ids == (message.id,)


LONG = "salt &amp; pepper &lt;3 " * 30
CUT = LONG[:279] + "…"


def retweet(own: str = "RT @charles: " + CUT[:126] + "…", **original: Any) -> m.Post:
    """A retweet of a post by Charles, with that post, or its fields, in the includes."""
    inner = b.post_object(**{"text": LONG[:200], "id": "5", "author_id": "7", **original})
    references = [{"type": "retweeted", "id": "5"}]
    return post(b.post_json(own, referenced_tweets=references, includes={"tweets": [inner], "users": USERS}))


def test_full_text() -> None:
    """The full text of a long post is its note's, else its text, escaped as sent."""
    assert post(b.post_json(CUT, note_tweet={"text": LONG})).full_text == LONG
    assert post(b.post_json("a &amp; b")).full_text == "a &amp; b"


def test_full_text_of_a_retweet() -> None:
    """A retweet's full text is `RT @name: ` and the original's whole text, if that is included."""
    assert retweet().full_text == "RT @charles: " + LONG[:200]
    assert retweet(text=CUT, note_tweet={"text": LONG}).full_text == "RT @charles: " + LONG
    assert retweet("cut…").full_text == "RT @charles: " + LONG[:200]
    assert retweet("cut…", author_id="77").full_text == LONG[:200]
    assert retweet("RT @charles: cut…", text="").full_text == "RT @charles: cut…"
    alone = post(b.post_json("RT @charles: cut…", referenced_tweets=[{"type": "retweeted", "id": "6"}]))
    assert alone.full_text == "RT @charles: cut…"
    itself = [{"type": "retweeted", "id": "5"}]
    assert retweet(referenced_tweets=itself).full_text == "RT @charles: " + LONG[:200]


def test_full_text_of_a_quote_is_its_own() -> None:
    """A quote's full text is its own; that of a retweeted quote is the quote's."""
    inner: dict[str, Any] = {"text": CUT, "note_tweet": {"text": LONG}}
    references = [{"type": "quoted", "id": "5"}]
    quote = post(
        b.post_json(
            "mine", referenced_tweets=references, includes={"tweets": [b.post_object(id="5", **inner)]}
        )
    )
    assert (quote.full_text, quote.quoted and quote.quoted.full_text) == ("mine", LONG)
    assert retweet(**inner, referenced_tweets=references).full_text == "RT @charles: " + LONG


def test_how_alike_a_rule_found_it() -> None:
    """A rule with an embedding says how alike the post is and had to be; others have neither."""
    rules: list[dict[str, Any]] = [
        {"id": "1", "embedding_similarity": 0.61, "embedding_threshold": 0.45},
        {"id": "2"},
    ]
    first, second = post(b.post_json(matching_rules=rules)).matching_rules
    assert (first.embedding_similarity, first.embedding_threshold) == (0.61, 0.45)
    assert (second.embedding_similarity, second.embedding_threshold) == (None, None)


def test_numbers_that_x_writes_as_text() -> None:
    """Numbers that X's own pages show as text are numbers, and no mismatch."""
    message = post(b.post_json(edit_controls={"edits_remaining": "4", "is_edit_eligible": True}))
    assert message.edit_controls is not None
    assert (message.edit_controls.edits_remaining, message.mismatches) == (4, ())
    like = m.decode(b.like_json(timestamp_ms="1767724840000"))
    assert isinstance(like, m.Like)
    assert (like.timestamp_ms, like.mismatches) == (1767724840000, ())
    odd = post(b.post_json(edit_controls={"edits_remaining": "four"}))
    assert odd.mismatches == ("edit_controls.edits_remaining",)


@pytest.mark.parametrize(
    "number", ["1050118621198921700", "1.0501186211989217e18", "1.050118621198921729e18"]
)
def test_ids_of_activities_are_those_of_their_text(number: str) -> None:
    """Payloads with integers have the exact id beside it, as `…_str`, and that is what counts."""
    ids = f'"id":{number},"id_str":"1050118621198921729"'
    for payload in (
        f'{{{ids},"author_id":5,"author_id_str":"5"}}',
        f'{{{ids},"text":"hello"}}',
        f'{{{ids},"liked_tweet_id":5,"liked_tweet_id_str":"5"}}',
    ):
        frame = f'{{"data":{{"event_type":"x","event_uuid":"-12","payload":{payload}}}}}'
        activity = m.decode(frame.encode())
        assert isinstance(activity, m.Activity)
        assert isinstance(activity.payload, m.PostRef | m.Post | m.Like)
        assert (activity.payload.id, activity.event_uuid, activity.mismatches) == (
            "1050118621198921729",
            "-12",
            (),
        )


def test_times_are_aware() -> None:
    """v2 times are aware datetimes; one that cannot be read is None and noted."""
    message = post(b.post_json(created_at="2026-01-07T18:40:40.000Z"))
    assert message.created_at == datetime(2026, 1, 7, 18, 40, 40, tzinfo=UTC)
    odd = post(b.post_json(created_at="yesterday"))
    assert (odd.created_at, odd.mismatches) == (None, ("created_at",))


def test_payloads_of_activities() -> None:
    """An activity's payload is the object its kind has; its post knows the includes beside it."""
    created = m.decode(b.activity_json(payload=b.post_object("x", author_id="8"), includes={"users": USERS}))
    assert isinstance(created, m.Activity)
    assert isinstance(created.payload, m.Post)
    assert created.post is not None
    assert created.post.author is not None
    assert created.post.author.username == "ada"
    assert created.filter.user_id == "2244994945"
    for payload, kind in (
        ({"id": "1", "liked_tweet_id": "2"}, m.Like),
        ({"source": USERS[0], "target": USERS[1]}, m.Relation),
        ({"before": "a", "after": "b"}, m.ProfileUpdate),
        ({"headline": "h"}, m.News),
        ({"id": "1", "author_id": "2"}, m.PostRef),
        ({"dm": 1}, dict),
    ):
        activity = m.decode(b.activity_json("x", payload))
        assert isinstance(activity, m.Activity)
        assert isinstance(activity.payload, kind)
        assert activity.post is None


def test_a_like_finds_its_post() -> None:
    """A like's post and the post's author come from `includes`."""
    like = m.decode(
        b.like_json("5", tweet_author_id="7", includes={"users": USERS, "tweets": [b.post_object(id="5")]})
    )
    assert isinstance(like, m.Like)
    assert like.post is not None
    assert like.post_author is not None
    assert (like.post.id, like.post_author.username) == ("5", "charles")
    assert like.created_at is not None
    assert like.created_at.tzinfo is not None


SCHEMAS: dict[str, type] = {
    "Post": m.Post,
    "User": v2.User,
    "Media": v2.Media,
    "Poll": v2.Poll,
    "Place": v2.Place,
    "Topic": v2.Topic,
    "Expansions": m.Includes,
    "LikeWithPostAuthor": m.Like,
    "PostPublicMetrics": v2.PostMetrics,
    "UserPublicMetrics": v2.UserMetrics,
    "PostAttachments": v2.Attachments,
    "PostEntities": v2.Entities,
    "PostEditControls": v2.EditControls,
    "PostNotice": m.Label,
    "PostUnviewable": m.Label,
    "PostComplianceSchema": m.ComplianceEvent,
    "PostEditComplianceObjectSchema": m.ComplianceEvent,
    "PostTakedownComplianceSchema": m.ComplianceEvent,
    "UserComplianceSchema": m.ComplianceEvent,
    "UserProfileModificationObjectSchema": m.ComplianceEvent,
    "UserScrubGeoObjectSchema": m.ComplianceEvent,
    "UserTakedownComplianceSchema": m.ComplianceEvent,
    "UnlikeComplianceSchema": m.ComplianceEvent,
    "ActivitySubscriptionFilter": m.ActivityFilter,
    "FollowActivityResponsePayload": m.Relation,
    "NewsActivityResponsePayload": m.News,
    "ProfileUpdateActivityResponsePayload": m.ProfileUpdate,
    "ResourceNotFoundProblem": m.Problem,
    "InvalidRequestProblem": m.Problem,
    "DisallowedResourceProblem": m.Problem,
    "NotAuthorizedForFieldProblem": m.Problem,
    "Error": m.Problem,
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_property_of_the_schemas_is_an_attribute(schema: str) -> None:
    """Each property in X's OpenAPI file is an attribute of the same name."""
    properties = json.loads(DESCRIPTION.read_bytes())["components"]["schemas"][schema]["properties"]
    assert not [name for name in properties if not hasattr(SCHEMAS[schema], name)]
