"""`StreamListener` and `Stream` as in Tweepy 3."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from rxtweets.endpoints import Endpoint, v1

from . import _options
from ._listener import StreamListener
from ._session import Session
from .auth import credentials
from .error import TweepError

__all__ = ["Stream", "StreamListener"]


class Stream:
    """A connection to the v1.1 streams that calls *listener*.

    Without `is_async` a stream blocks its caller until it is over. Each method raises TweepError when a
    parameter is wrong, the credentials are incomplete, or this object streams already.

    Args:
        auth: an `OAuthHandler` or `AppAuthHandler`, or any other auth for `requests`.
        listener: a `StreamListener`.
        options: those of Tweepy's that mean something here; others are ignored, and named in the log:

            * `timeout`: stall timeout in seconds; default 90, three keep-alives.
            * `retry_count`: reconnects in a row without a stream that stood for 20 s; default no limit. When
              they are used up the call returns, or raises what `on_error` and `on_timeout` have not heard of.
            * `retry_time`, `retry_time_cap`: first and longest wait after an HTTP error; 5 and 320 s. The
              cap, if given, is that of a 420 as well.
            * `retry_420`: first wait after a 420 or 429; 60 s. What the server asks for is never undercut.
            * `snooze_time`, `snooze_time_cap`: first and longest wait after a network failure; 0.25 and 16 s.
            * `daemon`: whether a program may end while a stream with `is_async` runs; default False.
            * `proxies`: a dict, as for `requests`.
            * `verify`: True, or the path of a file of CA certificates. False is refused.
            * `host`: another host, reached by https.

    Attributes:
        auth: as given.
        listener: as given.

    Raises:
        ValueError: an option is wrong, or is `verify=False`.
    """

    def __init__(self, auth: Any, listener: Any, **options: Any) -> None:
        self.auth = auth
        self.listener = listener
        self._options = _options.read(options)
        self._lock = threading.RLock()
        self._run: Session | None = None
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """True while a stream is open or about to connect again. Setting it False disconnects."""
        return self._run is not None

    @running.setter
    def running(self, value: bool) -> None:
        if value:
            raise ValueError("running is set by filter() and its siblings; only False can be assigned")
        self.disconnect()

    def disconnect(self) -> None:
        """End the stream, from any thread; returns at once, and no callback begins after it."""
        with self._lock:
            run = self._run
        if run is not None:
            run.stop()

    def on_closed(self, resp: Any) -> None:
        """Handle the close of the stream by the server; *resp* is None. The stream connects again."""

    def filter(
        self,
        follow: v1.Ids | None = None,
        track: v1.Names | None = None,
        is_async: bool = False,
        locations: Iterable[float] | None = None,
        stall_warnings: bool = False,
        languages: v1.Names | None = None,
        encoding: str = "utf8",
        filter_level: Any = None,
    ) -> None:
        """Stream what matches; see `rxtweets.endpoints.v1.filter`. *encoding* is ignored: it is UTF-8."""
        self._start(
            v1.filter,
            is_async,
            follow=follow or None,
            track=track or None,
            locations=locations or None,
            stall_warnings=bool(stall_warnings),
            languages=languages or None,
            filter_level=filter_level or None,
        )

    def sample(
        self, is_async: bool = False, languages: v1.Names | None = None, stall_warnings: bool = False
    ) -> None:
        """Stream about 1% of all statuses."""
        self._start(v1.sample, is_async, languages=languages or None, stall_warnings=bool(stall_warnings))

    def firehose(self, count: int | None = None, is_async: bool = False) -> None:
        """Stream all public statuses. A stream with a negative *count* ends by itself."""
        self._start(v1.firehose, is_async, count=count or None, stall_warnings=False)

    def retweet(self, is_async: bool = False) -> None:
        """Stream all retweets."""
        self._start(v1.retweet, is_async, stall_warnings=False)

    def userstream(
        self,
        stall_warnings: bool = False,
        _with: Any = None,
        replies: Any = None,
        track: v1.Names | None = None,
        locations: Iterable[float] | None = None,
        is_async: bool = False,
        encoding: str = "utf8",
    ) -> None:
        """Stream the messages for the account that signs. *encoding* is ignored."""
        self._start(
            v1.user,
            is_async,
            with_=_with or None,
            replies="all" if replies else None,
            track=track or None,
            locations=locations or None,
            stall_warnings=bool(stall_warnings),
        )

    def sitestream(
        self,
        follow: v1.Ids,
        stall_warnings: bool = False,
        with_: Any = "user",
        replies: Any = False,
        is_async: bool = False,
    ) -> None:
        """Stream the user streams of several accounts in one; its envelopes come to `on_data` alone."""
        self._start(
            v1.site,
            is_async,
            follow=follow,
            with_=with_ or None,
            replies="all" if replies else None,
            stall_warnings=bool(stall_warnings),
        )

    def _start(self, endpoint: Callable[..., Endpoint], is_async: bool, **parameters: Any) -> None:
        options = self._options
        with self._lock:
            if self._run is not None:
                raise TweepError("Stream object already connected!")
            try:
                target = endpoint(base_url=options.base_url, **parameters)
            except ValueError as error:
                raise TweepError(error) from error
            if options.timeout is not None:
                target = msgspec.structs.replace(target, stall_timeout=options.timeout)
            auth = credentials(self.auth)
            self._run = run = Session(self, target, auth, options.policy, options.transport, self._end)
        if is_async:
            self._thread = threading.Thread(target=run.play, name="rxtweets-listener", daemon=options.daemon)
            self._thread.start()
        else:
            run.play()

    def _end(self, run: Session) -> None:
        with self._lock:
            if self._run is run:
                self._run = None
