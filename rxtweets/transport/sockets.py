"""The sockets of one session, which another thread can shut down at any moment of their life."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import threading

__all__ = ["Sockets"]


class Sockets:
    """The sockets of one session, so that any thread can shut them down.

    Each is held as a duplicate: the original changes hands while a connection is made (TLS takes it over),
    but a shutdown reaches the connection through either. It wakes a thread that is blocked in connecting, in
    a handshake or in a read.

    A process that was forked shares its parent's connections: there, a shutdown lets go of them and leaves
    them as they are.
    """

    def __init__(self) -> None:
        self.shut = False
        self._process = os.getpid()
        self.connected = False
        self._lock = threading.RLock()  # a signal handler may shut down on the thread that holds it
        self._duplicates: list[socket.socket] = []
        self._connections: list[http.client.HTTPConnection] = []

    def watch(self, connection: http.client.HTTPConnection, sock: socket.socket) -> None:
        """Have *connection*'s *sock* shut down with the rest.

        Raises ConnectionAbortedError when they already are.
        """
        with self._lock:
            self.check()
            self._duplicates.append(sock.dup())
            self._connections.append(connection)

    def check(self) -> None:
        """Raise ConnectionAbortedError when they are shut down."""
        if self.shut:
            raise ConnectionAbortedError("the session is closed")

    def shut_down(self) -> None:
        """Shut every socket down. From any thread, any number of times."""
        self.shut = True
        if os.getpid() != self._process:
            return  # nor may the lock be taken, which a thread may hold that exists in the parent only
        with self._lock:
            for duplicate in self._duplicates:
                with contextlib.suppress(OSError):  # not connected, or no longer
                    duplicate.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Shut down, and close the descriptors. Only from the thread that uses the sockets."""
        self.shut_down()
        with self._lock:
            for connection in self._connections:  # the pool it went back to would close it some time later
                connection.close()
            self._connections.clear()
            for duplicate in self._duplicates:
                duplicate.close()
            self._duplicates.clear()
