"""Posts from a recorded file, in place of the world's own."""

from __future__ import annotations

import json
import logging
import math
from pathlib import Path
from typing import Any

import pytest

from rxtweets.emulator import Emulator

from .clients import FILTERED, SAMPLE, V1_SAMPLE, add_rules, raw, raw_get, v1_request, v1_stream

PICTURE = "https://pbs.twimg.com/media/abc.jpg"
PERSON: dict[str, Any] = {
    "id": 12,
    "id_str": "12",
    "screen_name": "jack",
    "name": "Jack \u263a",
    "created_at": "Tue Mar 21 20:50:14 +0000 2006",
}
STATUS: dict[str, Any] = {
    "created_at": "Wed Aug 27 13:08:45 +0000 2008",
    "id": 505874924095815681,
    "id_str": "505874924095815681",
    "text": "@ada a cat &amp; #dog http://t.co/x",
    "in_reply_to_status_id": 505874924095815000,
    "in_reply_to_user_id": 13,
    "in_reply_to_screen_name": "ada",
    "source": '<a href="http://example.com">Some App</a>',
    "user": PERSON,
    "coordinates": {"type": "Point", "coordinates": [1.5, 2]},
    "entities": {
        "hashtags": [{"text": "dog", "indices": [17, 21]}],
        "user_mentions": [{"screen_name": "ada", "name": "Ada", "id": 13, "indices": [0, 4]}],
        "urls": [
            {
                "url": "http://t.co/x",
                "expanded_url": "http://a.b/c",
                "display_url": "a.b/c",
                "indices": [22, 35],
            }
        ],
    },
    "lang": "en",
    "something": "new",
}
RETWEET: dict[str, Any] = {
    **STATUS,
    "id": 505874924095815690,
    "id_str": "505874924095815690",
    "text": "RT @jack: x",
    "retweeted_status": STATUS,
    "entities": {},
}
PAYLOAD: dict[str, Any] = {
    "data": {
        "id": "1800000000000000001",
        "text": "a bird https://t.co/y",
        "edit_history_tweet_ids": ["1800000000000000001"],
        "author_id": "99",
        "created_at": "2024-06-10T06:35:04.123Z",
        "lang": "en",
        "novelty": 1,
        "attachments": {"media_keys": ["3_55"]},
        "entities": {
            "urls": [
                {
                    "start": 7,
                    "end": 21,
                    "url": "https://t.co/y",
                    "expanded_url": "https://x.com/nasa/status/1800000000000000001/photo/1",
                    "display_url": "pic.x.com/y",
                    "media_key": "3_55",
                }
            ]
        },
    },
    "includes": {
        "users": [{"id": "99", "name": "NASA", "username": "NASA", "verified": True}],
        "media": [
            {"media_key": "3_55", "type": "photo", "url": "https://pbs.twimg.com/media/abc.jpg", "width": 7}
        ],
    },
    "matching_rules": [{"id": "1", "tag": "old"}],
}


def recorded(path: Path, *lines: Any) -> Path:
    file = path / "posts.jsonl"
    texts = (line if isinstance(line, str) else json.dumps(line, indent=None) for line in lines)
    file.write_text("\n".join(texts), encoding="utf-8")
    return file


def test_a_status_is_sent_as_it_was(tmp_path: Path) -> None:
    """On v1.1 the bytes are those of the file, in its order and once, with keep-alives after."""
    lines = [json.dumps(STATUS, ensure_ascii=False), json.dumps(RETWEET)]
    file = recorded(tmp_path, *lines)
    with (
        Emulator(posts=file, rate=math.inf, keep_alive=0.05) as emulator,
        raw(emulator, v1_request(emulator, V1_SAMPLE)) as stream,
    ):
        assert [stream.chunk() for _ in range(3)] == [f"{line}\r\n".encode() for line in lines] + [b"\r\n"]


