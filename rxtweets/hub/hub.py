"""`FilterHub`: the filters of a `Stream` or a `StreamingClient` that share one connection."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self, Unpack

from reactivex import Observable, abc

from rxtweets.endpoints import v1, v2
from rxtweets.filters import FilterQuery
from rxtweets.messages import Lifecycle, Message, Post, Status
from rxtweets.recovery import Recovery
from rxtweets.recovery.policy import check
from rxtweets.streams import Stream, StreamingClient

from .core import HubCore
from .state import HubState

if TYPE_CHECKING:
    from rxtweets.rules import Limits, Rule

    from .rules_hub import RulesHub


class FilterHub:
    """A hub that serves any number of filters over one connection.

    Each `filter` is a cold Observable. The first subscription opens the connection, which closes half a
    second after the last is disposed, so that a program can switch from one filter to another. Filters come
    and go while it stays open. Each subscription gets the posts that match its filter, each once and in
    order; connection events, notices and deletions go to all. A later subscriber first gets the `Connected`
    of the current connection.

    Subscribers are called on the reading thread. One that raises ends only itself, and `threading.excepthook`
    reports it. A connection error that the policy calls final ends all; the next subscription opens another
    connection.

    **v2** has a rule for each filter, added when it is wanted and removed when nobody wants it. X allows 100
    requests for rules in 15 minutes, so changes are collected for half a second; if there are many, they are
    spread so that a wanted filter takes effect within 20 s if there is room, and removal waits longer. Rules
    of others are never touched. The hub's rules have tags that begin with `rxtweets-hub:`; the next hub
    removes those of a crashed process, once their lease is over. One more rule, which matches nothing, is the
    lease.

    **v1.1** has one request for all filters; when they change, a second connection takes over from the first.

    Args:
        client: what to connect with.
        wait: seconds for which changes wait for more; default 0.5 for v2, 2 for v1.1.
        lease: seconds after which the rules of a crashed process may be removed (v2), the same for all hubs
            of an app. It is renewed when half of them are over, which takes one of the 100 requests.
        pack: whether to always join filters into as few rules as possible, rather than only if there are more
            than X allows rules (v2). Only those are joined that can be distinguished by the fields asked for:
            see `rules.fields_for`.
        limits: the length and number of rules (v2); default `Limits.pay_per_use()`, or fewer if X says so.
        recovery: what to do about outages; what was missed goes to the filters that it matches, and gaps are
            reported to all, with the hub's own rules.
        scheduler: where waits run; default a timer thread.
        options: the fields and expansions of every post (v2), as for `StreamingClient.filter`. What
            *backfill_minutes* repeats after a reconnect is dropped.

    Raises:
        ValueError: *client* isn't a client, or an option isn't for its protocol.
    """

    def __init__(
        self,
        client: Stream | StreamingClient,
        *,
        wait: float | None = None,
        lease: float = 900.0,
        pack: bool = False,
        limits: Limits | None = None,
        recovery: Recovery | None = None,
        scheduler: abc.SchedulerBase | None = None,
        **options: Unpack[v2.PostOptions],
    ) -> None:
        for name, seconds in (("wait", wait), ("lease", lease)):
            if seconds is not None and not (isinstance(seconds, int | float) and 0 < seconds <= 86_400):
                raise ValueError(f"{name} is a number of seconds, more than 0 and at most a day: {seconds!r}")
        if isinstance(recovery, Recovery) and recovery.checkpoint is not None:
            raise ValueError("a hub has no checkpoint: its filters come and go, and acknowledge apart")
        self._core: HubCore
        self._rules: RulesHub | None = None
        if isinstance(client, StreamingClient):
            from .rules_hub import RulesHub  # brings the rule language

            endpoint = v2.filter(base_url=client._base_url, **options)
            if recovery is not None:
                check(endpoint, recovery)
            if endpoint.finite:
                raise ValueError("a hub has no start_time and end_time: its connection stands")
            self._core = self._rules = RulesHub(
                client,
                endpoint,
                limits=limits,
                lease=lease,
                pack=pack,
                wait=0.5 if wait is None else wait,
                recovery=recovery,
                scheduler=scheduler,
            )
        elif isinstance(client, Stream):
            from .query_hub import QueryHub

            if options or pack or limits is not None:
                raise ValueError(
                    "v1.1 has neither rules nor fields: a hub of a Stream takes only wait= and recovery="
                )
            if recovery is not None:
                check(v1.filter(track="any"), recovery)
            self._core = QueryHub(
                client, wait=2.0 if wait is None else wait, recovery=recovery, scheduler=scheduler
            )
        else:
            raise ValueError(f"a hub is of a StreamingClient or a Stream, not of {client!r}")

    def filter(
        self, rule: str | Rule | FilterQuery | None = None, **predicates: Unpack[v1.Predicates]
    ) -> Observable[Message | Lifecycle]:
        """Return what matches *rule*, or else the keywords of `FilterQuery`.

        v2 takes the text of a rule, a `Rule` or a query; v1.1 takes a query.

        Raises:
            ValueError: it isn't a filter, both are given, or it exceeds a limit by itself.

        Errors: besides those of `StreamingClient.filter`, `RulesRefused` for a rule that X refuses,
        `FilterLimit` for one more than X allows, unless there will be room when the rules of a crashed
        process are deleted (`HubState.waiting`), and ValueError for what v1.1 can't ask for together with the
        other filters. They affect only the newcomer.
        """
        what: Any = rule
        if rule is None:
            what = FilterQuery(**predicates)
        elif predicates:
            raise ValueError(f"with a filter there is no {', '.join(predicates)}: put it into the filter")
        if self._rules is not None:
            return self._core.observable(self._rules.filters(what))
        if not isinstance(what, FilterQuery):
            raise ValueError(f"v1.1 filters by a FilterQuery or keywords (track=…), not by {what!r}")
        if what.count is not None:
            raise ValueError("a hub has no count: its connection stands and replays nothing")
        return self._core.observable((what,))

    def matching(self, post: Post | Status) -> tuple[str, ...]:
        """Return the filters by which *post* came from this hub.

        They are those of `HubState.wanted` that it matches, as the same text, except filters that weren't in
        force when it was sent.
        """
        return self._core.matching(post)

    def close(self) -> None:
        """Complete all subscriptions, close the connection and remove the rules, within 5 s.

        Later subscriptions end with a ValueError. A RuntimeWarning says if rules may be left at X. A hub is a
        context manager that does this on exit; a program that ends does it anyway.
        """
        if not self._core.close():
            from rxtweets.rules.hub_tags import PREFIX  # brings the rule language

            warnings.warn(
                f"rules with tags that begin with {PREFIX}: may be left at X, until another hub of the app "
                f"removes them: {self._core.failure or 'X has not answered in time'}",
                RuntimeWarning,
                stacklevel=2,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def state(self) -> Observable[HubState]:
        """The current `HubState` and those that follow; equal ones aren't repeated."""
        return self._core.state()
