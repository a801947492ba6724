from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from reactivex import Observable, abc

from rxtweets._schedulers import wall_clock
from rxtweets.messages import Post, Status
from rxtweets.prices import Prices, Resource, resources

from ._periodic import State, periodically
from .snapshots import Bill, RuleBill, Spend

_DAY = 86_400
_MOST_RULES = 10_000


def spend(
    prices: Prices | None = None,
    every: float = 1.0,
    *,
    remembered: int = 100_000,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[Any]], Observable[Spend]]:
    """Keep the running bill of a stream: what X charges for it, each resource once per UTC day.

    The first `Spend` comes after *every* seconds, the last one at the end of the stream, as with `tw.meter`.
    Posts, likes and events are charged, and the users, posts and media that a message includes. It counts one
    stream, from its subscription on; `Budget` counts all of them, permanently.

    Memory is bounded: a resource that comes again on the same day after *remembered* others is forgotten by
    then, and charged once more; and only those rules are billed that were the last 10,000 to match anything
    for the first time.

    Args:
        prices: what things cost; default `Prices()`.
        every: seconds from one `Spend` to the next.
        remembered: how many of the day's last resources to remember; each takes about 200 bytes.
        scheduler: where the timer runs, and which clock decides the days; default the subscriber's, else a
            timer thread and the system's time.

    Raises:
        ValueError: an argument isn't what it should be.
    """
    if prices is not None and not isinstance(prices, Prices):
        raise ValueError(f"prices must be Prices, such as Prices(post=0.004), not {prices!r}")
    if not isinstance(remembered, int) or remembered < 1:
        raise ValueError(
            f"remembered must be the number of resources to remember, 1 or more, not {remembered!r}"
        )
    return periodically(
        every,
        lambda timer: _Spending(prices or Prices(), remembered, wall_clock(timer)),
        scheduler,
    )


class _Spending(State[Spend]):
    def __init__(self, prices: Prices, remembered: int, clock: Callable[[], float]) -> None:
        self._prices = prices
        self._remembered = remembered
        self._clock = clock
        self._day = 0.0
        self._seen: dict[Resource, None] = {}
        self._began = 0.0
        self._last: Counter[str] = Counter()
        self._total: Counter[str] = Counter()
        self._rules: dict[str, tuple[str | None, Counter[str]]] = {}

    def read(self, item: Any) -> Any:
        return resources(item), item.matching_rules if isinstance(item, Post | Status) else ()

    def add(self, found: Any, now: float) -> None:
        came, rules = found
        if not came:
            return
        day = self._clock() // _DAY
        if day != self._day:
            self._day = day
            self._seen.clear()
        new = [one for one in came if one not in self._seen]
        if not new:
            return
        self._seen.update(dict.fromkeys(new))
        while len(self._seen) > self._remembered:
            del self._seen[next(iter(self._seen))]
        kinds = [kind for kind, _ in new]
        self._last.update(kinds)
        for rule in rules:
            if rule.id not in self._rules:
                self._rules[rule.id] = rule.tag, Counter()
                if len(self._rules) > _MOST_RULES:
                    del self._rules[next(iter(self._rules))]
            self._rules[rule.id][1].update(kinds)

    def show(self, now: float) -> Spend:
        last, self._last = self._last, Counter()
        began, self._began = self._began, now
        self._total.update(last)
        rules = [
            RuleBill(id, tag, kinds["post"], self._dollars(kinds)) for id, (tag, kinds) in self._rules.items()
        ]
        return Spend(
            last=Bill(now - began, dict(last), self._dollars(last)),
            total=Bill(now, dict(self._total), self._dollars(self._total)),
            rules=tuple(sorted(rules, key=lambda rule: -rule.dollars)),
            unpriced=tuple(kind for kind in self._total if self._prices.find(kind) is None),
        )

    def _dollars(self, kinds: Counter[str]) -> float:
        return round(sum(self._prices.price(kind) * count for kind, count in kinds.items()), 6)
