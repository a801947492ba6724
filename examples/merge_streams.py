"""Merge a v1.1 filter and v2's sample into one stream, and print both alike.

python examples/merge_streams.py
"""

import reactivex
from going_live import x_or_emulator
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw

with x_or_emulator(
    "X_BEARER_TOKEN", "X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"
):
    stream = rxt.Stream(rxt.OAuth1.from_env())
    client = rxt.StreamingClient(rxt.BearerToken.from_env())

    coffee = stream.filter(track=["coffee"]).pipe(
        tw.statuses(),
        ops.map(lambda status: f"v1.1 @{status.user.screen_name}: {status.full_text}"),
        ops.take(4),
    )
    sample = client.sample(expansions=["author_id"]).pipe(
        tw.posts(),
        ops.map(lambda post: f"v2   @{post.author.username if post.author else '?'}: {post.text}"),
        ops.take(4),
    )
    rxt.run(reactivex.merge(coffee, sample), print)
