"""The v2 endpoints: what each asks the server, and what is refused before anything is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from rxtweets.endpoints import Endpoint, v2

DESCRIPTION = Path(__file__).parent / "data/openapi/x-api-v2-streaming.json"

Make = Callable[..., Endpoint]

# Each endpoint: its id here, how it is made, its path, and its highest partition.
ENDPOINTS: list[tuple[str, Make, str, int]] = [
    ("filter", v2.filter, "/2/tweets/search/stream", 0),
    ("sample", v2.sample, "/2/tweets/sample/stream", 0),
    ("sample10", v2.sample10, "/2/tweets/sample10/stream", 2),
    ("firehose", v2.firehose, "/2/tweets/firehose/stream", 20),
    ("en", lambda **o: v2.firehose(lang="en", **o), "/2/tweets/firehose/stream/lang/en", 8),
    ("ja", lambda **o: v2.firehose(lang="ja", **o), "/2/tweets/firehose/stream/lang/ja", 2),
    ("ko", lambda **o: v2.firehose(lang="ko", **o), "/2/tweets/firehose/stream/lang/ko", 2),
    ("pt", lambda **o: v2.firehose(lang="pt", **o), "/2/tweets/firehose/stream/lang/pt", 2),
    ("likes", v2.likes, "/2/likes/firehose/stream", 20),
    ("likes10", lambda **o: v2.likes(sample10=True, **o), "/2/likes/sample10/stream", 2),
    ("c-posts", lambda **o: v2.compliance("posts", **o), "/2/tweets/compliance/stream", 4),
    ("c-users", lambda **o: v2.compliance("users", **o), "/2/users/compliance/stream", 4),
    ("c-likes", lambda **o: v2.compliance("likes", **o), "/2/likes/compliance/stream", 0),
    ("labels", v2.labels, "/2/tweets/label/stream", 0),
    ("activity", v2.activity, "/2/activity/stream", 0),
]
each = pytest.mark.parametrize(
    ("make", "path", "partitions"), [row[1:] for row in ENDPOINTS], ids=[row[0] for row in ENDPOINTS]
)


@each
def test_requests(make: Make, path: str, partitions: int) -> None:
    """Each endpoint is a GET of its path, split into its own number of partitions."""
    for partition in range(1, partitions + 1) if partitions else [None]:
        endpoint = make(partition=partition) if partition else make()
        request = endpoint.request
        assert (request.method, request.url) == ("GET", "https://api.x.com" + path)
        assert request.params == ((("partition", str(partition)),) if partition else ())
        assert (request.form, request.json) == (None, None)
        assert endpoint == Endpoint(request, stall_timeout=30.0)


@each
def test_partition_bounds(make: Make, path: str, partitions: int) -> None:
    """A partition outside of the endpoint's own bounds is refused with these bounds."""
    for wrong in (0, partitions + 1, -1, "1", 1.0, True) if partitions else ():
        with pytest.raises(
            ValueError, match=rf"^partition must be a whole number from 1 to {partitions}, not {wrong!r}$"
        ):
            make(partition=wrong)
    if not partitions:
        with pytest.raises((ValueError, TypeError), match="partition"):
            make(partition=1)


def options(path: str) -> dict[str, Any]:
    described = json.loads(DESCRIPTION.read_text())["paths"][path]["get"]["parameters"]
    return {parameter["name"]: parameter["schema"] for parameter in described}


OPTIONS = {
    "tweet.fields": "tweet_fields",
    "user.fields": "user_fields",
    "media.fields": "media_fields",
    "poll.fields": "poll_fields",
    "place.fields": "place_fields",
    "like_with_tweet_author.fields": "like_fields",
    "expansions": "expansions",
}


@each
def test_names_are_those_of_the_description(make: Make, path: str, partitions: int) -> None:
    """Every name that X describes for an endpoint passes there, every option it lacks is refused."""
    described = options(path)
    some = {"partition": 1} if partitions else {}
    for wire, option in OPTIONS.items():
        if wire in described:
            names = described[wire]["items"]["enum"]
            assert dict(make(**some, **{option: names}).request.params)[wire] == ",".join(names)
            with pytest.raises(
                ValueError, match=f"{option}: unknown value 'nonsense'; known are {', '.join(names)}"
            ):
                make(**some, **{option: ["nonsense"]})
        else:
            with pytest.raises(TypeError, match=option):
                make(**some, **{option: ["id"]})
    assert described.get("partition", {}).get("maximum", 0) == partitions
    assert described["backfill_minutes"]["maximum"] == 5
    if "start_time" not in described:
        with pytest.raises(TypeError, match="start_time"):
            make(**some, start_time="2026-11-01T10:00:00Z")


def test_powerstream() -> None:
    """Powerstream has options of its own, in a spelling of its own; the window completes."""
    assert v2.powerstream().request.params == ()
    endpoint = v2.powerstream(local_dc_only=True, backfill_minutes=2)
    assert endpoint.request.url == "https://api.x.com/2/powerstream"
    assert endpoint.request.params == (("localDcOnly", "true"), ("backfillMinutes", "2"))
    assert not endpoint.finite
    window = v2.powerstream(
        start_time="2026-11-01T10:00:00Z",
        end_time=datetime(2026, 11, 1, 12, tzinfo=timezone(timedelta(hours=1))),
    )
    assert window.request.params == (
        ("startTime", "2026-11-01T10:00:00Z"),
        ("endTime", "2026-11-01T11:00:00Z"),
    )
    assert window.finite
    with pytest.raises(ValueError, match="backfill_minutes must be a whole number from 0 to 5, not 6"):
        v2.powerstream(backfill_minutes=6)
    with pytest.raises(ValueError, match="local_dc_only must be True or False, not 'true'"):
        v2.powerstream(local_dc_only="true")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="has no option 'tweet_fields'"):
        v2.powerstream(tweet_fields=["id"])  # type: ignore[call-arg]