def test_a_status_has_a_form_in_v2(tmp_path: Path) -> None:
    """On v2 it is the same post, with the fields asked for."""
    query = (
        "tweet.fields=author_id,created_at,entities,geo,lang,source,referenced_tweets&expansions=author_id"
    )
    with (
        Emulator(posts=recorded(tmp_path, STATUS, RETWEET), rate=1000) as emulator,
        raw_get(emulator, f"{SAMPLE}?{query}") as stream,
    ):
        first, second = stream.message(), stream.message()
    post = first["data"]
    assert (post["id"], post["text"]) == (STATUS["id_str"], STATUS["text"])
    assert (post["author_id"], post["lang"], post["source"]) == ("12", "en", "Some App")
    assert post["created_at"] == "2008-08-27T13:08:45.000Z"
    assert post["geo"] == {"coordinates": {"type": "Point", "coordinates": [1.5, 2.0]}}
    assert post["entities"]["hashtags"] == [{"start": 17, "end": 21, "tag": "dog"}]
    assert post["entities"]["mentions"] == [{"start": 0, "end": 4, "username": "ada", "id": "13"}]
    assert post["entities"]["urls"][0]["expanded_url"] == "http://a.b/c"
    assert post["referenced_tweets"] == [{"type": "replied_to", "id": "505874924095815000"}]
    assert first["includes"]["users"] == [{"id": "12", "name": "Jack \u263a", "username": "jack"}]
    assert second["data"]["referenced_tweets"][0] == {"type": "retweeted", "id": STATUS["id_str"]}


def test_what_a_status_refers_to_and_was_not_recorded(tmp_path: Path) -> None:
    """On v2 it is named, and where it is asked for a problem says that it can't be had."""
    quote = {**STATUS, "id_str": "505874924095815700", "quoted_status_id": 505874924095815001}
    to_a_user = {**STATUS, "id_str": "505874924095815701", "in_reply_to_status_id": None}
    asked = "tweet.fields=in_reply_to_user_id&expansions=referenced_tweets.id,in_reply_to_user_id"
    with (
        Emulator(posts=recorded(tmp_path, quote, to_a_user), rate=1000) as emulator,
        raw_get(emulator, f"{SAMPLE}?{asked}") as stream,
    ):
        first, second = stream.message(), stream.message()
    references = first["data"]["referenced_tweets"]
    assert {one["type"]: one["id"] for one in references} == {
        "quoted": "505874924095815001",
        "replied_to": "505874924095815000",
    }
    assert {error["resource_id"] for error in first["errors"]} == {one["id"] for one in references}
    assert first["includes"].keys() == second["includes"].keys() == {"users"}
    assert second["data"]["in_reply_to_user_id"] == second["includes"]["users"][0]["id"] == "13"
    assert "referenced_tweets" not in second["data"]


def test_ids_that_javascript_rounded_are_read_from_their_strings(tmp_path: Path) -> None:
    """`id_str` and the like win over numbers, of the status, its user, and all that it refers to."""
    exact = {
        "id_str": "505874924095815681",
        "in_reply_to_status_id_str": "505874924095815001",
        "in_reply_to_user_id_str": "1800000000000000013",
        "quoted_status_id_str": "505874924095815003",
    }
    status = {
        **STATUS,
        **{name.removesuffix("_str"): int(float(number)) for name, number in exact.items()},
        **exact,
        "user": {**PERSON, "id": int(float("1800000000000000001")), "id_str": "1800000000000000001"},
    }
    assert status["id"] != int(exact["id_str"])
    with (
        Emulator(posts=recorded(tmp_path, json.dumps(status)), rate=1000) as emulator,
        raw_get(emulator, f"{SAMPLE}?tweet.fields=author_id,in_reply_to_user_id,referenced_tweets") as stream,
    ):
        post = stream.message()["data"]
    assert (post["id"], post["author_id"]) == (exact["id_str"], "1800000000000000001")
    assert post["in_reply_to_user_id"] == exact["in_reply_to_user_id_str"]
    assert {one["type"]: one["id"] for one in post["referenced_tweets"]} == {
        "replied_to": exact["in_reply_to_status_id_str"],
        "quoted": exact["quoted_status_id_str"],
    }


def test_a_payload_is_sent_as_it_was_and_as_asked_for(tmp_path: Path) -> None:
    """On v2 it is reduced to what was asked for; rules that matched it once are none of it."""
    query = "tweet.fields=lang,created_at&expansions=attachments.media_keys,author_id&media.fields=url"
    file = recorded(tmp_path, PAYLOAD, PAYLOAD)
    with Emulator(posts=file, rate=math.inf) as emulator, raw_get(emulator, SAMPLE) as stream:
        assert stream.message() == {
            "data": {name: PAYLOAD["data"][name] for name in ("id", "text", "edit_history_tweet_ids")}
        }
    with Emulator(posts=file, rate=math.inf) as emulator, raw_get(emulator, f"{SAMPLE}?{query}") as stream:
        whole = stream.message()
    assert whole["data"]["created_at"] == "2024-06-10T06:35:04.123Z"
    assert whole["includes"]["users"] == [{"id": "99", "name": "NASA", "username": "NASA"}]
    assert whole["includes"]["media"] == [{"media_key": "3_55", "type": "photo", "url": PICTURE}]


