"""`forget`: what is taken out of recordings, what stays, and when files are written anew."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import reactivex
from hypothesis import given, settings
from hypothesis import strategies as st
from reactivex import Subject
from reactivex.scheduler import VirtualTimeScheduler

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets import testing
from rxtweets.messages import Delete, Dropped, KeepAlive, Message, Post, Status, decode
from rxtweets.testing import (
    compliance_json,
    delete_json,
    direct_message_json,
    like_json,
    post_json,
    scrub_geo_json,
    status_json,
    status_withheld_json,
    user_withheld_json,
)
from tests.observing import Seen
from tests.recordings.recordings import FORMS, frames, open_files, recorded, replayed


@pytest.fixture(params=FORMS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"posts{request.param}"


def forget(path: Path, *notices: bytes) -> None:
    """Let *notices* come, and the stream end."""
    rxt.run(reactivex.from_iterable(notices).pipe(tw.decode(), tw.forget(path)), lambda _: None)


ANN = {"users": [{"id": "7", "name": "A", "username": "a"}]}


def status(id: int, user: int = 1, **fields: Any) -> bytes:
    author = {"id": user, "id_str": str(user), "screen_name": f"user{user}", "name": "A"}
    return status_json(f"text of {id}", id=id, id_str=str(id), user=author, **fields)


def post(id: int, user: int = 1, includes: dict[str, Any] | None = None, **fields: Any) -> bytes:
    return post_json(f"text of {id}", id=str(id), author_id=str(user), includes=includes, **fields)


def told(event: str, **fields: Any) -> bytes:
    """A compliance event."""
    return compliance_json(event, **fields)


def of_post(event: str, id: int, **fields: Any) -> bytes:
    return told(event, tweet={"id": str(id), "author_id": "1"}, **fields)


def of_user(event: str, id: int, **fields: Any) -> bytes:
    return told(event, user={"id": str(id)}, **fields)


def left(path: Path, sent: list[bytes], *notices: bytes) -> list[bytes]:
    """The frames that are left of a recording of *sent* after *notices*."""
    path.unlink(missing_ok=True)
    recorded(path, sent)
    forget(path, *notices)
    return replayed(path)


def kept(message: bytes) -> Any:
    return json.loads(message)


def test_deleted_posts_are_left_out(path: Path) -> None:
    """The others stay as they were, byte for byte, with their times."""
    sent = [status(1), post(2), status(3), post(4), *frames(20), b"garbage", b"\xff"]
    scheduler = VirtualTimeScheduler(initial_clock=5.0)
    recorded(path, sent, scheduler=scheduler)
    forget(path, delete_json(3, 1), of_post("delete", 2))
    assert replayed(path) == [sent[0], *sent[3:]]
    forget(path, of_post("drop", 4))
    assert replayed(path) == [sent[0], *sent[4:]]
    assert testing.timeline(rxt.replay(path)).completed == 0.0


def test_nothing_else_is_taken_for_the_deleted(tmp_path: Path) -> None:
    """A number that isn't the post's id, and a notice about it, say nothing."""
    sent = [
        status(11),
        status(12, retweet_count=7),
        post(13, user=7),
        post_json("7 is the text", id="14"),
        status(15, user=7),
        delete_json(7, 1),
        like_json("8", tweet_author_id="9"),
    ]
    assert left(tmp_path / "x.jsonl", sent, delete_json(7, 1)) == sent


def test_copies_in_other_posts(tmp_path: Path) -> None:
    """Retweets go with the post; from a post that quotes or answers it only the copy is taken."""
    original = kept(status(1))
    v2 = {"tweets": [{"id": "1", "text": "text of 1"}, {"id": "5", "text": "other"}]}
    reference = [{"type": "retweeted", "id": "1"}]
    answer = [{"type": "replied_to", "id": "1"}]
    sent = [
        status(2, retweeted_status=original),
        status(3, quoted_status=original, quoted_status_id=1),
        post(4, referenced_tweets=reference, includes=v2),
        post(6, referenced_tweets=answer, includes=v2),
        like_json("1"),
    ]
    quote, reply = left(tmp_path / "x.jsonl", sent, delete_json(1, 1))
    expected = kept(sent[1])
    del expected["quoted_status"]
    assert kept(quote) == expected
    expected = kept(sent[3])
    del expected["includes"]["tweets"][0]
    assert kept(reply) == expected
    answered = decode(reply)
    assert isinstance(answered, Post)
    assert answered.replied_to is None


@pytest.mark.parametrize("event", ["user_delete", "user_protect", "user_suspend"])
def test_accounts_that_are_gone(tmp_path: Path, event: str) -> None:
    """Their posts, in whichever form, and their profile are taken out; who mentions them stays."""
    profile = {"users": [*ANN["users"], {"id": "8", "name": "B", "username": "b"}]}
    mention = {"user_mentions": [{"id": 7, "id_str": "7", "screen_name": "a", "indices": [0, 2]}]}
    sent = [status(1, 7), post(2, 7), status(3, 8, entities=mention), post(4, 8, includes=profile)]
    mentions, other = left(tmp_path / "x.jsonl", sent, of_user(event, 7))
    assert mentions == sent[2]
    (user,) = kept(other)["includes"]["users"]
    assert user["id"] == "8"


@pytest.mark.parametrize(
    "event", ["undrop", "user_undelete", "user_unprotect", "user_unsuspend", "public_tweet_notice"]
)
def test_events_that_take_nothing(tmp_path: Path, event: str) -> None:
    """An event that gives back, or marks, takes nothing out."""
    sent = [status(7, 7), post(8, 7)]
    notice = of_post(event, 7) if event == "undrop" else of_user(event, 7)
    assert left(tmp_path / "x.jsonl", sent, notice) == sent


def test_edited_posts(tmp_path: Path) -> None:
    """Of an edited post the last version that was told stays, whether the post or an event tells it."""
    versions = ["1", "2", "3"]
    sent = [post(1, edit_history_tweet_ids=["1"]), post(2, edit_history_tweet_ids=["1", "2"]), post(9)]
    path = tmp_path / "x.jsonl"
    assert left(path, sent, post(2, edit_history_tweet_ids=["1", "2"])) == sent[1:]
    assert left(path, sent, post(1, edit_history_tweet_ids=versions)) == sent
    assert (
        left(path, sent, of_post("tweet_edit", 3, initial_tweet_id="1", edit_tweet_ids=versions)) == sent[2:]
    )


@pytest.mark.parametrize("notice", [scrub_geo_json(7, 2), of_user("scrub_geo", 7, up_to_tweet_id="2")])
def test_scrubbed_places(tmp_path: Path, notice: bytes) -> None:
    """The places of an account's posts up to an id are taken out, and those of no others."""
    geo: dict[str, Any] = {"geo": {"place_id": "p"}}
    places = {"places": [{"id": "p", "full_name": "Home"}]}
    v1: dict[str, Any] = {"geo": {"a": 1}, "coordinates": {"b": 1}, "place": {"id": "p"}}
    sent = [
        status(1, 7, **v1),
        status(3, 7, **v1),
        status(1, 8, **v1),
        post(2, 7, includes=places, **geo),
        post(3, 7, includes=places, **geo),
    ]
    got = left(tmp_path / "x.jsonl", sent, notice)
    assert [got[1], got[2], got[4]] == [sent[1], sent[2], sent[4]]
    assert not {"geo", "coordinates", "place"} & kept(got[0]).keys()
    assert "geo" not in kept(got[3])["data"]
    assert "Home" not in got[3].decode()


