"""The small protocol that `connect` reads through, and its one real implementation.

Only this package knows `requests`' exceptions; what leaves it is a StreamError. A test, or a program with a
source of its own, gives `connect` another Transport.
"""

from .protocol import Head, Session, Transport
from .requests_transport import RequestsTransport

__all__ = ["Head", "RequestsTransport", "Session", "Transport"]
