"""The v2 streams, and the requests that go with them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Unpack

from reactivex import Observable, abc

from rxtweets.auth import Auth, OAuth1, OAuth2User
from rxtweets.backoff import BackoffPolicy
from rxtweets.endpoints import Endpoint, v2
from rxtweets.management import ConnectionsClient, Credits, SubscriptionsClient, Usage, UsageClient
from rxtweets.messages import Connected, Lifecycle, Message, Post
from rxtweets.recovery import Recovery
from rxtweets.recovery.bridge import Access
from rxtweets.recovery.legs import partitioned
from rxtweets.rest import Api, RequestPace, own_id, refused_user
from rxtweets.transport import Transport

from .base import Streams

if TYPE_CHECKING:
    from datetime import datetime

    from rxtweets.budgets import Budget
    from rxtweets.rules import PowerstreamRulesClient, Rule, RulesClient
    from rxtweets.search import Granularity, PostCounts, Searches


class StreamingClient(Streams):
    """A client for the v2 streams, with `BearerToken` or `AppOnly`, and the management that goes with them.

    X accepts an `OAuth2User` as *auth* for `search` and `counts` (neither of the archive), and to list and
    add `subscriptions`. Anything else raises a `ValueError` that says so.

    The options of the streams are those of the functions in `endpoints.v2`: lists of field names,
    *expansions*, *backfill_minutes*, *start_time* and *end_time*. A stream with a start or an end replays
    that window and completes. With *recovery*, a `Recovery`, a stream fetches what was missed when its
    connection broke.

    For a stream in partitions, `"all"` merges them, each on a connection with a back-off of its own; their
    connects together keep to the policy's limit, so one may begin later than its `Reconnecting` says.
    Connection events come as `Leg`. A partition that fails for good ends the stream; with *tolerant*, it
    emits `Failed`, and the others go on.

    Args:
        user: the user whose private activity events `subscriptions` subscribes to, in addition to *auth*, the
            app.
        end_stale: whether a stream that broke, and is refused with `TooManyConnections` because X still
            counts the broken connection, ends that connection (`ConnectionsClient.end_stale`) to be back
            within seconds.
        budget: the limit on what is delivered to all streams, searches and counts of this client, and of
            others with the same budget: see `Budget`. None: no limit.
    """

    _refused = (OAuth1,)
    _takes = "BearerToken(…), AppOnly(…) or OAuth2User(…); OAuth1(…) is for v1.1's Stream"

    def __init__(
        self,
        auth: Auth | None,
        *,
        base_url: str | None = None,
        policy: BackoffPolicy | None = None,
        transport: Transport | None = None,
        scheduler: abc.SchedulerBase | None = None,
        telemetry: bool = False,
        user: OAuth2User | None = None,
        end_stale: bool = True,
        budget: Budget | None = None,
    ) -> None:
        if user is not None and not isinstance(user, OAuth2User):
            raise ValueError(f"user must be OAuth2User(…), not {type(user).__name__}")
        if budget is not None:
            from rxtweets.budgets import Budget  # brings prices and books

            if not isinstance(budget, Budget):
                raise ValueError(f"budget is a Budget, such as Budget(dollars=5, per='day'), not {budget!r}")
        super().__init__(
            auth,
            base_url=base_url,
            policy=policy,
            transport=transport,
            scheduler=scheduler,
            telemetry=telemetry,
        )
        self._user = user
        self._ends_stale = end_stale
        self._budget = budget

    def _partitions(
        self,
        make: Callable[[int], Endpoint],
        partition: int | Literal["all"] | None,
        recovery: Recovery | None,
        tolerant: bool,
    ) -> Observable[Message | Lifecycle]:
        """Return one partition of the stream that *make* describes, or all of them, merged."""
        numbers = range(1, v2.partitions_of(make(1)) + 1)
        if partition != "all":
            if type(partition) is not int or partition not in numbers:
                raise ValueError(
                    f'partition is "all" or a whole number from 1 to {len(numbers)}, not {partition!r}'
                )
            return self._stream(make(partition), recovery)
        if recovery is not None and recovery.checkpoint is not None:
            raise ValueError(
                "a checkpoint is for one partition: give each partition its own stream and checkpoint"
            )
        connects = (self._policy or BackoffPolicy.standard()).connects
        pace = None if connects is None else RequestPace(connects[0], burst=connects[0] // 2)
        parts = [self._chain(make(number), recovery=recovery, pace=pace) for number in numbers]
        return partitioned(parts, tolerant=tolerant)

    def _access(self, endpoint: Endpoint, policy: BackoffPolicy | None) -> Access:
        if isinstance(self._auth, OAuth2User):
            raise ValueError(refused_user("a stream"))
        access = super()._access(endpoint, policy)
        return access._replace(
            rules=lambda: self.rules.list(), search=self.search, counts=self.counts, budget=self._budget
        )

    def _end_stale(self, endpoint: Endpoint) -> Callable[[Connected], Observable[bool]] | None:
        return functools.partial(self.connections.end_stale, endpoint) if self._ends_stale else None

    def _within_budget(self, stream: Observable[Message | Lifecycle]) -> Observable[Message | Lifecycle]:
        if self._budget is None:
            return stream
        from rxtweets.operators import within  # brings prices and books

        return stream.pipe(within(self._budget, usage=self._project_usage))

    def _project_usage(self) -> Observable[Usage]:
        return self.usage(1)

    def filter(
        self, *, recovery: Recovery | None = None, **options: Unpack[v2.PostOptions]
    ) -> Observable[Message | Lifecycle]:
        """Return the posts that match the app's rules, which `rules` manages."""
        return self._stream(v2.filter(base_url=self._base_url, **options), recovery)

    def sample(
        self, *, recovery: Recovery | None = None, **options: Unpack[v2.SampleOptions]
    ) -> Observable[Message | Lifecycle]:
        """Return about 1% of all posts; this stream has no *start_time* and *end_time*."""
        return self._stream(v2.sample(base_url=self._base_url, **options), recovery)

    def sample10(
        self,
        *,
        partition: int | Literal["all"],
        recovery: Recovery | None = None,
        tolerant: bool = False,
        **options: Unpack[v2.PostOptions],
    ) -> Observable[Message | Lifecycle]:
        """Return about 10% of all posts, in partitions 1 and 2."""
        make = functools.partial(v2.sample10, base_url=self._base_url, **options)
        return self._partitions(lambda number: make(partition=number), partition, recovery, tolerant)

    def firehose(
        self,
        *,
        partition: int | Literal["all"],
        lang: v2.Language | None = None,
        recovery: Recovery | None = None,
        tolerant: bool = False,
        **options: Unpack[v2.PostOptions],
    ) -> Observable[Message | Lifecycle]:
        """Return all posts: partitions 1 to 20; with *lang* `en` 1 to 8, with `ja`, `ko`, `pt` 1 and 2."""
        make = functools.partial(v2.firehose, lang=lang, base_url=self._base_url, **options)
        return self._partitions(lambda number: make(partition=number), partition, recovery, tolerant)

    def likes(
        self,
        *,
        sample10: bool = False,
        partition: int | Literal["all"],
        recovery: Recovery | None = None,
        tolerant: bool = False,
        **options: Unpack[v2.LikeOptions],
    ) -> Observable[Message | Lifecycle]:
        """Return all likes: partitions 1 to 20; with *sample10* about 10% of them, partitions 1 and 2."""
        make = functools.partial(v2.likes, sample10=sample10, base_url=self._base_url, **options)
        return self._partitions(lambda number: make(partition=number), partition, recovery, tolerant)

    def compliance(
        self,
        kind: v2.Compliance,
        *,
        partition: int | Literal["all"] | None = None,
        recovery: Recovery | None = None,
        tolerant: bool = False,
        **options: Unpack[v2.Window],
    ) -> Observable[Message | Lifecycle]:
        """Return the compliance events of *kind*; those of `posts` and `users` in partitions 1 to 4."""
        make = functools.partial(v2.compliance, kind, base_url=self._base_url, **options)
        if kind == "likes" and partition is None:
            return self._stream(make(), recovery)
        return self._partitions(lambda number: make(partition=number), partition, recovery, tolerant)

    def labels(
        self, *, recovery: Recovery | None = None, **options: Unpack[v2.Window]
    ) -> Observable[Message | Lifecycle]:
        """Return the labels added to posts and removed from them."""
        return self._stream(v2.labels(base_url=self._base_url, **options), recovery)

    def activity(
        self, *, recovery: Recovery | None = None, **options: Unpack[v2.Window]
    ) -> Observable[Message | Lifecycle]:
        """Return the events that `subscriptions` asked for."""
        return self._stream(v2.activity(base_url=self._base_url, **options), recovery)

    def powerstream(
        self,
        *,
        local_dc_only: bool = False,
        recovery: Recovery | None = None,
        **options: Unpack[v2.Window],
    ) -> Observable[Message | Lifecycle]:
        """Return the v1.1 `Status`es that match the rules of Powerstream, each with its `matching_rules`.

        `powerstream_rules` manages these. With *local_dc_only*, only the statuses of one data centre come,
        after a `ConnectionMetadata` that names it.
        """
        endpoint = v2.powerstream(local_dc_only=local_dc_only, base_url=self._base_url, **options)
        return self._stream(endpoint, recovery)

    def search(
        self,
        query: str | Rule,
        *,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        since_id: int | str | None = None,
        until_id: int | str | None = None,
        archive: bool = False,
        limit: int | None = None,
        **fields: Unpack[v2.PostFields],
    ) -> Observable[Post]:
        """Return the posts of the last seven days that a query finds, newest first, then complete.

        Pages are requested as you consume them: the next one when the last post of the previous one has been
        taken, so a slow subscriber holds one page, and after disposal no request is sent. A page has 100
        posts, with *archive* 500, or as few as *limit* needs (at least 10); X charges for all that it
        delivers. Requests wait for room in X's rate limit, which all searches of this client share: 450 in 15
        minutes; with *archive*, 300, one a second. A request that fails is repeated as the client's policy
        says; nothing is emitted twice.

        Search finds less than the filtered stream sends: no retweets for a query with a word, phrase, tag or
        mention, and quotes only by their own text; and more, since accents make no difference.
        `rules.explain(query, Limits.search())` says which of these apply.

        Args:
            query: text of the rule language, or a `Rule`.
            start_time: the earliest time, an aware `datetime` or ISO 8601 text; default seven days back, with
                *archive* 30.
            end_time: the time before which posts were created; default 30 s ago.
            since_id: only posts newer than this one, instead of *start_time*.
            until_id: only posts older than this one, instead of *end_time*.
            archive: whether to search all posts ever made.
            limit: the maximum number of posts to emit; X is asked for no more pages, and no larger ones, than
                that takes.
            fields: the fields and expansions to ask for, as for the streams.

        Raises:
            RuleSyntaxError: the query isn't a rule, or has an operator that search lacks, such as `sample:`.
            ValueError: another parameter is wrong; it is named.
        """
        options = v2.range_of(start_time, end_time, since_id, until_id) + v2.post_fields("search", fields)
        return self._searches.posts(query, options, archive=archive, limit=limit)

    def counts(
        self,
        query: str | Rule,
        *,
        granularity: Granularity = "hour",
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        since_id: int | str | None = None,
        until_id: int | str | None = None,
        archive: bool = False,
    ) -> Observable[PostCounts]:
        """Return how many posts `search` would find, by minute, hour or day: one item.

        X delivers no post for this, and charges per request. Since search finds fewer posts than a stream
        with the same rule sends, the count is a lower bound on what the rule will match. A request that fails
        is repeated as `rules.REQUEST_POLICY` says.

        Args:
            granularity: `"minute"`, `"hour"` or `"day"`.
            query: as for `search`, like the other arguments.

        Raises:
            RuleSyntaxError: as for `search`.
            ValueError: another parameter is wrong; it is named.
        """
        options = v2.range_of(start_time, end_time, since_id, until_id)
        return self._searches.counts(query, options, granularity=granularity, archive=archive)

    def usage(self, days: int = 7) -> Observable[Usage]:
        """Return the posts that X has delivered to the project and its apps in the last *days*: one item.

        It also has the project's cap, how much of it is used, and the day on which it is reset. X allows 50
        such requests in 15 minutes. One that fails is repeated as `rules.REQUEST_POLICY` says.

        Raises:
            ValueError: *days* isn't 1 to 90.
        """
        return UsageClient(self._api()).posts(days)

    def credits(self) -> Observable[Credits]:
        """Return the remaining credit, in dollars: one item.

        Some accounts get a 404, an `HTTPStatusError` whose note says so. A request that fails is repeated as
        `rules.REQUEST_POLICY` says.
        """
        return UsageClient(self._api()).credits()

    @functools.cached_property
    def _searches(self) -> Searches:
        from rxtweets.search import Searches  # brings the rule language, too

        return Searches(self._api(), self._policy, self._budget, self._project_usage)

    @property
    def rules(self) -> RulesClient:
        """The rules of the filtered stream."""
        from rxtweets.rules import RulesClient  # brings the rule language, which other streams do without

        return RulesClient(self._api())

    @property
    def powerstream_rules(self) -> PowerstreamRulesClient:
        """The rules of Powerstream."""
        from rxtweets.rules import PowerstreamRulesClient

        return PowerstreamRulesClient(self._api())

    @property
    def subscriptions(self) -> SubscriptionsClient:
        """The subscriptions to events of the activity stream."""
        by_user = None if self._user is None else self._api(self._user)
        return SubscriptionsClient(self._api(), by_user)

    def user_id(self) -> Observable[str]:
        """Return the id of the user who has signed in, for `subscriptions`: one item.

        Raises:
            ValueError: the client has no `OAuth2User`.
        """
        user = self._auth if isinstance(self._auth, OAuth2User) else self._user
        if user is None:
            raise ValueError("user_id() needs a client with user=OAuth2User(…)")
        return own_id(self._api(user))

    @property
    def connections(self) -> ConnectionsClient:
        """The app's own connections."""
        return ConnectionsClient(self._api())

    def _api(self, auth: Auth | None = None) -> Api:
        return Api(auth or self._auth, self._base_url, self._transport, self._scheduler)
