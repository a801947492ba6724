"""Set the rules of the v2 filtered stream, and print which of them each post matched.

python examples/filtered_stream.py
"""

from going_live import x_or_emulator
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Post
from rxtweets.rules import StreamRule

RULES = [
    StreamRule("python lang:en", tag="python"),
    StreamRule("(coffee OR tea) -is:retweet", tag="drinks"),
    StreamRule("lang:en", tag="refused: it has nothing to match by itself"),
]


def line(post: Post) -> str:
    """Return a post and the tags of its rules as one line."""
    tags = ", ".join(rule.tag or rule.id for rule in post.matching_rules)
    return f"[{tags}] @{post.author.username if post.author else '?'}: {post.text}"


with x_or_emulator("X_BEARER_TOKEN"):
    client = rxt.StreamingClient(rxt.BearerToken.from_env())
    update = client.rules.add(*RULES).run()
    for rule in update.rules:
        print(f"rule {rule.id}: {rule.value}")
    for error in update.errors:
        print(f"not added: {error.value}: {error.detail}")
    try:
        posts = client.filter(expansions=["author_id"]).pipe(tw.posts(), ops.take(6))
        rxt.run(posts.pipe(ops.map(line)), print)
    finally:
        if update.rules:
            deleted = client.rules.delete(*update.rules).run().deleted
            print(f"{deleted} rules deleted")
