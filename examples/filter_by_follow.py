"""Print what certain accounts post, and what is said to them (v1.1).

python examples/filter_by_follow.py 2211149702 783214
"""

import sys

from going_live import x_or_emulator
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Status

followed = sys.argv[1:] or ["2211149702"]


def told(status: Status) -> str:
    """Return the relation of a status to the accounts that are followed."""
    author = status.user.screen_name
    if status.user.id_str in followed:
        return f"@{author} writes: {status.full_text}"
    if status.retweeted_status:
        return f"@{author} repeats @{status.retweeted_status.user.screen_name}"
    return f"@{author} answers @{status.in_reply_to_screen_name}: {status.full_text}"


with x_or_emulator("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"):
    stream = rxt.Stream(rxt.OAuth1.from_env())
    rxt.run(stream.filter(follow=followed).pipe(tw.statuses(), ops.take(5), ops.map(told)), print)
