"""The exceptions a stream ends with.

::

    StreamError
    ├── ConnectionFailed        the network: refused, reset, DNS, TLS, no answer to a connect
    ├── StreamStalled           nothing arrived, not even a keep-alive, for the stall timeout
    ├── StreamDisconnected      the server ended an established stream
    │   ├── DuplicateStream     v1.1's codes 2, 7: the account opened another stream
    │   └── TokenRevoked        v1.1's code 6: the user withdrew the app's access
    ├── FrameTooLong            one message was longer than the limit
    ├── FilterLimit             one filter more than the app may have rules
    ├── TooSlow                 more items wait for a subscriber than may
    ├── BudgetSpent             the limit of a `Budget` is reached
    └── HTTPStatusError         the server answered with a status that is no success
        ├── Unauthorized        401
        │   └── SignInRequired  a user's token is at its end
        ├── CreditsDepleted     402
        ├── Forbidden           403
        │   └── WrongCredentials  credentials of another kind are needed
        ├── NotFound            404
        ├── NotAcceptable       406
        ├── NoRules             409
        ├── TooLong             413
        ├── OutOfRange          416
        ├── RateLimited         420, 429
        │   ├── TooManyConnections
        │   └── UsageCapped
        ├── ServerError         5xx
        └── UnexpectedResponse  2xx, but not with what was asked for
            └── NotAStream      a success that is not 200, or a page of HTML

`WorkerDied`, with which `tw.parallel_map` ends, isn't one of them: it never causes a reconnect.

They carry facts as attributes, from which the message is made. None contains a credential.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar

import msgspec

from rxtweets._printable import allowance, amount, printable

_LONGEST_TEXT = 300


def _readable(text: str) -> str:
    """Return *text* from the network as one short line that cannot drive a terminal."""
    line = printable(text[: 4 * _LONGEST_TEXT])
    return line if len(line) <= _LONGEST_TEXT else line[: _LONGEST_TEXT - 1] + "…"


class StreamError(Exception):
    """Base of every error with which a stream, or a request beside it, ends.

    Attributes:
        attempts: how many reconnects `retry_with_backoff` made, since the stream was last healthy, before it
            gave up with this error; 0 for an error that came first.
        elapsed: the seconds from the first failure among these to this one.
        cut: how many bytes had come of a last message that was lost because the stream ended within it; None
            if it ended between two messages.
    """

    attempts: int = 0
    elapsed: float = 0.0
    cut: int | None = None

    def __str__(self) -> str:
        said = super().__str__()
        if self.cut is not None:
            said += f", in the middle of a message, of which {self.cut:,} bytes had come"
        if self.attempts:
            count = f"{self.attempts} reconnect{'s' if self.attempts > 1 else ''}"
            said += f" (after {count} in {self.elapsed:.0f} s)"
        return said


class ConnectionFailed(StreamError):
    """The network failed: refused, reset, unresolved, not trusted (TLS) or no response to a connect.

    Attributes:
        system: what the operating system or TLS said, such as `Connection refused`; empty for other failures,
            such as a response that isn't HTTP.
    """

    def __init__(self, reason: str, *, system: str = "") -> None:
        super().__init__(_readable(reason))
        self.system = _readable(system)


class StreamStalled(StreamError):
    """Nothing at all arrived for *timeout* seconds.

    Attributes:
        timeout: the stall timeout that passed, in seconds.
    """

    def __init__(self, timeout: float) -> None:
        super().__init__(f"nothing arrived for {timeout:g} s, not even a keep-alive")
        self.timeout = timeout

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.timeout,), {"cut": self.cut}


class StreamDisconnected(StreamError):
    """The server ended an established stream.

    Attributes:
        code: the code of a v1.1 `disconnect` message; None if there was none.
        reason: what the server said, or that it said nothing.
    """

    _hint: ClassVar[str] = ""

    def __init__(self, reason: str = "the server closed the stream", code: int | None = None) -> None:
        said = _readable(reason) if code is None else f"{_readable(reason)} (code {code})"
        super().__init__(f"{said}; {self._hint}" if self._hint else said)
        self.code = code
        self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.code), {"cut": self.cut}

    @property
    def finished(self) -> bool:
        """True if a finite v1.1 stream is complete, by code 5 (normal) or 9 (all that was asked for)."""
        return self.code in _FINISHED

    @staticmethod
    def of(reason: str, code: int | None = None) -> StreamDisconnected:
        """Return the error of the class that belongs to *code*."""
        kind = StreamDisconnected if code is None else _BY_CODE.get(code, StreamDisconnected)
        return kind(reason, code)


class DuplicateStream(StreamDisconnected):
    """The account opened another stream, here or in another program, which ended this one (v1.1, codes 2, 7).

    Final by default: a reconnect would end the newer stream, whose reconnect would end this one, and so on
    until the account is refused with 420.
    """

    _hint = (
        "the account opened another stream, and v1.1 allows one at a time: take several filters from one "
        "rxtweets.FilterHub, whose filters share a connection"
    )


class TokenRevoked(StreamDisconnected):
    """The user withdrew the app's access, or the token was reset (v1.1, code 6); final by default."""


