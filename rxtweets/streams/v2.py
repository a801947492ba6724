"""The streams of both protocols as methods, each the default chain.

`connect(endpoint, auth)`, then `decode()`, then `retry_with_backoff(policy)`: a program that wants another
chain writes these three steps itself, with an endpoint of `rxtweets.endpoints`.
"""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Unpack, cast
from urllib.parse import urlsplit

import reactivex
from msgspec.structs import asdict
from reactivex import Observable, abc
from reactivex import operators as ops

from ._observable import Callbacks, StreamObservable, as_stream, subscribe_through
from .auth import AppOnly, Auth, BearerToken, OAuth1, OAuth2User
from .backoff import BackoffPolicy
from .connection import connect
from .endpoints import Endpoint, v1, v2
from .errors import DuplicateStream
from .management import ConnectionsClient, Credits, SubscriptionsClient, Usage, UsageClient
from .messages import Connected, Lifecycle, Message, Post
from .operators import decode, retry_with_backoff, telemetry
from .recovery import Recovery
from .recovery.bridge import Access
from .recovery.core import Account
from .recovery.legs import partitioned
from .recovery.stream import recovering
from .rest import Api, RequestPace, own_id, refused_user
from .transport import Transport

if TYPE_CHECKING:
    from datetime import datetime

    from .budgets import Budget
    from .filters import FilterQuery
    from .rules import PowerstreamRulesClient, Rule, RulesClient
    from .search import Granularity, PostCounts, Searches

__all__ = ["Stream", "StreamingClient"]


class _Streams:
    """Base of both protocols' clients."""

    _refused: ClassVar[tuple[type[Auth], ...]] = ()  # credentials of the other protocol, and a hint
    _takes: ClassVar = ""

    def __init__(
        self,
        auth: Auth | None,
        *,
        base_url: str | None = None,
        policy: BackoffPolicy | None = None,
        transport: Transport | None = None,
        scheduler: abc.SchedulerBase | None = None,
        telemetry: bool = False,
    ) -> None:
        """Set what all streams of this client have in common.

        Each method checks its parameters at once, with a `ValueError` that names what is wrong and what would
        be right, and returns a cold Observable: each subscription opens a session of its own, disposing
        closes it. The stream ends with an error only when the policy says that a failure is final.

        Args:
            auth: the credentials; None sends none.
            base_url: the root of another host than X's, such as `http://127.0.0.1:8080`; without it the
                variable `RXTWEETS_BASE_URL` can name one.
            policy: which failure waits how long; default `BackoffPolicy.standard()`.
            transport: how to connect (proxies, CA bundle, time limits); default a `RequestsTransport()`.
            scheduler: where streams are read; default a thread of its own for each subscription.
            telemetry: whether each stream is recorded with OpenTelemetry's global providers; `tw.telemetry`
                says what. It needs the extra `otel`.
        """
        if auth is not None and not isinstance(auth, Auth):
            raise ValueError(
                f"auth is OAuth1(…), BearerToken(…), AppOnly(…) or OAuth2User(…), not {type(auth).__name__}; "
                "each can be made with from_env() or from_file(path)"
            )
        if isinstance(auth, self._refused):
            raise ValueError(
                f"{type(self).__name__} doesn't take {type(auth).__name__}(…): it takes {self._takes}"
            )
        self._auth = auth
        self._base_url = base_url
        self._policy = policy
        self._transport = transport
        self._scheduler = scheduler
        self._telemetry = telemetry
        self._means = Account()

    def _stream(
        self, endpoint: Endpoint, recovery: Recovery | None = None
    ) -> Observable[Message | Lifecycle]:
        return self._chain(endpoint, recovery=recovery)

    def _chain(
        self,
        endpoint: Endpoint,
        policy: BackoffPolicy | None = None,
        recovery: Recovery | None = None,
        pace: RequestPace | None = None,
    ) -> Observable[Message | Lifecycle]:
        access = self._access(endpoint, policy)
        if pace is not None:
            access = access.paced(pace)
        stream: Observable[Message | Lifecycle]
        if recovery is None:
            retried = retry_with_backoff(access.policy, end_stale=access.end_stale)
            stream = access.session(endpoint).pipe(retried)
        else:
            stream = recovering(endpoint, recovery, access)
        stream = self._within_budget(stream)
        return stream.pipe(telemetry(endpoint=endpoint)) if self._telemetry else stream

    def _access(self, endpoint: Endpoint, policy: BackoffPolicy | None) -> Access:
        def session(endpoint: Endpoint) -> Observable[Message | Lifecycle]:
            frames = connect(endpoint, self._auth, transport=self._transport, scheduler=self._scheduler)
            return frames.pipe(decode())

        policy = policy or self._policy or BackoffPolicy.standard()
        return Access(self._means, session, policy, self._end_stale(endpoint))

    def _end_stale(self, endpoint: Endpoint) -> Callable[[Connected], Observable[bool]] | None:
        return None

    def _within_budget(self, stream: Observable[Message | Lifecycle]) -> Observable[Message | Lifecycle]:
        return stream

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._auth!r})"


