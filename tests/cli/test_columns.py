"""Tables of posts: --csv and --fields."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets.cli.columns import Columns, needs
from rxtweets.emulator import Emulator
from rxtweets.messages import Post, Status, decode

from .command import Command, in_a_terminal


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def decoded(message: object) -> Post | Status:
    found = decode(json.dumps(message).encode())
    assert isinstance(found, Post | Status)
    return found


@pytest.mark.parametrize(
    ("api", "header"),
    [
        ("v1", ["id", "created_at", "user.screen_name", "full_text"]),
        ("v2", ["id", "created_at", "author.username", "full_text"]),
    ],
)
def test_the_usual_columns(rxtweets: Command, api: str, header: list[str]) -> None:
    """--csv alone is a header and a row for each post, with its id, time, author and whole text."""
    ended = rxtweets("sample", "--emulator", "--api", api, "--csv", "--limit", "5")
    first, *rows = table(ended.out)
    assert (ended.status, first, len(rows)) == (0, header, 5)
    assert all(row[0].isdecimal() and "T" in row[1] and row[2] and row[3] for row in rows)


def test_chosen_columns(rxtweets: Command, emulator: Emulator) -> None:
    """--fields names the columns, and X is asked for what they need."""
    paths = "author.username,public_metrics.like_count,entities.hashtags.tag,lang"
    ended = rxtweets("sample", "--csv", "--fields", paths, "--fields", "source", "--limit", "5")
    first, *rows = table(ended.out)
    assert first == [*paths.split(","), "source"]
    for author, likes, tags, lang, source in rows:
        assert author
        assert likes.isdecimal()
        assert isinstance(json.loads(tags), list)
        assert lang
        assert source
    (request,) = emulator.requests
    assert "public_metrics" in request.query["tweet.fields"]


def test_a_json_of_chosen_fields(rxtweets: Command) -> None:
    """With --json they are the keys, and values keep their types."""
    fields = ("--fields", "id,public_metrics.like_count,possibly_sensitive,geo.place_id")
    ended = rxtweets("sample", "--emulator", "--json", *fields, "--limit", "2")
    for line in ended.out.splitlines():
        found = json.loads(line)
        assert list(found) == fields[1].split(",")
        assert isinstance(found["public_metrics.like_count"], int)


def test_names_of_filters_are_a_column(rxtweets: Command) -> None:
    """Filters side by side have one more column, which can also be asked for."""
    beside = ("filter", "--emulator", "--track", "cat", "--and-track", "dog", "--csv", "--limit", "2")
    assert table(rxtweets(*beside).out)[0][-1] == "matching_filters"
    first, *rows = table(rxtweets(*beside, "--fields", "matching_filters,id").out)
    assert first == ["matching_filters", "id"]
    assert all(set(json.loads(names)) <= {"cat", "dog"} for names, _ in rows)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--csv", "--json"], "can't be used together"),
        (["--fields", "id"], "--csv"),
        (["--csv", "--fields", "autor.username"], "did you mean author.username"),
        (["--csv", "--fields", "author.usrname"], "author has no 'usrname'; did you mean author.username"),
        (["--csv", "--fields", "like_count"], "public_metrics.like_count"),
        (["--csv", "--fields", "lang.x"], "lang has no 'x'."),
        (["--csv", "--fields", ""], "has no ''"),
        (["--csv", "--fields", "matching_filters"], "has no 'matching_filters'"),
        (["--csv", "--fields", "user.screen_name"], "did you mean author.username"),
        (["--csv", "--fields", "author.username", "--api", "v1"], "did you mean user.screen_name"),
        (["--csv", "--fields", "public_metrics.like_count", "--api", "v1"], "did you mean favorite_count"),
    ],
)
def test_wrong_fields(rxtweets: Command, arguments: list[str], said: str) -> None:
    """A field that no message has is an error that names those near to it; nothing is printed."""
    ended = rxtweets("sample", "--emulator", *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert said in ended.err


def test_rules_are_not_added_for_a_wrong_field(rxtweets: Command, emulator: Emulator) -> None:
    """Fields are checked before anything is sent."""
    assert rxtweets("filter", "--track", "cat", "--csv", "--fields", "x").status == 2
    assert emulator.requests == ()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "\tx", "\r=1"])
def test_a_text_is_no_formula(text: str) -> None:
    """A spreadsheet takes no text of a stranger for a formula: such a text begins with an apostrophe."""
    post = decoded({"data": {"id": "1", "text": text}})
    assert table(Columns("v2", ["text"], False).row(post, (), shown=False)) == [["'" + text]]


def test_numbers_stay_numbers() -> None:
    """The apostrophe is for texts alone."""
    status = decoded({"id": 1, "text": "x", "user": {"id": 2}, "retweet_count": -5, "lang": None})
    columns = Columns("v1", ["retweet_count", "lang", "truncated"], False)
    assert columns.row(status, (), shown=False) == "-5,,false"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(text: str) -> None:
    """A reader of CSV gets the text, with X's escapes undone."""
    sent = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    post = decoded({"data": {"id": "1", "text": sent, "lang": "en"}})
    ((cell, lang),) = table(Columns("v2", ["text", "lang"], False).row(post, (), shown=False))
    assert (cell.removeprefix("'") if cell != text else cell, lang) == (text, "en")


def test_a_terminal_is_not_driven() -> None:
    """On a terminal a cell shows controls as codes."""
    post = decoded({"data": {"id": "1", "text": "a\x1b[2J\nb"}})
    assert Columns("v2", ["text"], False).row(post, (), shown=True) == r"a\x1b[2J\nb"
    assert "full_text" in in_a_terminal(["sample", "--emulator", "--csv", "--limit", "1"], 80)


def test_what_fields_need() -> None:
    """Each path asks for the field, the expansion, and the fields of what that brings."""
    assert needs(["author.username", "text"]) == {
        "expansions": ["author_id"],
        "user_fields": ["username"],
        "tweet_fields": ["text"],
    }
    assert needs(["media.url", "quoted.author.name", "place.full_name"]) == {
        "tweet_fields": ["attachments", "referenced_tweets", "geo"],
        "expansions": [
            "attachments.media_keys",
            "referenced_tweets.id",
            "referenced_tweets.id.author_id",
            "geo.place_id",
        ],
        "media_fields": ["url"],
        "user_fields": ["name"],
        "place_fields": ["full_name"],
    }
    assert needs(["note_post.text", "unheard_of"]) == {"tweet_fields": ["note_tweet"]}