_BY_CODE: dict[int, type[StreamDisconnected]] = {2: DuplicateStream, 6: TokenRevoked, 7: DuplicateStream}
_FINISHED = frozenset({5, 9})
# Source: X's documentation of v1.1's disconnect messages.


class FrameTooLong(StreamError):
    """A message was longer than *limit* bytes.

    Attributes:
        limit: the maximum size of one message, in bytes.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(f"a message is longer than the limit of {limit:,} bytes")
        self.limit = limit

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.limit,)


class FilterLimit(StreamError):
    """A filter of a `FilterHub` is one too many: the app already has the maximum number of rules (v2)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class TooSlow(StreamError):
    """An item came while the maximum number already waited for the subscriber (`tw.observe_on`).

    Attributes:
        capacity: how many items may wait.
    """

    def __init__(self, capacity: int) -> None:
        super().__init__(f"the subscriber is too slow: {capacity:,} items wait for it, and another one came")
        self.capacity = capacity

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.capacity,)


class BudgetSpent(StreamError):
    """A `Budget` is spent: X may deliver no more before the next period; final.

    Attributes:
        spent: the posts or dollars used in the period so far.
        limit: the posts or dollars that it may use.
        unit: `"posts"` or `"dollars"`.
        per: `"hour"`, `"day"` or `"month"`.
        until: when the next period begins, an aware time (UTC).
    """

    def __init__(self, spent: float, limit: float, unit: str, per: str, until: datetime | str) -> None:
        self.until = datetime.fromisoformat(until) if isinstance(until, str) else until
        super().__init__(
            f"the budget of {allowance(limit, unit, per)} is spent: it came to {amount(spent, unit)}; "
            f"the next {per} begins at {self.until:%Y-%m-%d %H:%M} UTC"
        )
        self.spent = spent
        self.limit = limit
        self.unit = unit
        self.per = per

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.spent, self.limit, self.unit, self.per, self.until.isoformat())


class LogError(StreamError):
    """A log (`rxtweets.relay`) refused what was asked of it; final by default, except `LogUnavailable`.

    Attributes:
        code: JetStream's number for it; None if there is none.
    """

    def __init__(self, reason: str, code: int | None = None) -> None:
        super().__init__(_readable(reason))
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.code)


class LogUnavailable(LogError):
    """A log is unavailable now: no server leads it, too few are up, its disk is full, or nobody responds.

    Or there is nothing to consume, as nobody has created the stream yet.
    """


class LogUnauthorized(LogError):
    """A log's server refused the credentials, or something that they don't permit."""


class LeaseLost(LogError):
    """A reader has lost the lease on a log.

    Another one has it, or was given it since its machine has fewer; or it couldn't be renewed in time.
    """


class LogDiffers(LogError):
    """A log, or a group of its workers, exists with settings other than those asked for.

    Attributes:
        what: what differs.
        differences: for each argument of `JetStream` or `consume`, what it is and what was given; of a stream
            that is no log, by JetStream's names.
        advice: what to do about it.
    """

    def __init__(self, what: str, differences: Mapping[str, tuple[str, str]], advice: str) -> None:
        listed = "; ".join(f"{name} is {there}, not {asked}" for name, (there, asked) in differences.items())
        super().__init__(f"{what} has other settings: {listed}. {advice}")
        self.what = what
        self.advice = advice
        self.differences = {name: (there, asked) for name, (there, asked) in differences.items()}

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.what, self.differences, self.advice)