class Stream(_Streams):
    """The v1.1 streams. They take `OAuth1`: X's serve a user, and refuse an app's token.

    v1.1 allows one stream of a kind at a time to an account: another one, in this program or in another, ends
    the first with `DuplicateStream`. When this program opens a second, a `RuntimeWarning` says so, once for
    each account.

    With *recovery*, a `Recovery`, a stream that has a *count* asks by it for what was missed when its
    connection broke; the others tell each time without one as a `Gap`.
    """

    _refused = BearerToken, AppOnly, OAuth2User
    _takes = "OAuth1(…), as v1.1's streams are a user's; an app's token is for v2's StreamingClient"

    def _stream(
        self, endpoint: Endpoint, recovery: Recovery | None = None
    ) -> Observable[Message | Lifecycle]:
        stream = super()._stream(endpoint, recovery)
        if not isinstance(self._auth, OAuth1):
            return stream
        account = self._account(self._auth, endpoint)

        def counted(_: abc.SchedulerBase) -> Observable[Message | Lifecycle]:
            opened = OpenStream(account)
            return stream.pipe(opened.watching, ops.finally_action(opened.close))

        return as_stream(reactivex.defer(counted))  # type: ignore[no-any-return]

    def _open_stream(self, endpoint: Endpoint) -> OpenStream | None:
        """Count a stream that is opened elsewhere; None without an account."""
        if not isinstance(self._auth, OAuth1):
            return None
        return OpenStream(self._account(self._auth, endpoint))

    @staticmethod
    def _account(auth: OAuth1, endpoint: Endpoint) -> _Account:
        url = urlsplit(endpoint.request.url)
        return auth.access_token, url.netloc, url.path.split("/")[2]

    def filter(
        self,
        query: FilterQuery | None = None,
        *,
        track: v1.Names | None = None,
        follow: v1.Ids | None = None,
        locations: v1.Boxes | str | None = None,
        languages: v1.Names | None = None,
        filter_level: v1.FilterLevel | None = None,
        count: int | None = None,
        recovery: Recovery | None = None,
    ) -> Observable[Message | Lifecycle]:
        """Return the statuses that match *query*, or else the parameters of `endpoints.v1.filter`."""
        predicates: v1.Predicates = {
            "track": track,
            "follow": follow,
            "locations": locations,
            "languages": languages,
            "filter_level": filter_level,
            "count": count,
        }
        if query is not None:
            from .filters import FilterQuery  # brings the matching of filters

            if not isinstance(query, FilterQuery):
                raise ValueError(f"query is a FilterQuery, not {query!r}; a phrase to match goes into track=")
            if given := [name for name, value in predicates.items() if value is not None]:
                raise ValueError(
                    f"with a query there is no {', '.join(given)}: put it into the query, or join two with |"
                )
            predicates = cast(v1.Predicates, asdict(query))
        return self._stream(v1.filter(base_url=self._base_url, **predicates), recovery)

    def sample(
        self,
        *,
        languages: v1.Names | None = None,
        filter_level: v1.FilterLevel | None = None,
        recovery: Recovery | None = None,
    ) -> Observable[Message | Lifecycle]:
        """Return about 1% of all statuses; only of *languages* and *filter_level* if given."""
        endpoint = v1.sample(languages=languages, filter_level=filter_level, base_url=self._base_url)
        return self._stream(endpoint, recovery)

    def user(
        self,
        *,
        with_: v1.With | None = None,
        replies: Literal["all"] | None = None,
        track: v1.Names | None = None,
        locations: v1.Boxes | str | None = None,
        recovery: Recovery | None = None,
    ) -> Observable[Message | Lifecycle]:
        """Return the messages for the account that signs; the parameters are those of `endpoints.v1.user`."""
        endpoint = v1.user(
            with_=with_, replies=replies, track=track, locations=locations, base_url=self._base_url
        )
        return self._stream(endpoint, recovery)

    def site(
        self,
        *,
        follow: v1.Ids,
        with_: v1.With | None = None,
        replies: Literal["all"] | None = None,
        recovery: Recovery | None = None,
    ) -> Observable[Message | Lifecycle]:
        """Return the user streams of 1 to 100 accounts; the parameters are those of `endpoints.v1.site`."""
        endpoint = v1.site(follow=follow, with_=with_, replies=replies, base_url=self._base_url)
        return self._stream(endpoint, recovery)

    def firehose(
        self,
        *,
        count: int | None = None,
        partitions: v1.Partitions | None = None,
        recovery: Recovery | None = None,
    ) -> Observable[Message | Lifecycle]:
        """Return all public statuses; the parameters are those of `endpoints.v1.firehose`."""
        endpoint = v1.firehose(count=count, partitions=partitions, base_url=self._base_url)
        return self._stream(endpoint, recovery)

    def links(
        self,
        *,
        count: int | None = None,
        partitions: v1.Partitions | None = None,
        recovery: Recovery | None = None,
    ) -> Observable[Message | Lifecycle]:
        """Return all public statuses with a link; the parameters are those of `endpoints.v1.firehose`."""
        endpoint = v1.links(count=count, partitions=partitions, base_url=self._base_url)
        return self._stream(endpoint, recovery)

    def retweet(
        self,
        *,
        count: int | None = None,
        partitions: v1.Partitions | None = None,
        recovery: Recovery | None = None,
    ) -> Observable[Message | Lifecycle]:
        """Return all public retweets; the parameters are those of `endpoints.v1.firehose`."""
        endpoint = v1.retweet(count=count, partitions=partitions, base_url=self._base_url)
        return self._stream(endpoint, recovery)


