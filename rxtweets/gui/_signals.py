"""Ctrl-C in a terminal, which a toolkit's loop that has nothing to do wouldn't notice."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType


def wake_at_signals(descriptor: int) -> None:
    """Have a byte written to *descriptor* at each signal, unless another's is (asyncio's, say)."""
    if threading.current_thread() is threading.main_thread():
        before = signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)
        if before != -1:
            signal.set_wakeup_fd(before)


def no_longer(descriptor: int) -> None:
    """Undo `wake_at_signals`; before *descriptor* is closed."""
    if threading.current_thread() is threading.main_thread():
        now = signal.set_wakeup_fd(-1)
        if now != descriptor:
            signal.set_wakeup_fd(now)


HEARTBEAT = 0.25
"""Seconds between two looks at signals, where a loop cannot be woken by one."""


def end_at_ctrl_c(end: Callable[[], bool], *usual: object) -> bool:
    """Have the next Ctrl-C call *end*, unless the program has a handler of its own.

    That is for loops that call Python from C++, where a KeyboardInterrupt would be printed, or abort. If
    *end* returns False no loop runs, and Ctrl-C is what it always is; so is the one after it.

    Args:
        end: ends the loop that runs, and returns True if one does.
        usual: handlers that are nobody's own, beside Python's.

    Returns:
        True if *end* is going to be called.
    """
    if threading.current_thread() is not threading.main_thread():
        return False
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler and before not in usual:
        return False

    def interrupted(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if not end():
            signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, interrupted)
    return True
