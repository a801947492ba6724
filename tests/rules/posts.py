"""Posts to match rules against."""

from __future__ import annotations

from typing import Any

from rxtweets.messages import Post, decode
from rxtweets.testing import post_json

ADA = {
    "id": "12",
    "username": "Ada",
    "name": "Ada Lovelace PhD",
    "description": "Notes on the engine, written in London",
    "location": "London, the big apple of Europe",
    "verified": True,
    "public_metrics": {"followers_count": 900, "following_count": 80, "tweet_count": 7000, "listed_count": 3},
    "affiliation": {"user_id": ["99"]},
}
BOB = {"id": "13", "username": "bob", "name": "Bob", "affiliation": {"user_id": []}, "verified": False}
ROYAL = {"id": "99", "username": "RoyalSociety", "name": "Royal Society"}
PLACE = {
    "id": "p1",
    "full_name": "Paris, France",
    "name": "Paris",
    "country_code": "FR",
    "geo": {"type": "Feature", "bbox": [2.2, 48.8, 2.4, 48.9]},
}


def make(text: str = "hello", *, includes: dict[str, Any] | None = None, **fields: Any) -> Post:
    """Return a post of Ada's, with all of the accounts in its includes."""
    beside = {"users": [ADA, BOB, ROYAL], "places": [PLACE], **(includes or {})}
    fields = {"id": "100", "author_id": "12", "conversation_id": "100", **fields}
    post = decode(post_json(text, includes=beside, **fields))
    assert isinstance(post, Post)
    return post


def bare(text: str) -> Post:
    """Return a post with the default fields."""
    post = decode(post_json(text, id="100"))
    assert isinstance(post, Post)
    return post


def other(text: str, id: str = "50", **fields: Any) -> dict[str, Any]:
    """Return a post of Bob's for the includes of another."""
    return {"id": id, "text": text, "author_id": "13", **fields}


def quote(text: str, quoted: str, **fields: Any) -> Post:
    """Return Ada's quote of a post of Bob's."""
    return make(
        text,
        referenced_tweets=[{"type": "quoted", "id": "50"}],
        includes={"tweets": [other(quoted, **fields)]},
    )


def retweet(text: str, **fields: Any) -> Post:
    """Return Ada's retweet of a post of Bob's, its text cut as X cuts it."""
    cut = f"RT @bob: {text}"
    return make(
        cut if len(cut) <= 140 else f"{cut[:139]}…",
        referenced_tweets=[{"type": "retweeted", "id": "50"}],
        includes={"tweets": [other(text, **fields)]},
    )


def reply(text: str = "@bob yes") -> Post:
    """Return Ada's reply to a post of Bob's."""
    return make(
        text,
        conversation_id="50",
        in_reply_to_user_id="13",
        referenced_tweets=[{"type": "replied_to", "id": "50"}],
    )


def linked(text: str = "see https://t.co/abc", **fields: Any) -> Post:
    """Return a post with a link to a page that X knows, and nothing attached."""
    link = {
        "start": 4,
        "end": 20,
        "url": "https://t.co/abc",
        "expanded_url": "https://www.Example.com/photos/42?x=snow-day",
        "display_url": "example.com/photos/42…",
        "title": "A Snow day in Rome",
        "description": "Weather for all",
        **fields,
    }
    return make(
        text, entities={"urls": [link]}, attachments={}, referenced_tweets=[{"type": "other", "id": "1"}]
    )


def with_media(kind: str) -> Post:
    """Return a post with one attached medium of a kind."""
    link = {"url": "https://t.co/m", "expanded_url": "https://x.com/ada/status/1/photo/1", "media_key": "3_1"}
    return make(
        "look https://t.co/m",
        attachments={"media_keys": ["3_1"]},
        entities={"urls": [link]},
        referenced_tweets=[{"type": "other", "id": "1"}],
        includes={"media": [{"media_key": "3_1", "type": kind}]},
    )
