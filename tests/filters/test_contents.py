"""Hashtags, mentions, links and words of messages of both protocols."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

import rxtweets as rxt
from rxtweets.messages import Connecting, decode
from rxtweets.testing import post_json, post_object, status_json, status_object

from .statuses import content, extended, link, status


def post(text: str = "", **fields: Any) -> Any:
    return decode(post_json(text, **fields))


def both(text: str) -> list[Any]:
    """A status and a post without entities."""
    return [decode(status_json(text, entities={})), post(text)]


def everything(message: object) -> dict[str, tuple[str, ...]]:
    return {
        "hashtags": rxt.hashtags(message),
        "mentions": rxt.mentions(message),
        "links": rxt.links(message),
        "words": rxt.words(message),
    }


def test_entities_of_a_status() -> None:
    """A status's entities come out: tags and names in lower case, links as the address where they lead."""
    message = status(
        "Ada: @Charles likes #Engines, #engines & #日本 https://t.co/abc",
        urls=(link("https://example.com/A"),),
    )
    assert everything(message) == {
        "hashtags": ("engines", "日本"),
        "mentions": ("charles",),
        "links": ("https://example.com/A",),
        "words": ("ada", "likes", "engines", "日本"),
    }


def test_entities_of_a_post() -> None:
    """A post's entities come out, also where the text alone would not tell."""
    message = post(
        "see",
        entities={
            "hashtags": [{"tag": "Engines"}, {"tag": "engines"}],
            "mentions": [{"username": "Charles"}],
            "urls": [
                {
                    "url": "https://t.co/a",
                    "expanded_url": "https://bit.ly/b",
                    "unwound_url": "https://end.example/",
                },
                {"url": "https://t.co/b", "expanded_url": "https://example.com/"},
                {"url": "https://t.co/c", "expanded_url": "https://x.com/1/photo/1", "media_key": "3_1"},
            ],
        },
    )
    assert everything(message) == {
        "hashtags": ("engines",),
        "mentions": ("charles",),
        "links": ("https://end.example/", "https://example.com/"),
        "words": ("see",),
    }


@pytest.mark.parametrize(
    "message", both("Tea&amp;cake @Ada #Tea #TEA #1 https://t.co/x. Yum👍🏽 e@mail.example")
)
def test_without_entities_the_text_is_searched(message: Any) -> None:
    """A post whose entities were not asked for is searched, and so is a status of a server without any."""
    assert everything(message) == {
        "hashtags": ("tea",),
        "mentions": ("ada",),
        "links": ("https://t.co/x",),
        "words": ("tea", "cake", "1", "yum", "👍", "🏽", "e", "mail", "example"),
    }


def test_the_whole_of_an_extended_status() -> None:
    """The whole of a status that is cut counts."""
    message = status(extended("a text of more than thirty characters #late @Late https://t.co/p", urls=()))
    assert rxt.hashtags(message) == ("late",)
    assert rxt.mentions(message) == ("late",)
    assert "characters" in rxt.words(message)


def test_the_whole_of_a_long_post() -> None:
    """Of a post over 280 characters the note counts, its entities included."""
    message = post(
        "cut #ear…",
        entities={"hashtags": [{"tag": "ear"}]},
        note_tweet={
            "text": "cut #early and #late",
            "entities": {"hashtags": [{"tag": "early"}, {"tag": "late"}]},
        },
    )
    assert rxt.hashtags(message) == ("early", "late")
    assert rxt.words(message) == ("cut", "early", "and", "late")


def test_a_retweet_of_v1() -> None:
    """A retweet has what its original has, and mentions its author."""
    original = content("the #Whole story of @Charles")
    retweet = status(
        content("RT @ada: the #Who…", retweeted_status={**original, "user": {"id": 7, "screen_name": "ada"}})
    )
    assert everything(retweet) == {
        "hashtags": ("whole",),
        "mentions": ("ada", "charles"),
        "links": (),
        "words": ("the", "whole", "story", "of"),
    }


def test_a_retweet_of_v2() -> None:
    """A retweet has what its original has, if that is included."""
    message = post(
        "RT @ada: the #Who…",
        entities={"mentions": [{"username": "ada"}]},
        referenced_tweets=[{"type": "retweeted", "id": "5"}],
        includes={
            "tweets": [
                post_object(
                    "the #Whole story of @Charles",
                    id="5",
                    entities={"hashtags": [{"tag": "Whole"}], "mentions": [{"username": "Charles"}]},
                )
            ]
        },
    )
    assert everything(message) == {
        "hashtags": ("whole",),
        "mentions": ("ada", "charles"),
        "links": (),
        "words": ("the", "whole", "story", "of"),
    }


@pytest.mark.parametrize("message", both("RT @ada: the whole sto… https://t.co/x"))
def test_a_word_that_is_cut_is_none(message: Any) -> None:
    """Without the original, the piece of a word before `…` is left out, and so is the `RT @name:`."""
    assert rxt.words(message) == ("the", "whole")


def test_a_quoted_message_is_one_of_its_own() -> None:
    """The message that a status or post quotes isn't counted with it."""
    quoting = status(content("look", quoted_status=content("#quoted @q")))
    assert everything(quoting)["hashtags"] == everything(quoting)["mentions"] == ()
    assert rxt.words(quoting) == ("look",)
    message = post(
        "look",
        referenced_tweets=[{"type": "quoted", "id": "5"}],
        includes={"tweets": [post_object("#quoted @q", id="5")]},
    )
    assert everything(message) == everything(quoting)


def test_photos_are_no_links() -> None:
    """The short link to a status's own photo isn't one of its links."""
    photo = {"id": 1, "type": "photo", "url": "https://t.co/p", "expanded_url": "https://x.com/1/photo/1"}
    assert rxt.links(status(content("look https://t.co/p", entities={"media": [photo]}))) == ()


@pytest.mark.parametrize("unwound", [{"url": "https://end.example/"}, {"url": 7}, {}, None])
def test_where_a_link_of_v1_ends(unwound: Any) -> None:
    """`unwound` says where a link ends; whatever else it holds is ignored."""
    found = rxt.links(status("x", urls=({**link("https://bit.ly/b"), "unwound": unwound},)))
    assert found == (
        ("https://end.example/",)
        if (unwound or {}).get("url") == "https://end.example/"
        else ("https://bit.ly/b",)
    )


def test_other_messages_have_none() -> None:
    """Anything but a status or post has no hashtags, mentions, links and words."""
    frames = [
        b'{"delete":{"status":{"id":1,"user_id":2}}}',
        b"<html>",
        msgspec.json.encode({"for_user": 1, "message": status_object("#a")}),
    ]
    for message in [*map(decode, frames), Connecting(), "#text", None]:
        assert set(everything(message).values()) == {()}
