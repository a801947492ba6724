"""Logs, as commands are told of them: an address with the stream's name in it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast
from urllib.parse import urlsplit

import click
from reactivex import Observable

from rxtweets import operators as tw
from rxtweets.messages import Lifecycle, Message

from .parsing import usage

if TYPE_CHECKING:
    from rxtweets.relay import JetStream

_ADDRESS = re.compile(r"(?P<scheme>nats|tls)://(?P<servers>[^/\s]+)/(?P<stream>[A-Za-z0-9_-]+)")


class Log(NamedTuple):
    """A log's servers, and its stream."""

    servers: tuple[str, ...]
    stream: str

    def open(self, **settings: Any) -> JetStream:
        """Return the log; *settings* are those of `JetStream`.

        Raises:
            ImportError: the extra `relay` isn't installed.
            ValueError: a setting, or the address, isn't what it should be.
        """
        from rxtweets.relay import JetStream

        return JetStream(self.servers, stream=self.stream, **settings)

    def consume(self, group: str | None, **settings: Any) -> Observable[Message | Lifecycle]:
        """Return what a worker of *group* gets, or all; *settings* are those of `JetStream.consume`.

        Raises:
            ImportError: the extra `relay` isn't installed.
            UsageError: a setting, or the address, isn't what it should be.
        """
        with usage():
            return self.open().consume(group, **settings).pipe(tw.decode())

    @property
    def where(self) -> str:
        """The name for it in notices, without credentials."""
        hosts = ", ".join(server.rpartition("@")[2].rpartition("/")[2] for server in self.servers)
        return f"the log {self.stream} at {hosts}"


def log_address(text: str) -> Log:
    """Return the log at an address such as ``nats://one:4222,two:4222/x-filter``.

    Raises:
        BadParameter: it is none. Nothing of it is shown, as it may hold a password.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise click.BadParameter(
            "it is the address of a server and the name of a stream: nats://HOST:4222/STREAM"
        )
    user, at, hosts = found["servers"].rpartition("@")
    for host in hosts.split(","):
        try:
            parts = urlsplit(f"nats://{host}")
            usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            usable = False
        if not usable:
            raise click.BadParameter(
                "a server in it has no name, or a port that is no number from 1 to 65535: "
                "nats://HOST:4222/STREAM, or nats://HOST:4222,HOST:4222/STREAM for a cluster"
            )
    servers = tuple(f"{found['scheme']}://{user}{at}{host}" for host in hosts.split(","))
    return Log(servers, found["stream"])


def beginning(text: str) -> Literal["new", "start"] | datetime:
    """Return where in a log to begin: the word, or an aware datetime, of a time without a zone that in UTC.

    Raises:
        BadParameter: it is neither.
    """
    if text in ("new", "start"):
        return cast('Literal["new", "start"]', text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is neither new, start, nor a time such as 2026-11-01T10:00:00Z."
        ) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


beginning_option = click.option(
    "--from",
    "from_",
    type=beginning,
    metavar="WHERE",
    default="new",
    show_default=True,
    help="Where to begin: new, start, or a time; a group that is there goes on.",
)
"""Adds where in a log to begin, as `from_`."""

log_option = click.option(
    "--log",
    type=log_address,
    metavar="ADDRESS",
    envvar="RXTWEETS_LOG",
    required=True,
    help="The log, nats://HOST:4222/STREAM; default $RXTWEETS_LOG.",
)
"""Adds the log that a command reads, as `log`."""
