"""The request that is sent, and the options of the constructor."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

import rxtweets.compat as tweepy
from rxtweets.emulator import Emulator
from tests.servers import HEAD, Peer, Server, chunk

from .calls import Calls, auth, listening

Start = Callable[[tweepy.Stream], None]


def asked(emulator: Emulator, start: Start) -> tuple[str, str, dict[str, str]]:
    """Method, path and parameters of the request that *start* makes."""
    listener = Calls(on_connect=False, on_error=False)
    start(tweepy.Stream(auth(emulator), listener))
    request = emulator.requests[-1]
    return request.method, request.path, {**request.query, **request.form}


@pytest.mark.parametrize(
    ("start", "method", "path", "parameters"),
    [
        (
            lambda s: s.filter(["1", "2"], ["rx", "späß"], languages=["en"], filter_level="low"),
            "POST",
            "/1.1/statuses/filter.json",
            {"follow": "1,2", "track": "rx,späß", "language": "en", "filter_level": "low"},
        ),
        (
            lambda s: s.filter(track="one two", locations=[-74, 40, -73, 41], stall_warnings=True),
            "POST",
            "/1.1/statuses/filter.json",
            {"track": "one two", "locations": "-74,40,-73,41", "stall_warnings": "true"},
        ),
        (
            lambda s: s.sample(languages=["en", "ja"], stall_warnings=True),
            "GET",
            "/1.1/statuses/sample.json",
            {"language": "en,ja", "stall_warnings": "true"},
        ),
        (lambda s: s.firehose(count=10), "GET", "/1.1/statuses/firehose.json", {"count": "10"}),
        (lambda s: s.retweet(), "GET", "/1.1/statuses/retweet.json", {}),
        (
            lambda s: s.userstream(True, "followings", "all", ["rx"], [-74, 40, -73, 41], encoding="utf8"),
            "GET",
            "/1.1/user.json",
            {
                "with": "followings",
                "replies": "all",
                "track": "rx",
                "locations": "-74,40,-73,41",
                "stall_warnings": "true",
            },
        ),
        (
            lambda s: s.sitestream([1, "2"], replies=True),
            "GET",
            "/1.1/site.json",
            {"follow": "1,2", "with": "user", "replies": "all"},
        ),
    ],
)
def test_requests(
    emulator: Emulator, start: Start, method: str, path: str, parameters: dict[str, str]
) -> None:
    """Each method asks for its stream, with its parameters as Tweepy takes them."""
    assert asked(emulator, start) == (method, path, parameters)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (lambda s: s.filter(), "needs at least one of track, follow, locations"),
        (lambda s: s.filter(locations=[1, 2, 3]), "four numbers"),
        (lambda s: s.filter(follow=["@ada"]), "follow"),
        (lambda s: s.filter(track=["x" * 61]), "60 bytes"),
        (lambda s: s.sample(languages=["cn"]), "'zh'"),
        (lambda s: s.sitestream([]), "follow is empty"),
        (lambda s: s.userstream(_with="nobody"), "'followings'"),
    ],
)
def test_wrong_parameters(emulator: Emulator, start: Start, message: str) -> None:
    """A wrong parameter is a TweepError for the caller, before anything is sent."""
    with pytest.raises(tweepy.TweepError, match=message):
        asked(emulator, start)
    assert emulator.requests == ()


def test_finite_stream(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backlog with a negative count ends by itself: the call returns, and nothing connects again."""

    def backlog(peer: Peer) -> None:
        peer.read_request()
        peer.send(HEAD + chunk(b'{"limit":{"track":1}}\r\n') + chunk(b""))

    listener = Calls()
    with Server(backlog) as server:
        monkeypatch.setenv("RXTWEETS_BASE_URL", server.base_url)
        tweepy.Stream(auth(emulator), listener).firehose(count=-5)

    assert [name for name, _ in listener.made] == ["on_connect", "on_data", "on_limit"]
    assert b"count=-5" in server.peers[0].request


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"verify": False}, "TLS is always verified"),
        ({"verify": None}, "TLS is always verified"),
        ({"timeout": 0}, "timeout must be a number of seconds above 0"),
        ({"timeout": (3, 30)}, "timeout"),
        ({"retry_count": -1}, "retry_count must be a whole number"),
        ({"retry_count": True}, "retry_count"),
        ({"retry_time": "5"}, "retry_time"),
        ({"retry_420": float("nan")}, "retry_420"),
        ({"retry_time_cap": -1}, "retry_time_cap"),
        ({"snooze_time": 0}, "snooze_time"),
        ({"snooze_time_cap": float("inf")}, "snooze_time_cap"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    """A wrong option is a ValueError that names it, and so is `verify=False`."""
    with pytest.raises(ValueError, match=message):
        tweepy.Stream(None, Calls(), **options)


def test_options_without_a_meaning(caplog: pytest.LogCaptureFixture) -> None:
    """Options without a meaning here are ignored; what a program might miss is logged."""
    tweepy.Stream(None, Calls(), chunk_size=1, headers={}, daemon=True, verify=True)
    assert caplog.messages == []
    with caplog.at_level(logging.WARNING, "rxtweets.compat"):
        tweepy.Stream(None, Calls(), tweet_mode="extended", headers={"X": "y"})
    (line,) = caplog.messages
    assert line.endswith("headers, tweet_mode")


def test_waits(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """`retry_time`, `retry_time_cap` and `retry_420` are the waits, and never below what the server asks."""
    listener = Calls(on_connect=False)
    emulator.answer(503, times=3)
    emulator.answer(420)
    with caplog.at_level(logging.INFO, "rxtweets"):
        options = {"retry_time": 0.1, "retry_time_cap": 0.2, "retry_420": 0.3}
        tweepy.Stream(auth(emulator), listener, **options).sample()

    waits = [vars(record)["delay"] for record in caplog.records if "delay" in vars(record)]
    assert waits == pytest.approx([0.1, 0.2, 0.2, 0.3], rel=0.15)


def test_host(emulator: Emulator) -> None:
    """`host` is reached by https, though the variable names another host."""
    listener = Calls()
    host = emulator.base_url.removeprefix("http://")
    with pytest.raises(Exception, match=r"127\.0\.0\.1") as raised:
        tweepy.Stream(auth(emulator), listener, host=host, retry_count=0).sample()

    assert type(raised.value).__name__ == "ConnectionFailed"
    assert emulator.requests == ()
    with pytest.raises(tweepy.TweepError, match="base_url"):
        tweepy.Stream(auth(emulator), listener, host="example.com/1.1").sample()


def test_usual_host(emulator: Emulator) -> None:
    """X's own host as `host` is no host of its own: the variable replaces it."""
    listener = Calls()
    with listening(emulator, listener, host="stream.twitter.com"):
        listener.wait("on_connect")
