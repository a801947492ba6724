"""Show the newest posts in a Tk window, with the connection's state and the rate (v2).

python examples/tk_ticker.py [--emulator]
"""

import tkinter as tk
from collections import deque
from contextlib import suppress
from time import monotonic
from tkinter.font import nametofont

from going_live import x_or_emulator

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.gui import tk as gui
from rxtweets.messages import Connected, Connecting, Disconnected, Dropped, Post, Reconnecting

ROWS = 60
INK, QUIET, PAPER, LINE = "#1c2733", "#6b7c8d", "#ffffff", "#e3e9ee"
GREEN, AMBER, GREY = "#17a673", "#e8a317", "#b5c1cc"


class Ticker(tk.Tk):
    """The window; `show` is called with what came, at most once a frame."""

    def __init__(self) -> None:
        super().__init__()
        self.title("Ticker")
        self.geometry("620x720")
        self.configure(background=PAPER)
        family = nametofont("TkDefaultFont").actual("family")
        self.arrivals = deque[float]()

        top = tk.Frame(self, background=PAPER, padx=20, pady=14)
        top.pack(fill="x")
        self.light = tk.Label(top, text="●", background=PAPER, foreground=GREY, font=(family, 15))
        self.light.pack(side="left")
        self.state_of = tk.Label(top, text="waiting", background=PAPER, foreground=QUIET, font=(family, 11))
        self.state_of.pack(side="left", padx=8)
        self.rate = tk.Label(top, text="", background=PAPER, foreground=INK, font=(family, 11, "bold"))
        self.rate.pack(side="right")
        tk.Frame(self, background=LINE, height=1).pack(fill="x")

        self.text = tk.Text(
            self, wrap="word", background=PAPER, foreground=INK, padx=20, pady=6, cursor="arrow"
        )
        self.text.configure(borderwidth=0, highlightthickness=0, font=(family, 11), state="disabled")
        self.text.tag_configure("name", font=(family, 11, "bold"), spacing1=12)
        self.text.tag_configure("quiet", foreground=QUIET, font=(family, 10))
        self.text.tag_configure("body", spacing1=3, spacing3=12)
        self.text.tag_configure("line", background=LINE, font=(family, 1))
        self.text.tag_configure("missed", foreground=AMBER, justify="center", spacing1=8, spacing3=8)
        self.text.pack(fill="both", expand=True)
        self.tick()

    def show(self, items: list[object]) -> None:
        """Show posts at the top, and what happens to the connection above."""
        self.text.configure(state="normal")
        for item in items:
            match item:
                case Post():
                    self.arrivals.append(monotonic())
                    self.add(item)
                case Dropped():
                    self.text.insert("1.0", f"{item.count} posts came too fast to be shown\n", "missed")
                case Connecting():
                    self.tell(AMBER, "connecting")
                case Connected():
                    self.tell(GREEN, "live")
                case Disconnected():
                    self.tell(GREY, "disconnected")
                case Reconnecting():
                    self.tell(AMBER, f"again in {item.delay:.1f} s: {item.cause}")
        self.text.delete(f"{ROWS * 3}.0", "end")
        self.text.configure(state="disabled")

    def add(self, post: Post) -> None:
        author, at = post.author, post.created_at
        said = [
            *(author.name if author else "somebody", "name"),
            *(f"  @{author.username}" if author else "", "quiet"),
            *(f"  {at.astimezone():%H:%M:%S}\n" if at else "\n", "quiet"),
            *(rxt.messages.unescape(post.full_text).replace("\n", " ") + "\n", "body"),
            *("\n", "line"),
        ]
        self.text.insert("1.0", *said)

    def tell(self, colour: str, state: str) -> None:
        self.light.configure(foreground=colour)
        self.state_of.configure(text=state)

    def tick(self) -> None:
        """Show the rate of the last five seconds, each half a second."""
        while self.arrivals and self.arrivals[0] < monotonic() - 5:
            self.arrivals.popleft()
        self.rate.configure(text=f"{len(self.arrivals) / 5:.0f} posts a second")
        self.after(500, self.tick)


with x_or_emulator("X_BEARER_TOKEN"):
    client = rxt.StreamingClient(rxt.BearerToken.from_env())
    window = Ticker()
    sample = client.sample(tweet_fields=["created_at"], expansions=["author_id"])
    sample.pipe(
        tw.of_type(Post, Connecting, Connected, Disconnected, Reconnecting),
        gui.observe_on(window, batches=True, overflow="drop_oldest"),
    ).subscribe(window.show, lambda error: window.tell(GREY, f"over: {error}"))
    with suppress(KeyboardInterrupt):
        window.mainloop()  # until the window is closed, which ends the stream, too
