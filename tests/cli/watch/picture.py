"""Take the picture of the docs from the running program: `python -m tests.cli.watch.picture`."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from rxtweets.emulator import Emulator

from .screens import watching

PICTURE = Path(__file__).parents[3] / "docs" / "how-to" / "watch.svg"


async def take(path: Path, seconds: float) -> None:
    """Watch made-up posts for so many seconds, and save what the screen shows."""
    with Emulator(rate=0) as emulator:
        async with watching(emulator, "coffee", "tea OR matcha", "python lang:en", size=(110, 32)) as screen:
            await screen.shows("● connected", "● python")
            emulator.rate = 14
            await screen.pilot.pause(seconds)
            emulator.rate = 0
            picture = screen.app.export_screenshot()
    path.write_text(re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(take(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE, 60.0))
