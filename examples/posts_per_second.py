"""Posts a second, and the hashtags of the last second, of one shared stream (v2).

python examples/posts_per_second.py
"""

from collections import Counter

import reactivex
from going_live import x_or_emulator
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Post

EVERY = 0.25  # seconds
WINDOW = 1.0


def top(posts: list[Post]) -> str:
    """Return the three hashtags that most posts have."""
    tags = Counter(tag.tag for post in posts if post.entities for tag in post.entities.hashtags)
    return ", ".join(f"#{tag} ({count})" for tag, count in tags.most_common(3)) or "none"


with x_or_emulator("X_BEARER_TOKEN"):
    client = rxt.StreamingClient(rxt.BearerToken.from_env())
    posts = client.sample(tweet_fields=["entities"]).pipe(tw.posts(), ops.share())  # one session for both

    rate = posts.pipe(
        ops.buffer_with_time(EVERY),
        ops.map(lambda batch: f"{len(batch) / EVERY:.0f} posts a second"),
    )
    hashtags = posts.pipe(
        ops.buffer_with_time(WINDOW, EVERY),
        ops.map(lambda batch: f"hashtags of the last {WINDOW:g} s: {top(batch)}"),
    )
    rxt.run(reactivex.merge(rate, hashtags).pipe(ops.take(12)), print)
