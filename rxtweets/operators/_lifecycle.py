from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactivex import Observable

from rxtweets.messages import Lifecycle

from ._of_type import of_type


def lifecycle() -> Callable[[Observable[Any]], Observable[Lifecycle]]:
    """Keep the events of the connection: Connecting, Connected, KeepAlive, Disconnected, Reconnecting."""
    return of_type(Lifecycle)
