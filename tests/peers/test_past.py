"""Search, counts and usage with other people's clients, unmodified."""

from __future__ import annotations

import pytest

from rxtweets.emulator import Emulator

from .conftest import Run

pytestmark = pytest.mark.peers


@pytest.mark.parametrize(("client", "program"), [("tweepy4", "tweepy"), ("xdk", "xdk"), ("twarc", "twarc")])
def test_posts_of_the_past(emulator: Emulator, run: Run, client: str, program: str) -> None:
    """The client pages through what was published, counts it, and reads what it has used."""
    emulator.rate = 0
    for n in range(25):
        emulator.publish(f"a cat {n}")
    emulator.skew(60)
    got = run(client, "past.py", program, "cat")
    texts = [f"a cat {n}" for n in reversed(range(25))]
    assert got["post"] == texts
    assert [posts for posts, _ in got["page"]] == [10, 10, 5]
    assert all(users for _, users in got["page"])
    assert got["archive"] == [texts]
    assert got["counts"] == [[25, 25]]
    if program == "xdk":
        assert got["usage"] == [["100000000", "25", [0, 0, 25]]]
