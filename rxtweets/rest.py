"""Short requests to v2's JSON endpoints, as cold Observables."""

from __future__ import annotations

import codecs
import contextvars
import math
import threading
from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import msgspec
from reactivex import Observable, abc
from reactivex import operators as ops
from reactivex.disposable import CompositeDisposable, Disposable, SerialDisposable, SingleAssignmentDisposable
from reactivex.scheduler import CurrentThreadScheduler, TimeoutScheduler

from ._observable import StreamObservable
from ._pace import Pace
from ._schedulers import later, steady_clock, unless_event_loop
from .auth import Auth, OAuth2User
from .backoff import BackoffPolicy, Curve
from .connection import Response, fetch
from .endpoints import Request, api_url
from .endpoints.endpoint import Pairs
from .errors import HTTPStatusError, StreamDisconnected, StreamError, UnexpectedResponse
from .messages._text import replace_lone_surrogates
from .operators import retry_with_backoff
from .transport import Transport

_T = TypeVar("_T")

REQUEST_POLICY = BackoffPolicy(
    network=Curve(0.25, times=2.0, cap=4.0),
    http=Curve(1.0, times=2.0, cap=16.0),
    max_attempts=4,
    max_total=120.0,
)
"""The policy by which requests are retried, at most four times and within two minutes, for somebody may wait.

The waits are 0.25, 0.5, 1 and 2 s after network errors, and 1, 2, 4 and 8 s after HTTP 5xx and 408. After a
429 the wait is 60 s or what the server asks for; if that is longer, the 429 is final.
"""


_ME = "/2/users/me"
BY_USERS = {
    ("GET", "/2/activity/subscriptions"),
    ("POST", "/2/activity/subscriptions"),
    ("GET", "/2/tweets/search/recent"),
    ("GET", "/2/tweets/counts/recent"),
    ("GET", _ME),
}
"""The endpoints that take a user's OAuth 2.0 token, too. Source: X's OpenAPI description, 2.167."""


class JSONResponse(NamedTuple):
    """A response whose body is a JSON object.

    Attributes:
        response: the answer itself.
        json: the object.
        repeated: whether the request had failed before, so that it may have been carried out twice.
    """

    response: Response
    json: dict[str, Any]
    repeated: bool = False

    def get_object(self, *names: str) -> dict[str, Any]:
        """Return the object at *names*, one inside the other; an empty one where there is none."""
        found: Any = self.json
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def get_list(self, *names: str) -> list[dict[str, Any]]:
        """Return the objects in the list at *names*; none where there is no list."""
        found = self.get_object(*names[:-1]).get(names[-1])
        return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []

    def page_items(self) -> list[dict[str, Any]]:
        """Return what is on this page of a list.

        Raises:
            UnexpectedResponse: it is no page. An empty one has `meta`, and neither `data` nor problems.
        """
        data, meta = self.json.get("data"), self.json.get("meta")
        if isinstance(data, list):
            return self.get_list("data")
        empty = isinstance(meta, dict) and text(meta.get("result_count")) in (None, "0")
        if data is None and not self.partial_problems() and (empty or self.get_list("errors")):
            return []
        raise self.unexpected("it is no page of a list")

    def partial_problems(self) -> list[dict[str, Any]]:
        """Return the problems that came in place of a part of the data, or of all of it.

        That something which was asked for by its id doesn't exist is none.
        """
        return [
            item
            for item in self.get_list("errors")
            if not (text(item.get("type")) or "").endswith("/resource-not-found")
        ]

    def next_token(self, seen: set[str]) -> str | None:
        """Return the token of the next page, None on the last one, and add it to those *seen*.

        Raises:
            StreamError: it has been seen, so the pages have no end.
        """
        token = text(self.get_object("meta").get("next_token"))
        if not token:
            return None
        if token in seen:
            raise StreamError(f"the pages repeat: next_token {token[:60]!r} came twice")
        seen.add(token)
        return token

    def unexpected(self, reason: str) -> UnexpectedResponse:
        """Return the error for an answer that isn't what was asked for, with *reason* why it isn't."""
        return UnexpectedResponse(*self.response, reason)


