"""A window of wxPython."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import wx

from rxtweets.gui import wx as gui

APP = wx.App()
"""It lives until Python ends: wx crashes then if a window is left and the application isn't."""


class Window:
    """Lines, to which items are appended, in a panel that can be destroyed alone.

    Attributes:
        redraws: how often the lines were drawn.
    """

    def __init__(self) -> None:
        self.top = wx.Frame(None, size=(400, 400))
        self.inner = wx.Panel(self.top)
        self.entry = wx.TextCtrl(self.inner)
        self.text = wx.Panel(self.inner, pos=(0, 40), size=(400, 360))
        self.text.Bind(wx.EVT_PAINT, self._paint)
        self.lines: deque[str] = deque(maxlen=20)
        self.redraws = 0
        self._changed = False
        self.top.Show()
        APP.Yield()

    def _paint(self, _: object) -> None:
        canvas = wx.PaintDC(self.text)
        canvas.Clear()
        for row, line in enumerate(self.lines):
            canvas.DrawText(line, 4, 18 * row)
        self.redraws += self._changed
        self._changed = False

    def observe_on(self, inner: bool = False, **options: Any) -> Any:
        return gui.observe_on(self.inner if inner else self.top, **options)

    def typed(self) -> Any:
        """Return an Observable of what stands in the entry."""
        return gui.events(self.entry, wx.EVT_TEXT).pipe(lambda all: all.map(lambda _: self.entry.GetValue()))

    def type(self, key: str) -> None:
        self.entry.AppendText(key)

    def append(self, *items: object) -> None:
        self.lines.extend(map(str, items))
        if not self._changed and self.text:
            self._changed = True
            self.text.Refresh()

    def after(self, seconds: float, function: Callable[[], object]) -> None:
        wx.CallLater(max(round(seconds * 1000), 1), function)

    def run(self) -> None:
        APP.MainLoop()

    def nested(self, seconds: float) -> None:
        """Run an inner loop for so long, as a modal dialog does."""
        inner = wx.GUIEventLoop()
        self.after(seconds, inner.Exit)
        inner.Run()

    def destroy_inner(self) -> None:
        self.inner.Destroy()

    def close(self) -> None:
        """Close the window as its user does, which ends the loop."""
        self.top.Close()

    def quit(self) -> None:
        """End the loop, and leave the window."""
        APP.ExitMainLoop()

    def rxpy(self) -> Any:
        """Return RxPY's own scheduler."""
        from reactivex.scheduler.mainloop import WxScheduler

        return WxScheduler(wx)
