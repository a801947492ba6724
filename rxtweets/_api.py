"""Short requests to v2's JSON endpoints, as cold Observables."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import msgspec
from reactivex import Observable, abc
from reactivex import operators as ops
from reactivex.disposable import SerialDisposable, SingleAssignmentDisposable
from reactivex.scheduler import CurrentThreadScheduler

from ._observable import StreamObservable
from .auth import Auth
from .backoff import BackoffPolicy
from .connection import Response, fetch
from .endpoints import Request, api_url
from .errors import HTTPStatusError, StreamError
from .operators import retry_with_backoff
from .transport import Transport

_T = TypeVar("_T")

Pairs = tuple[tuple[str, str], ...]


class Answer(NamedTuple):
    """An answer that was understood as far as that it is a JSON object.

    Attributes:
        response: the answer itself.
        json: the object.
        repeated: whether the request had failed before, so that it may have been carried out twice.
    """

    response: Response
    json: dict[str, Any]
    repeated: bool = False

    def part(self, *names: str) -> dict[str, Any]:
        """The object at *names*, one inside the other; an empty one where there is none."""
        found: Any = self.json
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def listed(self, *names: str) -> list[dict[str, Any]]:
        """The objects in the list at *names*; none where there is no list."""
        found = self.part(*names[:-1]).get(names[-1])
        return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []

    def refused(self) -> HTTPStatusError:
        """The error for an answer that says by its content, not by its status, that nothing was done."""
        return HTTPStatusError(*self.response)


class Api:
    """Where requests go, and with which credentials."""

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
    ) -> Observable[Answer]:
        """The answer to one request, sent anew by each subscription.

        *policy* says whether and when it is sent again after a failure; without one it isn't.
        """
        encoded = None if body is None else msgspec.json.encode(body)
        request = Request(method, api_url(path, self._base_url), params, json=encoded)
        answer = fetch(request, self._auth, transport=self._transport, scheduler=self._scheduler).pipe(
            ops.map(_understood)
        )
        return answer if policy is None else _retried(answer, policy)

    def items(
        self,
        path: str,
        params: Pairs,
        read: Callable[[dict[str, Any]], _T],
        *,
        policy: BackoffPolicy | None = None,
    ) -> Observable[_T]:
        """What a paged list holds, each item through *read*; a page is asked for when the last one is out.

        Errors: those of a request, and StreamError where a page names one that has been as the next.
        """

        def pages() -> Generator[Observable[Any] | _T, Any, None]:
            seen: set[str] = set()
            asked: Pairs | None = params
            while asked is not None:
                answer: Answer = yield self.call("GET", path, asked, policy=policy)
                for item in answer.listed("data"):
                    yield read(item)
                token = text(answer.part("meta").get("next_token"))
                if token in seen:
                    raise StreamError(f"the pages go round in circles: next_token {token[:60]!r} came twice")
                seen.add(token or "")
                asked = (*params, ("pagination_token", token)) if token else None

        return in_steps(pages)


def in_steps(work: Callable[[], Generator[Observable[Any] | _T, Any, None]]) -> Observable[_T]:
    """What *work* yields, but for the Observables: those it waits for, and their last item is sent to it.

    So requests that follow from each other are written one after the other. An error of a request is thrown
    where *work* waits for it. Disposal ends the request that is waited for, and *work* goes no further.
    """

    def subscribe(
        observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        current = SerialDisposable()
        steps = work()

        def advance(resume: Callable[[], Observable[Any] | _T]) -> None:
            while not current.is_disposed:
                # Only the work is tried: an exception of the observer is the observer's.
                try:
                    step = resume()
                except StopIteration:
                    observer.on_completed()
                    return
                except Exception as error:
                    observer.on_error(error)
                    return
                if isinstance(step, Observable):
                    wait_for(step)
                    return
                observer.on_next(step)
                resume = steps.__next__

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
        return current

    return StreamObservable(subscribe)


def _retried(source: Observable[Answer], policy: BackoffPolicy) -> Observable[Answer]:
    """*source* with `retry_with_backoff`, without what that says in between; the answer tells of it."""

    def subscribe(
        observer: abc.ObserverBase[Answer], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        repeated = False

        def on_next(item: object) -> None:
            nonlocal repeated
            if isinstance(item, Answer):
                observer.on_next(item._replace(repeated=repeated))
            else:
                repeated = True

        return source.pipe(retry_with_backoff(policy)).subscribe(
            on_next, observer.on_error, observer.on_completed, scheduler=scheduler
        )

    return StreamObservable(subscribe)


def text(value: Any) -> str | None:
    """*value* of a field that is text, or a number where a server drifted; None for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: Any) -> int:
    """*value* of a field that counts; 0 for anything that is no number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def time(value: Any) -> datetime | None:
    """*value* of a field that is a time in ISO 8601; None for anything else."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _understood(response: Response) -> Answer:
    try:
        said = msgspec.json.decode(response.body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise HTTPStatusError(*response)
    return Answer(response, said)
