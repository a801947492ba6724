"""Recordings to test with: what is recorded, and what a file replays."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import reactivex

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets import testing
from rxtweets.testing import timeline

FORMS = [".jsonl", ".jsonl.gz", ".jsonl.zst"]


def recorded(path: Path, items: Iterable[Any], **options: Any) -> Path:
    """Record *items*, all at once, and return the path."""
    rxt.run(reactivex.from_iterable(items).pipe(tw.record(path, **options)), lambda _: None)
    return path


def replayed(*paths: Path | str) -> list[Any]:
    """All items of a replay without waits."""
    seen = timeline(rxt.replay(*paths, speed=None))
    if seen.error is not None:
        raise seen.error
    return [item for _, item in seen.items]


def frames(count: int) -> list[bytes]:
    """So many different posts."""
    post = testing.post_json("number <number> \u2603", id="<id>")
    return [
        post.replace(b"<id>", b"%d" % (10**18 + number)).replace(b"<number>", b"%d" % number)
        for number in range(count)
    ]


def open_files() -> list[str]:
    """The names of the files that this process has open."""
    names = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            names.append(os.readlink(entry))
        except OSError:
            continue
    return [name for name in names if ".jsonl" in name]
