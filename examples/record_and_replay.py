"""Record a stream, and replay it four times as fast (v2).

python examples/record_and_replay.py
"""

import tempfile
import time
from pathlib import Path

from going_live import x_or_emulator
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw

with x_or_emulator("X_BEARER_TOKEN"), tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "posts.jsonl.gz"
    client = rxt.StreamingClient(rxt.BearerToken.from_env())

    begun = time.monotonic()
    live = client.sample().pipe(tw.record(path), tw.posts(), ops.take(20))
    rxt.run(live, lambda post: print("live     ", post.id))

    replayed = time.monotonic()
    again = rxt.replay(path, speed=4).pipe(tw.decode(), tw.posts())
    rxt.run(again, lambda post: print("recorded ", post.id))

    ended = time.monotonic()
    print(f"the same posts, in {replayed - begun:.1f} s and in {ended - replayed:.1f} s")
