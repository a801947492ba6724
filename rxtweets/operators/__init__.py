"""Operators on streams: decoding, reconnecting, and routing by the kind of message.

    from rxtweets import operators as tw

All are plain RxPY operators, for `pipe`, and work on a replayed file as well as on a socket.
"""

from ._decode import decode
from ._foruser import by_user, for_user
from ._lifecycle import lifecycle
from ._messages import messages
from ._oftype import of_type
from ._retrywithbackoff import retry_with_backoff
from ._route import route

__all__ = ["by_user", "decode", "for_user", "lifecycle", "messages", "of_type", "retry_with_backoff", "route"]