class WorkerDied(Exception):
    """A process of `tw.parallel_map` ended in the middle of its work.

    Attributes:
        exit_code: its exit code, or the negative number of the signal that killed it; None if unknown.
    """

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"a worker process {_ended(exit_code)}; what it printed is on stderr")
        self.exit_code = exit_code

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.exit_code,)


def _ended(exit_code: int | None) -> str:
    if exit_code is None:
        return "ended"
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    try:
        return f"was killed by {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"was killed by signal {-exit_code}"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The text of a refusal, in whatever form the server sent it.

    Attributes:
        title: v2's `title`; v1.1's first `message`.
        detail: v2's `detail`, or the messages of the `errors` in it.
        type: v2's `type`, a URI that names the kind of problem.
        connection_issue: v2's `connection_issue`, such as `TooManyConnections`.
        code: v1.1's numeric error code.
        body: the body as text, at most 64 KiB of it.
    """

    title: str = ""
    detail: str = ""
    type: str = ""
    connection_issue: str = ""
    code: int | None = None
    body: str = ""

    @classmethod
    def parse(cls, body: bytes) -> Problem:
        """Read *body*: a v2 problem object, a v1.1 error list, or any text. Never raises."""
        text = body.decode("utf-8", "replace")
        try:
            data = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            data = None
        if not isinstance(data, dict):
            return cls(body=text)
        listed = data.get("errors")
        errors = [e for e in listed if isinstance(e, dict)] if isinstance(listed, list) else []
        first = errors[0] if errors else {}
        said = [e["message"] for e in errors if isinstance(e.get("message"), str)]

        def field(name: str) -> str:
            value = data.get(name, first.get(name))
            return value if isinstance(value, str) else ""

        detail = field("detail")
        extra = "; ".join(m for m in said if m not in detail)
        code = first.get("code")
        return cls(
            title=field("title") or (said[0] if said else ""),
            detail=f"{detail} ({extra})" if detail and extra else detail or extra,
            type=field("type"),
            connection_issue=field("connection_issue"),
            code=code if isinstance(code, int) else None,
            body=text,
        )

    def __str__(self) -> str:
        if self.detail and self.title and self.title not in self.detail:
            return _readable(f"{self.title}: {self.detail}")
        # v1.1 answers with a page for people to look at.
        said = re.sub(r"<[^<>]*>", " ", self.body[: 8 * _LONGEST_TEXT])
        return _readable(self.detail or self.title or said)


class HTTPStatusError(StreamError):
    """The server responded with a status that isn't a success, or with one that doesn't belong there.

    Attributes:
        status_code: the HTTP status.
        headers: the response's headers, case-insensitive.
        problem: what the body says.
    """

    _hint: ClassVar[str] = ""

    def __init__(self, status_code: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        # Imported here, since messages know errors and need no HTTP library.
        from requests.structures import CaseInsensitiveDict

        self.status_code = status_code
        self.headers: Mapping[str, str] = CaseInsensitiveDict(headers or {})
        self.problem = Problem.parse(body)
        self._body = body
        super().__init__(self._text())

    def _text(self, but: str = "") -> str:
        try:
            name = " " + HTTPStatus(self.status_code).phrase
        except ValueError:
            name = " Enhance Your Calm" if self.status_code == 420 else ""
        text = f"HTTP {self.status_code}{name}{but}"
        if (problem := str(self.problem)) and problem != name.strip():
            text += f": {problem}"
        return f"{text} ({self._hint})" if self._hint else text

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.status_code, dict(self.headers), self._body)

    @staticmethod
    def of(status_code: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> HTTPStatusError:
        """Return an error of the class for *status_code* and, for a 429, for the problem in *body*."""
        kind = _BY_STATUS.get(status_code, ServerError if status_code >= 500 else HTTPStatusError)
        if kind is Forbidden and Problem.parse(body).type.endswith("unsupported-authentication"):
            kind = WrongCredentials
        if kind is RateLimited:
            problem = Problem.parse(body)
            if problem.type.endswith("usage-capped"):
                kind = UsageCapped
            elif problem.connection_issue == "TooManyConnections":
                kind = TooManyConnections
        return kind(status_code, headers, body)


class Unauthorized(HTTPStatusError):
    """401: the credentials, the signature or this machine's clock is wrong."""

    _hint = "are the credentials of this app and protocol, and is this machine's clock right?"


