"""`--budget` of the commands that have posts delivered."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import click
import platformdirs

from rxtweets.budgets import Budget

from .parsing import FILE, options

_Command = TypeVar("_Command", bound=Callable[..., Any])

_KEY = f"{__name__}.asked"
_FORM = re.compile(r"(\$?)(\d[\d,_]*(?:\.\d+)?)\s*(usd|\$|posts?)?\s*/\s*(hour|day|month)", re.IGNORECASE)


class Asked(NamedTuple):
    """The limit of `--budget`, and the file of the books; None for the user's own."""

    limit: dict[str, Any]
    file: str | None


def _limit(text: str) -> dict[str, Any]:
    """Return the options of a budget such as 5usd/day or 1000posts/hour."""
    found = _FORM.fullmatch(text.strip())
    sign, number, unit, per = found.groups() if found else ("", "0", "", "")
    amount = float(re.sub("[,_]", "", number))
    unit = (unit or "").lower()
    in_dollars = bool(sign) if not unit else unit in ("usd", "$")
    if amount <= 0 or not (sign or unit) or (sign and unit.startswith("post")):
        raise click.BadParameter(f"{text!r} is not a limit such as 5usd/day, 1000posts/hour or 50usd/month.")
    if in_dollars:
        return {"dollars": amount, "per": per.lower()}
    if amount != int(amount):
        raise click.BadParameter(f"{text!r}: the number of posts has to be whole.")
    return {"posts": int(amount), "per": per.lower()}


def _remember(context: click.Context, option: click.Parameter, value: Any) -> None:
    before: Asked = context.meta.get(_KEY, Asked({}, None))
    name = {"budget": "limit", "budget_file": "file"}[option.name or ""]
    if value is not None:
        context.meta[_KEY] = before._replace(**{name: value})


budget_options: Callable[[_Command], _Command] = options(
    click.option(
        "--budget",
        metavar="LIMIT",
        type=_limit,
        expose_value=False,
        callback=_remember,
        help="Stop once X has charged this much: 5usd/day, 1000posts/hour.",
    ),
    click.option(
        "--budget-file",
        metavar="FILE",
        type=FILE,
        expose_value=False,
        callback=_remember,
        help="Where --budget keeps count; default: one file for all your commands.",
    ),
)
"""The options, which a command needn't take: an account's budget is made of them."""


def asked_budget(api: str, *, kept: bool) -> Budget | None:
    """Return the budget that the command which runs was asked to keep to, if it was.

    If not *kept*, and no file is named, its books end with the command.

    Raises:
        UsageError: it is for v1.1, where nothing is charged, or only its file is named.
        OSError: its file can't be opened, or is none of a budget.
    """
    context = click.get_current_context(silent=True)
    asked: Asked | None = context.meta.get(_KEY) if context is not None else None
    if asked is None:
        return None
    if not asked.limit:
        raise click.UsageError("--budget-file needs --budget.")
    if api == "v1":
        raise click.UsageError("--budget is for v2: v1.1 isn't charged.")
    path = asked.file
    if path is None and kept:
        folder = platformdirs.user_state_path("rxtweets", appauthor=False, ensure_exists=True)
        path = str(folder / "budget.sqlite")
    return Budget(**asked.limit, path=path)
