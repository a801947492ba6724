"""The rules that a hub has at X, and which filters they match: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rxtweets.rules.hub_tags import HubTag
from rxtweets.rules.management.model import StreamRule

_MOST_REMOVED = 1_000
"""Rules that are remembered when they are gone."""


class OwnRule:
    """A rule of the hub at X, or on its way there.

    Attributes:
        members: the filters that it matches; a lease has none.
        live: those of them that are wanted and have no newer rule.
        standing: whether X has it, as far as is known; False while it is being added or deleted.
        deleting: whether a request to delete it is under way.
    """

    __slots__ = ("deleting", "id", "live", "members", "standing", "tag", "value")

    def __init__(self, value: str, tag: HubTag | str, members: tuple[str, ...] = ()) -> None:
        self.value = value
        self.tag = str(tag)
        self.members = members
        self.live = dict.fromkeys(members)
        self.id: str | None = None
        self.standing = False
        self.deleting = False

    def to_rule(self) -> StreamRule:
        return StreamRule(self.value, self.tag, self.id)


class OwnRules:
    """The rules of a hub, each with its tag.

    Attributes:
        idle: the tags of rules that nobody needs, since when.
    """

    def __init__(self) -> None:
        self.idle: dict[str, float] = {}
        self._rules: dict[str, OwnRule] = {}
        self._tags: dict[str, dict[str, None]] = {}  # of the rules that match a filter
        self._standing: set[str] = set()  # filters that a rule at X matches
        self._removed: dict[str, tuple[str, ...]] = {}  # the filters of rules that are gone

    def __len__(self) -> int:
        return len(self._rules)

    def __iter__(self) -> Iterator[OwnRule]:
        return iter(tuple(self._rules.values()))

    def __contains__(self, tag: object) -> bool:
        return tag in self._rules

    def get(self, tag: str | None) -> OwnRule | None:
        """Return the rule with *tag*, if there is one."""
        return self._rules.get(tag or "")

    def filters_of(self, tag: str | None) -> tuple[str, ...]:
        """Return the filters that the rule with *tag* matches, or matched before it was removed."""
        rule = self.get(tag)
        return self._removed.get(tag or "", ()) if rule is None else rule.members

    def matched(self, filters: Iterable[str]) -> tuple[str, ...]:
        """Return those of *filters* that a rule at X matches."""
        return tuple(filter(self._standing.__contains__, filters))

    def add(self, rule: OwnRule) -> None:
        """Have *rule*, which is on its way to X."""
        self._rules[rule.tag] = rule
        for key in rule.members:
            self._tags.setdefault(key, {})[rule.tag] = None

    def settle(self, rule: OwnRule, now: float) -> None:
        """Take over that X has *rule*, which from now on is the one of its filters."""
        rule.standing, rule.deleting = True, False
        self._standing.update(rule.members)
        for key in rule.live:
            for other in self._of(key):
                if other is not rule and other.standing:
                    self._release(other, key, now)
        if rule.members and not rule.live:
            self.idle.setdefault(rule.tag, now)

    def delete(self, rule: OwnRule) -> None:
        """Count on *rule* no longer, as it is being deleted."""
        rule.deleting, rule.standing = True, False
        self._standing.difference_update(
            key for key in rule.members if not any(other.standing for other in self._of(key))
        )
        self.idle.pop(rule.tag, None)

    def lose(self, rule: OwnRule) -> list[str]:
        """Take over that X doesn't have *rule*, and return the filters that lack one for it."""
        self.delete(rule)
        del self._rules[rule.tag]
        if rule.members:
            self._removed[rule.tag] = rule.members
            if len(self._removed) > _MOST_REMOVED:
                del self._removed[next(iter(self._removed))]
        for key in rule.members:
            del self._tags[key][rule.tag]
            if not self._tags[key]:
                del self._tags[key]
        return [key for key in rule.live if not self.revive(key)]

    def release(self, key: str, now: float) -> None:
        """Need no rule for the filter *key*."""
        for rule in self._of(key):
            self._release(rule, key, now)

    def revive(self, key: str) -> bool:
        """Need a rule for the filter *key* that matches it anyway; return whether there is one."""
        for rule in self._of(key):
            if not rule.deleting:
                rule.live[key] = None
                self.idle.pop(rule.tag, None)
                return True
        return False

    def forget_removed(self) -> None:
        """Forget the rules that are gone: nothing that they matched is on its way."""
        self._removed.clear()

    def clear(self) -> None:
        """Forget all rules."""
        for known in (self.idle, self._rules, self._tags, self._standing):
            known.clear()

    def _of(self, key: str) -> list[OwnRule]:
        return [self._rules[tag] for tag in self._tags.get(key, ())]

    def _release(self, rule: OwnRule, key: str, now: float) -> None:
        if rule.live.pop(key, 0) is None and not rule.live and rule.standing:
            self.idle.setdefault(rule.tag, now)
