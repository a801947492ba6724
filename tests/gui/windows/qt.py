"""A window of Qt, for the modules of one of its bindings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rxtweets.gui import qt


def window(core: Any, widgets: Any) -> type:
    """Return the class of a window of these modules."""

    class Text(widgets.QPlainTextEdit):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.setMaximumBlockCount(100)
            self.redraws = 0
            self.changed = False

        def paintEvent(self, event: Any) -> None:  # noqa: N802
            super().paintEvent(event)
            self.redraws += self.changed
            self.changed = False

    class Window:
        """A text, to which items are appended, in a frame that can be destroyed alone."""

        def __init__(self) -> None:
            self.app = widgets.QApplication([])
            self.top = widgets.QWidget()
            self.frame = widgets.QFrame()
            self.entry = widgets.QLineEdit()
            self.text = Text()
            inside = widgets.QVBoxLayout(self.frame)
            inside.addWidget(self.entry)
            inside.addWidget(self.text)
            widgets.QVBoxLayout(self.top).addWidget(self.frame)
            self.top.show()
            self.app.processEvents()

        @property
        def redraws(self) -> int:
            return self.text.redraws

        def observe_on(self, inner: bool = False, **options: Any) -> Any:
            return qt.observe_on(self.frame if inner else self.top, **options)

        def typed(self) -> Any:
            """Return an Observable of what stands in the entry."""
            return qt.signal(self.entry.textChanged)

        def type(self, key: str) -> None:
            self.entry.insert(key)

        def append(self, *items: object) -> None:
            self.text.appendPlainText("\n".join(map(str, items)))
            self.text.changed = True

        def after(self, seconds: float, function: Callable[[], object]) -> None:
            core.QTimer.singleShot(round(seconds * 1000), lambda: function())  # a method is held weakly

        def run(self) -> None:
            self.app.exec()

        def nested(self, seconds: float) -> None:
            """Run an inner loop for so long, as a modal dialog does."""
            loop = core.QEventLoop()
            core.QTimer.singleShot(round(seconds * 1000), loop.quit)
            loop.exec()

        def destroy_inner(self) -> None:
            self.frame.deleteLater()

        def close(self) -> None:
            """Close the window as its user does, which ends the loop."""
            self.top.close()

        def quit(self) -> None:
            """End the loop, and leave the window."""
            self.app.exit()

        def rxpy(self) -> Any:
            """Return RxPY's own scheduler."""
            from reactivex.scheduler.mainloop import QtScheduler

            return QtScheduler(core)

    return Window
