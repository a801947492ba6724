"""Watch a stream fail, wait and recover. The emulator causes the faults, so it runs without X.

python examples/watch_backoff.py
"""

from reactivex import operators as ops

import rxtweets as rxt
from rxtweets.backoff import Curve
from rxtweets.emulator import Emulator
from rxtweets.messages import (
    Connected,
    Connecting,
    Disconnected,
    KeepAlive,
    Lifecycle,
    Message,
    Reconnecting,
)

# X's own curves, a hundred times quicker: rxt.BackoffPolicy.standard() is what a program uses.
quick = rxt.BackoffPolicy(
    network=Curve(0.0025, plus=0.0025, cap=0.16),
    http=Curve(0.05, times=2.0, cap=3.2),
    rate_limit=Curve(0.6, times=2.0),
)


def line(item: Message | Lifecycle) -> str:
    """Return an item as one line."""
    match item:
        case Connecting():
            return "connecting"
        case Connected():
            return "connected"
        case Disconnected(cause):
            return f"lost: {cause}"
        case Reconnecting(delay, attempt, cause):
            return f"attempt {attempt} in {delay:.3f} s, because of: {cause}"
        case KeepAlive():
            return "still there"
    return f"a {type(item).__name__}"


with Emulator(rate=50) as emulator:
    emulator.answer(503, times=3)
    emulator.answer(429, headers={"x-rate-limit-reset": "0"})  # not in 15 minutes

    auth = rxt.BearerToken(emulator.bearer_token)
    client = rxt.StreamingClient(auth, base_url=emulator.base_url, policy=quick)
    items = client.sample().pipe(ops.map(line), ops.take(26))

    posts = 0

    def show(text: str) -> None:
        """Print a line, and have the server drop the stream after the third post."""
        global posts
        print(text)
        if text == "a Post":
            posts += 1
            if posts == 3:
                emulator.cut_streams()

    rxt.run(items, show)