def test_withheld(tmp_path: Path) -> None:
    """A withheld post or account has the countries, as its protocol writes them."""
    path = tmp_path / "x.jsonl"
    sent = [
        status(1, 7),
        post(1, 7, includes=ANN),
        status(7),
    ]
    event = of_post("withheld", 1, withheld_in_countries=["DE", "FR"])
    for notice in (status_withheld_json(1, 7, ["DE", "FR"]), event):
        v1, v2, other = left(path, sent, notice)
        assert kept(v1)["withheld_in_countries"] == ["DE", "FR"]
        read = decode(v2)
        assert isinstance(read, Post)
        assert read.withheld is not None
        assert read.withheld.country_codes == ("DE", "FR")
        assert other == sent[2]
    for notice in (user_withheld_json(7, ["XX"]), of_user("user_withheld", 7, withheld_in_countries=["XX"])):
        v1, v2, other = left(path, sent, notice)
        assert kept(v1)["user"]["withheld_in_countries"] == ["XX"]
        assert kept(v2)["includes"]["users"][0]["withheld"] == {"country_codes": ["XX"], "scope": "user"}
        assert other == sent[2]


def test_changed_profiles(tmp_path: Path) -> None:
    """A changed field of a profile gets its new value, wherever the profile stands."""
    notice = of_user("user_profile_modification", 7, profile_field="name", new_value="New")
    first, second, third = left(
        tmp_path / "x.jsonl",
        [
            status(1, 7),
            post(2, 7, includes=ANN),
            status(3, 8),
        ],
        notice,
    )
    assert kept(first)["user"]["name"] == "New"
    assert kept(second)["includes"]["users"][0]["name"] == "New"
    assert kept(third)["user"]["name"] == "A"