class RequestPace:
    """The pace of an endpoint's requests: those that the rate limit has no room for wait until it has.

    It is shared by all that send such requests, on any threads.

    Args:
        limit: requests in 15 minutes, until the server tells another number.
        gap: the seconds between two of them at least.
        burst: how many may be sent at once; the others are spread over the time that is left. Default all.
    """

    def __init__(self, limit: int, gap: float = 0.0, burst: float = math.inf) -> None:
        self._pace = Pace(limit, burst=burst, gap=gap)
        self._lock = threading.Lock()

    def keep(self, request: Observable[JSONResponse]) -> Observable[JSONResponse]:
        """Return *request*, which each subscription sends when it may."""

        def subscribe(
            observer: abc.ObserverBase[JSONResponse], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            timer = unless_event_loop(scheduler) or TimeoutScheduler.singleton()
            now, current, context = steady_clock(timer), SerialDisposable(), contextvars.copy_context()

            def read(item: JSONResponse | Exception) -> None:
                answer = item.response if isinstance(item, JSONResponse) else item
                if isinstance(answer, Response | HTTPStatusError):
                    with self._lock:
                        self._pace.read(answer.headers, now())

            def send(*_: Any) -> None:
                waiting = SingleAssignmentDisposable()
                current.disposable = waiting
                delay = self._take(now())
                if delay:
                    later(timer, delay, lambda *_: context.copy().run(send), waiting)
                else:
                    sent = request.pipe(ops.do_action(read, read))
                    waiting.disposable = sent.subscribe(observer, scheduler=scheduler)

            send()
            return current

        return StreamObservable(subscribe)

    def _take(self, now: float) -> float:
        """Count a request made now, and return 0; or return the seconds until one may be made."""
        with self._lock:
            wait = self._pace.free_at(now) - now
            if wait <= 0:
                self._pace.spend(now)
            return max(wait, 0.0)


class Api:
    """The host that requests go to, and the credentials for it."""

    def __init__(
        self,
        auth: Auth | None,
        base_url: str | None = None,
        transport: Transport | None = None,
        scheduler: abc.SchedulerBase | None = None,
    ) -> None:
        self._auth = auth
        self._base_url = base_url
        self._transport = transport
        self._scheduler = scheduler

    def call(
        self,
        method: str,
        path: str,
        params: Pairs = (),
        body: Any = None,
        *,
        policy: BackoffPolicy | None = None,
        pace: RequestPace | None = None,
    ) -> Observable[JSONResponse]:
        """Return the response to one request, which each subscription sends anew.

        *policy* says whether and when it is sent again after a failure; without one it isn't. Each attempt
        waits until *pace* has room for it.

        Raises:
            ValueError: the credentials are a user's, which the endpoint doesn't take.
        """
        self._check_user(method, path)
        encoded = None if body is None else msgspec.json.encode(body)
        request = Request(method, api_url(path, self._base_url), params, json=encoded)
        answer = fetch(request, self._auth, transport=self._transport, scheduler=self._scheduler).pipe(
            ops.map(_parse)
        )
        if pace is not None:
            answer = pace.keep(answer)
        return answer if policy is None else _retried(answer, policy)

    def items(
        self,
        path: str,
        params: Pairs,
        read: Callable[[dict[str, Any]], _T],
        *,
        policy: BackoffPolicy | None = None,
    ) -> Observable[_T]:
        """Return the items of a paged list, each through *read*; request a page when the last one is used up.

        Errors: those of a request; StreamError where a page names one that has been as the next; and
        UnexpectedResponse, at once for a page that isn't one, and after all items where a page told of
        problems beside them. So a list that completes is whole.

        Raises the errors of `call`.
        """
        self._check_user("GET", path)

        def pages() -> Generator[Observable[Any] | _T, Any, None]:
            seen: set[str] = set()
            asked: Pairs | None = params
            problem: UnexpectedResponse | None = None
            while asked is not None:
                answer: JSONResponse = yield self.call("GET", path, asked, policy=policy)
                for item in answer.page_items():
                    yield read(item)
                if answer.partial_problems() and problem is None:
                    problem = answer.unexpected("a part of the list is missing")
                token = answer.next_token(seen)
                asked = (*params, ("pagination_token", token)) if token else None
            if problem is not None:
                raise problem

        return run_steps(pages)

    def _check_user(self, method: str, path: str) -> None:
        if isinstance(self._auth, OAuth2User) and (method, path) not in BY_USERS:
            raise ValueError(refused_user(f"{method} {path}"))


def own_id(api: Api) -> Observable[str]:
    """Return the id of the user whose credentials *api* has: one item."""

    def read(answer: JSONResponse) -> str:
        found = text(answer.get_object("data").get("id"))
        if found is None:
            raise answer.unexpected("there is no id in it")
        return found

    return api.call("GET", _ME, policy=REQUEST_POLICY).pipe(ops.map(read))


def refused_user(what: str) -> str:
    """Return why *what* is not for a user's credentials."""
    return (
        f"{what} takes the app's credentials, not a user's: "
        "StreamingClient(BearerToken(…), user=OAuth2User(…)) has both"
    )


def run_steps(work: Callable[[], Generator[Observable[Any] | _T, Any, None]]) -> Observable[_T]:
    """Return the items that *work* yields; run the Observables among them, and send it the last item of each.

    So requests that follow from each other are written one after the other. An error of a request is thrown
    where *work* waits for it. Disposal ends the request that is waited for, and closes *work*.
    """

    def subscribe(
        observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        current = SerialDisposable()
        steps = work()
        running = threading.Lock()  # a generator that is closed while another thread runs it may crash

        def close() -> None:
            if running.acquire(blocking=False):  # else it is closed by who runs it
                try:
                    steps.close()
                finally:
                    running.release()

        def advance(resume: Callable[[], Observable[Any] | _T]) -> None:
            while not current.is_disposed:
                # Only the work is tried: an exception of the observer is the observer's.
                try:
                    with running:
                        step = resume()
                except StopIteration:
                    observer.on_completed()
                    return
                except Exception as error:
                    observer.on_error(error)
                    return
                if isinstance(step, Observable):
                    wait_for(step)
                    break
                observer.on_next(step)
                resume = steps.__next__
            if current.is_disposed:
                close()

        def wait_for(request: Observable[Any]) -> None:
            items: list[Any] = []
            waiting = SingleAssignmentDisposable()
            current.disposable = waiting

            def ask(*_: Any) -> abc.DisposableBase:
                return request.subscribe(
                    items.append,
                    lambda error: advance(lambda: steps.throw(error)),
                    lambda: advance(lambda: steps.send(items[-1])),
                    scheduler=scheduler,
                )

            # Once this call has returned: a request that is answered at once would nest the next in itself.
            waiting.disposable = CurrentThreadScheduler.singleton().schedule(ask)

        advance(steps.__next__)
        return CompositeDisposable(current, Disposable(close))

    return StreamObservable(subscribe)


def _retried(source: Observable[JSONResponse], policy: BackoffPolicy) -> Observable[JSONResponse]:
    """Return *source* with `retry_with_backoff`, whose events become `JSONResponse.repeated`."""

    def subscribe(
        observer: abc.ObserverBase[JSONResponse], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        repeated = False

        def on_next(item: object) -> None:
            nonlocal repeated
            if isinstance(item, JSONResponse):
                observer.on_next(item._replace(repeated=repeated))
            else:
                repeated = True

        return source.pipe(retry_with_backoff(policy)).subscribe(
            on_next, observer.on_error, observer.on_completed, scheduler=scheduler
        )

    return StreamObservable(subscribe)


def text(value: Any) -> str | None:
    """Return *value* of a field that is text, or a number where a server drifted; None for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: Any) -> int:
    """Return *value* of a field that counts; 0 for anything that is no number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def time(value: Any) -> datetime | None:
    """Return *value* of a field that is a time in ISO 8601; None for anything else."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _parse(response: Response) -> JSONResponse:
    """Return the JSON object in *response*.

    Raises:
        StreamDisconnected: the body breaks off, or nothing came; a server that closes a connection without
            having named a length says no more than that.
        UnexpectedResponse: it is anything else.
    """
    body = response.body.removeprefix(codecs.BOM_UTF8).strip()
    try:
        said = _decoded(body)
    except RecursionError:
        raise UnexpectedResponse(*response, "the body is nested too deeply") from None
    except ValueError:
        if response.status_code in (200, 201) and (not body or body.startswith((b"{", b"["))):
            raise StreamDisconnected("the response was cut off, or isn't complete JSON") from None
        raise UnexpectedResponse(*response, _what_came(response)) from None
    if not isinstance(said, dict):
        kind = _NAMES.get(type(said), "a number")
        raise UnexpectedResponse(*response, f"the body is {kind} and not an object")
    return JSONResponse(response, said)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except ValueError:
        whole = replace_lone_surrogates(body) if b"\\u" in body else body
        if whole == body:
            raise
        return msgspec.json.decode(whole)


_NAMES = {list: "a list", str: "text", type(None): "null", bool: "true or false"}


def _what_came(response: Response) -> str:
    if not response.body:
        return "it has no body"
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    return f"the body is {kind or 'something else'}, not JSON"
