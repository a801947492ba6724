"""Ctrl-C in a terminal, which a toolkit's loop that has nothing to do wouldn't notice."""

from __future__ import annotations

import signal
import threading


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
