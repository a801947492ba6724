"""Texts as X sends them: HTML-escaped on both protocols, and nothing else is."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rxtweets.emulator import Emulator

from .clients import FILTERED, SAMPLE, V1_FILTER, V1_SAMPLE, add_rules, raw, raw_get, v1_request, v1_stream

BARE = re.compile("&(?!amp;|lt;|gt;)|[<>]")
"""Characters that no escaped text holds."""
FIELDS = (
    "tweet.fields=entities,note_tweet,context_annotations&user.fields=description"
    "&expansions=author_id,referenced_tweets.id"
)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a message."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from objects(one)


def texts(message: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every text of a post in a message, and what stands in it."""
    for found in objects(message):
        for name in ("text", "full_text"):
            if isinstance(found.get(name), str):
                yield found[name], found.get("entities") or {}


def marked(text: str, entities: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the text at the indices of each hashtag, mention and link, and the one that should be there."""
    for kind in ("hashtags", "mentions", "user_mentions", "urls"):
        for one in entities.get(kind) or []:
            start, end = one["indices"] if "indices" in one else (one["start"], one["end"])
            names = {"hashtags": ("tag", "text"), "urls": ("url",)}.get(kind, ("username", "screen_name"))
            sign = {"hashtags": "#", "urls": ""}.get(kind, "@")
            yield text[start:end].lower(), sign + next(one[name] for name in names if name in one).lower()


def test_a_published_text_is_escaped_once(emulator: Emulator) -> None:
    """`&`, `<` and `>` come as X sends them on both protocols; quotes and what looks escaped stay typed."""
    typed, sent = "a & b <c> \"d\" 'e' &amp; &copy;", "a &amp; b &lt;c&gt; \"d\" 'e' &amp;amp; &amp;copy;"
    with raw_get(emulator, SAMPLE) as v2, raw(emulator, v1_request(emulator, V1_SAMPLE)) as v1:
        emulator.publish(typed)
        assert (v2.message()["data"]["text"], v1.message()["text"]) == (sent, sent)


def test_what_is_repeated_and_quoted_is_escaped_once(emulator: Emulator) -> None:
    """A retweet, a quote and what they refer to."""
    original = emulator.compose("Q&A", author="ada")
    with (
        raw_get(emulator, f"{SAMPLE}?{FIELDS}") as v2,
        raw(emulator, v1_request(emulator, V1_SAMPLE)) as v1,
    ):
        emulator.publish(emulator.retweet(original))
        whole, status = v2.message(), v1.message()
        assert whole["data"]["text"] == status["text"] == "RT @ada: Q&amp;A"
        assert whole["includes"]["tweets"][0]["text"] == status["retweeted_status"]["text"] == "Q&amp;A"
        emulator.publish("<3", quote=original)
        whole, status = v2.message(), v1.message()
        assert whole["data"]["text"].startswith("&lt;3 https://t.co/")
        assert status["text"] == whole["data"]["text"]
        assert whole["includes"]["tweets"][0]["text"] == status["quoted_status"]["text"] == "Q&amp;A"


@pytest.mark.parametrize("count", [280, 281])
def test_an_escape_is_one_character(emulator: Emulator, count: int) -> None:
    """280 of them fit into a post; beyond that, and beyond v1.1's 140, no escape is cut in two."""
    with (
        raw_get(emulator, f"{SAMPLE}?{FIELDS}") as v2,
        raw(emulator, v1_request(emulator, V1_SAMPLE)) as v1,
    ):
        emulator.publish("&" * count)
        post, status = v2.message()["data"], v1.message()
    assert ("note_tweet" in post) is (count > 280)
    assert html.unescape(post.get("note_tweet", post)["text"]) == "&" * count
    cut, dots, _ = status["text"].partition("… https://t.co/")
    assert (status["truncated"], dots) == (True, "… https://t.co/")
    assert cut == "&amp;" * 115
    full = html.unescape(status["extended_tweet"]["full_text"])
    assert full == "&" * count if count == 280 else full.startswith("&" * 255 + "… ")
    for message in (post, status):
        assert not any(BARE.search(text) for text, _ in texts(message))
    start, end = status["display_text_range"]
    assert (start, html.unescape(status["text"][:end])) == (0, html.unescape(status["text"]))


def test_a_long_retweet_is_cut_between_characters(emulator: Emulator) -> None:
    """140 characters of it, escapes counted as one, the dots at its end."""
    with raw_get(emulator, SAMPLE) as v2:
        emulator.publish(emulator.retweet(emulator.compose("<" * 200, author="ada")))
        text = v2.message()["data"]["text"]
    assert html.unescape(text) == "RT @ada: " + "<" * 130 + "…"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            ["&", "<", ">", "&lt;", "a", "é", "🦊", "#tag", "@ada", "http://a.example/?b&c", '"', "x" * 50]
        ),
        min_size=1,
        max_size=12,
    )
)
def test_what_stands_in_a_text_is_counted_in_it_as_sent(lenient: Emulator, words: list[str]) -> None:
    """Any text comes back unescaped, and its indices fit the text as sent."""
    typed = " ".join(words)
    with (
        raw_get(lenient, f"{SAMPLE}?{FIELDS}") as v2,
        raw(lenient, v1_request(lenient, V1_SAMPLE)) as v1,
    ):
        lenient.publish(typed)
        messages = v2.message(), v1.message()
    for message in messages:
        for text, entities in texts(message):
            assert not BARE.search(text)
            assert all(found == wanted for found, wanted in marked(text, entities))
    post = messages[0]["data"]
    unescaped = re.sub(
        r"https://t\.co/\w+", "http://a.example/?b&c", html.unescape(post.get("note_tweet", post)["text"])
    )
    assert unescaped == typed


