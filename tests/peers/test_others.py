"""Further clients, on the streams that they have."""

from __future__ import annotations

from pathlib import Path

import pytest

from rxtweets.emulator import Emulator
from rxtweets.messages import Post
from tests.recordings.test_archives import PAGE, messages

from .conftest import Run

pytestmark = pytest.mark.peers


@pytest.mark.parametrize(
    ("client", "program", "counts"),
    [
        ("twarc", "twarc_client.py", {"filtered": 10, "deleted": 1, "sampled": 10}),
        ("twython", "twython_client.py", {"status": 20, "error": 1}),
        (
            "TwitterAPI",
            "twitterapi.py",
            {"statuses/filter": 10, "statuses/sample": 10, "added": 1, "filtered": 10, "sampled": 10},
        ),
        ("python-twitter", "python_twitter.py", {"filtered": 10, "sampled": 10, "user": 10}),
        ("python-twitter-v2", "pytwitter_client.py", {"rules": 1, "post": 20, "deleted": 1}),
        ("twitter", "sixohsix.py", {"filtered": 10, "sampled": 10}),
    ],
)
def test_streams(emulator: Emulator, run: Run, client: str, program: str, counts: dict[str, int]) -> None:
    """The client receives as many messages of each kind as its program waits for."""
    got = run(client, program)
    assert {kind: len(values) for kind, values in got.items()} == counts
    assert emulator.rules == () or client == "TwitterAPI"  # which deletes none


@pytest.mark.parametrize(
    ("body", "least", "most"),
    [(None, 800, 901), ({"title": "ConnectionException", "connection_issue": "TooManyConnections"}, 10, 10)],
)
@pytest.mark.parametrize("path", ["/2/tweets/search/stream", "/2/tweets/search/stream/rules"])
def test_twarc_waits_out_a_429(
    emulator: Emulator, run: Run, path: str, body: dict[str, str] | None, least: int, most: int
) -> None:
    """twarc reads the rate-limit headers of a 429, ordered or not, and goes on."""
    emulator.answer(429, path=path, body=body)
    got = run("twarc", "twarc_limited.py")
    assert [least <= seconds <= most for seconds in got["slept"]] == [True]
    assert (got["added"], len(got["filtered"])) == ([1], 10)


def test_the_files_of_twarc_are_replayed(emulator: Emulator, run: Run, tmp_path: Path) -> None:
    """Posts that twarc wrote, as they came, as a page or flattened, are those that it got."""
    told = run("twarc", "twarc_files.py", PAGE)
    files = {name: messages(tmp_path / f"{name}.jsonl") for name in ("sample", "search", "flat")}
    posts = {name: [post for post in found if isinstance(post, Post)] for name, found in files.items()}
    assert {name: len(found) for name, found in posts.items()} == {"sample": 10, "search": 2, "flat": 2}
    assert [post.text for post in posts["sample"]] == told["sampled"]
    assert all(post.author for post in posts["sample"])
    for name in ("search", "flat"):
        one, two = posts[name]
        assert [post.author and post.author.username for post in (one, two)] == ["ann", "bob"]
        assert one.quoted is not None
        assert one.quoted.author is not None
        assert one.quoted.author.username == "quoted"
