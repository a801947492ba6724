"""Show a window of panes, each with a rule that you can change at any time, on one connection.

python examples/panes.py
"""

import tkinter as tk
from contextlib import suppress

import reactivex
from going_live import x_or_emulator
from reactivex import Observable
from reactivex import operators as ops
from reactivex.subject import BehaviorSubject

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.gui import tk as gui


def found(hub: rxt.FilterHub, rule: str) -> Observable[str]:
    """Return the texts of the posts that match *rule*, or what is wrong with it."""
    posts = reactivex.defer(lambda _: hub.filter(rule)).pipe(tw.posts())
    return posts.pipe(
        ops.map(lambda post: rxt.messages.unescape(post.full_text)),
        ops.catch(lambda error, _: reactivex.just(f"{type(error).__name__}: {error}")),
    )


class Pane(tk.Frame):
    """A rule, which the return key puts in force, and the newest posts that match it."""

    def __init__(self, window: tk.Tk, hub: rxt.FilterHub, rule: str) -> None:
        super().__init__(window, padx=6, pady=6)
        self.entry = tk.Entry(self)
        self.entry.insert(0, rule)
        self.entry.bind("<Return>", lambda _: self.change())
        self.entry.pack(fill="x")
        self.text = tk.Text(self, width=36, height=24, wrap="word", spacing3=8)
        self.text.pack(fill="both", expand=True)

        self.rules = BehaviorSubject(rule)
        self.rules.pipe(
            ops.map(lambda rule: found(hub, rule)),
            ops.switch_latest(),
            gui.observe_on(self),
        ).subscribe(self.show)

    def change(self) -> None:
        self.rules.on_next(self.entry.get())
        self.text.delete("1.0", "end")

    def show(self, text: str) -> None:
        self.text.insert("1.0", text + "\n")
        self.text.delete("100.0", "end")


with (
    x_or_emulator("X_BEARER_TOKEN"),
    rxt.FilterHub(rxt.StreamingClient(rxt.BearerToken.from_env())) as hub,
):
    window = tk.Tk()
    window.title("A filter for each pane")
    for rule in ("coffee", "tea OR matcha", "python -is:retweet"):
        Pane(window, hub, rule).pack(side="left", fill="both", expand=True)
    with suppress(KeyboardInterrupt):
        window.mainloop()  # until the window is closed
