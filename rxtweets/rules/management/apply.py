"""Changing rules request by request, so that no rule is lost when a request fails."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any

from reactivex import Observable
from reactivex import operators as ops

from rxtweets.errors import StreamError
from rxtweets.rest import JSONResponse, text

from .model import RuleError, RulesMissing, RulesRefused, RuleUpdate, StreamRule
from .sync import Swap
from .update import Batch, merged

Steps = Generator[Observable[Any], Any, RuleUpdate]

_SWAP_REQUESTS = 3
"""The most requests that a swap takes: to delete, to add and, if that fails, to put back."""


class Changes:
    """The changes of one subscription, as steps for `run_steps`.

    Attributes:
        done: the result of each request, in order.

    Args:
        post: sends a batch; its second argument asks for a dry run.
        read: returns the result that a response to a batch tells.
        list_rules: lists the current rules, or those with the ids given.
        dry_runs: whether there are dry runs.
        headers: those of the response that came last, if there was one.
    """

    def __init__(
        self,
        post: Callable[[Batch, bool], Observable[JSONResponse]],
        read: Callable[[JSONResponse, Batch], RuleUpdate],
        list_rules: Callable[..., Observable[StreamRule]],
        *,
        dry_runs: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.done: list[RuleUpdate] = []
        self._post = post
        self._read = read
        self._list = list_rules
        self._dry_runs = dry_runs
        self._headers = headers

    def send(self, batch: Batch, *, dry_run: bool = False, verify: bool = False) -> Steps:
        """Send *batch* and return the result.

        If the request was repeated, or with *verify*, the result is checked against the current rules.
        """
        answer: JSONResponse = yield self._post(batch, dry_run)
        self._headers = answer.response.headers
        update = self._read(answer, batch)
        self.done.append(update)
        unclear = update.errors or (verify and not batch.is_confirmed(update))
        if unclear and not dry_run and (verify or answer.repeated):
            current: list[StreamRule] = yield self._list(*batch.ids_to_check(update)).pipe(ops.to_list())
            self.done[-1] = batch.verified(update, current)
        return self.done[-1]

    def carry_out(self, steps: Iterable[Batch | Swap]) -> Generator[Observable[Any], Any, None]:
        """Carry out *steps* in turn, up to the first in which a rule is refused.

        Raises:
            RulesRefused: a rule was refused.
            RulesMissing: a swap failed in the middle, and the rules it had deleted can't be put back.
        """
        for step in steps:
            if isinstance(step, Swap):
                yield from self._swap(step)
            else:
                yield from self._all_of(step)

    def note_on(self, error: StreamError) -> None:
        """Add a note to *error* of the changes made before it, if there were any."""
        if self.done:
            update = merged(self.done)
            error.add_note(f"before that {update.created:,} rules were added and {update.deleted:,} deleted")

    def _all_of(self, batch: Batch) -> Generator[Observable[Any], Any, None]:
        update = yield from self.send(batch, verify=True)
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

        X tells in every response how many requests are left. If these don't suffice, or aren't known, dry
        runs are sent, one of which ends with the 429 when the rest is used up.

        Raises:
            RulesRefused: there are too few requests left, and no dry runs.
        """
        for _ in range(_SWAP_REQUESTS):
            left = None if self._headers is None else text(self._headers.get("x-rate-limit-remaining"))
            too_few = left is not None and left.isdecimal() and int(left) < _SWAP_REQUESTS
            if not too_few and (self._headers is not None or not self._dry_runs):
                return
            if not self._dry_runs:
                raise RulesRefused((_too_few(left or "0"),))
            answer: JSONResponse = yield self._post(Batch("delete", swap.old), True)
            self._headers = answer.response.headers

    def _put_back(self, swap: Swap) -> Generator[Observable[Any], Any, tuple[StreamRule, ...]]:
        """Add each old rule that has no replacement yet; return those that are still missing.

        As long as the list of rules can't be read all of them are added, as adding an existing rule does no
        harm.
        """
        missing = tuple(StreamRule(rule.value, rule.tag) for rule in swap.old)
        for added in (False, True):
            try:
                if added:
                    update = yield from self.send(Batch("add", missing), verify=True)
                    if not update.errors:
                        return ()
            except Exception:
                pass
            try:
                current: list[StreamRule] = yield self._list().pipe(ops.to_list())
            except Exception:
                continue
            present = {rule.value for rule in current}
            gone = {old.value for old, new in swap.pairs if not present & {old.value, new.value}}
            missing = tuple(rule for rule in missing if rule.value in gone)
            if not missing:
                break
        return missing


def _too_few(left: str) -> RuleError:
    detail = (
        f"{left} requests are left, and to replace a rule takes up to {_SWAP_REQUESTS}, "
        "so none was deleted; wait for the limit to be reset"
    )
    return RuleError("TooFewRequests", detail)
