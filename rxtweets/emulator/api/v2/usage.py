"""v2's account of what was used: posts by day and app, and the credit that is left."""

from __future__ import annotations

from datetime import date
from typing import Any

from rxtweets.emulator.app.usage import LONGEST, RESET_DAY, UsageBook
from rxtweets.emulator.server.http import Request, Response, json_response, v2_refusal

from .params import Check, some_of, split, whole

# Source: X's OpenAPI description, version 2.167; the first four come unasked.
_FIELDS = ("cap_reset_day", "project_cap", "project_id", "project_usage")
_DAILY = ("daily_client_app_usage", "daily_project_usage")
USED: dict[str, Check] = {"days": whole(1, LONGEST), "usage.fields": some_of((*_FIELDS, *_DAILY))}


class UsageEndpoints:
    """``/2/usage/tweets`` and ``/2/usage/credits``.

    Args:
        usage: The count of what was delivered, and the credit that is left.
        app_id: The id of the one app, and of its project.
    """

    def __init__(self, usage: UsageBook, app_id: int) -> None:
        self._usage = usage
        self._app_id = str(app_id)

    def posts(self, request: Request) -> Response:
        daily = [_form(*one) for one in self._usage.daily(int(request.query.get("days", 7)))]
        app = {"client_app_id": self._app_id, "usage": daily, "usage_result_count": len(daily)}
        known: dict[str, Any] = {
            "cap_reset_day": RESET_DAY,
            "project_cap": str(self._usage.cap),
            "project_id": self._app_id,
            "project_usage": str(self._usage.period()["post"]),
            "daily_client_app_usage": [app],
            "daily_project_usage": {"project_id": self._app_id, "usage": daily},
        }
        asked = split(request.query.get("usage.fields", "")) or _FIELDS
        return json_response({"data": {name: known[name] for name in known if name in asked}})

    def credits(self, request: Request) -> Response:
        left = self._usage.credit
        if left is None:
            return v2_refusal(404)
        balance = {"free_balance": 0.0, "prepaid_balance": left, "total_balance": left}
        return json_response({"data": balance})


def _form(day: date, posts: int) -> dict[str, str]:
    return {"date": f"{day}T00:00:00.000Z", "usage": str(posts)}