def test_direct_messages(tmp_path: Path) -> None:
    """A deleted direct message is left out, and no status of the same id is."""
    sent = [direct_message_json("a", id=5, id_str="5"), direct_message_json("b", id=6, id_str="6"), status(5)]
    assert left(tmp_path / "x.jsonl", sent, delete_json(5, 1, of="direct_message")) == sent[1:]
    assert left(tmp_path / "x.jsonl", sent, delete_json(5, 1)) == sent[:2]


def test_site_streams(tmp_path: Path) -> None:
    """A deletion in an envelope counts, and so does a message in one."""
    sent = [testing.for_user_json(status(1), 3), testing.for_user_json(status(2), 3)]
    assert left(tmp_path / "x.jsonl", sent, testing.for_user_json(delete_json(1, 1), 3)) == sent[1:]


def test_dropped_items(tmp_path: Path) -> None:
    """A `Dropped` keeps its count, without the posts that are gone."""
    path = tmp_path / "x.jsonl"
    items = [Dropped(3, decode(status(1)), decode(status(2))), Dropped(2, post(1), post(1))]
    recorded(path, items)
    forget(path, delete_json(1, 1))
    assert replayed(path) == [Dropped(3, None, decode(status(2))), Dropped(2, None, None)]


def test_files_of_other_programs(tmp_path: Path) -> None:
    """Archives and twarc's pages are changed, too; .bz2 is refused, and stays."""
    path = tmp_path / "archive.json"
    page = {"data": [kept(post(1))["data"], kept(post(2))["data"]], "meta": {}}
    path.write_bytes(status(1) + b"\r\n" + status(2) + b"\r\n\r\n" + json.dumps(page).encode())
    forget(path, delete_json(1, 1))
    first, second = replayed(path)
    assert first == status(2)
    assert kept(second)["data"]["id"] == "2"
    packed = tmp_path / "archive.bz2"
    packed.write_bytes(b"")
    with pytest.raises(ValueError, match=r"\.bz2"):
        forget(packed, delete_json(1, 1))


