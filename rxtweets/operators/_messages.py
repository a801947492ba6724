from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactivex import Observable

from rxtweets.messages import Message

from ._of_type import of_type


def messages() -> Callable[[Observable[Any]], Observable[Message]]:
    """Keep what the server sent, drop the events of the connection."""
    return of_type(Message)
