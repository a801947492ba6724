"""The next request to X's rules, from what is wanted, what stands, the limits and the time: no I/O, no clock.

    planner = RulePlanner(new_token())
    planner.want("python", now)
    planner.next(now)               # a ListRules or a Batch: send it, then say what came of it with
    planner.on_list(rules, now)     # this, on_update(…) or on_failure(…)
    planner.next(now)               # a time: ask again then; None: nothing to do until something changes

One request is under way at a time. After one of which nobody knows whether it was carried out the rules are
listed, and what they are counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from rxtweets._pace import Pace
from rxtweets.backoff import BackoffPolicy
from rxtweets.errors import FilterLimit, HTTPStatusError, UnexpectedResponse
from rxtweets.rules.hub_tags import HubTag, lease_rule, read_tag
from rxtweets.rules.language.validate import Limits
from rxtweets.rules.management.model import RuleError, RulesRefused, RuleUpdate, StreamRule
from rxtweets.rules.management.update import BATCH, Batch

from .other_hubs import OtherHubs
from .own_rules import OwnRule, OwnRules
from .pace import FIRST_WAIT, LINGER
from .packing import beyond, joined, pack, rejoin
from .room import Room

POSTS = 100
"""Requests that change rules, in 15 minutes. Source: X's page "Rate limits"."""

_BURST, _RESERVE = 20, 15
_RETRY_REFUSED = 60.0
"""Seconds until a request that was refused for good is tried again, as long as filters are wanted."""
_IDLE = 10.0
"""Seconds that a rule stays after it is no longer wanted, while others are."""
_SCARCE = 8
"""Additions that an idle rule outstays where requests are scarce."""
_MANY = 10_000
_MOST_PARENTHESES = 4
_MOST_TRIES = 3
_INVALID = (400, 413, 422)
_CAP = "RulesCapExceeded", "/rule-cap"
"""The title of X's refusal of more rules than an app may have, and the end of its type."""


class ListRules(NamedTuple):
    """The request for all rules of the app; with *counts* for the number that it may have, too."""

    counts: bool