class SignInRequired(Unauthorized):
    """A user's OAuth 2.0 token is refused and can't be renewed: its owner has to sign in again; final.

    Attributes:
        reason: why.
    """

    _hint = "sign in again: `rxtweets auth login pkce`, or rxtweets.auth.PKCESignIn"

    def __init__(self, reason: str, status_code: int = 401) -> None:
        super().__init__(status_code)
        self.reason = _readable(reason)
        self.args = (f"{self.reason} ({self._hint})",)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.status_code)


class CreditsDepleted(HTTPStatusError):
    """402: the credit of a pay-per-use app is used up (v2); final."""

    _hint = "the app has no credit left: buy some in X's developer console"


class Forbidden(HTTPStatusError):
    """403: the account or app may not use this endpoint."""


class WrongCredentials(Forbidden):
    """403: the request needs credentials of another kind, such as a user's instead of the app's (v2)."""

    def _text(self, but: str = "") -> str:
        _, _, taken = self.problem.detail.partition("Supported authentication types are")
        if "OAuth 2.0 User Context" in taken and "Application-Only" not in taken:
            mend = "give the client user=rxt.OAuth2User.from_file(…), made by `rxtweets auth login pkce`"
        else:
            mend = "this takes the app's credentials: rxt.BearerToken(…) or rxt.AppOnly(…)"
        return f"{super()._text(but)} ({mend})"


class NotFound(HTTPStatusError):
    """404: there is no such endpoint."""


class NotAcceptable(HTTPStatusError):
    """406: a parameter is malformed (v1.1)."""


class NoRules(HTTPStatusError):
    """409: the filtered stream has no rules yet (v2)."""

    _hint = "client.rules.add('python').run() adds one"


class TooLong(HTTPStatusError):
    """413: a predicate is too long, or there are too many (v1.1)."""


class OutOfRange(HTTPStatusError):
    """416: a range, such as `count`, is out of bounds (v1.1)."""


class RateLimited(HTTPStatusError):
    """420 or 429: too many connects; no retry before `x-rate-limit-reset` or `Retry-After`."""


class TooManyConnections(RateLimited):
    """429: the app already has the maximum number of streams open (v2).

    X still counts a dropped connection for some seconds, so a reconnect can meet it.
    """


class UsageCapped(RateLimited):
    """429: the plan's posts for this period are used up (v2); retrying doesn't help."""


class ServerError(HTTPStatusError):
    """5xx: the server is overloaded or broken."""


class UnexpectedResponse(HTTPStatusError):
    """2xx, but the body isn't what was asked for, such as a proxy's page, or problems instead of data.

    Attributes:
        reason: what is wrong with it.
    """

    def __init__(
        self,
        status_code: int,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        reason: str = "the body is not what was asked for",
    ) -> None:
        super().__init__(status_code, headers, body)
        self.reason = _readable(reason)
        self.args = (self._text(f", but {self.reason}"),)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.status_code, dict(self.headers), self._body, self.reason)


class NotAStream(UnexpectedResponse):
    """The response to a request for a stream is a success other than 200, or an HTML page."""

    _hint = "a stream begins with 200 and is JSON; did a proxy or a captive portal answer in its place?"

    def __init__(
        self,
        status_code: int,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        reason: str = "it is not a stream",
    ) -> None:
        super().__init__(status_code, headers, body, reason)

    def _text(self, but: str = "") -> str:
        return super()._text()  # the hint says it


_BY_STATUS: dict[int, type[HTTPStatusError]] = {
    401: Unauthorized,
    402: CreditsDepleted,
    403: Forbidden,
    404: NotFound,
    406: NotAcceptable,
    409: NoRules,
    413: TooLong,
    416: OutOfRange,
    420: RateLimited,
    429: RateLimited,
}
