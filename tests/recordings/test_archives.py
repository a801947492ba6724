"""Files of other programs: archives of statuses, twarc's files, X's own examples."""

from __future__ import annotations

import bz2
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import reactivex

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Delete, Message, Post, Status, Undecodable, Unknown, decode
from rxtweets.testing import post_json, status_json, timeline
from tests.messages.corpus import DATA, reference
from tests.observing import Seen
from tests.recordings.recordings import replayed


def lines(path: Path, *values: Any) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return path


def messages(path: Path) -> list[Message]:
    """The messages that a replay of a file is decoded to."""
    return list(Seen(reactivex.from_iterable(replayed(path)).pipe(tw.decode())).ended().items)


def post(id: int, **members: Any) -> dict[str, Any]:
    """A post as twarc asks for it."""
    return {
        "id": str(id),
        "text": f"post {id}",
        "author_id": "7",
        "created_at": "2022-05-01T10:00:00.000Z",
        "edit_history_tweet_ids": [str(id)],
        **members,
    }


PAGE = {
    "data": [
        post(
            1,
            created_at="2022-05-01T10:00:05.000Z",
            referenced_tweets=[{"type": "quoted", "id": "11"}],
            entities={"mentions": [{"start": 0, "end": 3, "username": "eve", "id": "9"}]},
        ),
        post(
            2,
            author_id="8",
            attachments={"media_keys": ["3_1"], "poll_ids": ["5"]},
            geo={"place_id": "abc"},
            created_at="2022-05-01T10:00:00.000Z",
        ),
    ],
    "includes": {
        "users": [
            {"id": "7", "name": "Ann", "username": "ann"},
            {"id": "8", "name": "Bob", "username": "bob"},
            {"id": "9", "name": "Eve", "username": "eve"},
            {"id": "10", "name": "Quoted", "username": "quoted"},
        ],
        "tweets": [post(11, author_id="10", attachments={"media_keys": ["3_2"]}), post(12)],
        "media": [{"media_key": "3_1", "type": "photo"}, {"media_key": "3_2", "type": "photo"}],
        "polls": [{"id": "5", "options": []}],
        "places": [{"id": "abc", "full_name": "Somewhere"}],
    },
    "meta": {"newest_id": "1", "oldest_id": "2", "result_count": 2, "next_token": "b26v89c19zqg8o3"},
    "__twarc": {
        "url": "https://api.twitter.com/2/tweets/search/recent?expansions=author_id",
        "version": "2.14.1",
        "retrieved_at": "2022-05-01T12:00:00+00:00",
    },
}
"""A page of a search as `twarc2 search` saves it: the newest first, the included objects of all together."""


@pytest.mark.parametrize("name", ["statuses", "posts", "notices"])
def test_the_examples_of_x(name: str) -> None:
    """Each line of X's own examples is a frame, byte for byte."""
    path = DATA / f"{name}.jsonl"
    assert replayed(path) == path.read_bytes().splitlines()
    assert not any(isinstance(message, Undecodable | Unknown) for message in messages(path))


def test_real_statuses() -> None:
    """Real statuses, where there are some, are replayed byte for byte."""
    path = reference("statuses-v1.1.jsonl") or DATA / "statuses.jsonl"
    assert replayed(path) == path.read_bytes().splitlines()
    assert {type(message) for message in messages(path)} == {Status}


@pytest.mark.parametrize(("suffix", "pack"), [(".json.gz", gzip.compress), (".json.bz2", bz2.compress)])
def test_packed_archives(tmp_path: Path, suffix: str, pack: Any) -> None:
    """An archive of a stream, as the Internet Archive has them, with deletions and blank lines."""
    deletion = b'{"delete":{"status":{"id":1,"id_str":"1","user_id":2,"user_id_str":"2"}}}'
    sent = [status_json("one"), deletion, status_json("two")]
    path = tmp_path / f"x{suffix}"
    path.write_bytes(pack(b"\xef\xbb\xbf" + b"\r\n\r\n".join(sent) + b"\r\n"))
    assert replayed(path) == sent
    assert list(map(type, messages(path))) == [Status, Delete, Status]


def test_several_members_of_gzip(tmp_path: Path) -> None:
    """Packed files that were joined are one."""
    path = tmp_path / "x.json.gz"
    path.write_bytes(b"".join(gzip.compress(status_json(text) + b"\n") for text in ("a", "b")))
    assert len(replayed(path)) == 2


