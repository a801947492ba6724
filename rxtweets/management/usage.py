"""The use of an account at X: posts by day and app, and the credit that is left."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date
from typing import Any

import msgspec
from reactivex import Observable
from reactivex import operators as ops

from rxtweets.endpoints import checks
from rxtweets.errors import HTTPStatusError
from rxtweets.rest import REQUEST_POLICY, Api, JSONResponse, run_steps, text, time

# Source for names and limits: X's OpenAPI description, 2.167.
_FIELDS = "cap_reset_day,daily_client_app_usage,daily_project_usage,project_cap,project_id,project_usage"
_MOST_DAYS = 90


class DailyUsage(msgspec.Struct, frozen=True):
    """The posts that were delivered on one day, which ends at midnight UTC."""

    day: date
    posts: int


class Usage(msgspec.Struct, frozen=True):
    """The posts that X has delivered, on all ways, each once a UTC day; what it doesn't say is None.

    Attributes:
        project_id: the project that the app belongs to.
        cap: the posts that the project may be delivered in its month.
        used: those that it has been delivered.
        cap_reset_day: the day of the month on which *used* begins at 0 again.
        days: the project's posts by day, oldest first.
        apps: the posts of each app of the project by day, by its id.
    """

    project_id: str | None = None
    cap: int | None = None
    used: int | None = None
    cap_reset_day: int | None = None
    days: tuple[DailyUsage, ...] = ()
    apps: dict[str, tuple[DailyUsage, ...]] = {}

    @property
    def left(self) -> int | None:
        """The posts that are left until the cap is reset; None where X doesn't tell."""
        return None if self.cap is None or self.used is None else max(0, self.cap - self.used)


class Credits(msgspec.Struct, frozen=True):
    """The credit of an account that pays as it goes, in dollars; what X doesn't say is None.

    Attributes:
        total: what is left.
        prepaid: the part of it that was bought.
        free: the part that was given.
    """

    total: float | None = None
    prepaid: float | None = None
    free: float | None = None


class UsageClient:
    """The account's usage, which `StreamingClient.usage` and `StreamingClient.credits` return."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def posts(self, days: int) -> Observable[Usage]:
        """Return the usage of the last *days*. Raises ValueError unless they are 1 to 90."""
        params = (("days", checks.number("days", days, 1, _MOST_DAYS)), ("usage.fields", _FIELDS))
        answer = self._api.call("GET", "/2/usage/tweets", params, policy=REQUEST_POLICY)
        return answer.pipe(ops.map(_usage))

    def credits(self) -> Observable[Credits]:
        """Return the credit that is left."""

        def work() -> Generator[Observable[Any] | Credits, Any, None]:
            try:
                answer: JSONResponse = yield self._api.call("GET", "/2/usage/credits", policy=REQUEST_POLICY)
            except HTTPStatusError as error:
                if error.status_code == 404:
                    error.add_note("X tells this account no credit here; its developer console does")
                raise
            yield _credits(answer)

        return run_steps(work)


def _usage(answer: JSONResponse) -> Usage:
    data = answer.get_object("data")
    if not data:
        raise answer.unexpected("it has no usage")
    apps = answer.get_list("data", "daily_client_app_usage")
    return Usage(
        project_id=text(data.get("project_id")),
        cap=_whole(data.get("project_cap")),
        used=_whole(data.get("project_usage")),
        cap_reset_day=_whole(data.get("cap_reset_day")),
        days=_daily(answer.get_list("data", "daily_project_usage", "usage")),
        apps={text(app.get("client_app_id")) or "": _daily(app.get("usage")) for app in apps},
    )


def _daily(items: object) -> tuple[DailyUsage, ...]:
    found = []
    for item in items if isinstance(items, list) else []:
        at = time(item.get("date")) if isinstance(item, dict) else None
        if at is not None:
            found.append(DailyUsage(at.date(), _whole(item.get("usage")) or 0))
    return tuple(sorted(found, key=lambda one: one.day))


def _whole(value: object) -> int | None:
    """Return a count, which X writes as text; None for what is none."""
    found = text(value)
    return int(found) if found is not None and found.isascii() and found.isdigit() else None


def _credits(answer: JSONResponse) -> Credits:
    data = answer.get_object("data")
    found = [_dollars(data.get(f"{name}_balance")) for name in ("total", "prepaid", "free")]
    if all(one is None for one in found):
        raise answer.unexpected("it has no balance")
    return Credits(*found)


def _dollars(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
