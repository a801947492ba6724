"""Process posts more slowly than they arrive, and see what is dropped (v2).

python examples/slow_consumer.py
"""

import time

from going_live import x_or_emulator
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Dropped, Post


def write(post: Post) -> None:
    """Take as long as a slow database."""
    time.sleep(0.25)
    print(f"written: {post.id}")


def report(dropped: Dropped) -> None:
    """Say which posts are missing."""
    print(f"dropped: {dropped.count}, {dropped.first.id} to {dropped.last.id}")


with x_or_emulator("X_BEARER_TOKEN"):
    client = rxt.StreamingClient(rxt.BearerToken.from_env())
    queue = tw.observe_on(capacity=2, overflow="drop_oldest")
    items = client.sample().pipe(tw.posts(), queue, ops.take(16))
    rxt.run(items.pipe(tw.route({Post: write, Dropped: report})))
    print(f"{queue.high_water} waited at most, {queue.dropped} were dropped")
