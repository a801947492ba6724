"""Programs with Qt, which tell what they saw as JSON: `python -m tests.gui.qt_programs PyQt6 refused`."""

from __future__ import annotations

import importlib
import json
import signal
import sys
import threading
from typing import Any

from reactivex import Subject

from rxtweets.gui import qt


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def refused(core: Any, widgets: Any) -> None:
    """A window asks before it closes, in a dialog; is hidden and shown; and then closes."""

    class Asking(widgets.QWidget):  # type: ignore[misc]
        refuses = True

        def closeEvent(self, event: Any) -> None:  # noqa: N802
            loop = core.QEventLoop()
            core.QTimer.singleShot(50, loop.quit)
            loop.exec()
            if self.refuses:
                event.ignore()

    window = Asking()
    pane = widgets.QLabel(window)
    source: Subject[int] = Subject()
    got: list[int] = []
    source.pipe(qt.observe_on(pane)).subscribe(got.append)
    window.show()
    facts: dict[str, Any] = {}

    def refuse() -> None:
        window.close()
        core.QTimer.singleShot(50, hide)

    def hide() -> None:
        window.hide()
        window.show()
        facts["hidden"] = len(source.observers)
        source.on_next(1)
        core.QTimer.singleShot(50, close)

    def close() -> None:
        window.refuses = False
        window.close()
        facts["closed"] = len(source.observers)
        window.show()
        source.pipe(qt.observe_on(pane)).subscribe(got.append)
        source.on_next(2)
        core.QTimer.singleShot(50, close_again)

    def close_again() -> None:
        window.close()
        facts["again"] = len(source.observers)
        window.show()
        window.close()

    core.QTimer.singleShot(0, refuse)
    widgets.QApplication.exec()
    say(got=got, **facts)


def back(core: Any, widgets: Any) -> None:
    """Signals with arguments and without, whose subscribers raise, or dispose, and whose object goes away."""
    got: list[Any] = []
    slider = widgets.QSlider()
    ranges = qt.signal(slider.rangeChanged).subscribe(got.append)
    values = qt.signal(slider.valueChanged).subscribe(got.append)
    qt.signal(slider.sliderPressed).subscribe(got.append)
    slider.setRange(3, 9)
    slider.sliderPressed.emit()
    disposing = threading.Thread(target=values.dispose)
    disposing.start()
    disposing.join()
    slider.setValue(5)

    def fail(value: int) -> None:
        raise LookupError(str(value))

    qt.signal(slider.valueChanged).subscribe(fail)
    slider.setValue(6)
    slider.setValue(7)
    del slider
    ranges.dispose()
    say(got=got)


def leave(core: Any, widgets: Any) -> None:
    """A subscriber exits, as the loop does then; and the loop runs once more."""
    codes = []
    for code in (3, 4):
        source: Subject[int] = Subject()
        source.pipe(qt.observe_on()).subscribe(sys.exit)
        sending = threading.Timer(0.1, source.on_next, [code])
        sending.start()
        codes.append(widgets.QApplication.exec())
        sending.join()
    say(codes=codes)


def interrupted(core: Any, widgets: Any) -> None:
    """Ctrl-C is pressed while the loop runs, and once more when it has ended."""
    source: Subject[int] = Subject()
    source.pipe(qt.observe_on()).subscribe(print)
    core.QTimer.singleShot(100, lambda: signal.raise_signal(signal.SIGINT))
    code = widgets.QApplication.exec()
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        say(code=code, later="KeyboardInterrupt")


def wrong(core: Any, widgets: Any) -> None:
    """Each mistake is told."""
    errors: list[str] = []

    def attempt(function: Any, *arguments: Any) -> None:
        try:
            function(*arguments)
        except (RuntimeError, ValueError) as error:
            errors.append(str(error))

    attempt(qt.observe_on, 3)
    attempt(qt.signal, 4)
    elsewhere = threading.Thread(target=attempt, args=[qt.observe_on])
    elsewhere.start()
    elsewhere.join()
    say(errors=errors)


if __name__ == "__main__":
    binding, program = sys.argv[1:]
    if program == "early":
        core = importlib.import_module(f"{binding}.QtCore")
        try:
            qt.observe_on()
        except RuntimeError as error:
            say(error=str(error))
    else:
        widgets = importlib.import_module(f"{binding}.QtWidgets")
        application = widgets.QApplication([])
        globals()[program](importlib.import_module(f"{binding}.QtCore"), widgets)