def test_the_world_escapes_what_it_says_and_no_more() -> None:
    """Texts are escaped in posts, statuses and direct messages; what people say of themselves isn't."""
    with Emulator(rate=math.inf, seed=3) as emulator:
        with raw_get(emulator, f"{SAMPLE}?{FIELDS}") as v2:
            posts = [v2.message() for _ in range(1500)]
        with v1_stream(emulator, "/1.1/user.json", "GET") as statuses:
            told = [next(statuses) for _ in range(1500)]
    for messages in (posts, told):
        found = [text for message in messages for text in texts(message)]
        assert not any(BARE.search(text) for text, _ in found)
        assert all(any(escape in text for text, _ in found) for escape in ("&lt;", "&amp;"))
        assert all(is_ == should for text, entities in found for is_, should in marked(text, entities))
        bios = [one["description"] or "" for one in objects(messages) if "description" in one and "id" in one]
        assert any(" & " in bio for bio in bios)
        assert not any("&amp;" in bio for bio in bios)
    assert any("direct_message" in message for message in told)


def test_rules_match_what_was_typed(emulator: Emulator) -> None:
    """A phrase with `&` finds it, and `amp` and `lt` don't."""
    add_rules(emulator, '"salt & pepper"', "amp", "lt")
    with raw_get(emulator, FILTERED) as stream:
        assert emulator.publish("salt & pepper <3") == 1
        message = stream.message()
    assert message["data"]["text"] == "salt &amp; pepper &lt;3"
    assert [rule["tag"] for rule in message["matching_rules"]] == ['"salt & pepper"']


def test_track_matches_what_was_typed(emulator: Emulator) -> None:
    """A phrase with `&` finds it, and `amp` doesn't."""
    with v1_stream(emulator, V1_FILTER, track="q&a,amp") as found:
        assert emulator.publish("salt & pepper") == 0
        assert emulator.publish("our Q&A") == 1
        assert next(found)["text"] == "our Q&amp;A"


def test_recorded_texts_stay_as_they_are(tmp_path: Any) -> None:
    """A recorded post has been escaped by X: neither protocol escapes it again."""
    file = tmp_path / "posts.jsonl"
    file.write_text(json.dumps({"data": {"id": "1050118621198921728", "text": "Q&amp;A &lt;3"}}) + "\n")
    with Emulator(posts=file, rate=0) as emulator, v1_stream(emulator, V1_SAMPLE, "GET") as statuses:
        emulator.rate = 100
        assert next(statuses)["text"] == "Q&amp;A &lt;3"
