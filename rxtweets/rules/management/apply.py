"""Changing rules request by request, so that a request that fails takes no rule along."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any

from reactivex import Observable
from reactivex import operators as ops

from rxtweets.errors import StreamError
from rxtweets.rest import JSONResponse, text

from .model import RulesMissing, RulesRefused, RuleUpdate, StreamRule
from .sync import Swap
from .update import Batch, merged, read_update

Waiting = Generator[Observable[Any], Any, RuleUpdate]

_NEEDED = 3
"""The requests that a swap can take: to delete, to add and, where that fails, to put back."""


class Changes:
    """The changes of one subscription: what `run_steps` runs.

    Attributes:
        done: what came of each request, in order.
    """

    def __init__(
        self,
        post: Callable[[Batch, bool], Observable[JSONResponse]],
        list_rules: Callable[..., Observable[StreamRule]],
    ) -> None:
        self.done: list[RuleUpdate] = []
        self._post = post
        self._list = list_rules
        self._headers: Mapping[str, str] | None = None

    def send(self, batch: Batch, *, dry_run: bool = False, settle: bool = False) -> Waiting:
        """Return what came of *batch*. Once repeated, or to *settle* it, it is held against what is there."""
        answer: JSONResponse = yield self._post(batch, dry_run)
        self._headers = answer.response.headers
        update = read_update(answer)
        self.done.append(update)
        unclear = update.errors or (settle and not batch.told(update))
        if unclear and not dry_run and (settle or answer.repeated):
            there: list[StreamRule] = yield self._list(*batch.question(update)).pipe(ops.to_list())
            self.done[-1] = batch.settled(update, there)
        return self.done[-1]

    def carry_out(self, steps: Iterable[Batch | Swap]) -> Generator[Observable[Any], Any, None]:
        """Do *steps* in turn, and no further than to the first of which something is refused.

        Raises:
            RulesRefused: something was refused.
            RulesMissing: a swap failed in the middle, and what it had deleted can't be put back.
        """
        for step in steps:
            if isinstance(step, Swap):
                yield from self._swap(step)
            else:
                yield from self._all_of(step)

    def note_on(self, error: StreamError) -> None:
        """Add to *error* what was done before it, if anything was."""
        if self.done:
            update = merged(self.done)
            error.add_note(f"before that {update.created:,} rules were added and {update.deleted:,} deleted")

    def _all_of(self, batch: Batch) -> Generator[Observable[Any], Any, None]:
        update = yield from self.send(batch, settle=True)
        if update.errors:
            raise RulesRefused(update.errors)

    def _swap(self, swap: Swap) -> Generator[Observable[Any], Any, None]:
        yield from self._look_ahead(swap)
        try:
            yield from self._all_of(Batch("delete", swap.old))
            yield from self._all_of(Batch("add", swap.new))
        except Exception as error:  # whatever it is: rules may be missing
            if missing := (yield from self._put_back(swap)):
                raise RulesMissing(missing, str(error)) from error
            raise

    def _look_ahead(self, swap: Swap) -> Generator[Observable[Any], Any, None]:
        """Have X refuse a request that does nothing, rather than one in the middle of *swap*.

        X tells with every answer how many requests are left. When they don't suffice, or aren't known,
        a dry run is sent: it ends with the 429 as soon as the rest is used up.
        """
        for _ in range(_NEEDED):
            left = None if self._headers is None else text(self._headers.get("x-rate-limit-remaining"))
            if self._headers is not None and not (left and left.isdecimal() and int(left) < _NEEDED):
                return
            answer: JSONResponse = yield self._post(Batch("delete", swap.old), True)
            self._headers = answer.response.headers

    def _put_back(self, swap: Swap) -> Generator[Observable[Any], Any, tuple[StreamRule, ...]]:
        """Add each old rule in whose place there is nothing; return those that are missing even so.

        As long as nothing can be learned, all of them are: adding what is there does no harm.
        """
        missing = tuple(StreamRule(rule.value, rule.tag) for rule in swap.old)
        for added in (False, True):
            try:
                if added:
                    update = yield from self.send(Batch("add", missing), settle=True)
                    if not update.errors:
                        return ()
            except Exception:
                pass
            try:
                there: list[StreamRule] = yield self._list().pipe(ops.to_list())
            except Exception:
                continue
            standing = {rule.value for rule in there}
            gone = {old.value for old, new in swap.pairs if not standing & {old.value, new.value}}
            missing = tuple(rule for rule in missing if rule.value in gone)
            if not missing:
                break
        return missing
