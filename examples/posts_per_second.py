"""Print posts and bytes per second, and how late posts arrive, from one shared stream (v2).

python examples/posts_per_second.py
"""

import reactivex
from going_live import x_or_emulator
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw


def rate(meter: tw.Meter) -> str:
    """Return the volume since the meter before."""
    last = meter.last
    return f"{last.messages_per_second:.0f} posts, {last.bytes_per_second / 1000:.1f} kB a second"


def delay(lag: tw.Lag) -> str:
    """Return how late the posts of the last second came."""
    return "no posts" if lag.p50 is None else f"half of them within {lag.p50:.3f} s of being posted"


with x_or_emulator("X_BEARER_TOKEN"):
    client = rxt.StreamingClient(rxt.BearerToken.from_env())
    sample = client.sample().pipe(ops.share())  # one session for both
    rates = sample.pipe(tw.meter(every=0.5), ops.map(rate))
    delays = sample.pipe(tw.lag(window=1, every=1), ops.map(delay))
    rxt.run(reactivex.merge(rates, delays).pipe(ops.take(8)), print)
