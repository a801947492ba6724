"""The errand "a v2 endpoint": its function in `endpoints/v2.py`, and a method of the client that calls it."""

from __future__ import annotations

import pytest

from rxtweets import BearerToken, StreamingClient, messages
from rxtweets import operators as tw
from rxtweets.endpoints import Endpoint, v2
from rxtweets.testing import Script, ScriptedTransport, post_json, timeline


def spaces(*, partition: int, base_url: str | None = None, **options: object) -> Endpoint:
    """Ask for the posts of spaces, a stream that X doesn't have."""
    part = v2._partition(partition, 2)
    return v2._stream("spaces", "/2/spaces/stream", options, v2._POST_FIELDS, base_url, part)


def test_its_options_are_checked() -> None:
    """Fields, partitions and the window are checked as everywhere, by the tables that are there."""
    endpoint = spaces(partition=2, tweet_fields=["id", "lang"], backfill_minutes=3)
    assert endpoint.request.url == "https://api.x.com/2/spaces/stream"
    assert dict(endpoint.request.params) == {
        "partition": "2",
        "tweet.fields": "id,lang",
        "backfill_minutes": "3",
    }
    with pytest.raises(ValueError, match="did you mean 'lang'"):
        spaces(partition=1, tweet_fields="lang_")
    with pytest.raises(ValueError, match="partition must be a whole number from 1 to 2"):
        spaces(partition=3)
    with pytest.raises(TypeError, match="spaces"):
        spaces(partition=1, track="x")


def test_it_streams_through_the_chain() -> None:
    """Connecting, decoding and reconnecting know no endpoint by name."""

    transport = ScriptedTransport(Script(post_json("hello") + b"\r\n"), Script(status=401))
    client = StreamingClient(BearerToken("secret"), transport=transport)
    seen = timeline(client._stream(spaces(partition=1)).pipe(tw.of_type(messages.Post)))
    assert [post.text for _, post in seen.items] == ["hello"]
    assert [session.request.url for session in transport.sessions] == [
        "https://api.x.com/2/spaces/stream"
    ] * 2