@settings(max_examples=40, deadline=None)
@given(
    ids=st.lists(st.integers(1, 30), max_size=40),
    gone=st.sets(st.integers(1, 30)),
    form=st.sampled_from(FORMS),
    rotate=st.sampled_from([None, 1500]),
)
def test_exactly_the_deleted_are_gone(
    tmp_path_factory: pytest.TempPathFactory, ids: list[int], gone: set[int], form: str, rotate: int | None
) -> None:
    """Whichever posts are deleted, exactly those are left out, in all parts of a recording."""
    path = tmp_path_factory.mktemp("forget") / f"x{form}"
    sent = [status(id) if id % 2 else post(id) for id in ids]
    recorded(path, sent, rotate=rotate)
    forget(path, *(delete_json(id, 1) for id in gone))
    assert replayed(path) == [frame for id, frame in zip(ids, sent, strict=True) if id not in gone]


# --- when


def reading(path: Path) -> Callable[[], list[int]]:
    """A function that returns the ids of the statuses that the file has."""

    def ids() -> list[int]:
        messages = [decode(item) for item in replayed(path) if isinstance(item, bytes)]
        return [message.id for message in messages if isinstance(message, Status)]

    return ids


def test_notices_are_gathered(path: Path) -> None:
    """They are applied together after *every* seconds, once more the next time, and at the end."""
    scheduler = VirtualTimeScheduler()
    source: Subject[Message] = Subject()
    ids = reading(path)
    seen: list[Any] = []
    source.pipe(tw.record(path), tw.forget(path, every=60.0)).subscribe(seen.append, scheduler=scheduler)
    for id in (1, 2, 3):
        source.on_next(decode(status(id)))
    source.on_next(decode(delete_json(1, 1)))
    scheduler.advance_by(59.0)
    source.on_next(KeepAlive())  # type: ignore[arg-type]
    assert ids() == [1, 2, 3]
    scheduler.advance_by(1.0)
    source.on_next(decode(delete_json(4, 1)))
    assert ids() == [2, 3]
    source.on_next(decode(status(4)))  # after its deletion
    source.on_next(decode(status(5)))
    assert ids() == [2, 3, 4, 5]
    scheduler.advance_by(60.0)
    source.on_next(decode(delete_json(2, 1)))
    assert ids() == [3, 5]
    source.on_next(decode(delete_json(3, 1)))
    source.on_completed()
    assert ids() == [5]
    assert [item.id for item in seen if isinstance(item, Delete)] == [1, 4, 2, 3]
    assert len(seen) == 10


@pytest.mark.parametrize("how", ["error", "disposal"])
def test_the_end(path: Path, how: str) -> None:
    """All that waits is applied at an error before it passes, and after a disposal, which doesn't wait."""
    recorded(path, [status(1), status(2)])
    ids = reading(path)
    source: Subject[Message] = Subject()
    at_error: list[list[int]] = []
    subscription = source.pipe(tw.forget(path)).subscribe(lambda _: None, lambda _: at_error.append(ids()))
    source.on_next(decode(delete_json(1, 1)))
    if how == "error":
        source.on_error(RuntimeError())
        assert at_error == [[2]]
    else:
        subscription.dispose()
        for thread in threading.enumerate():
            if thread.name.startswith("rxtweets-forget"):
                assert not thread.daemon
                thread.join(10)
    assert ids() == [2]


EXITING = """
import os, sys, threading, reactivex, rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.testing import delete_json
replace, applying = os.replace, threading.Event()
def slowly(*paths):
    applying.set()
    threading.Event().wait(0.3)
    replace(*paths)
os.replace = slowly
notices = reactivex.Subject()
subscription = notices.pipe(tw.observe_on(), tw.decode(), tw.forget(sys.argv[1], every=0)).subscribe()
notices.on_next(delete_json(1, 1))
applying.wait()
subscription.dispose()
"""


def test_the_exit_of_a_program(path: Path) -> None:
    """A program that disposes and ends while notices are applied has applied them all."""
    recorded(path, [status(1), status(2)])
    subprocess.run([sys.executable, "-c", EXITING, str(path)], check=True)
    assert reading(path)() == [2]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_without_notices_files_stay(tmp_path: Path) -> None:
    """A file that nothing is about isn't written anew, and one that isn't there holds nothing."""
    path = recorded(tmp_path / "x.jsonl", [status(1)])
    before = path.stat()
    forget(path, status(5), delete_json(9, 1))
    assert os.path.samestat(path.stat(), before)
    forget(tmp_path / "none.jsonl", delete_json(9, 1))
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.jsonl"]


