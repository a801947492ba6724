"""The v1.1 endpoints: what each asks the server, and what is refused before anything is asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from rxtweets.endpoints import Endpoint, v1


def form(endpoint: Endpoint) -> dict[str, str]:
    """The form of *endpoint* without what all have."""
    pairs = dict(endpoint.request.form or ())
    assert pairs.pop("stall_warnings") == "true"
    return pairs


@pytest.mark.parametrize(
    ("endpoint", "method", "url", "params"),
    [
        (v1.filter(track="rx"), "POST", "https://stream.twitter.com/1.1/statuses/filter.json", {}),
        (
            v1.sample(languages=["en", "ja"], filter_level="low"),
            "GET",
            "https://stream.twitter.com/1.1/statuses/sample.json",
            {"language": "en,ja", "filter_level": "low"},
        ),
        (
            v1.firehose(count=100, partitions=[0, 3]),
            "GET",
            "https://stream.twitter.com/1.1/statuses/firehose.json",
            {"count": "100", "partitions": "0,3"},
        ),
        (
            v1.links(partitions=2),
            "GET",
            "https://stream.twitter.com/1.1/statuses/links.json",
            {"partitions": "2"},
        ),
        (v1.retweet(), "GET", "https://stream.twitter.com/1.1/statuses/retweet.json", {}),
        (
            v1.user(
                with_="user", replies="all", track=["rx"], locations=[(1, 2, 3, 4)], stringify_friend_ids=True
            ),
            "GET",
            "https://userstream.twitter.com/1.1/user.json",
            {
                "with": "user",
                "replies": "all",
                "track": "rx",
                "locations": "1,2,3,4",
                "stringify_friend_ids": "true",
            },
        ),
        (
            v1.site(follow=[1, "2"], with_="followings", replies="all"),
            "GET",
            "https://sitestream.twitter.com/1.1/site.json",
            {"follow": "1,2", "with": "followings", "replies": "all"},
        ),
    ],
    ids=lambda value: value.rpartition("/")[2] if isinstance(value, str) else "",
)
def test_requests(endpoint: Endpoint, method: str, url: str, params: dict[str, str]) -> None:
    """Each endpoint has its method, host, path and parameters, and asks for stall warnings."""
    request = endpoint.request
    assert (request.method, request.url) == (method, url)
    if method == "GET":
        assert dict(request.params) == {**params, "stall_warnings": "true"}
        assert request.form is None
    assert endpoint.stall_timeout == 90
    assert not endpoint.finite


def test_filter_form() -> None:
    """All parameters of a filter go in its form, in a stable order."""
    endpoint = v1.filter(
        track=["python", "rx py"],
        follow=[2211149702, "12"],
        locations=[-122.75, 36.8, -121.75, 37.8],
        languages=["en"],
        filter_level="none",
        count=150_000,
        delimited=True,
        stall_warnings=False,
    )
    assert endpoint.request.params == ()
    assert endpoint.request.form == (
        ("track", "python,rx py"),
        ("follow", "2211149702,12"),
        ("locations", "-122.75,36.8,-121.75,37.8"),
        ("language", "en"),
        ("filter_level", "none"),
        ("count", "150000"),
        ("delimited", "length"),
    )
    assert endpoint.delimited


@pytest.mark.parametrize(
    ("track", "wire"),
    [
        ("python", "python"),
        ("python,ruby", "python,ruby"),
        (["python, ruby", "rx"], "python,ruby,rx"),
        (("a b", "a b"), "a b"),
        (iter(["日本語", "#é"]), "日本語,#é"),
        (["x" * 60], "x" * 60),
        (["é" * 30], "é" * 30),
        ([f"p{i}" for i in range(400)], ",".join(f"p{i}" for i in range(400))),
    ],
    ids=lambda value: str(value)[:15],
)
def test_track(track: Any, wire: str) -> None:
    """A string is a phrase, not its letters; a comma separates phrases, as on the wire."""
    assert form(v1.filter(track=track)) == {"track": wire}


@pytest.mark.parametrize(
    ("follow", "wire"),
    [(12, "12"), ("12", "12"), ("12, 13", "12,13"), ([12, "13", 12], "12,13"), (range(1, 4), "1,2,3")],
)
def test_follow(follow: Any, wire: str) -> None:
    """Ids come as numbers or digits, one alone or in a list."""
    assert form(v1.filter(follow=follow)) == {"follow": wire}


@pytest.mark.parametrize(
    ("locations", "wire"),
    [
        ([-122.75, 36.8, -121.75, 37.8], "-122.75,36.8,-121.75,37.8"),
        ((-122.75, 36.8, -121.75, 37.8), "-122.75,36.8,-121.75,37.8"),
        ([-1, 2, 3, 4, 5, 6, 7, 8], "-1,2,3,4,5,6,7,8"),
        ([(-1, 2, 3, 4), [5, 6, 7, 8]], "-1,2,3,4,5,6,7,8"),
        ([-180, -90, 180, 90], "-180,-90,180,90"),
        ("-122.75, 36.8, -121.75, 37.8", "-122.75,36.8,-121.75,37.8"),
        ([-0.0, 0.00001, 0.3, 100e-1], "0,0.00001,0.3,10"),
    ],
)
def test_locations(locations: Any, wire: str) -> None:
    """Boxes come flat, as for Tweepy, or one sequence a box; numbers are plain decimals on the wire."""
    assert form(v1.filter(locations=locations)) == {"locations": wire}


@pytest.mark.parametrize("languages", ["en", "en,zh-tw", ["en", "zh-TW", "und", "hi-Latn", "msa", "in"]])
def test_languages(languages: Any) -> None:
    """Language codes with region or script, and the codes that only X uses, pass."""
    wire = languages if isinstance(languages, str) else ",".join(languages)
    assert dict(v1.sample(languages=languages).request.params)["language"] == wire


BIG = 2**63
REFUSED: list[tuple[Callable[[], Endpoint], str]] = [
    (lambda: v1.filter(), "at least one of track, follow, locations"),
    (lambda: v1.filter(track=[], follow=(), languages=["en"]), "at least one of track, follow, locations"),
    (lambda: v1.filter(track=""), "track has an empty phrase"),
    (lambda: v1.filter(track=["a", " "]), "track has an empty phrase in ' '"),
    (lambda: v1.filter(track=["a,,b"]), "empty phrase in 'a,,b'; a comma separates phrases"),
    (lambda: v1.filter(track=["é" * 31]), "at most 60 bytes in UTF-8, got 62: 'é"),
    (lambda: v1.filter(track=[f"p{i}" for i in range(401)]), "track takes at most 400 phrases, got 401"),
    (lambda: v1.filter(track=[b"x"]), "phrases as text, not b'x'"),  # type: ignore[list-item]
    (lambda: v1.filter(track=b"x"), "track must be a list of phrases, not b'x'"),  # type: ignore[arg-type]
    (lambda: v1.filter(track=5), "track must be a list of phrases, not 5"),  # type: ignore[arg-type]
    (lambda: v1.filter(track=["\ud800"]), "a lone surrogate"),
    (
        lambda: v1.filter(follow=["@python"]),
        "follow takes numeric ids such as 2244994945, not names: '@python'",
    ),
    (lambda: v1.filter(follow="python3"), "not names: 'python3'"),
    (lambda: v1.filter(follow=[0]), "from 1 to 9223372036854775807, not 0"),
    (lambda: v1.filter(follow=[-5]), "not -5"),
    (lambda: v1.filter(follow=[BIG]), "from 1 to 9223372036854775807, not 9223372036854775808"),
    (lambda: v1.filter(follow="9" * 5000), "from 1 to 9223372036854775807"),
    (lambda: v1.filter(follow=[True]), "not True"),
    (lambda: v1.filter(follow=[1.5]), "not 1.5"),  # type: ignore[list-item]
    (lambda: v1.filter(follow=["٣"]), "not '٣'"),
    (lambda: v1.filter(follow=range(1, 5002)), "follow takes at most 5,000 ids, got 5,001"),
    (lambda: v1.filter(locations=[1, 2, 3]), "four numbers per box (west, south, east, north), got 3"),
    (lambda: v1.filter(locations=[(1, 2, 3)]), "a box is four numbers"),
    (lambda: v1.filter(locations=5), "locations must be a list of boxes"),  # type: ignore[arg-type]
    (lambda: v1.filter(locations=["a", 2, 3, 4]), "numbers in degrees, not 'a'"),  # type: ignore[arg-type]
    (lambda: v1.filter(locations=[float("nan"), 2, 3, 4]), "numbers in degrees, not nan"),
    (lambda: v1.filter(locations=[1, 2, 3, 10**400]), "numbers in degrees, not 1"),
    (lambda: v1.filter(locations=[True, 2, 3, 4]), "numbers in degrees, not True"),
    (
        lambda: v1.filter(locations=[36.8, -122.75, 37.8, -121.75]),
        "longitude before latitude; did you mean (-122.75, 36.8, -121.75, 37.8)?",
    ),
    (
        lambda: v1.filter(locations=[-121.75, 37.8, -122.75, 36.8]),
        "the south-west corner first; did you mean (-122.75, 36.8, -121.75, 37.8)?",
    ),
    (
        lambda: v1.filter(locations=[170, -5, -170, 5]),
        "two boxes: (170.0, -5.0, 180.0, 5.0) and (-180.0, -5.0",
    ),
    (lambda: v1.filter(locations=[1, 5, 3, 4]), "north must be above its south"),
    (lambda: v1.filter(locations=[1, 4, 3, 4]), "north must be above its south"),
    (lambda: v1.filter(locations=[181, 2, 183, 4]), "longitudes from -180 to 180"),
    (lambda: v1.filter(locations=[100, 91, 101, 92]), "latitudes from -90 to 90"),
    (lambda: v1.filter(locations=[(1, 2, 3, 4)] * 26), "at most 25 boxes, got 26"),
    (lambda: v1.filter(track="x", languages=["english"]), "languages: 'english' is not a language code"),
    (lambda: v1.filter(track="x", languages=["en", "jp"]), "'jp' is not a language code; did you mean 'ja'?"),
    (lambda: v1.sample(languages="xx"), "'xx' is not a language code; give BCP 47 codes"),
    (lambda: v1.sample(languages=["e n"]), "'e n' is not a language code"),
    (lambda: v1.sample(languages=[5]), "5 is not a language code"),  # type: ignore[list-item]
    (
        lambda: v1.sample(filter_level="high"),  # type: ignore[arg-type]
        "filter_level must be one of 'none', 'low', 'medium', not 'high'",
    ),
    (
        lambda: v1.filter(track="x", count=150_001),
        "count must be a whole number from -150,000 to 150,000, not 150001",
    ),
    (lambda: v1.firehose(count=1.5), "count must be a whole number from -150,000 to 150,000, not 1.5"),  # type: ignore[arg-type]
    (lambda: v1.firehose(partitions=[-1]), "partitions must be a whole number from 0"),
    (lambda: v1.user(with_="friends"), "with_ must be one of 'user', 'followings', not 'friends'"),  # type: ignore[arg-type]
    (lambda: v1.user(replies="some"), "replies must be one of 'all', not 'some'"),  # type: ignore[arg-type]
    (lambda: v1.site(follow=[]), "1 to 100 users: follow is empty"),
    (lambda: v1.site(follow=range(1, 102)), "follow takes at most 100 ids, got 101"),
]


@pytest.mark.parametrize(("call", "said"), REFUSED, ids=[said[:40] for _, said in REFUSED])
def test_refused(call: Callable[[], Endpoint], said: str) -> None:
    """A bad parameter is a ValueError that names it, its limit, and what would be right."""
    with pytest.raises(ValueError, match=re.escape(said)):
        call()


@pytest.mark.parametrize(("count", "finite"), [(None, False), (0, False), (5, False), (-5, True)])
def test_a_negative_count_ends_the_stream(count: int | None, finite: bool) -> None:
    """A stream that only replays its backlog is finite."""
    assert v1.filter(track="x", count=count).finite is finite
    assert v1.firehose(count=count).finite is finite


def test_one_host_serves_all() -> None:
    """With a base URL user and site streams are on the same host as the others."""
    for endpoint in (
        v1.filter(track="x", base_url="http://127.0.0.1:80"),
        v1.user(base_url="http://127.0.0.1:80"),
        v1.site(follow=5, base_url="http://127.0.0.1:80"),
    ):
        assert endpoint.request.url.startswith("http://127.0.0.1:80/1.1/")
