"""Locks on open files, which hold off other processes, and whoever else in this one has opened the file."""

from __future__ import annotations

from typing import Any

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

__all__ = ["lock", "unlock"]


def lock(fd: int) -> bool:
    """Lock a file without waiting; return whether nobody else has it.

    The lock is held until the file is closed. Where the system has no `flock`, or the file system no locks,
    nobody is held off.
    """
    if fcntl is None:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass  # a file system without locks
    return True


def unlock(fd: int) -> None:
    """Let others have a file before it is closed."""
    if fcntl is not None:
        fcntl.flock(fd, fcntl.LOCK_UN)