def test_a_replay_applies_its_own_notices(path: Path) -> None:
    """The notices that a recording has itself can be applied to it at any time."""
    recorded(path, [status(1), delete_json(1, 1), status(2), delete_json(3, 1), status(3)])
    rxt.replay(path, speed=None).pipe(tw.decode(), tw.forget(path)).run()
    assert replayed(path) == [delete_json(1, 1), status(2), delete_json(3, 1)]


def test_while_another_thread_records(path: Path) -> None:
    """Nothing that is recorded while a file is written anew is lost, or comes twice."""
    source: Subject[bytes] = Subject()
    recording = Seen(source.pipe(tw.record(path)))
    sent = [status(id) for id in range(1, 3001)]

    def record_all() -> None:
        for frame in sent:
            source.on_next(frame)

    thread = threading.Thread(target=record_all)
    thread.start()
    gone = set()
    for id in range(1, 3000, 100):
        if thread.is_alive():
            gone.add(id)
            forget(path, delete_json(id, 1))
    thread.join()
    forget(path, *(delete_json(id, 1) for id in gone))
    source.on_next(b"last")
    recording.dispose()
    ids = [id for id in range(1, 3001) if id not in gone]
    assert replayed(path) == [*(sent[id - 1] for id in ids), b"last"]
    assert open_files() == []


def test_two_at_once(tmp_path: Path) -> None:
    """Two that write a file anew at the same time undo nothing of each other."""
    path = recorded(tmp_path / "x.jsonl", [status(id) for id in range(1, 2001)])
    threads = [
        threading.Thread(target=forget, args=[path, *(delete_json(id, 1) for id in range(first, 2001, 4))])
        for first in (1, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reading(path)() == [id for id in range(1, 2001) if id % 4 in (3, 0)]


RECORDING = """
import sys, reactivex, rxtweets as rxt
from rxtweets import operators as tw
reactivex.of(b"1").pipe(reactivex.operators.concat(reactivex.never()), tw.record(sys.argv[1])).subscribe()
print("recording", flush=True)
sys.stdin.read()
"""


def test_another_process_that_records(path: Path) -> None:
    """A file that another process records is left alone, and the error says so."""
    with subprocess.Popen(
        [sys.executable, "-c", RECORDING, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="ascii",
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "recording\n"
        for use in (lambda: forget(path, delete_json(1, 1)), lambda: recorded(path, [b"2"])):
            with pytest.raises(BlockingIOError, match="already being recorded") as raised:
                use()
            assert raised.value.filename == str(path)
        process.communicate("")
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert replayed(path) == [b"1"]


def test_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A file that can't be written anew stays as it was; the error comes to the subscriber, or to the log."""
    path = recorded(tmp_path / "x.jsonl", [status(1), status(2)])

    def fail(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    seen = Seen(reactivex.of(decode(delete_json(1, 1))).pipe(tw.forget(path, every=0)))
    assert isinstance(seen.error, OSError)
    assert replayed(path) == [status(1), status(2)]
    source: Subject[Message] = Subject()
    with caplog.at_level(logging.ERROR, "rxtweets"):
        waiting = Seen(source.pipe(tw.forget(path)))
        source.on_next(decode(delete_json(1, 1)))
        waiting.dispose()
        for thread in threading.enumerate():
            if thread.name.startswith("rxtweets-forget"):
                thread.join(10)
    assert "couldn't be forgotten" in caplog.text
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.jsonl"]


@pytest.mark.parametrize("every", [-1, "1", float("nan"), True])
def test_a_wrong_time_is_refused(every: Any) -> None:
    """*every* is a number of seconds."""
    with pytest.raises(ValueError, match="every"):
        tw.forget("x.jsonl", every=every)
