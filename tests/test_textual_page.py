"""The program on the page on Textual, in a terminal of Textual's own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from reactivex import Subject

from rxtweets.messages import Post
from tests import snippets

PAGE = Path(__file__).parent.parent / "docs" / "how-to" / "textual.md"


def test_the_program() -> None:
    """Posts from another thread are in the log as they were written, markup included; its end disposes."""
    textual = pytest.importorskip("textual.widgets")
    posts = Subject[Post]()
    names: dict[str, Any] = {"posts": posts}
    [program] = snippets.blocks(PAGE, "py")
    exec(compile(program.text, str(PAGE), "exec"), names)

    async def main() -> None:
        app = names["Posts"]()
        async with app.run_test() as pilot:
            await asyncio.to_thread(posts.on_next, Post(text="[red]as written[/red] [/"))
            log = app.query_one(textual.RichLog)
            while not log.lines:
                await pilot.pause(0.01)
            assert [line.text for line in log.lines] == ["[red]as written[/red] [/"]
            assert len(posts.observers) == 1
        assert posts.observers == []

    asyncio.run(main())
