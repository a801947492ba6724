"""A window of Tk."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

from rxtweets.gui import tk


class Window:
    """A text, to which items are appended, in a frame that can be destroyed alone.

    Attributes:
        redraws: how often the text was drawn.
    """

    def __init__(self) -> None:
        self.root = tkinter.Tk()
        self.frame = tkinter.Frame(self.root)
        self.frame.pack()
        self.entry = tkinter.Entry(self.frame)
        self.entry.pack()
        self.text = tkinter.Text(self.frame)
        self.text.pack()
        self.redraws = 0
        self._changed = False
        self.root.update()

    def _drawn(self) -> None:
        self._changed = False
        self.redraws += 1

    def observe_on(self, inner: bool = False, **options: Any) -> Any:
        return tk.observe_on(self.frame if inner else self.root, **options)

    def typed(self) -> Any:
        """Return an Observable of what stands in the entry."""
        return tk.events(self.entry, "<KeyRelease>").pipe(lambda keys: keys.map(lambda _: self.entry.get()))

    def type(self, key: str) -> None:
        self.entry.focus_force()
        self.root.update()
        self.entry.event_generate(f"<KeyPress-{key}>")
        self.entry.event_generate(f"<KeyRelease-{key}>")

    def append(self, *items: object) -> None:
        for item in items:
            self.text.insert("end", f"{item}\n")
        self.text.delete("1.0", "end-100l")
        self.text.see("end")
        if not self._changed:  # Tk draws when it is idle, and then calls this.
            self._changed = True
            self.root.after_idle(self._drawn)

    def after(self, seconds: float, function: Callable[[], object]) -> None:
        self.root.after(round(seconds * 1000), function)

    def run(self) -> None:
        self.root.mainloop()

    def nested(self, seconds: float) -> None:
        """Run an inner loop for so long, as a modal dialog does."""
        over = tkinter.BooleanVar(self.root)
        self.root.after(round(seconds * 1000), over.set, True)
        self.root.wait_variable(over)

    def destroy_inner(self) -> None:
        self.frame.destroy()

    def close(self) -> None:
        """Close the window as its user does, which ends the loop."""
        self.root.tk.call(*self.root.tk.splitlist(self.root.protocol("WM_DELETE_WINDOW") or "destroy ."))

    def quit(self) -> None:
        """End the loop, and leave the window."""
        self.root.quit()

    def rxpy(self) -> Any:
        """Return RxPY's own scheduler."""
        from reactivex.scheduler.mainloop import TkinterScheduler

        return TkinterScheduler(self.root)