def test_a_payload_has_a_form_in_v1(tmp_path: Path) -> None:
    """On v1.1 it is a status, its pictures included."""
    with (
        Emulator(posts=recorded(tmp_path, PAYLOAD), rate=1000) as emulator,
        raw(emulator, v1_request(emulator, V1_SAMPLE)) as stream,
    ):
        status = stream.message()
    assert (status["id_str"], status["text"]) == (PAYLOAD["data"]["id"], PAYLOAD["data"]["text"])
    assert status["user"]["screen_name"] == "NASA"
    assert status["timestamp_ms"] == "1718001304123"
    assert status["entities"]["media"][0]["url"] == "https://t.co/y"


def test_recorded_posts_are_matched(tmp_path: Path) -> None:
    """Filters and rules select among them as among any."""
    file = recorded(tmp_path, STATUS, PAYLOAD)
    with Emulator(posts=file, rate=1000) as emulator, v1_stream(emulator, track="bird") as messages:
        assert next(messages)["id_str"] == PAYLOAD["data"]["id"]
    with Emulator(posts=file, rate=1000) as emulator:
        add_rules(emulator, "from:NASA has:images")
        with raw_get(emulator, FILTERED) as stream:
            message = stream.message()
    assert message["data"]["id"] == PAYLOAD["data"]["id"]
    assert message["matching_rules"][0]["tag"] == "from:NASA has:images"


def test_the_file_waits_for_a_listener(tmp_path: Path) -> None:
    """Nothing of it is lost while no stream is open."""
    file = recorded(tmp_path, *({**STATUS, "id": number, "id_str": str(number)} for number in range(1, 2000)))
    with Emulator(posts=file, rate=20) as emulator:
        with raw_get(emulator, SAMPLE) as stream:
            assert stream.message()["data"]["id"] == "1"
        emulator.wait_for_streams(0)
        emulator.rate = math.inf
        with raw_get(emulator, SAMPLE) as stream:
            ids = [int(stream.message()["data"]["id"]) for _ in range(500)]
    assert ids[0] < 100
    assert ids == list(range(ids[0], ids[0] + 500))


def test_what_is_no_post_is_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Keep-alives and notices don't count, and one warning says how many there were."""
    file = recorded(
        tmp_path, "", {"delete": {}}, STATUS, "12", {"data": {"delete": {}}}, {"limit": {}}, PAYLOAD
    )
    with (
        caplog.at_level(logging.WARNING),
        Emulator(posts=file, rate=1000) as emulator,
        raw_get(emulator, SAMPLE) as stream,
    ):
        assert [stream.message()["data"]["id"] for _ in range(2)] == [
            STATUS["id_str"],
            PAYLOAD["data"]["id"],
        ]
    assert [record.getMessage() for record in caplog.records] == [
        f"{file}: 5 lines without a post were passed over"
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "holds no post"),
        ([""], "holds no post"),
        ([{"delete": {}}], "holds no post"),
        ([STATUS, "nonsense"], "line 2: not JSON"),
        ([STATUS, {**STATUS, "user": {"id": "x"}}], "line 2: no post that can be read"),
        ([{**PAYLOAD, "includes": 12}], "line 1: no post that can be read"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, lines: list[Any], said: str) -> None:
    """At construction, with the file's name and what is wrong."""
    with pytest.raises(ValueError, match=rf"posts\.jsonl.*{said}"):
        Emulator(posts=recorded(tmp_path, *lines))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A missing file of posts raises the system's own error."""
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Emulator(posts=tmp_path / "nowhere.jsonl")


def test_a_wrong_line_far_down_is_the_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file is read as it is needed: what can't be read is met late, logged, and ends the posts."""
    file = recorded(tmp_path, *[STATUS] * 300, "{", STATUS)
    with (
        Emulator(posts=file, rate=math.inf, keep_alive=0.05) as emulator,
        raw_get(emulator, SAMPLE) as stream,
    ):
        count = 0
        while stream.chunk() != b"\r\n":
            count += 1
    assert count == 300
    assert "line 301: not JSON" in caplog.text
