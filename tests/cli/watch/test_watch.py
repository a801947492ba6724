"""`rxtweets watch`: what it shows of a stream, through faults, and what its keys do."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from rxtweets.cli.accounts import Api
from rxtweets.cli.watch.feed import Feed
from rxtweets.emulator import Emulator
from tests.observing import PATIENCE

from .picture import PICTURE, take
from .screens import Screen, run, watching

APIS = pytest.mark.parametrize("api", ["v2", "v1"])
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
STREAM = {"v2": "/2/tweets/search/stream", "v1": "/1.1/statuses/filter.json"}


@pytest.fixture
def emulator() -> Emulator:
    """Return an emulator that is started by the test, and says nothing by itself."""
    return Emulator(rate=0)


@APIS
@SIZES
def test_posts_and_their_filters(emulator: Emulator, api: Api, size: tuple[int, int]) -> None:
    """The feed has each post with its author, time and filters; beside it are the figures of all of them."""

    async def test() -> None:
        async with watching(emulator, "coffee", "tea", api=api, size=size) as screen:
            await screen.shows(r"● connected 0:0\d", r"● coffee +0", r"● tea +0")
            emulator.publish("a cup of coffee #morning", author="ada")
            emulator.publish("coffee, then tea #morning", author="ben")
            await screen.shows(
                r"@ada +coffee +\d\d:\d\d:\d\d",
                "a cup of coffee #morning",
                r"@ben +coffee +tea +\d\d:\d\d:\d\d",
                r"● coffee +█+ +2\b",
                r"● tea +█+\S? +1\b",
                r"MESSAGES +2\b",
                r"(Post|Status) +2\b",
                r"# morning +█+ +2\b",
                r"RATE +\d+\.\d/s",
                r"lag p50.* [\d.]+ m?s · [\d.]+ m?s",  # a slow machine's lag leaves little room
            )
            for heading in ("RATE", "FILTERS", "MESSAGES", "HASHTAGS"):
                assert screen.text().count(heading) == 1
            assert len(screen.lines()) <= size[1]
            named = ("Pause", "Search", "Add", "Remove", "Help", "Quit")
            await screen.until(lambda: any(keys in screen.lines()[-1] for keys in named))

    with emulator:
        run(test)


def test_the_sample(emulator: Emulator) -> None:
    """Without a filter the sample is watched, and may be removed as a filter is."""

    async def test() -> None:
        async with watching(emulator) as screen:
            await screen.shows("● connected", "● sample")
            emulator.publish("anything")
            await screen.shows("anything", r"● sample +█+ +1\b")
            await screen.press("x", "enter")
            await screen.shows("○ not connected", "none: press a to add one")
            emulator.wait_for_streams(0)

    with emulator:
        run(test)


@pytest.mark.parametrize(("api", "status", "seconds"), [("v2", 503, 5), ("v2", 429, 900), ("v1", 420, 60)])
def test_back_off_is_counted_down(emulator: Emulator, api: Api, status: int, seconds: int) -> None:
    """While it waits to connect again it says why, and counts down the seconds."""

    async def test() -> None:
        emulator.answer(status, path=STREAM[api], times=3)  # a busy machine may see the end of a later wait
        async with watching(emulator, "coffee", api=api, size=(80, 24)) as screen:
            await screen.shows(r"◍ reconnecting in \d+ s", f"HTTP {status}")
            await screen.until(lambda: _countdown(screen))
            first = _countdown(screen)
            assert 0.9 * seconds - PATIENCE <= first <= 1.3 * seconds + PATIENCE
            await screen.until(lambda: 0 < _countdown(screen) < first)

    with emulator:
        run(test)


def _countdown(screen: Screen) -> int:
    """Return the seconds that are shown, 0 if none are."""
    found = re.search(r"reconnecting in (\d+) s", screen.text())
    return int(found[1]) if found else 0


@APIS
def test_a_disconnect(emulator: Emulator, api: Api) -> None:
    """A stream that the server ends is connected again, and posts go on; the reconnect is counted."""

    async def test() -> None:
        async with watching(emulator, "coffee", api=api) as screen:
            await screen.shows("● connected")
            emulator.publish("coffee before")
            await screen.shows("coffee before")
            emulator.wait_for_streams(1)
            emulator.close_streams()
            await screen.shows(r"reconnects +1 · ")
            await screen.shows("● connected")
            emulator.wait_for_streams(1)
            emulator.publish("coffee after")
            await screen.shows("coffee before", "coffee after")

    with emulator:
        run(test)


def test_a_stall(emulator: Emulator) -> None:
    """Silence without a keep-alive is told after three seconds, and what comes ends it."""

    async def test() -> None:
        async with watching(emulator, "coffee", size=(80, 24)) as screen:
            await screen.shows("● connected")
            await screen.shows(r"● nothing for [3-9] s · connected 0:0\d")
            emulator.publish("coffee at last")
            await screen.shows("at last", r"● connected 0:\d\d")

    with emulator:
        run(test)


def test_the_end(emulator: Emulator) -> None:
    """An error that is final is shown, and what came before can be read on; quitting then is an error."""

    async def test() -> None:
        async with watching(emulator, "coffee") as screen:
            await screen.shows("● connected")
            emulator.publish("coffee before the end")
            await screen.shows("before the end")
            emulator.answer(403, path=STREAM["v2"])
            emulator.close_streams()
            await screen.shows("✗ ended", "HTTP 403 Forbidden", "before the end")
            assert "HTTP 403 Forbidden" in str(screen.app.failure)

    with emulator:
        run(test)


@APIS
def test_filters_come_and_go(emulator: Emulator, api: Api) -> None:
    """A filter is added and removed while the stream stands; what it matched is gone from the count."""

    async def test() -> None:
        async with watching(emulator, "coffee", api=api) as screen:
            await screen.shows("● connected", "● coffee")
            await screen.press("a")
            await screen.type("green tea")
            await screen.press("enter")
            await screen.shows("[●○] green tea")
            await screen.shows("● green tea")
            emulator.publish("tea that is green")
            await screen.shows("tea that is green", r"● green tea +█+ +1\b")
            await screen.press("x")
            await screen.shows("Remove a filter")
            await screen.press("down", "enter")
            await screen.until(lambda: not re.search("[●○] green tea", screen.text()))
            assert screen.app.query_one(Feed).kept == 1

    with emulator:
        run(test)


@pytest.mark.parametrize(
    ("api", "text", "wrong"),
    [
        ("v2", "cat (", "the parenthesis is not closed"),
        ("v2", " ", "type what to match"),
        ("v2", "coffee", "already being watched"),
        ("v1", "cat has:images", "is a rule, which needs v2"),
        ("v1", "c" * 61, "60"),
    ],
)
def test_what_is_no_filter(emulator: Emulator, api: Api, text: str, wrong: str) -> None:
    """The dialog says what is wrong and stays; what is right then is taken."""

    async def test() -> None:
        async with watching(emulator, "coffee", api=api, size=(80, 24)) as screen:
            await screen.press("a")
            await screen.shows("Add a filter")
            await screen.paste(text)
            await screen.press("enter")
            await screen.shows(wrong, "Add a filter")
            await screen.press("ctrl+u")
            await screen.until(lambda: wrong not in screen.text())
            await screen.type("tea")
            await screen.press("enter")
            await screen.shows("[●○] tea")

    with emulator:
        run(test)


def test_a_filter_that_x_refuses(emulator: Emulator) -> None:
    """It is marked, and the reason shown; the others go on."""

    async def test() -> None:
        async with watching(emulator, "coffee", "lang:en") as screen:
            await screen.shows("✗ lang:en +refused", "X refuses it")
            emulator.wait_for_streams(1)
            emulator.publish("still coffee")
            await screen.shows("still coffee", r"MESSAGES +1\b")

    with emulator:
        run(test)


def test_pause(emulator: Emulator) -> None:
    """While it pauses the feed stands still and counts what comes; then it has all of it."""

    async def test() -> None:
        async with watching(emulator, "coffee") as screen:
            await screen.shows("● connected")
            emulator.publish("coffee 1")
            await screen.shows("coffee 1")
            await screen.press("space")
            await screen.shows("‖ paused · 0 new")
            for number in range(2, 5):
                emulator.publish(f"coffee {number}")
            await screen.shows("‖ paused · 3 new")
            assert "coffee 2" not in screen.text()
            await screen.press("space")
            await screen.shows("coffee 1", "coffee 2", "coffee 3", "coffee 4")
            assert "paused" not in screen.text()

    with emulator:
        run(test)


def test_search(emulator: Emulator) -> None:
    """Only what has the words is shown, of what came and of what comes, in any case; escape ends it."""

    async def test() -> None:
        async with watching(emulator, "coffee", size=(80, 24)) as screen:
            await screen.shows("● connected")
            for text in ("Black coffee", "white coffee"):
                emulator.publish(text)
            await screen.shows("Black coffee", "white coffee")
            await screen.press("slash")
            await screen.type("black")
            await screen.shows("1 of 2 found")
            emulator.publish("coffee, black")
            emulator.publish("coffee, white")
            await screen.shows("2 of 4 found", "coffee, black")
            assert "white" not in screen.text()
            await screen.press("enter", "up", "up")
            await screen.shows("paused")
            await screen.press("escape")
            await screen.shows("white coffee", "coffee, white")

    with emulator:
        run(test)


@APIS
@SIZES
def test_a_post_is_opened(emulator: Emulator, api: Api, size: tuple[int, int]) -> None:
    """All that came of it is shown, and its address."""

    async def test() -> None:
        async with watching(emulator, "coffee", api=api, size=size) as screen:
            await screen.shows("● connected")
            emulator.publish("coffee\nin two lines", author="ada", lang="en")
            await screen.shows("two lines")
            await screen.press("enter")
            await screen.shows(r"https://x\.com/i/status/\d{15,}", "@ada", "▎ in two lines", "matches coffee")
            await screen.press("pagedown")
            await screen.shows(r"(data\.)?lang +en" if size[1] > 30 or api == "v2" else r"\w+ +\w+")
            await screen.press("escape")
            await screen.shows("paused", "FILTERS")

    with emulator:
        run(test)


def test_the_keys_are_told(emulator: Emulator) -> None:
    """A question mark shows them."""

    async def test() -> None:
        async with watching(emulator, size=(80, 24)) as screen:
            await screen.press("question_mark")
            await screen.shows("pause, and resume", "add a filter", "switch between dark and light", "quit")
            await screen.press("escape")
            await screen.shows("HASHTAGS")

    with emulator:
        run(test)


def test_a_narrow_terminal(emulator: Emulator) -> None:
    """Without room for them the figures are left out; elsewhere s hides and shows them."""

    async def test() -> None:
        async with watching(emulator, size=(50, 20)) as screen:
            await screen.shows("connect")
            assert "HASHTAGS" not in screen.text()
            await screen.pilot.resize_terminal(80, 24)
            await screen.shows("HASHTAGS")
            await screen.press("s")
            await screen.until(lambda: "HASHTAGS" not in screen.text())

    with emulator:
        run(test)


def test_at_most_ten_frames_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """The feed is drawn ten times a second at most, and no post is lost to it."""
    emulator, drawn = Emulator(rate=200), 0
    render_line = Feed.render_line

    def counted(feed: Feed, y: int):  # type: ignore[no-untyped-def]
        nonlocal drawn
        drawn += y == 0
        return render_line(feed, y)

    async def test() -> None:
        nonlocal drawn
        async with watching(emulator) as screen:
            await screen.shows("● connected")
            await screen.until(lambda: screen.app.query_one(Feed).kept > 0)
            drawn = 0
            before = screen.app.query_one(Feed).kept
            loop = screen.app._loop
            assert loop is not None
            began = loop.time()
            await screen.pilot.pause(1.0)
            await screen.until(lambda: screen.app.query_one(Feed).kept > before + 100)
            took = loop.time() - began
            assert 0 < drawn <= 10 * took + 1

    monkeypatch.setattr(Feed, "render_line", counted)
    with emulator:
        run(test)


def test_the_picture_of_the_docs(tmp_path: Path) -> None:
    """A script takes it from the running program."""
    asyncio.run(take(tmp_path / "watch.svg", 2.0))
    taken = (tmp_path / "watch.svg").read_text(encoding="utf-8")
    kept = PICTURE.read_text(encoding="utf-8")
    for shown in ("coffee", "HASHTAGS", "RATE", "connected"):
        assert shown in taken
        assert shown in kept
