"""X's rules without a network or a clock, and a loop that does what a planner says."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from rxtweets.errors import ConnectionFailed, HTTPStatusError
from rxtweets.hub.planner import ListRules, RulePlanner
from rxtweets.rules import RuleError, RuleUpdate, StreamRule
from rxtweets.rules.management.update import Batch

WINDOW = 900


class RuleServer:
    """The rules of an app, with X's limits.

    Attributes:
        rules: by id.
        refused: texts that it refuses.
        rejected: texts for which it refuses a whole request, with the problem it names.
        posts: the times of the requests that it carried out or refused.
        too_many: how many requests it answered 429.
        over: how many it refused as the app would have had more rules than it may.
        now: the time, in UNIX seconds.
    """

    def __init__(self, cap: int = 1_000, posts: int = 100) -> None:
        self.rules: dict[str, StreamRule] = {}
        self.refused: set[str] = set()
        self.rejected: dict[str, dict[str, str]] = {}
        self.posts: list[float] = []
        self.too_many = 0
        self.over = 0
        self.now = 1_000_000.0
        self.cap = cap
        self.limit = posts
        self._window = 0.0
        self._used = 0
        self._ids = itertools.count(1)

    def add(self, value: str, tag: str | None = None) -> StreamRule:
        """Add a rule as somebody else does."""
        rule = StreamRule(value, tag, str(next(self._ids)))
        self.rules[rule.id or ""] = rule
        return rule

    def use_up(self) -> None:
        """Make all requests of the window, as somebody else does."""
        self._begin_window()
        self._used = self.limit

    def headers(self) -> dict[str, str]:
        return {
            "x-rate-limit-limit": str(self.limit),
            "x-rate-limit-remaining": str(self.limit - self._used),
            "x-rate-limit-reset": str(int(self._window + WINDOW)),
        }

    def post(self, batch: Batch) -> RuleUpdate:
        """Carry out *batch*. Raises HTTPStatusError as X would answer."""
        self._begin_window()
        self.posts.append(self.now)
        if self._used >= self.limit:
            self.too_many += 1
            raise HTTPStatusError.of(429, self.headers())
        self._used += 1
        if batch.kind == "delete":
            gone = [self.rules.pop(rule.id or "", None) for rule in batch.rules]
            return RuleUpdate(deleted=len([rule for rule in gone if rule]), not_deleted=gone.count(None))
        if len(self.rules) + len(batch.rules) > self.cap:
            self.over += 1
            problem = {"title": "RulesCapExceeded", "detail": "Rule limit exceeded"}
            raise HTTPStatusError.of(422, self.headers(), msgspec.json.encode(problem))
        for rule in batch.rules:
            for text in self.rejected.keys() & rule.value.split(" OR "):
                raise HTTPStatusError.of(400, self.headers(), msgspec.json.encode(self.rejected[text]))
        added, errors = [], []
        for rule in batch.rules:
            twin = next((one for one in self.rules.values() if one.value == rule.value), None)
            if twin is not None:
                errors.append(RuleError("DuplicateRule", value=rule.value, id=twin.id))
            elif any(text in rule.value.split(" OR ") for text in self.refused):
                errors.append(RuleError("UnprocessableEntity", "no", value=rule.value))
            else:
                added.append(self.add(rule.value, rule.tag))
        return RuleUpdate(tuple(added), tuple(errors), created=len(added), not_created=len(errors))

    def _begin_window(self) -> None:
        if self.now >= self._window + WINDOW:
            self._window, self._used = float(int(self.now)), 0


class Driver:
    """Does what a planner says against a server, in the server's time, and holds it to the filters' order.

    Attributes:
        lose: called before each request: "request" or "answer" where that is lost, the status that it is
            answered with where it is not carried out, else None.
        hold: whether a request stays on its way until `carry_out` and `answer`.
        refusals: the filters that were refused, with the errors.
        lists: how many times the rules were listed.
        deleted: the tags of the rules that it asked to delete.
    """

    def __init__(
        self, planner: RulePlanner, server: RuleServer, lose: Callable[[], str | int | None] | None = None
    ) -> None:
        self.planner = planner
        self.server = server
        self.lose = lose or (lambda: None)
        self.hold = False
        self.refusals: dict[str, Exception] = {}
        self.lists = 0
        self.deleted: list[str] = []
        self._sent: ListRules | Batch | None = None
        self._answer: Any = None

    @property
    def is_asking(self) -> bool:
        """True while a request is on its way."""
        return self._sent is not None

    def run(self, seconds: float) -> None:
        """Let time pass."""
        run_together([self], seconds)

    def step(self) -> float | None:
        """Send what there is to send, and return the time to go on at; None if nothing is left to do."""
        while True:
            step = self.planner.next(self.server.now)
            self._take_refusals()
            if step is None or isinstance(step, float):
                return step
            self._sent = step
            if isinstance(step, Batch) and step.kind == "delete":
                self.deleted += [rule.tag or "" for rule in step.rules]
            elif isinstance(step, Batch):
                self._check_order(step)
            if not self.hold:
                self.answer()

    def _check_order(self, batch: Batch) -> None:
        """Check that no filter gets a rule before one that was wanted earlier, unless it shares that one's.

        It may also join a rule that stands.
        """
        planner = self.planner
        place = {key: number for number, key in enumerate(planner.wanted)}
        standing = set(planner.standing)
        groups = [members for rule in batch.rules if (members := planner.filters_of(rule.tag))]
        left = place.keys() - standing.union(*groups)
        for members in groups:
            if left and standing.isdisjoint(members):
                assert min(map(place.__getitem__, members)) < min(map(place.__getitem__, left))

    def carry_out(self) -> None:
        """Have the server carry out the request that is on its way, if there is one."""
        step, server = self._sent, self.server
        if step is None or self._answer is not None:
            return
        lost = self.lose()
        if isinstance(lost, int):
            self._answer = HTTPStatusError.of(lost, server.headers() if lost == 429 else {})
        elif lost != "request":
            try:
                self._answer = (
                    list(server.rules.values()) if isinstance(step, ListRules) else server.post(step)
                )
            except HTTPStatusError as refused:
                self._answer = refused
        if isinstance(lost, str):
            self._answer = ConnectionFailed("lost")

    def answer(self) -> None:
        """Have the answer come, if a request is on its way."""
        self.carry_out()
        (step, self._sent), (answer, self._answer) = (self._sent, None), (self._answer, None)
        planner, server = self.planner, self.server
        if step is None:
            return
        if isinstance(answer, Exception):
            planner.on_failure(answer, server.now)
        elif isinstance(step, ListRules):
            self.lists += 1
            planner.on_list(answer, server.now, server.cap if step.counts else None)
        else:
            planner.on_update(answer, server.headers(), server.now)
        self._take_refusals()

    def _take_refusals(self) -> None:
        self.refusals.update(self.planner.refusals)
        self.planner.refusals.clear()


def run_together(drivers: Sequence[Driver], seconds: float) -> None:
    """Let time pass for the drivers of one server."""
    server = drivers[0].server
    end = server.now + seconds
    while True:
        times = [at for driver in drivers if (at := driver.step()) is not None]
        if not times or min(times) > end:
            break
        assert min(times) > server.now
        server.now = min(times)
    server.now = end
