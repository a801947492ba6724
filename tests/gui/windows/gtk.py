"""A window of GTK 4."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gi

gi.require_version("Gtk", "4.0")

from gi.repository import GLib, Gtk  # noqa: E402

from rxtweets.gui import gtk  # noqa: E402


class Window:
    """A text, to which items are appended, in a box that can be taken out alone.

    Attributes:
        redraws: how often the text was drawn.
    """

    def __init__(self) -> None:
        Gtk.init()
        Gtk.Settings.get_default().set_property("gtk-cursor-blink", False)
        self.loop = GLib.MainLoop()
        self.top = Gtk.Window(default_width=400, default_height=400)
        self.outer = Gtk.Box()
        self.inner = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
        self.entry = Gtk.Entry()
        self.text = Gtk.TextView(vexpand=True, hexpand=True)
        self.buffer = self.text.get_buffer()
        self.inner.append(self.entry)
        self.inner.append(self.text)
        self.outer.append(self.inner)
        self.top.set_child(self.outer)
        self.top.connect("close-request", lambda _: self.loop.quit())
        self.redraws = 0
        self._changed = False
        self.top.present()
        while not self.top.get_mapped():
            GLib.MainContext.default().iteration(True)
        self.top.get_frame_clock().connect("after-paint", self._drawn)

    def _drawn(self, _: object) -> None:
        self.redraws += self._changed
        self._changed = False

    def observe_on(self, inner: bool = False, **options: Any) -> Any:
        return gtk.observe_on(self.inner if inner else self.top, **options)

    def typed(self) -> Any:
        """Return an Observable of what stands in the entry."""
        return gtk.signal(self.entry, "changed").pipe(lambda all: all.map(lambda _: self.entry.get_text()))

    def type(self, key: str) -> None:
        buffer = self.entry.get_buffer()
        buffer.insert_text(buffer.get_length(), key, 1)

    def append(self, *items: object) -> None:
        self.buffer.insert(self.buffer.get_end_iter(), "".join(f"{item}\n" for item in items))
        lines = self.buffer.get_line_count()
        if lines > 100:
            found = self.buffer.get_iter_at_line(lines - 100)
            self.buffer.delete(self.buffer.get_start_iter(), found[1] if isinstance(found, tuple) else found)
        self._changed = True

    def after(self, seconds: float, function: Callable[[], object]) -> None:
        def once() -> bool:
            function()
            return False

        GLib.timeout_add(round(seconds * 1000), once)

    def run(self) -> None:
        self.loop.run()

    def nested(self, seconds: float) -> None:
        """Run an inner loop for so long, as a modal dialog does."""
        inner = GLib.MainLoop()
        self.after(seconds, inner.quit)
        inner.run()

    def destroy_inner(self) -> None:
        self.outer.remove(self.inner)

    def close(self) -> None:
        """Close the window as its user does, which ends the loop."""
        self.top.close()

    def quit(self) -> None:
        """End the loop, and leave the window."""
        self.loop.quit()

    def rxpy(self) -> Any:
        """Return RxPY's own scheduler."""
        from reactivex.scheduler.mainloop import GtkScheduler

        return GtkScheduler(GLib)
