"""The v1.1 streams."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast
from urllib.parse import urlsplit

import reactivex
from msgspec.structs import asdict
from reactivex import Observable, abc
from reactivex import operators as ops

from rxtweets._observable import Callbacks, StreamObservable, as_stream, subscribe_through
from rxtweets.auth import AppOnly, BearerToken, OAuth1, OAuth2User
from rxtweets.endpoints import Endpoint, v1
from rxtweets.errors import DuplicateStream
from rxtweets.messages import Connected, Lifecycle, Message
from rxtweets.recovery import Recovery

from .base import Streams

if TYPE_CHECKING:
    from rxtweets.filters import FilterQuery


class Stream(Streams):
    """A client for the v1.1 streams, with `OAuth1`: X's serve a user, and refuse an app's token.

    v1.1 allows an account one stream of a kind at a time: another one, in this program or elsewhere, ends the
    first with `DuplicateStream`. If this program opens a second, a `RuntimeWarning` says so, once per
    account.

    With *recovery*, a `Recovery`, a stream that has a *count* uses it to fetch what was missed when its
    connection broke; the others report each time without a connection as a `Gap`.
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
            from rxtweets.filters import FilterQuery  # brings the matching of filters

            if not isinstance(query, FilterQuery):
                raise ValueError(
                    f"query must be a FilterQuery, not {query!r}; a phrase to match goes into track="
                )
            if given := [name for name, value in predicates.items() if value is not None]:
                raise ValueError(
                    f"{', '.join(given)} can't be used with a query: set it in the query, or join two with |"
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
        """Return about 1% of all statuses, or only those of *languages* and *filter_level* if given."""
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
        """Return the messages for the signing account; the parameters are those of `endpoints.v1.user`."""
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
