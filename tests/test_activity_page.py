"""The page that leads from user streams to X Activity: its table is what the library does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from rxtweets.messages import EVENT_TYPES, is_private
from rxtweets.prices import Prices

PAGE = Path(__file__).parent.parent / "docs/how-to/activity.md"


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield each event of X Activity in the table, with who subscribes to it and what it costs."""
    table = PAGE.read_text(encoding="utf-8").partition("## Event by event")[2].partition("## Payloads")[0]
    for line in table.splitlines():
        if not line.startswith("| ") or "---" in line or line.startswith("| on a"):
            continue
        _, events, who, price = (cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|"))
        for name in re.findall(r"`([a-z_]+\.[a-z_.*]+)`", "" if events.startswith("none") else events):
            inside = {one for one in EVENT_TYPES if one.startswith(name.removesuffix("*"))}
            for one in inside if name.endswith("*") else {name}:
                yield one, who, price


def test_every_event_is_there() -> None:
    """Each that this version knows."""
    assert {name for name, _, _ in rows()} == EVENT_TYPES


def test_who_subscribes() -> None:
    """Private events are the user's, others the app's."""
    wrong = [
        name
        for name, who, _ in rows()
        if who != ("the user" if is_private(name) else "the app") and name != "oauth.revoke"
    ]
    assert wrong == []


def test_prices() -> None:
    """A price in the table is that of `Prices`, and one that isn't there is none."""
    prices = Prices()
    for name, _, price in rows():
        if price.startswith("$"):
            assert prices.find(name) == float(price[1:]), name
        elif name != "post.delete" and not name.startswith("chat."):
            assert prices.find(name) is None, name
