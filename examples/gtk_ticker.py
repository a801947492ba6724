"""Show the newest posts in a GTK 4 window, with the connection's state and a filter that you type (v2).

python examples/gtk_ticker.py [--emulator]
"""

from contextlib import suppress
from typing import Any

import gi
import reactivex
from going_live import x_or_emulator
from reactivex import Observable
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.gui import gtk
from rxtweets.messages import Connected, Connecting, Disconnected, Dropped, Post, Reconnecting

gi.require_versions({"Gtk": "4.0", "Gdk": "4.0"})

from gi.repository import Gdk, GLib, Gtk, Pango  # noqa: E402

ROWS = 50
STYLE = b"""
window { background: #faf7f2; }
.row { padding: 12px 20px; border-bottom: 1px solid #ece5da; }
.name { font-weight: bold; color: #2b2118; }
.quiet { color: #9a8c7c; font-size: 90%; }
.body { color: #3d3127; }
.missed { color: #c2410c; padding: 8px; }
entry { margin: 12px 20px; padding: 6px 10px; border-radius: 10px; }
list { background: #faf7f2; }
headerbar { background: #f3ede3; }
.live { color: #15803d; } .wait { color: #d97706; } .gone { color: #b91c1c; }
"""


class Ticker(Gtk.ApplicationWindow):
    """The window; `show_all` is called with what came, at most once a frame."""

    def __init__(self, application: Gtk.Application) -> None:
        super().__init__(application=application, title="Ticker", default_width=620, default_height=720)
        self.light, self.state = Gtk.Label(label="●"), Gtk.Label(label="waiting")
        bar = Gtk.HeaderBar()
        bar.pack_start(self.light)
        bar.pack_start(self.state)
        self.set_titlebar(bar)
        self.entry = Gtk.SearchEntry(
            text="music OR chess", placeholder_text="a rule, such as: coffee lang:en"
        )
        self.rows = Gtk.ListBox(selection_mode=Gtk.SelectionMode.NONE)
        scrolled = Gtk.ScrolledWindow(child=self.rows, vexpand=True, hscrollbar_policy=Gtk.PolicyType.NEVER)
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
        box.append(self.entry)
        box.append(scrolled)
        self.set_child(box)

    def show_all(self, items: list[Any]) -> None:
        """Show posts at the top, and what happens to the connection above."""
        for item in items[-ROWS:]:
            match item:
                case Post():
                    self.rows.prepend(row(item))
                case Dropped():
                    self.rows.prepend(label(f"{item.count} posts came too fast to be shown", "missed"))
                case Connecting():
                    self.tell("wait", "connecting")
                case Connected():
                    self.tell("live", "live")
                case Disconnected():
                    self.tell("gone", "disconnected")
                case Reconnecting():
                    self.tell("wait", f"again in {item.delay:.1f} s: {item.cause}")
                case rxt.errors.StreamError() | ValueError():
                    self.tell("gone", str(item))
        while last := self.rows.get_row_at_index(ROWS):
            self.rows.remove(last)

    def tell(self, kind: str, state: str) -> None:
        self.light.set_css_classes([kind])
        self.state.set_label(state)


def label(text: str, kind: str, **options: Any) -> Gtk.Label:
    return Gtk.Label(label=text, xalign=0, css_classes=[kind], **options)


def row(post: Post) -> Gtk.Widget:
    """Return a post as a row of the list."""
    author, at = post.author, post.created_at
    head = Gtk.Box(spacing=8)
    if author:
        head.append(label(author.name, "name"))
        head.append(label(f"@{author.username}", "quiet", hexpand=True))
    if at:
        head.append(label(f"{at.astimezone():%H:%M:%S}", "quiet"))
    text = rxt.messages.unescape(post.full_text).replace("\n", " ")
    body = label(text, "body", wrap=True, wrap_mode=Pango.WrapMode.WORD_CHAR)
    whole = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=4, css_classes=["row"])
    whole.append(head)
    whole.append(body)
    return whole


def found(hub: rxt.FilterHub, rule: str) -> Observable[Any]:
    """Return the posts that match *rule* and the events of the connection, or what is wrong with the rule."""
    items = reactivex.defer(lambda _: hub.filter(rule))
    return items.pipe(ops.catch(lambda error, _: reactivex.just(error)))


def activate(application: Gtk.Application) -> None:
    """Open the window, and show in it what its entry asks for."""
    style = Gtk.CssProvider()
    style.load_from_data(STYLE)
    Gtk.StyleContext.add_provider_for_display(Gdk.Display.get_default(), style, 600)
    window = Ticker(application)
    rules = gtk.signal(window.entry, "search-changed").pipe(  # once its user pauses
        ops.map(lambda _: window.entry.get_text()),
        ops.start_with(window.entry.get_text()),
        ops.map(str.strip),
        ops.filter(bool),
        ops.distinct_until_changed(),
    )
    rules.pipe(
        ops.map(lambda rule: found(hub, rule)),
        ops.switch_latest(),
        tw.of_type(Post, Connecting, Connected, Disconnected, Reconnecting, Exception),
        gtk.observe_on(window, batches=True, overflow="drop_oldest", frame=0.1),
    ).subscribe(window.show_all)
    window.present()


with (
    x_or_emulator("X_BEARER_TOKEN"),
    rxt.FilterHub(
        rxt.StreamingClient(rxt.BearerToken.from_env()),
        tweet_fields=["created_at"],
        expansions=["author_id"],
    ) as hub,
):
    GLib.set_prgname("Ticker")
    app = Gtk.Application(application_id="io.github.rxtweets.Ticker")
    app.connect("activate", activate)
    with suppress(KeyboardInterrupt):
        app.run()  # until the window is closed, which ends the stream, too
