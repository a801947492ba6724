"""Operators on streams: decoding, reconnecting, routing by kind of message, and hand-over to other threads.

::

    from rxtweets import operators as tw

All are plain RxPY operators, for `pipe`, and work on a replayed file as well as on a socket.
"""

from rxtweets._handoff import ObserveOn

from . import _kinds
from ._decode import decode
from ._distinct_by_id import distinct_by_id
from ._for_user import by_user, for_user
from ._kinds import *
from ._observe_on import observe_on
from ._of_type import of_type
from ._retry_with_backoff import retry_with_backoff
from ._route import route

__all__ = [
    "ObserveOn",
    "by_user",
    "decode",
    "distinct_by_id",
    "for_user",
    "observe_on",
    "of_type",
    "retry_with_backoff",
    "route",
]
__all__ += _kinds.__all__