def test_options() -> None:
    """Names come in a list or one string, without repetitions; None and an empty list ask for nothing."""
    endpoint = v2.filter(
        tweet_fields=["created_at", "lang", "created_at"],
        user_fields="username, name",
        media_fields=[],
        expansions=("author_id",),
        backfill_minutes=0,
    )
    assert endpoint.request.params == (
        ("tweet.fields", "created_at,lang"),
        ("user.fields", "username,name"),
        ("expansions", "author_id"),
        ("backfill_minutes", "0"),
    )
    given: dict[str, Any] = {"place_fields": None, "start_time": None}
    assert v2.filter(**given).request.params == ()


@pytest.mark.parametrize(
    ("time", "wire"),
    [
        ("2026-11-01T10:00:00Z", "2026-11-01T10:00:00Z"),
        ("2026-11-01T10:00:00.900+02:00", "2026-11-01T08:00:00Z"),
        (datetime(2026, 11, 1, 10, tzinfo=UTC), "2026-11-01T10:00:00Z"),
        (datetime(2026, 11, 1, 10, tzinfo=timezone(timedelta(hours=9))), "2026-11-01T01:00:00Z"),
    ],
)
def test_times(time: Any, wire: str) -> None:
    """Any aware time is sent in UTC to the second, and makes the stream one that ends."""
    for option in ("start_time", "end_time"):
        endpoint = v2.labels(**{option: time})
        assert endpoint.request.params == ((option, wire),)
        assert endpoint.finite
    assert not v2.labels().finite


NOON = "2026-11-01T12:00:00Z"
REFUSED: list[tuple[Callable[[], Endpoint], type[Exception], str]] = [
    (lambda: v2.filter(tweet_fields=["create_at"]), ValueError, "'create_at'; did you mean 'created_at'?"),
    (lambda: v2.filter(tweet_fields="Lang"), ValueError, "unknown value 'Lang'; did you mean 'lang'?"),
    (
        lambda: v2.filter(expansions=["author.id"]),
        ValueError,
        "unknown value 'author.id'; did you mean 'author_id'?",
    ),
    (lambda: v2.filter(user_fields=["zzz"]), ValueError, "can be set with Endpoint.with_params()"),
    (lambda: v2.filter(user_fields=[5]), ValueError, "user_fields: unknown value 5"),  # type: ignore[list-item]
    (lambda: v2.filter(user_fields=5), ValueError, "user_fields must be a list of names, not 5"),  # type: ignore[arg-type]
    (lambda: v2.filter(user_fields=""), ValueError, "user_fields: unknown value ''"),
    (lambda: v2.likes(partition=1, expansions=["author_id"]), ValueError, "unknown value 'author_id'"),
    (
        lambda: v2.filter(backfill_minutes=6),
        ValueError,
        "backfill_minutes must be a whole number from 0 to 5, not 6",
    ),
    (lambda: v2.filter(backfill_minutes=-1), ValueError, "from 0 to 5, not -1"),
    (
        lambda: v2.filter(start_time="yesterday"),
        ValueError,
        "such as '2026-11-01T10:00:00Z', not 'yesterday'",
    ),
    (lambda: v2.filter(start_time=5), ValueError, "start_time must be an aware datetime or"),  # type: ignore[arg-type]
    (lambda: v2.filter(end_time="2026-11-01"), ValueError, "for UTC write 2026-11-01T00:00:00Z"),
    (lambda: v2.filter(end_time=datetime(2026, 11, 1)), ValueError, "no time zone"),
    (lambda: v2.filter(start_time=NOON, end_time=NOON), ValueError, "end_time is after start_time"),
    (
        lambda: v2.firehose(partition=1, lang="de"),  # type: ignore[arg-type]
        ValueError,
        "lang must be one of 'en', 'ja', 'ko', 'pt', not 'de'",
    ),
    (
        lambda: v2.compliance("tweets"),  # type: ignore[arg-type]
        ValueError,
        "kind must be one of 'posts', 'users', 'likes', not 'tweets'",
    ),
    (lambda: v2.compliance("posts"), ValueError, "partition must be a whole number from 1 to 4, not None"),
    (lambda: v2.compliance("likes", partition=1), ValueError, "no partitions: leave out partition"),
    (
        lambda: v2.filter(**{"tweet.fields": "id"}),  # type: ignore[arg-type]
        TypeError,
        "no option 'tweet.fields'; did you mean tweet_fields?",
    ),
    (lambda: v2.sample(start_time=NOON), TypeError, "sample() has no option 'start_time'; it has "),  # type: ignore[call-arg]
]


@pytest.mark.parametrize(("call", "kind", "said"), REFUSED, ids=[row[2][:40] for row in REFUSED])
def test_refused(call: Callable[[], Endpoint], kind: type[Exception], said: str) -> None:
    """A bad value is a ValueError, an unknown option a TypeError; both name it and what would be right."""
    with pytest.raises(kind, match=re.escape(said)):
        call()
