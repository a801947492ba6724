"""Subscriptions to activity that exist only while the command runs."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import click
from reactivex import operators as ops
from reactivex.subject import AsyncSubject

from rxtweets._printable import printable
from rxtweets.errors import ConnectionFailed, HTTPStatusError
from rxtweets.management import ActivitySubscription, SubscriptionsClient
from rxtweets.messages import Activity

from .temporary_rules import STEP_TIMEOUT, TAG_PREFIX

_AT_ONCE = 100
"""Subscriptions that one request deletes."""


class Wanted(NamedTuple):
    """The events that a subscription is to ask for."""

    event_type: str
    user_id: str | None = None
    keyword: str | None = None


class TemporarySubscriptions:
    """Subscriptions with a unique tag. `remove` undoes `add`, even if its result is unknown."""

    def __init__(self, subscriptions: SubscriptionsClient, wanted: Iterable[Wanted]) -> None:
        self.tag = TAG_PREFIX + secrets.token_hex(4)
        self._subscriptions = subscriptions
        self._wanted = tuple(dict.fromkeys(wanted))
        self._results: list[AsyncSubject[ActivitySubscription]] = []

    def add(self, direction: str | None) -> None:
        """Add the subscriptions, one after the other.

        Raises:
            StreamError: X refuses one, or the request failed; those before it are there.
            ValueError: an argument is wrong.
        """
        for one in self._wanted:
            request = self._subscriptions.add(
                one.event_type,
                user_id=one.user_id,
                keyword=one.keyword,
                direction=direction,  # type: ignore[arg-type]
                tag=self.tag,
            )
            result: AsyncSubject[ActivitySubscription] = AsyncSubject()
            self._results.append(result)
            request.subscribe(result)  # so that a Ctrl-C while waiting for the result does not lose it
            result.run()

    def match(self, activity: Activity) -> bool:
        """Return whether *activity* comes of one of these subscriptions."""
        return activity.tag == self.tag

    def remove(self) -> None:
        """Delete the subscriptions that `add` has added; print a warning if that fails."""
        try:
            added = list(self._added())
            for start in range(0, len(added), _AT_ONCE):
                request = self._subscriptions.delete(*added[start : start + _AT_ONCE])
                left = request.pipe(ops.timeout(STEP_TIMEOUT)).run().errors
                if left:
                    raise click.ClickException("; ".join(left.values()))
        except Exception as error:
            reason = printable(str(error)) or type(error).__name__
            click.echo(f"Warning: subscriptions with the tag {self.tag} may remain at X: {reason}", err=True)

    def _added(self) -> Iterator[ActivitySubscription]:
        """Yield the subscriptions that were added: of the results, or of the list where one is unknown."""
        found = []
        for result in self._results:
            try:
                found.append(result.pipe(ops.timeout(STEP_TIMEOUT)).run())
            except (HTTPStatusError, ConnectionFailed):
                continue
            except Exception:
                every = self._subscriptions.list().pipe(ops.timeout(STEP_TIMEOUT), ops.to_list()).run()
                yield from (one for one in every if one.tag == self.tag)
                return
        yield from found