class RulePlanner:
    """The rules that one hub wants at X, and those that it has there.

    A filter is the text of a rule. It is covered by a rule of that text, or by one that joins it with others.
    Times are in UNIX seconds.

    Args:
        token: what the tags of this hub's rules have that no other hub's have.
        limits: the length and the number of rules that the app may have; a smaller number is learned.
        wait: seconds that an addition waits for more.
        lease: seconds after which the rules of a crashed process may be removed.
        pack: whether filters are joined even where there is room for a rule each.
        policy: which failure of a request waits how long.

    Attributes:
        refusals: filters that can't be added, each with the error for its subscribers; take them out.
        pace: the requests that change rules.
    """

    def __init__(
        self,
        token: str,
        *,
        limits: Limits | None = None,
        wait: float = 0.5,
        lease: float = 900.0,
        pack: bool = False,
        policy: BackoffPolicy | None = None,
    ) -> None:
        limits = limits or Limits()
        self.refusals: list[tuple[str, Exception]] = []
        self.pace = Pace(POSTS, burst=_BURST, reserve=_RESERVE)
        self._token = token
        self._most = limits.rules
        self._length = limits.length
        self._wait = wait
        self._lease_for = lease
        self._retry_lease = min(_RETRY_REFUSED, lease / 16)
        self._pack = pack
        self._policy = policy or BackoffPolicy.standard()
        self._wanted: dict[str, int] = {}  # how many filters its rule may have, itself included
        self._uncovered: dict[str, None] = {}
        self._pending_since = -math.inf  # the first of the changes that wait
        self._waiting: set[str] = set()  # those of the uncovered that there was no room for
        self._stuck = False  # whether that is all of them, and nothing has changed since
        self._own = OwnRules()
        self._lease: OwnRule | None = None
        self._leased_until = 0.0
        self._leftovers: dict[str, StreamRule] = {}  # rules of crashed processes, by id
        self._others: set[str] = set()  # values of the rules of others
        self._hubs = OtherHubs(lease)
        self._number = 0
        self._known = False  # whether it is known which rules there are
        self._listed_at = -math.inf
        self._count_limit = True
        self._batch = BATCH
        self._tries: dict[str, int] = {}
        self._retry_at = 0.0
        self._delete_at = 0.0
        self._hurried = False
        self._sent: ListRules | Batch | None = None

    # --- what is wanted

    def want(self, key: str, now: float, *, packable: bool = False) -> None:
        """Have a rule for the filter *key*; nothing changes if it is wanted already."""
        if key in self._wanted:
            return
        self._wanted[key] = _MANY if packable else 1
        if self._lease is not None:
            self._own.idle.pop(self._lease.tag, None)
        if not self._own.revive(key):
            self._uncover(key, now)

    def unwant(self, key: str, now: float) -> None:
        """Need no rule for the filter *key* any longer."""
        if self._wanted.pop(key, None) is None:
            return
        if key in self._uncovered:
            del self._uncovered[key]
            self._waiting.discard(key)
        else:
            self._stuck = False
        self._tries.pop(key, None)
        self._own.release(key, now)

    def check(self) -> None:
        """Find out which rules there are: somebody may have deleted some."""
        self._known = False

    def lose_all(self, now: float) -> None:
        """Take over that the app has no rule, as X says when it refuses a connection for that."""
        self._known = False
        for rule in self._own:
            if rule.standing:
                self._lose(rule, now)

    def hurry(self) -> None:
        """Remove all rules without waiting, and give up soon if that fails: the program ends."""
        self._hurried = True
        self._retry_at = self._delete_at = 0.0

    def filters_of(self, tag: str | None) -> tuple[str, ...]:
        """Return the filters that the rule with *tag* matches, whether X has answered yet or not.

        One that was removed counts, too: what it matched may still be on its way.
        """
        return self._own.filters_of(tag)

    def stands(self, key: str) -> bool:
        """Return whether a rule at X matches the filter *key*."""
        return bool(self._own.matched([key]))

    @property
    def wanted(self) -> tuple[str, ...]:
        """The wanted filters."""
        return tuple(self._wanted)

    @property
    def standing(self) -> tuple[str, ...]:
        """The wanted filters that a rule at X matches."""
        return self._own.matched(self._wanted)

    @property
    def waiting(self) -> tuple[str, ...]:
        """The wanted filters that there is no room for until rules are deleted."""
        waiting = self._waiting & self._uncovered.keys()
        return tuple(key for key in self._wanted if key in waiting) if waiting else ()

    def room_at(self, now: float) -> float | None:
        """Return when rules may be deleted to make room; None if nothing waits for that, or it is now."""
        if not self.waiting:
            return None
        may_delete = self._own.idle or self._leftovers
        at = max(self._retry_at, self._delete_at if may_delete else self._hubs.doubt_ends(now))
        return at if now < at < math.inf else None

    @property
    def rules(self) -> tuple[StreamRule, ...]:
        """The rules that the hub has at X, its lease included."""
        return tuple(rule.to_rule() for rule in self._own if rule.standing)

    @property
    def is_over(self) -> bool:
        """True when nothing is wanted, and nothing is left to be removed."""
        return self._sent is None and not (self._wanted or self._own or self._leftovers)

    # --- what to do

    def next(self, now: float) -> ListRules | Batch | float | None:
        """Return the request to send now, or the time to ask again; None if there is nothing to do."""
        if self._sent is not None:
            return None
        if not self._wanted:  # all were disposed, or refused
            self._release_leases(now)
        if self.is_over:
            self._known, self._count_limit = False, True  # as of the next time that there is something to do
            self._own.forget_removed()
            return None
        if now < self._retry_at:
            return self._retry_at
        if not self._known or (self._lease_at <= now and self._listed_at < now - self._lease_for / 4):
            self._sent = self._list(now)
            return self._sent
        before = self._progress()
        for at, make in sorted(self._due(now), key=lambda one: one[0]):
            if at > now:
                return at
            if request := make(now):
                if isinstance(request, Batch):
                    self.pace.spend(now, urgent=request.kind == "delete")
                self._sent = request
                return request
            if before != self._progress():
                return self.next(now)
        return None

    def _progress(self) -> tuple[int, int, bool]:
        return len(self.refusals), len(self._own.idle), self._stuck

    @property
    def _lease_at(self) -> float:
        """The time at which the lease is to be renewed."""
        return self._leased_until - self._lease_for / 2 if self._wanted else math.inf

    def _list(self, _: float) -> ListRules:
        return ListRules(self._count_limit)

    def _due(self, now: float) -> Iterator[tuple[float, Callable[[float], ListRules | Batch | None]]]:
        """Yield what is to be done, each with the time from which it may be."""
        urgent = self.pace.free_at(now, urgent=True)
        paced = self.pace.free_at(now)
        if self._leftovers:  # before additions, as X has each text once
            at = max(urgent, self._delete_at)
            yield (at if at > now else 0.0), self._delete
        if (news_at := self._hubs.news_at(now, early=self._stuck)) < math.inf:
            yield news_at, self._list
        if self._uncovered and not self._stuck:
            wait = self._wait if self._own else min(self._wait, FIRST_WAIT)
            yield max(self._pending_since + wait, paced), self._add
        if self._own and self._lease_at < math.inf:
            yield max(self._lease_at, urgent), self._add
        if self._own.idle:
            stay = max(_IDLE, _SCARCE * self.pace.interval(now))
            if not self._wanted:
                stay = 0.0 if self._hurried else LINGER
            elif (self._uncovered or self._lease_at <= now) and self._room().free <= 0:
                stay = 0.0
            yield max(next(iter(self._own.idle.values())) + stay, urgent, self._delete_at), self._delete

    # --- additions

    def _add(self, now: float) -> Batch | None:
        """Return the request that adds rules, and a lease where it is time for one."""
        rules: list[OwnRule] = []
        groups = self._groups(now)
        # Not together with a filter that may be what is wrong; nor if all were refused.
        renew = self._lease_at <= now and (self._batch > 1 or not groups)
        texts = self._others | {rule.value for rule in self._own}
        for members in groups[: self._batch - renew]:
            value = self._value(members, texts)
            if value is not None:
                self._number += 1
                rule = OwnRule(value, HubTag(self._token, self._number, is_lease=False), members)
                rules.append(rule)
                self._own.add(rule)
                for key in members:
                    self._uncovered.pop(key, None)
        if renew and self._own:  # filters that wait for room need no lease
            rules[:0] = self._renew(now, adds=bool(rules))
        return Batch("add", tuple(rule.to_rule() for rule in rules)) if rules else None

    def _renew(self, now: float, *, adds: bool) -> list[OwnRule]:
        """Return the next lease; if there is no room, make some, unless the request *adds* rules."""
        if self._room().vacant > 0:
            value, tag = lease_rule(self._token, now + self._lease_for)
            self._lease, self._leased_until = OwnRule(value, tag), now + self._lease_for
            self._own.add(self._lease)
            return [self._lease]
        if not (adds or self._own.idle or self._leftovers):  # which will make room
            if self._lease is None:  # others have taken it
                self._leased_until = now + self._lease_for / 2 + self._retry_lease
            else:
                self._own.idle[self._lease.tag] = now  # its end makes room
        return []

    def _room(self) -> Room:
        has_lease = self._lease is not None
        others, leftovers = len(self._others), len(self._leftovers)
        return Room(self._most, others, leftovers, len(self._own), has_lease, self._hubs.any_lives)

    def _groups(self, now: float) -> list[tuple[str, ...]]:
        """Return the filters to add, in groups of one rule each; what came first is in the first groups.

        Filters that there is no room for wait, if there will be once other rules are deleted, or are refused.
        """
        if not self._uncovered:
            self._waiting.clear()
            return []
        room = self._room()
        places = {key: place for place, key in enumerate(self._wanted) if key in self._uncovered}
        joinable = {key: most for key in places if (most := self._wanted[key]) > 1}
        groups: list[tuple[str, ...]] = [(key,) for key in places]
        if self._pack or len(groups) > room.free:
            alone = [group for group in groups if group[0] not in joinable]
            groups = sorted([*alone, *pack(joinable, self._length)], key=lambda group: places[group[0]])
        if room.free > 0:
            return groups[: room.free]
        if not (self._own.idle or self._leftovers):  # which are about to make room
            packs = [self._wanted_of(rule) for rule in self._own if rule.standing and self._is_joinable(rule)]
            if again := rejoin(packs, joinable, self._length, room.to_replace):
                return again
            if room.for_filters > 0:
                return groups[: room.for_filters]
        self._refuse(self._beyond(places, joinable, now))
        self._waiting = set(self._uncovered)
        self._stuck = True
        return []

    def _beyond(self, keys: Iterable[str], joinable: Mapping[str, int], now: float) -> list[str]:
        """Return those of *keys* that won't fit when all rules are deleted that will be, or may be."""
        in_doubt = self._hubs.rules_in_doubt(now)
        if not (self._own.idle or self._leftovers or in_doubt):
            return list(keys)
        any_lives = self._hubs.any_surely_lives(now)
        room = Room(self._most, len(self._others) - in_doubt, any_lives=any_lives)
        needed = [rule for rule in self._own if rule.live]
        packs = [self._wanted_of(rule) for rule in needed if room.keeps_one and self._is_joinable(rule)]
        most = room.for_filters - (len(needed) - len(packs))
        return beyond(keys, packs, joinable, self._length, most)

    def _is_joinable(self, rule: OwnRule) -> bool:
        """Return whether the filters that need *rule* may be joined with others."""
        return bool(rule.live) and all(self._wanted[key] > 1 for key in rule.live)

    def _wanted_of(self, rule: OwnRule) -> dict[str, int]:
        return {key: self._wanted[key] for key in rule.live}

    def _value(self, members: tuple[str, ...], taken: Set[str]) -> str | None:
        """Return the text of a rule for *members*; None, and they are refused, where it is *taken*.

        X has each text once. What differs by parentheses is another text that matches the same.
        """
        value = joined(members)
        for _ in range(_MOST_PARENTHESES):
            if value not in taken:
                return value
            value = f"({value})"
        self._refuse_each(members, "DuplicateRule", "the app has this rule already, and not from this hub")
        return None

    def _refuse(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._refused(
                key,
                FilterLimit(
                    f"the app may have {self._most:,} rules and has {len(self._others):,} of others and "
                    f"{len(self._own):,} of this hub, so there is none for {key[:60]!r}: dispose another "
                    "filter, or delete rules with client.rules"
                ),
            )

    def _refuse_each(self, keys: Iterable[str], title: str, detail: str) -> None:
        for key in keys:
            self._refused(key, RulesRefused((RuleError(title, detail, key),)))

    def _refused(self, key: str, error: Exception) -> None:
        self._uncovered.pop(key, None)
        self._tries.pop(key, None)
        if self._wanted.pop(key, None) is not None:
            self.refusals.append((key, error))

    # --- deletions

    def _delete(self, now: float) -> Batch | None:
        """Return the request that deletes leftovers and rules that nobody needs."""
        old = list(self._leftovers.values())[:BATCH]
        for rule in map(self._own.get, list(self._own.idle)[: BATCH - len(old)]):
            assert rule is not None
            self._own.delete(rule)
            self._lose_lease(rule)
            old.append(rule.to_rule())
        return Batch("delete", tuple(old)) if old else None

    def _release_leases(self, now: float) -> None:
        """Need no lease but the present one, and none if no filter is wanted."""
        for rule in self._own:
            if not rule.members and rule.standing and (rule is not self._lease or not self._wanted):
                self._own.idle.setdefault(rule.tag, now)

    def _uncover(self, key: str, now: float) -> None:
        """Have a rule added for *key*, with what waits already or in `wait` seconds."""
        if (self._stuck or not self._uncovered) and self._pending_since + self._wait <= now:
            self._pending_since = now
        self._uncovered[key] = None
        self._stuck = False

    # --- what came of it

    def on_list(self, rules: Iterable[StreamRule], now: float, limit: int | None = None) -> None:
        """Take over which rules the app has, and how many it may have where that was asked for."""
        self._sent, self._stuck = None, False
        self._known, self._listed_at, self._count_limit = True, now, False
        self._policy = self._policy.healthy()
        if limit is not None:
            self._most = limit
        tagged = [(rule, read_tag(rule.tag)) for rule in rules]
        self._hubs.read((tag for _, tag in tagged if tag and tag.token != self._token), now)
        mine = {rule.tag: rule for rule, tag in tagged if tag and tag.token == self._token}
        self._others = {rule.value for rule, tag in tagged if tag is None or tag.token != self._token}
        self._leftovers = {}
        for rule, tag in tagged:
            if rule.tag in mine:
                is_left = rule.tag not in self._own
            else:
                is_left = tag is not None and self._hubs.has_crashed(tag.token)
            if is_left and rule.id:
                self._leftovers[rule.id] = rule
                self._others.discard(rule.value)
        for known in self._own:
            found = mine.get(known.tag)
            if found is None:
                self._lose(known, now)
            else:
                known.id = found.id
                self._settle(known, now)

    def on_update(self, update: RuleUpdate, headers: Mapping[str, str], now: float) -> None:
        """Take over the response to a `Batch`."""
        batch, self._sent, self._stuck = self._sent, None, False
        assert isinstance(batch, Batch)
        self.pace.read(headers, now)
        self._policy = self._policy.healthy()
        self._batch = BATCH
        if batch.kind == "add":
            self._on_added(batch, update, now)
            return
        if update.deleted < len(batch.rules):
            self._known = False
        for rule in batch.rules:
            self._leftovers.pop(rule.id or "", None)
            if known := self._own.get(rule.tag):
                self._lose(known, now)

    def _on_added(self, batch: Batch, update: RuleUpdate, now: float) -> None:
        added = {rule.value: rule for rule in update.rules}
        errors = {error.value: error for error in update.errors if error.value is not None}
        for sent in batch.rules:
            rule = self._own.get(sent.tag)
            assert rule is not None
            if sent.value in added:
                rule.id = added[sent.value].id
                self._settle(rule, now)
            elif sent.value in errors:
                self._on_refused(rule, errors[sent.value], now)
            else:
                self._known = False  # the list tells
                for key in rule.members:
                    self._count_try(key)

    def _on_refused(self, rule: OwnRule, error: RuleError, now: float) -> None:
        self._lose(rule, now)
        if error.title == "DuplicateRule":
            self._known = False  # whose it is the list tells
            for key in rule.members:
                self._count_try(key)
        if error.title != "DuplicateRule" or len(rule.members) > 1:
            self._blame(rule.members, RulesRefused((error,)))

    def _blame(self, keys: tuple[str, ...], error: Exception) -> None:
        """Refuse what a single rule matches; if it joins several, one of which may be wrong, join fewer."""
        if len(keys) == 1:
            self._refused(keys[0], error)
        for key in keys:
            if key in self._wanted:
                self._wanted[key] = min(self._wanted[key], len(keys) // 2)

    def on_failure(self, error: Exception, now: float) -> None:
        """Take over that the request failed."""
        sent, self._sent = self._sent, None
        was_stuck, self._stuck = self._stuck, False
        keys: tuple[str, ...] = ()
        if isinstance(sent, Batch):
            keys = tuple(key for rule in sent.rules for key in self.filters_of(rule.tag))
            if isinstance(error, HTTPStatusError):
                self.pace.read(error.headers, now)
            if _is_refusal(error):
                self._undo(sent, now)
            else:
                self._known = False
        retry = self._policy.next(error, now)
        if self._hurried and retry is not None and (retry.policy.attempt > 3 or retry.delay > 1.0):
            retry = None
        if retry is not None:
            self._policy, self._retry_at = retry.policy, now + retry.delay
        elif isinstance(sent, Batch) and sent.kind == "delete" and self._wanted:
            self._delete_at = now + _RETRY_REFUSED
            for key in self.waiting if was_stuck else ():  # for what can't be deleted
                self._refused(key, error)
        elif not (isinstance(sent, Batch) and sent.kind == "add" and self._is_understood(sent, keys, error)):
            self._give_up(keys, error, now)

    def _undo(self, batch: Batch, now: float) -> None:
        """Take back *batch*, which X has refused as a whole."""
        for sent in batch.rules:
            rule = self._own.get(sent.tag)
            if rule is not None:
                (self._lose if batch.kind == "add" else self._settle)(rule, now)

    def _is_understood(self, batch: Batch, keys: tuple[str, ...], error: Exception) -> bool:
        """Return whether less than *batch*, with *keys*, which X has refused as a whole, may be accepted."""
        if not isinstance(error, HTTPStatusError) or error.status_code not in _INVALID:
            return False
        if error.problem.title == _CAP[0] or error.problem.type.endswith(_CAP[1]):
            known = len(self._others) + len(self._leftovers) + len(self._own)
            self._most = max(0, min(self._most, known + len(batch.rules) - 1))
        elif len(batch.rules) > 1:
            self._batch = len(batch.rules) // 2  # one of them may be what is wrong
        elif keys:
            self._blame(keys, error)
        else:
            return False
        self._known, self._count_limit = False, True  # there may be less room than is known
        return True

    def _give_up(self, keys: Iterable[str], error: Exception, now: float) -> None:
        """End what waits for a rule with *error*; what can't be removed either is left to a later hub."""
        self._retry_at = now + _RETRY_REFUSED
        for key in [*keys, *self._uncovered]:
            if not self.stands(key):
                self._refused(key, error)
        if not self._wanted:
            self._own.clear()
            self._leftovers.clear()
            self._lease, self._leased_until, self._retry_at = None, 0.0, 0.0

    def _count_try(self, key: str) -> None:
        self._tries[key] = self._tries.get(key, 0) + 1

    def _settle(self, rule: OwnRule, now: float) -> None:
        """Take over that X has *rule*, which from now on is the one of its filters."""
        for key in rule.members:
            if key in self._uncovered:
                del self._uncovered[key]
                rule.live[key] = None
        for key in rule.live:
            self._tries.pop(key, None)
        self._own.settle(rule, now)
        if rule is self._lease:
            self._release_leases(now)

    def _lose(self, rule: OwnRule, now: float) -> None:
        """Take over that X doesn't have *rule*."""
        for key in self._own.lose(rule):
            self._uncover(key, now)
            if self._tries.get(key, 0) > _MOST_TRIES:
                self._refuse_each([key], "NotAdded", "the server does not say why")
        self._lose_lease(rule)

    def _lose_lease(self, rule: OwnRule) -> None:
        """Go back to the lease before *rule*, if that is the present one."""
        if rule is not self._lease:
            return
        self._lease, self._leased_until = None, 0.0
        for other in self._own:
            if not other.members and other.standing and (tag := read_tag(other.tag)):
                self._lease, self._leased_until = other, float(tag.number)


def _is_refusal(error: Exception) -> bool:
    """Return whether the server surely hasn't carried out the request."""
    refused = isinstance(error, HTTPStatusError) and not isinstance(error, UnexpectedResponse)
    return refused and error.status_code < 500  # type: ignore[attr-defined]
