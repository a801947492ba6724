"""The hub of v2: a rule for each filter, added and removed while one connection stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import reactivex
from msgspec.structs import replace
from reactivex import Observable, abc
from reactivex import operators as ops
from reactivex.disposable import SingleAssignmentDisposable
from reactivex.scheduler import CurrentThreadScheduler

from rxtweets.backoff import BackoffPolicy
from rxtweets.endpoints import Endpoint
from rxtweets.errors import NoRules
from rxtweets.filters import FilterIndex, FilterQuery
from rxtweets.messages import Connected, Post, Reconnecting
from rxtweets.operators import distinct_by_id
from rxtweets.recovery import Recovery
from rxtweets.rest import JSONResponse
from rxtweets.rules import (
    CompiledRule,
    Limits,
    Rule,
    RuleCounts,
    RuleSyntaxError,
    StreamRule,
    fields_for,
    from_filter,
    parse,
)
from rxtweets.rules.hub_tags import new_token
from rxtweets.rules.language.validate import stands_alone
from rxtweets.rules.management.update import Batch, read_update, to_stream_rule

from .core import HubCore
from .packed import indexable
from .planner import ListRules, RulePlanner
from .state import HubState, to_time
from .subscriber import Subscriber

if TYPE_CHECKING:
    from rxtweets.streams import StreamingClient

_ONLY_X = {"embedding", "embedding_threshold", "sample"}
"""Operators that only X can tell about."""


class RulesHub(HubCore):
    """The filters of a `StreamingClient`, each the text of a rule."""

    def __init__(
        self,
        client: StreamingClient,
        endpoint: Endpoint,
        *,
        limits: Limits | None,
        lease: float,
        pack: bool,
        wait: float,
        recovery: Recovery | None,
        scheduler: abc.SchedulerBase | None,
    ) -> None:
        super().__init__(scheduler)
        self._client = client
        self._endpoint = endpoint
        self._recovery = recovery
        self._limits = limits or Limits()
        self._planner = RulePlanner(
            new_token(), limits=self._limits, wait=wait, lease=lease, pack=pack, policy=client._policy
        )
        self._asked = frozenset(
            f"{name}={value}" for name, values in endpoint.request.params for value in values.split(",")
        ) | {"tweet.fields=id", "tweet.fields=text"}
        self._repeats = any(name == "backfill_minutes" for name, _ in endpoint.request.params)
        self._holders: dict[str, dict[Subscriber, None]] = {}
        self._index = FilterIndex[str]()  # of the filters that may be joined in one rule
        self._live: SingleAssignmentDisposable | None = None
        self._reconnects = False

    # --- filters

    def filters(self, rule: object) -> tuple[tuple[str, Rule | None], ...]:
        """Return the canonical texts that *rule* stands for, with their trees where they can be read.

        Raises:
            ValueError: it is no rule, or X would refuse it for its length.
        """
        if isinstance(rule, FilterQuery):
            if rule.filter_level or rule.count:
                raise ValueError("rules have neither filter_level nor count: leave them out of the query")
            return tuple((str(part), part) for part in from_filter(rule, self._limits))
        if not isinstance(rule, str | Rule):
            raise ValueError(
                f"a filter is the text of a rule, a Rule, a FilterQuery or keywords (track=…), not {rule!r}"
            )
        tree: Rule | None
        try:
            tree = parse(rule)
        except (RuleSyntaxError, ImportError):  # X may know more than this version
            tree = None
        text = to_stream_rule(rule if tree is None else tree).value.strip()
        if len(text) > self._limits.length:
            raise ValueError(
                f"a rule has at most {self._limits.length:,} characters, not {len(text):,}: {text[:60]}…"
            )
        return ((text, tree),)

    def _is_packable(self, tree: Rule | None) -> bool:
        """Return whether the posts that a rule matches can be told here, by the fields asked for."""
        if tree is None or not stands_alone(tree):  # X refuses it, but beside others it would not
            return False
        for term, _ in tree.terms():
            if term.name in _ONLY_X or (term.name == "lang" and term.value.lower().startswith("zh-")):
                return False
        needed = fields_for(tree)
        return all(
            f"{name.replace('_', '.') if name != 'expansions' else name}={value}" in self._asked
            for name, values in needed.items()
            for value in values  # type: ignore[attr-defined]
        )

    def _enter(self, subscriber: Subscriber) -> None:
        now = self._now()
        for text, tree in subscriber.filters:
            holders = self._holders.setdefault(text, {})
            if not holders:
                packable = self._is_packable(tree)
                if packable and tree is not None:
                    self._index.add(indexable(CompiledRule(tree, asked=self._asked)), text)
                self._planner.want(text, now, packable=packable)
            holders[subscriber] = None

    def _leave(self, subscriber: Subscriber) -> None:
        now = self._now()
        for text, _ in subscriber.filters:
            holders = self._holders.get(text, {})
            holders.pop(subscriber, None)
            if not holders and self._holders.pop(text, None) is not None:
                if text in self._index:
                    self._index.remove(text)
                self._planner.unwant(text, now)

    # --- delivery

    def _on_item(self, session: object, item: Any) -> None:
        if item.__class__ is Post:
            for subscriber in self._receivers(session, item):
                subscriber.send(item)
            return
        with self._lock:
            if session is not self._live:
                return
            if isinstance(item, Reconnecting):
                self._reconnects = True
                if isinstance(item.cause, NoRules):
                    self._planner.lose_all(self._now())
            elif self._reconnects and isinstance(item, Connected):
                self._reconnects = False
                self._planner.check()
        self._broadcast(session, item)
        if isinstance(item, Reconnecting | Connected):
            self._pump()

    def _receivers(self, session: object, post: Post) -> Iterable[Subscriber]:
        found: dict[Subscriber, None] = {}
        with self._lock:
            for text in self.matching(post) if session is self._live else ():
                found.update(self._holders[text])
        return found

    def matching(self, post: Any) -> tuple[str, ...]:
        with self._lock:
            texts: dict[str, None] = {}
            joined: list[tuple[str, ...]] = []
            for rule in post.matching_rules:
                members = self._planner.filters_of(rule.tag)
                if len(members) == 1:
                    texts[members[0]] = None
                elif members:
                    joined.append(members)
            if joined:
                for text in self._index.match(post):
                    if any(text in members for members in joined):
                        texts[text] = None
            return tuple(text for text in texts if text in self._holders)

    # --- the connection

    def _close(self) -> None:
        if self._live is not None:
            self._live.dispose()
        self._live, self._reconnects = None, False

    def _open(self, session: SingleAssignmentDisposable) -> None:
        policy = self._client._policy or BackoffPolicy.standard()
        policy = replace(policy.after_close(), also_retry=(*policy.also_retry, NoRules))
        posts = self._client._chain(self._endpoint, policy, self._recovery)
        if self._repeats:
            posts = posts.pipe(distinct_by_id())
        session.disposable = posts.subscribe(
            lambda item: self._on_item(session, item),
            lambda error: self._on_end(session, error),
            lambda: None,
        )

    def _on_end(self, session: object, error: Exception) -> None:
        with self._lock:
            if session is not self._live:
                return
            self._close()
            self._connected, self._connection = None, "closed"
            if isinstance(error, NoRules):
                self._planner.lose_all(self._now())
            self._end(self._subscribers, error)
        self._pump()

    # --- the rules

    def _work(self, now: float) -> tuple[Callable[[], None] | None, float | None]:
        step = self._planner.next(now)
        while self._planner.refusals:
            text, error = self._planner.refusals.pop()
            self._refused.append((text, str(error)))
            self._end(self._holders.get(text, ()), error)
        if self._subscribers and self._live is None and self._planner.rules:
            self._live, self._connection = SingleAssignmentDisposable(), "connecting"
            session = self._live

            def open_too() -> None:
                self._open(session)
                if isinstance(step, ListRules | Batch):
                    self._request(step)
                else:
                    self._pump()

            return open_too, None
        if isinstance(step, ListRules | Batch):
            return lambda: self._request(step), None
        return None, step

    def _request(self, step: ListRules | Batch) -> None:
        rules = self._client.rules.with_policy(BackoffPolicy.never())
        if isinstance(step, Batch):

            def on_update(answer: JSONResponse) -> None:
                self._planner.on_update(read_update(answer), answer.response.headers, self._now())

            self._ask(rules.post(step), on_update)
            return

        def on_list(answer: tuple[list[StreamRule], RuleCounts | None]) -> None:
            listed, counts = answer
            limit = None if counts is None or counts.room is None else counts.room + len(listed)
            self._planner.on_list(listed, self._now(), limit)

        def counted(listed: list[StreamRule]) -> Observable[tuple[list[StreamRule], RuleCounts | None]]:
            uncounted: Observable[Any] = reactivex.just((listed, None))
            if not step.counts:
                return uncounted
            return rules.counts().pipe(
                ops.map(lambda counts: (listed, counts)),
                ops.catch(lambda _, __: uncounted),
            )

        self._ask(rules.list().pipe(ops.to_list(), ops.flat_map(counted)), on_list)

    def _ask(self, request: Observable[Any], take: Callable[[Any], None]) -> None:
        answers: list[Any] = []

        def done(error: Exception | None = None) -> None:
            with self._lock:
                if error is None:
                    try:
                        take(answers[-1])
                    except Exception as unexpected:
                        error = unexpected
                self.failure = error
                if error is not None:
                    self._planner.on_failure(error, self._now())
            self._pump()

        # At the end of the program on this thread, as no other can be started.
        here = CurrentThreadScheduler.singleton() if self._exiting else None
        request.subscribe(answers.append, done, done, scheduler=here)

    def _hurry(self) -> None:
        self._planner.hurry()

    def _is_over(self) -> bool:
        return not self._subscribers and self._live is None and self._planner.is_over

    def _snapshot(self) -> HubState:
        pace = self._planner.pace
        return HubState(
            wanted=self._planner.wanted,
            standing=self._planner.standing,
            refused=tuple(self._refused),
            connection=self._connection,
            requests_left=pace.left,
            resets_at=to_time(pace.resets_at),
            waiting=self._planner.waiting,
            room_at=to_time(self._planner.room_at(self._now())),
            failure=None if self.failure is None else str(self.failure),
        )
