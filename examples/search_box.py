"""Type words and see the posts that contain them: each line replaces the filter on the open connection.

python examples/search_box.py
"""

import sys
import threading

from going_live import x_or_emulator
from reactivex import Subject
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw

with (
    x_or_emulator("X_BEARER_TOKEN"),
    rxt.FilterHub(rxt.StreamingClient(rxt.BearerToken.from_env())) as hub,
):
    typed = Subject[str]()
    shown = threading.Event()

    def show(post: rxt.messages.Post) -> None:
        print("  ", post.text)
        shown.set()

    found = typed.pipe(ops.map(hub.filter), ops.switch_latest(), tw.posts())
    subscription = found.subscribe(show)
    for word in iter(input, "") if sys.stdin.isatty() else ("coffee", "tea", "python"):
        print("searching for", word)
        typed.on_next(word)
        shown.clear()
        shown.wait(20)
    subscription.dispose()
