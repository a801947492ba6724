"""The other hubs of an app, by the tags of their rules: which live, and which have crashed: no I/O, no clock.

A hub that lives renews its lease when half of it is over. One whose lease has run out has crashed. So has one
that was without any lease for a quarter of the time of one: on an app that is full a hub has to delete its
lease before it can add the next. Before that nothing tells a hub that has crashed from one that lives, unless
it is seen to renew its lease.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from rxtweets.rules.hub_tags import HubTag

_SKEW = 60.0
"""Seconds by which the clocks of two machines may differ."""


class _Hub:
    """Another hub, as it was listed last.

    Attributes:
        rules: how many rules it has, its leases included.
        lease: when its lease runs out; None if it has none.
        since: when it was first listed without a lease.
        changed_at: when it was last found to have renewed its lease.
        until: the time from which it has surely crashed, unless it renews its lease.
    """

    __slots__ = ("changed_at", "lease", "rules", "since", "until")

    def __init__(self) -> None:
        self.rules = 0
        self.lease: float | None = None
        self.since = self.changed_at = self.until = -math.inf


class OtherHubs:
    """The hubs that have rules of the same app. Times are in UNIX seconds.

    A hub is in doubt if it may have crashed: it hasn't been seen to renew its lease in the time in which it
    should have. That it lives, or has crashed, is known once its lease is due to be renewed, or runs out.

    Args:
        lease: seconds for which a lease holds.
    """

    def __init__(self, lease: float) -> None:
        self._lease = lease
        self._skew = min(_SKEW, lease / 4)
        self._without = lease / 4  # seconds without a lease after which a hub has crashed
        self._grace = lease / 16  # that a renewal may be late
        self._hubs: dict[str, _Hub] = {}
        self._listed_at = -math.inf

    def read(self, tags: Iterable[HubTag], now: float) -> None:
        """Take over which rules other hubs have."""
        is_recent = now - self._listed_at <= self._lease / 2 + self._grace
        before = self._hubs if is_recent else {}
        self._hubs, self._listed_at = {}, now
        for tag in tags:
            hub = self._hubs.setdefault(tag.token, _Hub())
            hub.rules += 1
            if tag.is_lease:
                hub.lease = max(hub.lease or 0.0, float(tag.number))
        for token, hub in self._hubs.items():
            hub.since = now
            if (known := before.get(token)) is not None:
                hub.changed_at = now if (hub.lease or 0.0) > (known.lease or 0.0) else known.changed_at
                if known.lease is None:
                    hub.since = known.since
            hub.until = hub.since + self._without if hub.lease is None else hub.lease + self._skew

    def has_crashed(self, token: str) -> bool:
        """Return whether the hub with *token* had surely crashed when the rules were listed."""
        return token in self._hubs and self._hubs[token].until <= self._listed_at

    @property
    def any_lives(self) -> bool:
        """True if there is another hub that may live."""
        return any(hub.until > self._listed_at for hub in self._hubs.values())

    def any_surely_lives(self, now: float) -> bool:
        """Return whether there is another hub that is not in doubt."""
        return any(hub.until > self._listed_at and not self._doubts(hub, now) for hub in self._hubs.values())

    def rules_in_doubt(self, now: float) -> int:
        """Return how many rules the hubs in doubt have."""
        return sum(hub.rules for hub in self._hubs.values() if self._doubts(hub, now))

    def doubt_ends(self, now: float) -> float:
        """Return when the first hub in doubt will surely have crashed; infinity if none is in doubt."""
        return min((hub.until for hub in self._hubs.values() if self._doubts(hub, now)), default=math.inf)

    def news_at(self, now: float, *, early: bool) -> float:
        """Return the time from which the rules, listed again, tell more; infinity if there is none.

        With *early* that includes the times at which the hubs in doubt should have renewed their leases.
        """
        times = [math.inf]
        for hub in self._hubs.values():
            if not self._listed_at < hub.until <= now + self._lease + 2 * self._skew:
                continue
            times.append(hub.until)
            if early and hub.lease is not None and self._doubts(hub, now):
                due = hub.lease - self._lease / 2 + self._grace
                times += [due] * (due > self._listed_at)
        return min(times)

    def _doubts(self, hub: _Hub, now: float) -> bool:
        if not self._listed_at < hub.until <= now + self._lease + 2 * self._skew:
            return False  # it has crashed, or has a longer lease than this hub would wait for
        return hub.lease is None or now >= hub.changed_at + self._lease / 2 + self._grace
