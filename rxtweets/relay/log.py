"""`JetStream`: a log in NATS JetStream."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from reactivex import Observable

from rxtweets.backoff import BackoffPolicy, Curve
from rxtweets.messages import Dropped, Lifecycle, Message
from rxtweets.recovery import Checkpoint

from .letter import DeadLetter
from .status import LogStatus

__all__ = ["JetStream"]

_T = TypeVar("_T")

_NAME = re.compile(r"[A-Za-z0-9_-]+")

_POLICY = BackoffPolicy(network=Curve(0.25, plus=0.25, cap=5.0), connects=None)
"""Waits for a log that is away: what X limits its clients to is of no concern here."""


class JetStream:
    """A log of messages, in a NATS JetStream stream.

    Nothing is opened before you subscribe. Each subscription has a connection of its own, and all in a
    process share one thread that runs asyncio. `publish` and `lead` create the stream if it doesn't exist;
    `consume` waits for it. If it does, the settings that you give are checked and never changed: `LogDiffers`
    says what differs.

    Args:
        servers: the address of a server, `"nats://127.0.0.1:4222"`, or a list of a cluster's addresses.
        stream: the stream's name, of letters, digits, `-` and `_`.
        replicas: on how many servers of a cluster each message is kept, 1 to 5; default 1 for a new stream.
        keep: how long to keep a message; default for ever for a new stream.
        partitions: the number of partitions by author, 1 to 100, for groups that keep each author's messages
            in order; default none for a new stream.
        **options: credentials and TLS, as for `nats.connect`: `user` and `password`, `token`,
            `user_credentials` and `nkeys_seed`, which are files, `nkeys_seed_str`, `tls`, `tls_hostname`,
            `tls_handshake_first`.

    Raises:
        ImportError: the extra `relay` isn't installed.
        TypeError: there is no such option.
        ValueError: an argument isn't what it should be.

    Errors of what is made of it: `ConnectionFailed`, and below `LogError`: `LogUnavailable`,
    `LogUnauthorized`, `LogDiffers`. `ConnectionFailed` and `LogUnavailable` are waited for by default.
    """

    def __init__(
        self,
        servers: str | Iterable[str],
        *,
        stream: str,
        replicas: int | None = None,
        keep: timedelta | None = None,
        partitions: int | None = None,
        **options: Any,
    ) -> None:
        try:
            from ._nats.connection import Where, check_options
        except ImportError as error:
            raise ImportError("a log needs the extra relay: pip install 'rxtweets[relay]'") from error
        listed = (servers,) if isinstance(servers, str) else tuple(servers)
        if not listed or not all(map(_is_address, listed)):
            raise ValueError(
                "servers is the address of a server, such as 'nats://127.0.0.1:4222', or a list of them"
            )  # without what it was, as that may hold a password
        _check_name("stream", stream)
        if replicas is not None and not (isinstance(replicas, int) and 1 <= replicas <= 5):
            raise ValueError(f"replicas is a number of servers from 1 to 5, not {replicas!r}")
        if keep is not None and not (isinstance(keep, timedelta) and keep > timedelta(0)):
            raise ValueError(f"keep is a timedelta over 0, or None, not {keep!r}")
        if partitions is not None and not (isinstance(partitions, int) and 1 <= partitions <= 100):
            raise ValueError(f"partitions is a number from 1 to 100, not {partitions!r}")
        check_options(options)
        self._where = Where(listed, stream, replicas, keep, partitions, options)

    def __repr__(self) -> str:
        return f"JetStream({self._where.hosts()!r}, stream={self._where.stream!r})"

    def publish(
        self,
        *,
        window: int = 1000,
        drop_after: float | None = None,
        policy: BackoffPolicy | None = None,
    ) -> Callable[[Observable[_T]], Observable[_T | Dropped]]:
        """Write each message to the log, as it was received, and pass on what is stored.

        ::

            client.filter().pipe(log.publish(), tw.posts()).subscribe(…)

        A message is written once, however often and by however many it is published: a post or a status is
        identified by its id, any other message by its bytes. One that is already in the log is passed on as
        if it had just been written. You can publish frames before `tw.decode` as well as messages after it.

        Items are passed on in order, on the operator's own thread (daemon, named `rxtweets-relay-…`), once
        the log has acknowledged them; connection events keep their place. Up to *window* messages may wait
        for that; at that limit, reading stops. On disposal, or the end of the program, waiting messages are
        still written, for 5 s at most.

        While the log is unavailable, it reconnects as *policy* says, and sends everything unacknowledged
        again; the logger `rxtweets` warns.

        Args:
            window: how many messages may wait to be stored, 1 or more.
            drop_after: the seconds for which a log may be unavailable before messages are dropped, the oldest
                of the full window first. A `Dropped` takes their place, and counts them. By default none is
                ever dropped: the stream waits, and X ends it when that takes too long.
            policy: how long to wait after which failure; default 0.25 s, growing to 5 s, without end.

        Raises:
            ValueError: an argument isn't what it should be.

        Errors: those of the source; a final one of the log; a ValueError for an item that has no bytes as
        received.
        """
        if not isinstance(window, int) or window < 1:
            raise ValueError(f"window is the number of messages that may wait, 1 or more, not {window!r}")
        if drop_after is not None and not (isinstance(drop_after, int | float) and drop_after >= 0):
            raise ValueError(f"drop_after is a number of seconds, or None for never, not {drop_after!r}")
        from ._publish import publish

        return publish(self._where, window, drop_after, _checked(policy))

    def lead(
        self,
        open: Callable[[Checkpoint], Observable[Any]],
        *,
        name: str = "reader",
        lease: float = 10.0,
        window: int = 1000,
        policy: BackoffPolicy | None = None,
    ) -> Observable[Any]:
        """Return a stream that one of several readers at a time reads and writes to the log.

        ::

            log.lead(lambda checkpoint: client.filter(recovery=Recovery(checkpoint=checkpoint))).run()

        Start it on as many machines as you like: one holds the lease, calls *open*, and publishes what comes,
        as `publish` does; the others stand by. If it dies, or is cut off from the log, its connection to X is
        closed after 0.8 of the lease's time, and another one takes over after all of it, or at once if the
        first ended by itself. The new one begins with what X's means can recover since the last message that
        was stored, and ends a connection that the previous one has left at X.

        Processes that lead for the same leases of a log share them: one that has at least two fewer than
        another is given one lease after another, each after a lease's time, until they are even.

        It emits what `publish` passes on, and `StandingBy` and `Leading` each time that changes, on threads
        of its own (daemon, named `rxtweets-relay-…`). A reader whose lease has run out stores nothing more,
        even if it hung meanwhile and doesn't know yet: the log refuses each write of a term after a later one
        has begun.

        Args:
            open: takes the checkpoint to put into the stream's `Recovery`, and returns the stream. Without
                recovery, it is like any interrupted stream. Called once per term, on a thread of its own.
            name: the lease's name, of letters, digits, `-` and `_`. Give readers of different partitions
                leases with different names.
            lease: the seconds after which another reader takes over, 1 or more.
            window: how many messages may wait to be stored, 1 to 1,000.
            policy: how long to wait after which failure; default 0.25 s, growing to 5 s, without end.

        Raises:
            ValueError: an argument isn't what it should be.

        Errors: final ones of the stream and of the log; the lease is given back first.
        """
        if not callable(open):
            raise ValueError(f"open is a function that returns a stream, not {open!r}")
        _check_name("name", name)
        if not isinstance(lease, int | float) or not 1 <= lease <= 3600:
            raise ValueError(f"lease is a number of seconds, from 1 to 3600, not {lease!r}")
        if not isinstance(window, int) or not 1 <= window <= 1000:
            raise ValueError(
                f"window is the number of messages that may wait, from 1 to 1,000, not {window!r}"
            )
        from ._lead import lead

        return lead(self._where, name, lease, window, _checked(policy), open)

    def consume(
        self,
        group: str | None = None,
        *,
        kinds: Iterable[type[Message]] | None = None,
        from_: Literal["new", "start"] | datetime = "new",
        order: Literal["author", "log"] | None = None,
        attempts: int | None = None,
        ahead: int = 100,
        redeliver_after: float | None = None,
        policy: BackoffPolicy | None = None,
    ) -> Observable[bytes | Lifecycle]:
        """Return the log's frames, for `tw.decode()`: all of them, or a group worker's share.

        ::

            rxt.run(log.consume("texts").pipe(tw.decode(), tw.posts()), store)  # a worker
            rxt.run(log.consume().pipe(tw.decode(), tw.posts()), show)          # a look at it

        **Without a group**, each subscription gets every frame, in the order of the log. The server remembers
        nothing after it ends, nothing is acknowledged, and nothing is redelivered. After a failure, it
        continues after the last delivered frame. What *keep* deletes before it is read is missing.

        **With a group**, each subscription is a worker: in this program, in another, or on another machine.
        The group remembers what it has done, even while it has no worker.

        Either way, your functions are called on a thread of its own (daemon, named `rxtweets-relay-…`).

        A frame is acknowledged when the chain has returned from it, so work handed to another thread, as by
        `tw.observe_on`, counts as done. If an operator or the subscriber raises an exception instead, the
        frame is given back, and the subscription ends as it would on any stream. If the worker dies, its
        frames go to another one after *redeliver_after*. `Redelivered` precedes a frame that is redelivered,
        and may have been processed before.

        After so many *attempts*, a frame is set aside, with the last error: see `dead_letters`. That a worker
        held it without having begun is no attempt. If the first worker to get it died, that doesn't count,
        either, as it isn't known whether it had begun: a frame that kills its workers takes one more.

        `Connecting`, `Connected`, `Disconnected` and `Reconnecting` report the connection to the log, as they
        do one to X; `Connected` has the server's name and version as its headers.

        Args:
            group: the group's name, of letters, digits, `-` and `_`; None for a reader that shares with
                nobody.
            kinds: which messages to get, as classes of `rxtweets.messages`, such as `[Post]`; default all.
            from_: where a new group, or a subscription without one, begins: with what is written from now on,
                at the start of the log, or at an aware datetime. An existing group continues where it was.
            order: of a group: "author" if no two workers may have frames of one author at a time, and each
                author's come in the order of the log, even redelivered ones; the log needs *partitions*.
                "log" if all of the group's come in order, one at a time. Either costs a round trip to the log
                per frame and partition. If a worker hangs for longer than *redeliver_after* without having
                died, its frame goes to another one all the same.
            attempts: of a group: how often to process a frame before it is set aside, 2 or more; default 5.
            ahead: how many frames a subscription holds, including the one being processed; in a group that
                keeps an order, one of each partition.
            redeliver_after: of a group: the seconds after which the frames of a worker that isn't heard from
                go to another; default 30.
            policy: how long to wait after which failure; default 0.25 s, growing to 5 s, without end.

        Raises:
            ValueError: an argument isn't what it should be, or needs a group.
        """
        if group is not None:
            _check_name("group", group)
        if from_ not in ("new", "start") and not (isinstance(from_, datetime) and from_.tzinfo):
            raise ValueError(f"from_ is 'new', 'start' or an aware datetime, not {from_!r}")
        if order not in (None, "author", "log"):
            raise ValueError(f"order is 'author', 'log' or None, not {order!r}")
        if attempts is not None and not (isinstance(attempts, int) and attempts >= 2):
            raise ValueError(f"attempts is a number of 2 or more, not {attempts!r}")
        if not isinstance(ahead, int) or ahead < 1:
            raise ValueError(f"ahead is the number of frames that are held, 1 or more, not {ahead!r}")
        if redeliver_after is not None and not (
            isinstance(redeliver_after, int | float) and redeliver_after > 0
        ):
            raise ValueError(f"redeliver_after is a number of seconds over 0, not {redeliver_after!r}")
        chosen = None if kinds is None else list(kinds)
        if chosen is not None and not (chosen and all(map(_is_kind, chosen))):
            raise ValueError("kinds are classes of rxtweets.messages, such as [Post], or None for all")
        names = None if chosen is None else [kind.__name__ for kind in chosen]
        if group is None:
            for name, given in (
                ("order", order),
                ("attempts", attempts),
                ("redeliver_after", redeliver_after),
            ):
                if given is not None:
                    raise ValueError(
                        f"{name} is of a group: without one all frames come, once, in the log's order"
                    )
            from ._follow import follow

            return follow(self._where, names, from_, ahead, _checked(policy))
        from ._consume import Settings, consume

        settings = Settings(group, names, from_, attempts or 5, ahead, redeliver_after or 30.0, order)
        return consume(self._where, settings, _checked(policy))

    def status(self) -> Observable[LogStatus]:
        """Return how full the log is, who reads, and how far each group is: one item.

        For rates, take the difference of two, some seconds apart. A log that doesn't exist is an error.
        """
        from ._status import status

        return status(self._where)

    def dead_letters(self, group: str) -> Observable[DeadLetter]:
        """Return the messages that a group couldn't process, oldest first, as an Observable that ends."""
        _check_name("group", group)
        from ._letters import letters

        return letters(self._where, group, again=False)

    def retry_dead_letters(self, group: str) -> Observable[DeadLetter]:
        """Send the messages of `dead_letters` to the group again; return each letter that was sent.

        Subscribing sends them. A letter that has been sent is deleted, and its message gets as many attempts
        as a new one.
        """
        _check_name("group", group)
        from ._letters import letters

        return letters(self._where, group, again=True)


def _checked(policy: BackoffPolicy | None) -> BackoffPolicy:
    if policy is not None and not isinstance(policy, BackoffPolicy):
        raise ValueError(f"policy is a BackoffPolicy, such as BackoffPolicy.never(), not {policy!r}")
    return policy or _POLICY


def _check_name(what: str, name: object) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > 200:
        raise ValueError(f"{what} is a name of letters, digits, '-' and '_', not {name!r}")


def _is_address(server: object) -> bool:
    try:
        parts = urlsplit(server) if isinstance(server, str) else None
        return (
            parts is not None
            and parts.scheme in ("nats", "tls")
            and bool(parts.hostname)
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        return False


def _is_kind(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Message)
