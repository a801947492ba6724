"""Print what happens to an account, from X Activity, which replaced user streams (v2).

python examples/activity.py
"""

from going_live import x_or_emulator
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Activity, DirectMessages, Like, Post, Relation, unescape

EVENTS = ("post.create", "like.create", "follow.follow", "dm.received")


def tell(event: Activity) -> None:
    """Print an event in a line."""
    match event.post or event.like or event.payload:
        case Relation() as follow:
            said = f"@{follow.source.username} follows @{follow.target.username}"
        case DirectMessages() as message if message.sender:
            said = f"@{message.sender.username} writes: {unescape(message.text)}"
        case Like() as like:
            said = f"a post of @{like.post_author.username if like.post_author else '?'} is liked"
        case Post() as post:
            said = unescape(post.full_text)
        case other:
            said = repr(other)
    print(f"{event.event_type}: {said}")


with x_or_emulator("X_BEARER_TOKEN", "X_USER_TOKEN"):
    # The app opens the stream; private events are subscribed to by the user whom they are about.
    user = rxt.OAuth2User.from_env()
    client = rxt.StreamingClient(rxt.BearerToken.from_env(), user=user)
    me = client.user_id().run()
    made = [client.subscriptions.add(event, user_id=me, tag="example").run() for event in EVENTS]
    try:
        mine = client.activity().pipe(tw.activities(), ops.filter(lambda event: event.tag == "example"))
        rxt.run(mine.pipe(ops.take(10)), tell)
    finally:
        client.subscriptions.delete(*made).run()