_Account = tuple[str, str, str]


class OpenStream:
    """A subscription to a v1.1 stream of one account, host and kind, open until it is closed.

    When it is subscribed to, another one may just be closing; so the warning waits until this one is
    connected, or was ended by a newer one. An item that the other one is delivering by then may be its last,
    by which this one was begun: then the warning waits for what becomes of that.
    """

    _lock: ClassVar = threading.Lock()
    _open: ClassVar[dict[_Account, set[OpenStream]]] = {}
    _warned: ClassVar[set[_Account]] = set()

    def __init__(self, account: _Account) -> None:
        self._account = account
        self._delivers = self._doubtful = False
        with self._lock:
            self._open.setdefault(account, set()).add(self)

    def close(self) -> None:
        with self._lock:
            self._open[self._account].discard(self)
            if not self._open[self._account]:
                del self._open[self._account]

    def watching(self, source: Observable[Any]) -> Observable[Any]:
        """Return *source*, of whose items and error this hears; a warning that is an error ends it."""

        def subscribe(
            observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            def guarded(warn: Callable[..., None], *item: object) -> None:
                try:
                    warn(*item)
                except RuntimeWarning as warning:
                    observer.on_error(warning)

            def on_next(item: Any) -> None:
                if item.__class__ is Connected:
                    guarded(self.check, item)
                self._delivers = True
                observer.on_next(item)
                self._delivers = False
                if self._doubtful:
                    guarded(self._decide)

            def on_error(error: Exception) -> None:
                guarded(self.check, error)
                observer.on_error(error)

            return subscribe_through(source, Callbacks(on_next, on_error, observer.on_completed), scheduler)

        return StreamObservable(subscribe)

    def check(self, item: object) -> None:
        """Warn when this stream is connected, or was ended by a newer one, and another one is open."""
        if item.__class__ is not Connected and item.__class__ is not DuplicateStream:
            return
        with self._lock:
            others = self._open.get(self._account, set()) - {self}
            if not others:
                return
            if item.__class__ is Connected:
                for other in others:
                    other._doubtful = True
                if all(other._delivers for other in others):
                    return  # they look at `_doubtful` once they don't deliver any more
        self._warn()

    def _decide(self) -> None:
        """Warn if this stream is still open, now that the item has come that may have been its last."""
        self._doubtful = False
        with self._lock:
            if self not in self._open.get(self._account, ()):
                return
        self._warn()

    def _warn(self) -> None:
        with self._lock:
            if self._account in self._warned:
                return
            self._warned.add(self._account)
        warnings.warn(
            "two streams of one account are open: v1.1 allows one, and the newer ends the older. To have "
            "several filters, take them from one rxtweets.FilterHub, whose filters share a connection; or "
            "join them with | (rxtweets.FilterQuery)",
            RuntimeWarning,
            stacklevel=2,
        )


class StreamingClient(_Streams):
    """The v2 streams, with `BearerToken` or `AppOnly`, and the management that goes with them.

    X takes an `OAuth2User` as *auth* for `search`, `counts` (both but for the archive) and to list and add
    `subscriptions`. Whatever else is asked with it is a `ValueError` that says so.

    The options of the streams are those of the functions in `endpoints.v2`: lists of field names,
    *expansions*, *backfill_minutes*, *start_time* and *end_time*. A stream with a start or an end replays
    that window and completes. With *recovery*, a `Recovery`, a stream brings what was missed when its
    connection broke.

    Of a stream in partitions `"all"` merges them, each on a connection with a back-off of its own; their
    connects together keep to the policy's limit, so that one may begin later than its `Reconnecting` says.
    Events of a connection come as `Leg`. A partition that fails for good ends the stream; with *tolerant* it
    says `Failed`, and the others go on.

    Args:
        user: whose private activity events `subscriptions` subscribes to, beside the app as *auth*.
        end_stale: whether a stream that broke, and is refused with `TooManyConnections` since X still counts
            the broken connection, ends that one (`ConnectionsClient.end_stale`) to be back within seconds.
        budget: the limit on what all streams, searches and counts of this client, and of others with the same
            one, are delivered: see `Budget`. None: no limit.
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
            raise ValueError(f"user is OAuth2User(…), not {type(user).__name__}")
        if budget is not None:
            from .budgets import Budget  # brings prices and books

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
                "a checkpoint is for one partition: give each a stream and a checkpoint of its own"
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
        from .operators import within  # brings prices and books

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
        """Return about 1% of all posts; it has no *start_time* and *end_time*."""
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
        """Return the labels put on posts and taken off."""
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

        `powerstream_rules` manages these. With *local_dc_only* come only statuses of one data centre, after a
        `ConnectionMetadata` that names it.
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
        """Return the posts of the last seven days that a query finds, newest first; then it completes.

        Pages are requested as their posts are consumed: the next one when the last post of the one before
        has been taken, so that a slow subscriber holds one page, and disposal sends no further request. A
        page has 100 posts, with *archive* 500, or as few as *limit* needs (10 at least); X charges for all
        that it delivers. Requests wait for room in X's rate limit, which all searches of this client share:
        450 in 15 minutes; with *archive* 300, one a second. A request that fails is repeated as the client's
        policy says; what was emitted is not emitted again.

        Search finds less than the filtered stream sends: no retweets for a query with a word, phrase, tag or
        mention, and quotes by their own text alone; and more, as accents make no difference.
        `rules.explain(query, Limits.search())` tells which of these apply.

        Args:
            query: text of the rule language, or a `Rule`.
            start_time: the earliest time, an aware `datetime` or ISO 8601 text; default seven days back, with
                *archive* 30.
            end_time: the time before which they are from; default 30 s ago.
            since_id: only newer posts than this one, in place of *start_time*.
            until_id: only older posts than this one, in place of *end_time*.
            archive: whether to search all posts there have been.
            limit: the most posts to emit; it asks X for no more pages, and no larger ones, than that takes.
            fields: the fields and expansions to ask for, as of the streams.

        Raises:
            RuleSyntaxError: the query is no rule, or has an operator that search lacks, such as `sample:`.
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

        X delivers no post for it and charges by the request. As search finds fewer posts than a stream with
        the same rule sends, it is a lower bound of what the rule will bring. A request that fails is repeated
        as `rules.REQUEST_POLICY` says.

        Args:
            granularity: `"minute"`, `"hour"` or `"day"`.
            query: as for `search`, and so are the others.

        Raises:
            RuleSyntaxError: as for `search`.
            ValueError: another parameter is wrong; it is named.
        """
        options = v2.range_of(start_time, end_time, since_id, until_id)
        return self._searches.counts(query, options, granularity=granularity, archive=archive)

    def usage(self, days: int = 7) -> Observable[Usage]:
        """Return the posts that X has delivered to the project and its apps in the last *days*: one item.

        It also has the project's cap, what is used of that, and the day on which it is reset. X allows 50
        such requests in 15 minutes. One that fails is repeated as `rules.REQUEST_POLICY` says.

        Raises:
            ValueError: *days* isn't 1 to 90.
        """
        return UsageClient(self._api()).posts(days)

    def credits(self) -> Observable[Credits]:
        """Return the credit that is left, in dollars: one item.

        Some accounts are answered 404, an `HTTPStatusError` whose note says so. A request that fails is
        repeated as `rules.REQUEST_POLICY` says.
        """
        return UsageClient(self._api()).credits()

    @functools.cached_property
    def _searches(self) -> Searches:
        from .search import Searches  # brings the rule language, too

        return Searches(self._api(), self._policy, self._budget, self._project_usage)

    @property
    def rules(self) -> RulesClient:
        """The rules of the filtered stream."""
        from .rules import RulesClient  # brings the rule language, which other streams do without

        return RulesClient(self._api())

    @property
    def powerstream_rules(self) -> PowerstreamRulesClient:
        """The rules of Powerstream."""
        from .rules import PowerstreamRulesClient

        return PowerstreamRulesClient(self._api())

    @property
    def subscriptions(self) -> SubscriptionsClient:
        """The events that the activity stream brings."""
        by_user = None if self._user is None else self._api(self._user)
        return SubscriptionsClient(self._api(), by_user)

    def user_id(self) -> Observable[str]:
        """Return the id of the user who has signed in, for `subscriptions`: one item.

        Raises:
            ValueError: the client has no `OAuth2User`.
        """
        user = self._auth if isinstance(self._auth, OAuth2User) else self._user
        if user is None:
            raise ValueError("user_id() is for a client with user=OAuth2User(…)")
        return own_id(self._api(user))

    @property
    def connections(self) -> ConnectionsClient:
        """The app's own connections."""
        return ConnectionsClient(self._api())

    def _api(self, auth: Auth | None = None) -> Api:
        return Api(auth or self._auth, self._base_url, self._transport, self._scheduler)
