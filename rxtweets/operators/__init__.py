"""Operators on streams: decoding, reconnecting, and routing by the kind of message.

::

    from rxtweets import operators as tw

All are plain RxPY operators, for `pipe`, and work on a replayed file as well as on a socket.
"""

from . import _kinds
from ._decode import decode
from ._for_user import by_user, for_user
from ._kinds import *
from ._of_type import of_type
from ._retry_with_backoff import retry_with_backoff
from ._route import route

__all__ = ["by_user", "decode", "for_user", "of_type", "retry_with_backoff", "route"]
__all__ += _kinds.__all__
