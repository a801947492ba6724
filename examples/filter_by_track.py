"""Print the next five statuses about Python (v1.1).

python examples/filter_by_track.py
"""

from going_live import x_or_emulator
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw

with x_or_emulator("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"):
    stream = rxt.Stream(rxt.OAuth1.from_env())
    python = stream.filter(track=["python"]).pipe(tw.statuses(), ops.take(5))
    rxt.run(python, lambda status: print(f"@{status.user.screen_name}: {status.full_text}"))
