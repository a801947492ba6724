"""Hand each kind of message to its own handler (v1.1).

python examples/route_messages.py
"""

from collections import Counter

from going_live import x_or_emulator
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Connected, Delete, Lifecycle, Limit, Reconnecting, Status

seen: Counter[str] = Counter()


def show(status: Status) -> None:
    """Print a status."""
    print(f"@{status.user.screen_name}: {status.full_text}")


routes = tw.route(
    {
        Connected: lambda event: print(f"connected, HTTP {event.status_code}"),
        Reconnecting: lambda event: print(f"again in {event.delay:.1f} s: {event.cause}"),
        Lifecycle: lambda event: None,  # the other events of the connection
        Status: show,
        Delete: lambda notice: print(f"forget {notice.id}"),
        Limit: lambda notice: print(f"{notice.track} withheld so far"),
    }
)

with x_or_emulator("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"):
    stream = rxt.Stream(rxt.OAuth1.from_env())
    counted = stream.sample().pipe(
        ops.take(40),
        ops.do_action(lambda item: seen.update([type(item).__name__])),
        routes,
    )
    rxt.run(counted, lambda rest: print("something else:", rest))

print(", ".join(f"{count} {kind}" for kind, count in seen.most_common()))
