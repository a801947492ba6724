"""Show a board in the browser, with a column for each rule, which the return key changes; until Ctrl-C (v2).

pip install nicegui
python examples/nicegui_board.py [--emulator]
"""

from contextlib import suppress
from functools import partial

import reactivex
from going_live import x_or_emulator
from nicegui import app, native, ui
from reactivex import Observable, abc
from reactivex import operators as ops
from reactivex.disposable import CompositeDisposable
from reactivex.subject import BehaviorSubject

import rxtweets as rxt
from rxtweets import aio
from rxtweets.messages import Connected, Connecting, Disconnected, Post, Reconnecting, unescape

RULES = ("coffee", "chess OR rugby", "#news -is:retweet")
ROWS = 40
"""Posts in a column: a browser keeps what isn't removed."""

STYLE = """
:root { --ground: #f3f6f5; --card: #fff; --ink: #14201d; --soft: #56655f; --line: #e2e8e6; }
:root { --accent: #096b62; --good: #15803d; --warn: #955300; }
.body--dark { --ground: #0c1110; --card: #141b19; --ink: #e6eeeb; --soft: #98a8a2; --line: #2a3532; }
.body--dark { --accent: #35cfbe; --good: #56d98a; --warn: #f5b84a; color-scheme: dark; }
body, .body--dark { background: var(--ground); color: var(--ink); }
.nicegui-content { padding: 1.2rem; }
.board { display: grid; width: 100%; gap: 1.1rem; max-width: 96rem; margin: auto;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); }
.pane { background: var(--card); border: 1px solid var(--line); border-radius: 12px; overflow: hidden;
  height: calc(100dvh - 2.5rem); display: flex; flex-direction: column; }
.head { padding: .5rem 1rem .7rem; border-bottom: 1px solid var(--line); }
.head .q-field { --q-primary: var(--accent); margin-bottom: .5rem; }
.head input { font-size: 1.05rem; font-weight: 600; color: var(--ink); }
.state { font-size: .87rem; color: var(--warn); overflow-wrap: anywhere; min-height: 1.5em; }
.state::before { content: ""; display: inline-block; width: .6em; height: .6em; margin-right: .5em;
  border-radius: 50%; background: currentcolor; }
.state.live { color: var(--good); }
.posts { flex: 1; overflow-y: auto; scrollbar-width: thin; }
.post { padding: .65rem 1rem; line-height: 1.45; overflow-wrap: anywhere; font-size: .95rem; }
.post + .post { border-top: 1px solid var(--line); }
.who { display: flex; gap: .5em; align-items: baseline; }
.name { font-weight: 600; }
.handle { color: var(--soft); font-size: .87rem; }
@media (max-width: 44rem) {
  .pane { height: 80dvh; }
  .nicegui-content { padding: .8rem; }
  .board { gap: .8rem; }
}
"""


def found(hub: rxt.FilterHub, rule: str) -> Observable[object]:
    """Return what comes by *rule*, or what is wrong with it."""
    return reactivex.defer(lambda _: hub.filter(rule)).pipe(
        ops.catch(lambda error, _: reactivex.just(f"{type(error).__name__}: {error}")),
    )


class Column:
    """A rule, which the return key puts in force, and the newest posts that match it."""

    def __init__(self, rule: str) -> None:
        with ui.element("section").classes("pane"):
            with ui.element("div").classes("head"):
                self.entry = ui.input(value=rule).props('dense aria-label="Rule"').classes("w-full")
                self.state = ui.label("connecting").classes("state")
            self.posts = ui.element("div").classes("posts")
        self.entry.on("keydown.enter", self.change)
        self.rules = BehaviorSubject(rule)

    def open(self, hub: rxt.FilterHub) -> abc.DisposableBase:
        """Subscribe."""
        return self.rules.pipe(
            ops.map(lambda rule: found(hub, rule)),
            ops.switch_latest(),
            aio.observe_on(capacity=200, overflow="drop_oldest"),
        ).subscribe(self.show)

    def change(self) -> None:
        self.posts.clear()
        self.rules.on_next(self.entry.value)

    def show(self, item: object) -> None:
        match item:
            case Post():
                self.add(item)
            case Connecting():
                self.say("connecting")
            case Connected():
                self.say("live", "live")
            case Disconnected(cause):
                self.say(f"connection lost: {cause}")
            case Reconnecting(delay, attempt, cause):
                self.say(f"connects again in {delay:.0f} s, attempt {attempt}: {cause}")
            case str():
                self.say(item)

    def say(self, words: str, state: str = "") -> None:
        self.state.text = words
        self.state.classes(replace=f"state {state}")

    def add(self, post: Post) -> None:
        author = post.author
        with self.posts:  # outside a page's own functions an element must be told where it belongs
            row = ui.element("article").classes("post")
        with row:
            with ui.element("div").classes("who"):
                ui.label(unescape(author.name) if author else "").classes("name").props("dir=auto")
                ui.label(f"@{author.username}" if author else "").classes("handle")
            ui.label(unescape(post.full_text)).props("dir=auto")
        row.move(target_index=0)
        rows = self.posts.default_slot.children
        if len(rows) > ROWS:
            self.posts.remove(rows[-1])


def main() -> None:
    """Serve the board until Ctrl-C; each page has filters of its own, and all share one connection."""
    client = rxt.StreamingClient(rxt.BearerToken.from_env())
    opened = CompositeDisposable()
    with rxt.FilterHub(client, expansions=["author_id"]) as hub:

        @ui.page("/")
        async def board() -> None:
            ui.add_css(STYLE)
            with ui.element("main").classes("board"):
                columns = [Column(rule) for rule in RULES]
            page = ui.context.client
            await page.connected()  # whatever else asks for the page opens no filters
            for column in columns:
                opened.add(subscription := column.open(hub))
                page.on_delete(partial(opened.remove, subscription))

        app.on_shutdown(opened.dispose)
        port = native.find_open_port()
        print(f"http://127.0.0.1:{port}/", flush=True)
        with suppress(KeyboardInterrupt):
            ui.run(
                host="127.0.0.1",
                port=port,
                title="Board",
                dark=None,
                show=False,
                reload=False,
                show_welcome_message=False,
            )


if __name__ == "__main__":
    with x_or_emulator("X_BEARER_TOKEN"):
        main()
