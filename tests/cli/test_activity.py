"""`rxtweets activity` against the emulator."""

from __future__ import annotations

import csv
import json
import signal
from pathlib import Path

import pytest

from rxtweets.emulator import Emulator
from tests.clients import client_on
from tests.observing import Seen

from .command import Command, running

GONE = "/2/activity/subscriptions"


def left(emulator: Emulator) -> list[str | None]:
    """Return the events that the app is subscribed to."""
    return [one.event_type for one in Seen(client_on(emulator).subscriptions.list()).ended().items]


def test_events_are_lines(rxtweets: Command) -> None:
    """A line for each event, without an account, of the types asked for."""
    ended = rxtweets(
        *("activity", "--emulator", "--limit", "30", "--event", "follow.*"),
        *("--event", "post.create", "--event", "profile.update.bio"),
    )
    assert ended.status == 0, ended.err
    kinds = {line.split()[1] for line in ended.out.splitlines()}
    assert (
        {"post.create"} < kinds <= {"post.create", "follow.follow", "follow.unfollow", "profile.update.bio"}
    )
    assert all(" → " in line for line in ended.out.splitlines() if " follow." in line)


EVENTS = [
    ("like.create", "hello"),
    ("dm.received", "@ada → @you: hello"),
    ("mute.mute", "@you → @ada"),
    ("chat.sent", "encrypted, in "),
    ("spaces.start", "@you "),
    ("news.new", "hello"),
    ("dm.read", "@ada → @you"),
    ("post.delete", " by "),
]


@pytest.mark.parametrize(("event", "said"), EVENTS)
def test_each_kind_has_its_words(emulator: Emulator, event: str, said: str) -> None:
    """Likes, messages, Spaces and so on say what happened; the user's own are the default."""
    emulator.rate = 0
    with running("activity", "--event", event, "--limit", "1") as command:
        emulator.wait_for_streams(1)
        if event == "post.delete":
            emulator.publish("x", author=emulator.user_id)
        emulator.act(event, other="ada", text="hello")
        ended = command.end()
    assert ended.status == 0, ended.err
    assert ended.out.split()[1] == event
    assert said in ended.out
    assert left(emulator) == []


def test_as_json_and_as_a_table(rxtweets: Command) -> None:
    """The JSON as received, or the columns asked for."""
    ended = rxtweets("activity", "--event", "post.create", "--emulator", "--json", "--limit", "2")
    found = [json.loads(line)["data"] for line in ended.out.splitlines()]
    assert [one["event_type"] for one in found] == ["post.create"] * 2
    ended = rxtweets(
        *("activity", "--event", "profile.*", "--emulator", "--csv", "--limit", "3"),
        *("--fields", "event_type,payload.after"),
    )
    header, *rows = csv.reader(ended.out.splitlines())
    assert header == ["event_type", "payload.after"]
    assert all(row[0].startswith("profile.update.") for row in rows)
    ended = rxtweets("activity", "--emulator", "--csv", "--fields", "event")
    assert (ended.status, "an activity has no 'event'" in ended.err) == (2, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_its_subscriptions(emulator: Emulator, number: signal.Signals) -> None:
    """Subscriptions of others stay, and what they bring isn't shown."""
    emulator.rate = 0
    Seen(client_on(emulator).subscriptions.add("follow.follow", user_id=7)).ended()
    with running(
        "activity", "--event", "follow.*", "--event", "like.create", "--user", str(emulator.user_id)
    ) as command:
        emulator.wait_for_streams(1)
        assert sorted(map(str, left(emulator))) == [
            "follow.follow",
            "follow.follow",
            "follow.unfollow",
            "like.create",
        ]
        emulator.act("follow.follow", user=7, other="bob")
        emulator.act("follow.follow", other="ada")
        assert command.line().endswith("@you → @ada\n")
        ended = command.end(number)
    assert ended.out == ""
    assert left(emulator) == ["follow.follow"]


def test_subscriptions_that_stay_are_told(emulator: Emulator) -> None:
    """If X doesn't delete them the tag is named."""
    with running("activity", "--event", "follow.follow", "--user", "7") as command:
        emulator.wait_for_streams(1)
        emulator.answer(503, path=GONE)
        ended = command.end(signal.SIGINT)
    assert "Warning: subscriptions with the tag rxtweets-cli-" in ended.err
    assert left(emulator) == ["follow.follow"]


def test_one_that_x_refuses(rxtweets: Command, emulator: Emulator) -> None:
    """The error is X's, and those before it are removed."""
    ended = rxtweets("activity", "--event", "follow.follow", "--event", "post.burn", "--user", "7")
    assert ended.status == 1
    assert "event_type" in ended.err
    assert left(emulator) == []


def test_what_stands(emulator: Emulator) -> None:
    """Without --event it prints what the app is subscribed to."""
    emulator.rate = 0
    Seen(client_on(emulator).subscriptions.add("follow.follow", user_id=7)).ended()
    with running("activity", "--limit", "1") as command:
        emulator.wait_for_streams(1)
        emulator.act("follow.follow", user=7, other="bob")
        ended = command.end()
    assert " follow.follow @" in ended.out
    assert left(emulator) == ["follow.follow"]


def test_private_events_without_the_user(
    rxtweets: Command, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The error says how to sign in; so it does where it should know whose events are meant."""
    monkeypatch.delenv("X_USER_TOKEN")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    ended = rxtweets("activity", "--event", "like.create", "--user", str(emulator.user_id))
    assert (ended.status, "rxtweets auth login pkce" in ended.err) == (1, True)
    ended = rxtweets("activity", "--event", "like.create")
    assert (ended.status, "--event needs --user ID" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--user", "7"], "need --event"),
        (
            ["--event", "folow.*", "--user", "7"],
            "unknown group 'folow.*'; the groups are block.*, broadcast.*",
        ),
        (["--event", "post.create", "--user", "@ada"], "user_id takes numeric ids"),
        (["--event", "post", "--user", "7"], "event_type must be a name such as"),
        (["--event", "post.create", "--direction", "up"], "inbound"),
    ],
)
def test_wrong_options(rxtweets: Command, emulator: Emulator, arguments: list[str], said: str) -> None:
    """Mistakes are explained, with status 2."""
    ended = rxtweets("activity", *arguments)
    assert ended.status == 2, ended
    assert said in ended.err
    assert left(emulator) == []
