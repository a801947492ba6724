"""The parts that the clients of both protocols have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from reactivex import Observable, abc

from rxtweets.auth import Auth
from rxtweets.backoff import BackoffPolicy
from rxtweets.connection import connect
from rxtweets.endpoints import Endpoint
from rxtweets.messages import Connected, Lifecycle, Message
from rxtweets.operators import decode, retry_with_backoff, telemetry
from rxtweets.recovery import Recovery
from rxtweets.recovery.bridge import Access
from rxtweets.recovery.core import Account
from rxtweets.recovery.stream import recovering
from rxtweets.rest import RequestPace
from rxtweets.transport import Transport


class Streams:
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

        Each method checks its parameters at once, raising a `ValueError` that names what is wrong and what
        would be right, and returns a cold Observable: each subscription opens a session of its own, and
        disposing closes it. The stream ends with an error only if the policy says that a failure is final.

        Args:
            auth: the credentials; None sends none.
            base_url: the root of a host other than X's, such as `http://127.0.0.1:8080`; without it, the
                environment variable `RXTWEETS_BASE_URL` can name one.
            policy: how long to wait after which failure; default `BackoffPolicy.standard()`.
            transport: how to connect (proxies, CA bundle, time limits); default a `RequestsTransport()`.
            scheduler: where streams are read; default a thread of its own for each subscription.
            telemetry: whether to record each stream with OpenTelemetry's global providers; `tw.telemetry`
                says what is recorded. It needs the extra `otel`.
        """
        if auth is not None and not isinstance(auth, Auth):
            raise ValueError(
                "auth must be OAuth1(…), BearerToken(…), AppOnly(…) or OAuth2User(…), "
                f"not {type(auth).__name__}; each can be made with from_env() or from_file(path)"
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
