"""Problems that v2 reports. Source: X's OpenAPI 2.167, `Problem` and `Error`."""

from __future__ import annotations

from typing import Any, ClassVar

from rxtweets.messages._base import Message, Part

_OPERATIONAL_DISCONNECT = "operational-disconnect"


class Problem(Part, frozen=True, kw_only=True):
    """A problem object: `type` is a URI that tells its kind, `title` and `detail` are for people.

    The other attributes come with some kinds only. `code` and `message` are all that an error of X's older
    form has.
    """

    _shown: ClassVar[tuple[str, ...]] = ("title", "detail", "code", "message")

    type: str = ""
    title: str = ""
    detail: str = ""
    status: int | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    section: str | None = None
    parameter: str | None = None
    field: str | None = None
    value: Any = None
    disconnect_type: str | None = None
    connection_issue: str | None = None
    code: int | None = None
    message: str | None = None


class StreamProblem(Message, frozen=True, kw_only=True):
    """A v2 message that holds problems and nothing else: the stream is being closed, or soon will be.

    `errors` has all of them, the other attributes are those of the first.
    """

    _shown: ClassVar[tuple[str, ...]] = ("title", "detail", "disconnect_type")

    errors: tuple[Problem, ...] = ()

    @property
    def problem(self) -> Problem:
        """The first of `errors`; one without content if it is empty."""
        return self.errors[0] if self.errors else Problem()

    @property
    def title(self) -> str:
        """A summary of the problem's kind."""
        return self.problem.title or self.problem.message or ""

    @property
    def detail(self) -> str:
        """The description of the problem, for people."""
        return self.problem.detail

    @property
    def type(self) -> str:
        """The URI of the problem's kind."""
        return self.problem.type

    @property
    def disconnect_type(self) -> str | None:
        """The reason for the end of the stream, such as `UpstreamOperationalDisconnect`."""
        return self.problem.disconnect_type

    @property
    def connection_issue(self) -> str | None:
        """The fault of the connection, such as `TooManyConnections`."""
        return self.problem.connection_issue

    @property
    def is_disconnect(self) -> bool:
        """True if it says that the server ends the stream."""
        problem = self.problem
        return problem.disconnect_type is not None or _OPERATIONAL_DISCONNECT in (
            problem.title,
            problem.type.rpartition("/")[2],
        )