def test_pages_of_twarc(tmp_path: Path) -> None:
    """Each post of a page is a frame with those of the included objects that it names, and theirs."""
    one, two = messages(lines(tmp_path / "search.jsonl", PAGE))
    assert isinstance(one, Post)
    assert isinstance(two, Post)
    assert one.author is not None
    assert one.author.username == "ann"
    assert one.quoted is not None
    assert one.quoted.author is not None
    assert (one.quoted.text, one.quoted.author.username) == ("post 11", "quoted")
    assert [user.username for user in one.includes.users] == ["ann", "eve", "quoted"]
    assert [media.media_key for media in one.includes.media] == ["3_2"]
    assert [media.media_key for media in two.media] == ["3_1"]
    assert two.place is not None
    assert two.poll is not None
    assert two.author is not None
    assert two.author.username == "bob"
    assert two.includes.tweets == ()


def test_the_stream_of_twarc(tmp_path: Path) -> None:
    """A line of `twarc2 stream` is a payload with a note of twarc's: it is replayed as it is."""
    path = lines(
        tmp_path / "x.jsonl", {"data": post(1), "matching_rules": [{"id": "1", "tag": "t"}], "__twarc": {}}
    )
    assert replayed(path) == path.read_bytes().splitlines()
    (message,) = messages(path)
    assert isinstance(message, Post)
    assert message.matching_rules[0].tag == "t"


def test_flattened_posts(tmp_path: Path) -> None:
    """A line of `twarc2 flatten` is a post, with its author and what it refers to."""
    quoted = {"type": "quoted", **post(2, author_id="8", author={"id": "8", "name": "B", "username": "b"})}
    flat = post(
        1,
        author={"id": "7", "name": "A", "username": "a"},
        in_reply_to_user={},
        referenced_tweets=[quoted, {"type": "replied_to", "id": "3"}],
        __twarc={"url": "…"},
    )
    (message,) = messages(lines(tmp_path / "x.jsonl", flat))
    assert isinstance(message, Post)
    assert message.author is not None
    assert message.author.username == "a"
    assert message.quoted is not None
    assert message.quoted.author is not None
    assert message.quoted.author.username == "b"


def test_posts_come_when_they_were_created(tmp_path: Path) -> None:
    """Without a time of arrival that of creation counts; an older post comes with the one before."""
    id = (1_600_000_000_000 - 1288834974657) << 22
    made = "Sun Sep 13 12:26:40 +0000 2020"
    statuses = [
        {
            "id": id + (ms << 22),
            "id_str": str(id + (ms << 22)),
            "text": "x",
            "created_at": made,
            "user": {"id": 1},
        }
        for ms in (0, 250, 100, 900)
    ]
    old = {"id": 20, "id_str": "20", "text": "x", "user": {"id": 12}}
    early = [
        {**old, "created_at": "Tue Mar 21 20:50:14 +0000 2006"},
        {**old, "created_at": "Tue Mar 21 20:50:17 +0000 2006"},
    ]
    v2 = [{"data": post(2, created_at=f"2022-05-01T10:00:0{second}.500Z")} for second in (1, 3)]
    for archive, due in (
        (statuses, [0, 0.25, 0.25, 0.9]),
        (early, [0, 3]),
        (v2, [0, 2]),
        ([{"data": {"id": str(id + (ms << 22)), "text": "x"}} for ms in (0, 500)], [0, 0.5]),
        ([*statuses[:2], {"limit": {"track": 1}}, statuses[3]], [0, 0.25, 0.25, 0.9]),
        ([PAGE, {"data": [post(3, created_at="2022-05-01T10:00:07.000Z")]}], [0, 0, 2]),
    ):
        seen = timeline(rxt.replay(lines(tmp_path / "x.jsonl", *archive)))
        assert [at for at, _ in seen.items] == pytest.approx(due, abs=1e-3)


def test_what_is_no_archive(tmp_path: Path) -> None:
    """A JSON array, or JSON over several lines, is an error that names the line."""
    for text in ("[{}, {}]", '{\n "text": "hello"\n}'):
        path = tmp_path / "x.json"
        path.write_text(text + "\n")
        error = Seen(rxt.replay(path, speed=None)).ended().error
        assert isinstance(error, ValueError)
        assert str(error).startswith(f"{path}, line 1: not a JSON object")


def test_the_last_line_without_its_end(tmp_path: Path) -> None:
    """A last line that only lacks its end of line is whole."""
    path = tmp_path / "x.json"
    path.write_bytes(status_json("a") + b"\n" + status_json("b"))
    assert [message.text for message in messages(path) if isinstance(message, Status)] == ["a", "b"]


def test_shortcuts(tmp_path: Path) -> None:
    """A replay takes the place of a session in front of any operator."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(post_json("#one") + b"\n" + status_json("two") + b"\n")
    replay = rxt.replay(path, speed=None)
    assert [each.text for each in Seen(replay.pipe(tw.decode(), tw.posts())).ended().items] == ["#one"]
    assert [each.text for each in Seen(replay.pipe(tw.decode(), tw.statuses())).ended().items] == ["two"]
    assert [decode(frame).raw for frame in replayed(path)] == path.read_bytes().splitlines()
