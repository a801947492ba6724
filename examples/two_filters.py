"""Merge two filters of the v2 filtered stream, each with its own rule, on one connection.

python examples/two_filters.py
"""

import reactivex
from going_live import x_or_emulator
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw

with (
    x_or_emulator("X_BEARER_TOKEN"),
    rxt.FilterHub(rxt.StreamingClient(rxt.BearerToken.from_env())) as hub,
):
    coffee = hub.filter("coffee").pipe(tw.posts(), ops.map(lambda post: f"coffee {post.text}"), ops.take(4))
    tea = hub.filter("tea").pipe(tw.posts(), ops.map(lambda post: f"tea    {post.text}"), ops.take(4))
    rxt.run(reactivex.merge(coffee, tea), print)
