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
    """A log of messages, in a stream of NATS JetStream.

    Nothing is opened before something is subscribed to. Each subscription has a connection of its own, and
    all of the process share one thread that runs asyncio. The stream is created where it isn't there. Where
    it is, the settings that are given are checked and never changed: `LogDiffers` says what differs.

    Args:
        servers: the address of a server, `"nats://127.0.0.1:4222"`, or a list of those of a cluster.
        stream: the stream's name, of letters, digits, `-` and `_`.
        replicas: on how many servers of a cluster each message is kept, 1 to 5; default 1 for a new stream.
        keep: how long a message is kept; default for ever for a new stream.
        partitions: into how many parts messages are put by their authors, 1 to 100, for groups that keep each
            author's in order; default none for a new stream.
        **options: who connects, and by which TLS, as `nats.connect` takes it: `user` and `password`, `token`,
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

        A message is written once, however often and by however many it is published: a post or a status goes
        by its id, any other message by its bytes. One that is there already passes on as if it had been
        written now. Frames before `tw.decode` can be published as well as messages behind it.

        Items pass on in their order, on a thread of the operator's own (daemon, named `rxtweets-relay-…`),
        once the log has acknowledged them; events of the connection in their place. As many as *window* may
        wait for that; with as many, the stream is not read on. A disposal, like the end of the program, lets
        what waits be written, for 5 s at most.

        While the log is away it is connected to again as *policy* says, and all that wasn't acknowledged is
        sent again; the logger `rxtweets` says so, as a warning.

        Args:
            window: how many messages may wait to be stored, 1 or more.
            drop_after: the seconds for which a log may be away before messages are dropped, the oldest of the
                full window first. A `Dropped` takes their place, and counts them. By default none is ever
                dropped: the stream waits, and X ends it when that takes too long.
            policy: which failure of the log waits how long; default 0.25 s, growing to 5 s, without end.

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
        """Return a stream that is read, and written to the log, by one reader at a time of all that lead it.

        ::

            log.lead(lambda checkpoint: client.filter(recovery=Recovery(checkpoint=checkpoint))).run()

        Start it on as many machines as you like: one holds the lease, calls *open*, and publishes what comes,
        as `publish` does; the others stand by. When it dies, or is cut off from the log, its connection to X
        is closed after 0.8 of the lease's time, and another one takes over after all of it; at once if it
        ended by itself. It begins with what X's means recover of the time since the last message that was
        stored, and ends a connection that the one before has left at X.

        Processes that lead for the same leases of a log share them: one that has at least two fewer than
        another one is given one after the other, each after a lease's time, until they are even.

        What passes on is what `publish` passes on, and before it `StandingBy` and `Leading`, each time they
        change. They come on threads of its own (daemon, named `rxtweets-relay-…`). A reader whose lease has
        run out stores nothing more, also if it stood still meanwhile and doesn't know yet: the log refuses
        each write of a term after a later one has begun.

        Args:
            open: returns the stream, of the checkpoint to put into its `Recovery`. Without recovery it is as
                any stream that was cut. It is called once for each term, on a thread of its own.
            name: the lease's name, of letters, digits, `-` and `_`. Readers of different partitions have
                leases of different names.
            lease: the seconds after which another reader takes over, 1 or more.
            window: how many messages may wait to be stored, 1 to 1,000.
            policy: which failure of the log waits how long; default 0.25 s, growing to 5 s, without end.

        Raises:
            ValueError: an argument isn't what it should be.

        Errors: final ones of the stream and of the log; the lease is given back before.
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
        """Return the log's frames, for `tw.decode()`; of a group each worker gets some, without one all.

        ::

            rxt.run(log.consume("texts").pipe(tw.decode(), tw.posts()), store)  # a worker
            rxt.run(log.consume().pipe(tw.decode(), tw.posts()), show)          # a look at it

        **Without a group** each subscription gets every frame, in the order of the log. Nothing is remembered
        at the server beyond its end, nothing is acknowledged, and nothing comes again. After a failure it
        goes on behind the last frame that was delivered. What *keep* deletes before it is read is missing.

        **With a group** each subscription is a worker: in this program, in another, or on another machine.
        The group remembers what it has done, also while it has no worker.

        Either is called on a thread of its own (daemon, named `rxtweets-relay-…`).

        A frame is acknowledged when the chain has returned from it, so work that is handed to another thread,
        as by `tw.observe_on`, counts as done. If an operator or the subscriber raised an exception instead,
        the frame is given back, and the subscription ends as it would on any stream. If the worker died,
        what it had comes to another one after *redeliver_after*. `Redelivered` precedes a frame that comes
        again, and may have been worked on before.

        After so many *attempts* a frame goes aside, with the error of the last: see `dead_letters`. That it
        was held by workers that hadn't begun with it counts as one attempt, however often it happened.

        `Connecting`, `Connected`, `Disconnected` and `Reconnecting` tell of the connection to the log, as
        they do of one to X; `Connected` has the server's name and version as its headers.

        Args:
            group: the group's name, of letters, digits, `-` and `_`; None for a reader that shares with none.
            kinds: which messages to get, as classes of `rxtweets.messages`, such as `[Post]`; default all.
            from_: where a new group, or a subscription without one, begins: with what is written from now on,
                at the start of the log, or at an aware datetime. A group that is there goes on where it was.
            order: of a group: "author" if no two workers may have frames of one author at a time, and each
                author's come in the order of the log, also those that come again; the log needs *partitions*.
                "log" if all of the group's come in order, one at a time. Either costs a round trip to the log
                a frame and partition. Of a worker that stands still for longer than *redeliver_after* without
                having died a frame goes to another one all the same.
            attempts: of a group: how often a frame is worked on before it goes aside, 2 or more; default 5.
            ahead: how many frames a subscription holds, that which is worked on included; of a group that
                keeps an order one of each partition.
            redeliver_after: of a group: the seconds after which the frames of a worker that isn't heard of go
                to another; default 30.
            policy: which failure of the log waits how long; default 0.25 s, growing to 5 s, without end.

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
        """Return how full the log is, who reads, and how far each group is: one item, then it ends.

        Rates are the differences of two, taken some seconds apart. A log that isn't there is an error.
        """
        from ._status import status

        return status(self._where)

    def dead_letters(self, group: str) -> Observable[DeadLetter]:
        """Return the messages that a group couldn't work on, the oldest first, as an Observable that ends."""
        _check_name("group", group)
        from ._letters import letters

        return letters(self._where, group, again=False)

    def retry_dead_letters(self, group: str) -> Observable[DeadLetter]:
        """Send what `dead_letters` tells of to the group again; return each letter that was sent.

        Subscribing does it. A letter that has been sent is deleted, and its message has as many attempts as a
        new one.
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
