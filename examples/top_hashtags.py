"""The most frequent hashtags of the last ten seconds, once a second (v2).

python examples/top_hashtags.py
python examples/top_hashtags.py nats://127.0.0.1:4222/x-sample      # of a log
"""

from going_live import named_log, x_or_emulator
from reactivex import Observable
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Lifecycle, Message


def table(top: tw.Counts[str]) -> str:
    """Return the hashtags in lines, each with a bar as long as its count."""
    rows = [f"{'#' + tag:>20} {count:3} {'▪' * count}" for tag, count in top.counts]
    return "\n".join([f"{top.total} hashtags in {top.seconds:.0f} s", *rows])


def show(stream: Observable[Message | Lifecycle]) -> None:
    """Print the hashtags of *stream*."""
    hashtags = stream.pipe(tw.top(rxt.hashtags, 3, window=10, every=1))
    rxt.run(hashtags.pipe(ops.map(table), ops.take(4)), print)


if log := named_log():
    show(log.consume().pipe(tw.decode()))
else:
    with x_or_emulator("X_BEARER_TOKEN"):
        client = rxt.StreamingClient(rxt.BearerToken.from_env())
        show(client.sample(tweet_fields=["entities"]))
