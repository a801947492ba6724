"""`rxtweets watch` without a terminal: an app on an emulator, and what its screen shows."""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from rich.cells import cell_len
from textual.events import Paste
from textual.pilot import Pilot

from rxtweets.auth import BearerToken, OAuth1
from rxtweets.cli.accounts import Account, Api
from rxtweets.cli.side_by_side import Filter, filter_of
from rxtweets.cli.streaming import Output
from rxtweets.cli.watch.app import WatchApp
from rxtweets.cli.watch.sources import FilterSource, Source
from rxtweets.cli.watch.watched import Watched
from rxtweets.emulator import Emulator
from tests.observing import PATIENCE

_TEXTS = re.compile(r'<text class="[^"]*-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)<')
_CHARACTER = 12.2
"""The width of a character in Textual's pictures."""


class Screen(NamedTuple):
    """A running app, and the hand on its keys."""

    app: WatchApp
    pilot: Pilot[int]

    def lines(self) -> list[str]:
        """Return the lines that the screen shows."""
        svg = self.app.export_screenshot()
        rows: dict[float, str] = {}
        for x, y, text in _TEXTS.findall(svg):
            before = rows.get(float(y), "")
            gap = round(float(x) / _CHARACTER) - cell_len(before)
            rows[float(y)] = before + " " * gap + html.unescape(text).replace("\xa0", " ")
        return [row.rstrip() for _, row in sorted(rows.items())]

    def text(self) -> str:
        """Return what the screen shows."""
        return "\n".join(self.lines())

    async def until(self, condition: Callable[[], object]) -> None:
        """Let it run until *condition* is true."""
        deadline = time.monotonic() + 3 * PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.text()
            await self.pilot.pause(0.02)

    async def shows(self, *patterns: str) -> None:
        """Let it run until it shows all of these regular expressions."""

        def shown() -> bool:
            text = self.text()
            return all(re.search(pattern, text) for pattern in patterns)

        await self.until(shown)

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type *text*."""
        await self.pilot.press(*({" ": "space"}.get(letter, letter) for letter in text))

    async def paste(self, text: str) -> None:
        """Paste *text*, a screen's refresh for all of it."""
        self.app.post_message(Paste(text))
        await self.pilot.pause()


@asynccontextmanager
async def watching(
    emulator: Emulator, *filters: str, api: Api = "v2", size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Screen]:
    """Watch filters, or the sample, on *emulator*."""
    auth = BearerToken(emulator.bearer_token) if api == "v2" else OAuth1(*emulator.oauth1)
    account = Account(api, auth, emulator.base_url, f"the emulator at {emulator.base_url}")
    source = FilterSource(account, _filters(filters, api), Output(None).asked())
    try:
        async with showing(source, size) as screen:
            yield screen
    finally:
        source.close()


@asynccontextmanager
async def showing(source: Source, size: tuple[int, int]) -> AsyncIterator[Screen]:
    """Watch *source*."""
    app = WatchApp(Watched(source))
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Screen(app, pilot)


def _filters(texts: Sequence[str], api: Api) -> list[Filter]:
    return [filter_of(text, api) for text in texts]


def run(test: Callable[[], Any]) -> None:
    """Run the coroutine of a test."""
    asyncio.run(test())
