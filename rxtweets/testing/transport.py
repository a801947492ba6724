"""A transport that plays a script: sessions without a socket."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict

from rxtweets.endpoints import Request
from rxtweets.transport import Head

__all__ = ["HOLD", "Script", "ScriptedSession", "ScriptedTransport"]

HOLD = "hold"
"""In a script: send nothing more until the session is shut down."""


class Script:
    r"""The course of one session.

    Args:
        *body: what each read gives: bytes (a message ends with `\r\n`), an exception to raise, or `HOLD`.
            After the last comes the clean end.
        status: of the answer's head.
        headers: of the answer's head.
        fails: raised instead of an answer.
    """

    def __init__(
        self,
        *body: bytes | Exception | str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        fails: Exception | None = None,
    ) -> None:
        for piece in body:
            if not (isinstance(piece, bytes | Exception) or piece is HOLD):
                raise ValueError(f"a script's body must consist of bytes, exceptions and HOLD, not {piece!r}")
        if not isinstance(status, int):
            raise ValueError(f"status must be a number such as 503, not {status!r}")
        self.body = body
        self.status = status
        self.headers = CaseInsensitiveDict(headers or {})
        self.fails = fails


class ScriptedSession:
    """A session of a `ScriptedTransport`.

    Attributes:
        request: what was sent.
        auth: what it was signed with.
        opened: whether `open` was called.
        closed: whether `close` was called.
    """

    def __init__(self, script: Script, request: Request, auth: AuthBase | None, stall_timeout: float) -> None:
        self.request = request
        self.auth = auth
        self.stall_timeout = stall_timeout
        self.opened = False
        self.closed = False
        self._script = script
        self._body = iter(script.body)
        self._shut = threading.Event()

    def open(self) -> Head:
        self.opened = True
        if self._script.fails is not None:
            raise self._script.fails
        return Head(self._script.status, self._script.headers)

    def read(self) -> bytes:
        piece = b"" if self._shut.is_set() else next(self._body, b"")
        if isinstance(piece, Exception):
            raise piece
        if isinstance(piece, str):
            self._shut.wait()
            return b""
        return piece

    def shutdown(self) -> None:
        self._shut.set()

    def close(self) -> None:
        self._shut.set()
        self.closed = True


class ScriptedTransport:
    r"""A transport whose n-th session plays the n-th script.

    ::

        transport = ScriptedTransport(
            Script(status=503),
            Script(status_json(text="hello") + b"\r\n", HOLD),
        )
        connect(endpoint, transport=transport)

    Attributes:
        sessions: the sessions asked for so far, in order.
    """

    def __init__(self, *scripts: Script) -> None:
        for script in scripts:
            if not isinstance(script, Script):
                raise ValueError(f"each session must be a Script, such as Script(b'...'), not {script!r}")
        self.sessions: list[ScriptedSession] = []
        self._scripts = iter(scripts)
        self._changed = threading.Condition()

    def session(self, request: Request, auth: AuthBase | None, *, stall_timeout: float) -> ScriptedSession:
        """Return the next session. Raises LookupError when the scripts are used up."""
        with self._changed:
            script = next(self._scripts, None)
            if script is None:
                raise LookupError(f"no script for session {len(self.sessions) + 1}")
            session = ScriptedSession(script, request, auth, stall_timeout)
            self.sessions.append(session)
            self._changed.notify_all()
        return session

    def wait_for(self, count: int, timeout: float = 10.0) -> ScriptedSession:
        """Wait for the *count*-th session, and return it. Raises TimeoutError after *timeout* seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.sessions) >= count, timeout):
                raise TimeoutError(f"{len(self.sessions)} sessions after {timeout:g} s, not {count}")
            return self.sessions[count - 1]
