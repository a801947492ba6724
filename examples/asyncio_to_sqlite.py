"""Store posts in an SQLite file from asyncio, a second's worth at a time, until Ctrl-C (v2).

python examples/asyncio_to_sqlite.py [--emulator] [posts.sqlite]
"""

import asyncio
import signal
import sqlite3
import sys
from contextlib import closing

import reactivex
from going_live import x_or_emulator
from reactivex import Subject
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import aio
from rxtweets import operators as tw
from rxtweets.messages import Post

MOST = 500
"""Posts in one transaction."""

TABLE = "CREATE TABLE IF NOT EXISTS posts (id INTEGER PRIMARY KEY, at TEXT, author TEXT, text TEXT) STRICT"


def store(path: str, posts: list[Post]) -> None:
    """Add *posts* to the file; one that is there already, after a reconnect, say, stays as it is."""
    rows = [(int(post.id), str(post.created_at), post.author_id, post.text) for post in posts]
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(TABLE)
        database.executemany("INSERT OR IGNORE INTO posts VALUES (?, ?, ?, ?)", rows)
    print(f"{len(posts)} posts stored")


async def main(path: str) -> None:
    """Store what comes until Ctrl-C, and then what hasn't been stored yet."""
    stop = Subject[None]()
    loop = asyncio.get_running_loop()
    signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(stop.on_next, None))

    client = rxt.StreamingClient(rxt.BearerToken.from_env())
    posts = client.sample(tweet_fields=["created_at", "author_id"]).pipe(tw.posts())
    seconds = reactivex.interval(1.0)
    batch: list[Post] = []
    try:
        async for item in aio.iterate(reactivex.merge(posts, seconds).pipe(ops.take_until(stop))):
            if isinstance(item, Post):
                batch.append(item)
            if batch and (len(batch) == MOST or not isinstance(item, Post)):
                await asyncio.to_thread(store, path, batch)  # meanwhile the loop has other work
                batch = []
    finally:
        if batch:
            store(path, batch)


with x_or_emulator("X_BEARER_TOKEN"):
    paths = [word for word in sys.argv[1:] if not word.startswith("-")]
    asyncio.run(main(paths[0] if paths else "posts.sqlite"))
