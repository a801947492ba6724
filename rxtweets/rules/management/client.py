"""The client that manages the rules of the filtered stream."""

from __future__ import annotations

from collections.abc import Iterable

from reactivex import Observable
from reactivex import operators as ops

from rxtweets.endpoints import checks
from rxtweets.endpoints.endpoint import Pairs
from rxtweets.rest import JSONResponse
from rxtweets.rules.language.ast import Rule

from .base import Current, RulesClientBase, RuleText
from .model import RuleCounts, RuleUpdate, StreamRule
from .update import Batch, batches, read_counts, read_rule, read_update, to_deletions

_PATH = "/2/tweets/search/stream/rules"

# Source: X's OpenAPI description, version 2.167.
_MOST_LISTED = 1_000
_COUNTS = (
    "all_project_client_apps,cap_per_client_app,cap_per_project,client_app_rules_count,project_rules_count"
)


class RulesClient(RulesClientBase):
    """The rules of an app's filtered stream: `StreamingClient.rules`.

    Each method checks its arguments and returns a cold Observable: nothing is sent until you subscribe, and
    each subscription sends the request, on its own thread. In a script, `.run()` on the result subscribes,
    waits, and returns the last item.

    A rule is text, a `Rule` of the rule language, or a `StreamRule`, which can have a tag. You may pass any
    number of rules; each request takes up to 100.

    A request that fails is retried as `rules.REQUEST_POLICY` says, or another policy set by `with_policy`;
    the streams' policy doesn't apply. Retrying is safe: a rule that already exists with its tag, or is
    already gone, counts as added or deleted by the attempt that seemed to fail.

    A change takes effect on an open stream without reconnecting, usually within 20 seconds.

    Errors of the Observables: `ConnectionFailed`, `StreamStalled`, `StreamDisconnected`, `HTTPStatusError`,
    including `UnexpectedResponse` for a success with unexpected content. A response that is cut off is
    retried like any broken connection. Refused rules aren't an error; they are listed in `RuleUpdate.errors`.
    If an error follows requests that were carried out, a `RuleUpdate` of these comes before it, and the error
    has a note of them.
    """

    def list(self, *ids: int | str) -> Observable[StreamRule]:
        """Emit each rule, or each with one of *ids* that exists, requesting pages as needed.

        Raises:
            ValueError: an id is not numeric, or there are more than 1,000.

        All of them as a list: `rules.list().pipe(ops.to_list()).run()`. An Observable that completes has
        emitted all rules.

        Errors: besides those of a request `StreamError`, when a page names an earlier one as the next, and
        `UnexpectedResponse` after the last rule, when X reported problems beside the rules.
        """
        checks.apart("list", ids)
        params: Pairs = (("ids", checks.ids("ids", ids, _MOST_LISTED)),) if ids else ()
        return self._api.items(_PATH, params, read_rule, policy=self._policy)

    def counts(self) -> Observable[RuleCounts]:
        """Emit the numbers of rules that the app and its project have, and may have."""
        asked = (("rules_count.fields", _COUNTS),)
        answer = self._api.call("GET", _PATH + "/counts", asked, policy=self._policy)
        return answer.pipe(ops.map(read_counts))

    def add(self, *rules: RuleText, tag: str | None = None, dry_run: bool = False) -> Observable[RuleUpdate]:
        """Add rules; *tag* is for those that have none.

        With *dry_run* the server only checks them, as for `validate`.

        Raises:
            ValueError: no rule is given, one is empty or longer than 2,048 characters, or a rule or a tag is
                no text that can be sent.
        """
        new = self._all("add", rules, tag)
        return self._update(batches("add", new), dry_run)

    def validate(self, *rules: RuleText, tag: str | None = None) -> Observable[RuleUpdate]:
        """Have the server check *rules* without adding them: see `valid`, `invalid` and `errors`.

        A rule that already exists is invalid, too. `rxtweets.rules.validate` needs no server.

        Raises:
            ValueError: as for `add`.
        """
        new = self._all("validate", rules, tag)
        return self._update(batches("add", new), dry_run=True)

    def delete(
        self, *rules: int | str | StreamRule, values: Iterable[str | Rule] = (), dry_run: bool = False
    ) -> Observable[RuleUpdate]:
        """Delete rules, given by id or as `StreamRule`, or by their *values*.

        With *dry_run* the server only checks whether they exist.

        Raises:
            ValueError: no rule is given, or an id is not numeric.
        """
        old = to_deletions(rules, values)
        return self._update(batches("delete", old), dry_run)

    def post(self, batch: Batch, dry_run: bool = False) -> Observable[JSONResponse]:
        """Send one request that changes rules, and emit the response as it came, headers included."""
        params: Pairs = (("dry_run", "true"),) if dry_run else ()
        return self._api.call("POST", _PATH, params, batch.body(), policy=self._policy)

    def _read(self, answer: JSONResponse, batch: Batch) -> RuleUpdate:
        return read_update(answer)

    def _current(self, rule: StreamRule | None = None) -> Observable[Current]:
        ids = [rule.id] if rule is not None and rule.id else []
        return self.list(*ids).pipe(ops.to_list(), ops.map(Current))

    def _room(self, current: Current) -> Observable[int | None]:
        def room(counts: RuleCounts) -> int | None:
            return counts.room

        return self.counts().pipe(ops.map(room))
