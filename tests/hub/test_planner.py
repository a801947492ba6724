"""The planner of rules: what it asks of X, without a network or a clock."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rxtweets import FilterLimit, Forbidden, HTTPStatusError
from rxtweets.hub.planner import RulePlanner
from rxtweets.rules import Limits, RulesRefused, StreamRule
from rxtweets.rules.hub_tags import HubTag, is_lease, lease_rule, read_tag

from .rule_server import Driver, RuleServer, run_together

TOKEN = "00aa"


def _own(server: RuleServer, token: str = TOKEN) -> list[StreamRule]:
    return [rule for rule in server.rules.values() if (tag := read_tag(rule.tag)) and tag.token == token]


def _texts(server: RuleServer, token: str = TOKEN) -> list[str]:
    """The filters' rules of the hub, without its lease."""
    return sorted(rule.value for rule in _own(server, token) if "lease" not in (rule.tag or ""))


def _driver(server: RuleServer, **options: object) -> Driver:
    return Driver(RulePlanner(TOKEN, **options), server)  # type: ignore[arg-type]


def test_rules_come_and_go() -> None:
    """Wanted rules are added in one request with the lease, and all of it is removed in the end."""
    server = RuleServer()
    driver = _driver(server)
    for key in ("cat", "dog"):
        driver.planner.want(key, server.now)
    driver.run(1)
    assert _texts(server) == ["cat", "dog"]
    assert len(server.posts) == 1
    assert driver.planner.standing == ("cat", "dog")
    for key in ("cat", "dog"):
        driver.planner.unwant(key, server.now)
    driver.run(1)
    assert server.rules == {}
    assert len(server.posts) == 2
    assert driver.planner.is_over


def test_the_timetable() -> None:
    """The first rules come in 0.1 s, others in 0.5; one goes after 10, and the last with the lease in 0.5."""
    server = RuleServer()
    driver = _driver(server)
    start = server.now

    def changed() -> list[float]:
        posts, server.posts = server.posts, []
        return [round(at - start, 3) for at in posts]

    driver.planner.want("coffee", server.now)
    driver.run(0.05)
    driver.planner.want("tea", server.now)
    driver.run(10)
    assert changed() == [0.1]
    driver.planner.want("milk", server.now)
    driver.run(9.95)
    assert changed() == [10.55]
    driver.planner.unwant("tea", server.now)
    driver.run(20)
    assert changed() == [30.0]
    for key in driver.planner.wanted:
        driver.planner.unwant(key, server.now)
    driver.run(20)
    assert changed() == [40.5]
    assert server.rules == {}


def test_the_first_changes_are_made_at_once() -> None:
    """The first 20 requests of a window wait for nothing but more changes; then they are spread."""
    server = RuleServer()
    driver = _driver(server)
    for number in range(30):
        driver.planner.want(f"cat{number}", server.now)
        driver.run(1)
        assert (len(server.posts) == number + 1) == (number < 20)


def test_a_rule_is_known_before_the_answer_comes() -> None:
    """The filters of a rule are known as soon as X may have it, and still when the answer is lost."""
    server = RuleServer()
    driver = _driver(server)
    driver.hold = True
    driver.planner.want("cat", server.now)
    driver.run(1)
    driver.answer()  # the list
    driver.run(1)
    losses: list[str | int | None] = ["answer"]
    driver.lose = lambda: losses.pop() if losses else None
    driver.carry_out()
    (tag,) = [rule.tag for rule in _own(server) if rule.value == "cat"]
    assert driver.planner.filters_of(tag) == ("cat",)
    assert not driver.planner.stands("cat")
    driver.hold = False
    driver.answer()
    assert driver.planner.filters_of(tag) == ("cat",)
    driver.run(60)
    assert driver.planner.stands("cat")
    assert _texts(server) == ["cat"]


def test_what_comes_and_goes_costs_nothing() -> None:
    """A filter that comes and goes within the wait is never sent."""
    server = RuleServer()
    driver = _driver(server)
    driver.planner.want("cat", server.now)
    driver.run(5)
    sent = len(server.posts)
    driver.planner.want("dog", server.now)
    driver.run(0.4)
    driver.planner.unwant("dog", server.now)
    driver.run(5)
    driver.planner.unwant("cat", server.now)
    driver.planner.want("cat", server.now)
    driver.run(60)
    assert len(server.posts) == sent


def test_rules_of_crashed_hubs_are_removed() -> None:
    """Rules whose lease is over are removed, later those without one; not a living hub's, nor people's."""
    server = RuleServer()
    for token, until in (("dead", server.now - 61), ("bare", None), ("live", server.now + 300)):
        server.add(f"cat {token}", str(HubTag(token, 1, is_lease=False)))
        if until is not None:
            server.add(*lease_rule(token, until))
    server.add("mine", "by hand")
    server.add("dog", str(HubTag("dead", 2, is_lease=False)))
    driver = _driver(server)
    driver.planner.want("dog", server.now)
    living = {"cat live", "mine", lease_rule("live", server.now + 300)[0]}
    for seconds, others in ((1, living | {"cat bare"}), (225, living)):
        driver.run(seconds)
        assert {rule.value for rule in server.rules.values() if rule not in _own(server)} == others
    assert _texts(server) == ["dog"]


@pytest.mark.parametrize(("lease", "seconds"), [(None, 225), (300, 360)])
def test_filters_wait_for_what_a_crashed_hub_left(lease: int | None, seconds: int) -> None:
    """On an app that is full filters wait, in order, for the end of the lease; one too many is refused.

    So they do for what is left of a hub without a lease. The time is told. One that waits may be disposed.
    """
    server = RuleServer(cap=8)
    server.add("mine")
    for number in range(7 if lease is None else 6):
        server.add(f"left{number}", str(HubTag("dead", number, is_lease=False)))
    if lease is not None:
        server.add(*lease_rule("dead", server.now + lease))
    driver = _driver(server)
    room_at = server.now + seconds
    for number in range(7):
        driver.planner.want(f"cat{number}", server.now)
        driver.run(1)
    assert list(driver.refusals) == ["cat5", "cat6"]
    assert all(isinstance(error, FilterLimit) for error in driver.refusals.values())
    driver.planner.unwant("cat1", server.now)
    driver.planner.want("cat7", server.now)
    driver.run(1)
    waiting = ["cat0", "cat2", "cat3", "cat4", "cat7"]
    driver.run(room_at - server.now - 0.1)
    assert list(driver.planner.waiting) == list(driver.planner.wanted) == waiting
    assert driver.planner.room_at(server.now) == room_at
    assert (driver.planner.standing, server.posts) == ((), [])
    driver.run(1)
    assert list(driver.planner.standing) == waiting
    assert not driver.planner.waiting
    assert driver.planner.room_at(server.now) is None
    assert len(driver.refusals) == 2
    assert len(server.rules) == 7


def test_filters_that_wait_are_served_in_order() -> None:
    """Of more crashed hubs each makes room when its lease is over, for the filter that waits longest."""
    server = RuleServer(cap=8)
    server.add("mine")
    for number in range(3):
        server.add(f"left{number}", str(HubTag(f"dead{number}", 1, is_lease=False)))
        server.add(*lease_rule(f"dead{number}", server.now + 100 * number))
    driver = _driver(server)
    start = server.now
    for key in ("cat", "dog or wolf", "bird", "fish", "frog"):
        driver.planner.want(key, server.now, packable=key in {"fish", "frog"})
    for seconds, count in ((58, 0), (102, 1), (202, 3), (302, 5)):
        driver.run(start + seconds - server.now)
        assert driver.planner.standing == driver.planner.wanted[:count]
    assert not driver.refusals


def test_filters_wait_no_longer_for_a_hub_that_lives() -> None:
    """Filters that wait for a hub's rules are refused when it renews its lease, and later ones at once."""
    server = RuleServer(cap=8)
    for number in range(7):
        server.add(f"other{number}", str(HubTag("live", number, is_lease=False)))
    lease = server.add(*lease_rule("live", server.now + 700))
    driver = _driver(server)
    start = server.now
    driver.planner.want("cat", server.now)
    driver.run(1)
    assert driver.planner.room_at(server.now) == start + 760
    del server.rules[lease.id or ""]
    server.add(*lease_rule("live", start + 250 + 900))
    driver.run(306)
    assert isinstance(driver.refusals["cat"], FilterLimit)
    assert driver.lists == 2
    driver.planner.want("dog", server.now)
    driver.run(1)
    assert isinstance(driver.refusals["dog"], FilterLimit)
    assert len(server.rules) == 8


def test_filters_that_wait_for_rules_which_stay() -> None:
    """When X goes on refusing to delete what a crashed hub left, what waits for that ends with the error."""
    server = RuleServer(cap=6)
    for number in range(5):
        server.add(f"left{number}", str(HubTag("dead", number, is_lease=False)))
    server.add(*lease_rule("dead", server.now - 61))
    losses: list[str | int | None] = [403, 403, None]
    driver = _driver(server)
    driver.lose = lambda: losses.pop() if losses else None
    start = server.now
    driver.planner.want("cat", server.now)
    driver.run(1)
    assert driver.planner.waiting == ("cat",)
    assert driver.planner.room_at(server.now) == start + 60
    driver.run(60)
    assert isinstance(driver.refusals["cat"], Forbidden)
    driver.planner.want("dog", server.now)
    driver.run(61)
    assert _texts(server) == ["dog"]


def test_a_lease_is_renewed_while_it_holds() -> None:
    """At any time for hours the lease holds, and no other hub finds leftovers."""
    server = RuleServer()
    driver = _driver(server)
    driver.planner.want("cat", server.now)
    driver.run(1)
    for _ in range(600):
        driver.run(30)
        other = RulePlanner("other")
        other.want("cat", server.now)
        other.next(server.now)
        other.on_list(server.rules.values(), server.now)
        assert not other._leftovers
    assert len(_own(server)) <= 3
    assert len(server.posts) <= 2 * 600 * 30 / 450 + 2


def test_a_lease_of_half_a_second() -> None:
    """Hubs with the shortest of leases leave each other's rules alone, whatever the part of a second."""
    server = RuleServer(posts=1_000)
    drivers = [Driver(RulePlanner(token, lease=0.5), server) for token in ("00aa", "00bb")]
    for driver, key in zip(drivers, ("cat", "dog"), strict=True):
        driver.planner.want(key, server.now)
    for _ in range(100):
        run_together(drivers, 0.11)
        for driver in drivers:
            driver.planner.check()
    assert [_texts(server, token) for token in ("00aa", "00bb")] == [["cat"], ["dog"]]
    assert not any("lease" not in tag for driver in drivers for tag in driver.deleted)


def test_what_others_have_gets_parentheses() -> None:
    """A rule that others have is added in another form, and theirs stays."""
    server = RuleServer()
    server.add("cat", "by hand")
    driver = _driver(server)
    driver.planner.want("cat", server.now)
    driver.run(1)
    assert _texts(server) == ["(cat)"]
    driver.planner.want("dog", server.now)
    server.add("dog")
    driver.run(5)
    assert _texts(server) == ["(cat)", "(dog)"]
    driver.planner.unwant("cat", server.now)
    driver.planner.unwant("dog", server.now)
    driver.run(5)
    assert [rule.value for rule in server.rules.values()] == ["cat", "dog"]


def test_a_refused_rule_harms_no_other() -> None:
    """A rule that X refuses is refused; those that were sent with it stand, packed ones too."""
    for packed in (False, True):
        server = RuleServer()
        server.refused = {"bad"}
        driver = _driver(server, pack=packed)
        for key in ("cat", "bad", "dog"):
            driver.planner.want(key, server.now, packable=True)
        driver.run(10)
        assert driver.planner.standing == ("cat", "dog")
        assert isinstance(driver.refusals["bad"], RulesRefused)


@pytest.mark.parametrize("place", [0, 5])
@pytest.mark.parametrize("pack", [False, True])
def test_a_request_that_is_refused_for_a_rule(place: int, pack: bool) -> None:
    """A filter for which X refuses whole requests ends alone, whatever the words of the refusal."""
    server = RuleServer()
    problem = {"title": "Invalid Request", "detail": "landscape: a rule is limited to 1,024 characters"}
    server.rejected = {"landscape": problem}
    driver = _driver(server, pack=pack)
    keys = [f"cat{number}" for number in range(10)]
    for key in [*keys[:place], "landscape", *keys[place:]]:
        driver.planner.want(key, server.now, packable=True)
    driver.run(60)
    assert list(driver.planner.standing) == keys
    assert isinstance(driver.refusals["landscape"], HTTPStatusError)
    assert list(driver.refusals) == ["landscape"]
    assert any(is_lease(rule.tag) for rule in _own(server))
    assert len(server.posts) < 20


def test_a_pack_that_is_refused_is_halved() -> None:
    """The filters packed with a bad one go on being packed, so that they need few rules."""
    server = RuleServer(cap=12)
    server.refused = {"bad"}
    driver = _driver(server)
    keys = [f"cat{number}" for number in range(40)]
    for key in [*keys[:25], "bad", *keys[25:]]:
        driver.planner.want(key, server.now, packable=True)
    driver.run(60)
    assert set(driver.planner.standing) == set(keys)
    assert list(driver.refusals) == ["bad"]
    assert isinstance(driver.refusals["bad"], RulesRefused)


def test_nothing_is_left_when_every_filter_is_refused() -> None:
    """The lease is removed, too, when the only filter was refused."""
    server = RuleServer()
    server.refused = {"bad"}
    driver = _driver(server)
    driver.planner.want("bad", server.now)
    driver.run(5)
    assert list(driver.refusals) == ["bad"]
    assert server.rules == {}
    assert driver.planner.is_over


def test_what_a_removed_rule_matched_is_known() -> None:
    """The filters of a rule are known after it was removed, as posts that it matched may be on their way."""
    server = RuleServer()
    driver = _driver(server)
    for key in ("cat", "dog"):
        driver.planner.want(key, server.now)
    driver.run(1)
    (tag,) = [rule.tag for rule in _own(server) if rule.value == "cat"]
    driver.planner.unwant("cat", server.now)
    driver.run(60)
    assert _texts(server) == ["dog"]
    assert driver.planner.filters_of(tag) == ("cat",)


def test_rules_that_others_delete_come_back() -> None:
    """Rules that somebody deletes are found missing when the lease is renewed, and added again."""
    server = RuleServer()
    driver = _driver(server)
    driver.planner.want("cat", server.now)
    driver.run(1)
    server.rules.clear()
    driver.run(451)
    assert _texts(server) == ["cat"]
    assert len(_own(server)) == 2


def test_over_the_limit() -> None:
    """A rule that can't be joined is refused beyond the app's limit, with the numbers; the others stay."""
    server = RuleServer(cap=10)
    server.add("mine")
    driver = _driver(server)
    keys = [f"cat{n}" for n in range(9)]
    for key in keys:
        driver.planner.want(key, server.now)
    driver.run(60)
    assert driver.planner.standing == tuple(keys[:7])
    assert set(driver.refusals) == set(keys[7:])
    assert isinstance(driver.refusals["cat8"], FilterLimit)
    driver.run(3_600)
    assert len(_own(server)) == 8  # the lease is renewed as well


@given(st.integers(0, 10), st.integers(0, 3), st.sampled_from([0.0, 1.0, 30.0]))
def test_as_many_as_fit(cap: int, others: int, pause: float) -> None:
    """Of filters that can't be joined as many stand as the app has rules, but for two; of two one stands.

    It doesn't matter how fast they come, nor what stood before.
    """
    server = RuleServer(cap)
    for number in range(others):
        server.add(f"mine{number}")
    driver = _driver(server)
    fit = max(0, cap - others - 2) or int(cap - others == 2)
    for word in ("cat", "dog", "bird"):
        for key in driver.planner.wanted:
            driver.planner.unwant(key, server.now)
        keys = [f"{word}{number}" for number in range(10)]
        for key in keys:
            driver.planner.want(key, server.now)
            driver.run(pause)
        driver.run(60)
        assert driver.planner.standing == tuple(keys[:fit])
        assert all(isinstance(driver.refusals.pop(key), FilterLimit) for key in keys[fit:])
    driver.run(3_600)
    assert len(driver.planner.standing) == fit
    assert server.over == server.too_many == 0


def test_a_lease_is_not_deleted_first_beside_another_hub() -> None:
    """Beside another hub room for the next lease is kept, even if a filter is refused for it."""
    server = RuleServer(cap=5)
    server.add(*lease_rule("live", server.now + 10**7))
    server.add("zebra", str(HubTag("live", 1, is_lease=False)))
    driver = _driver(server)
    for key in ("cat", "dog"):
        driver.planner.want(key, server.now)
    for _ in range(2_000):
        driver.run(1)
        assert any(is_lease(rule.tag) for rule in _own(server))
    assert _texts(server) == ["cat"]
    assert list(driver.refusals) == ["dog"]


def test_joined_filters_make_room() -> None:
    """With no room left filters that have rules are joined, with the newcomer if need be."""
    server = RuleServer(cap=5)
    driver = _driver(server)
    keys = ["cat", "dog -wolf", "bird", "fish", "frog"]
    for key in keys:
        driver.planner.want(key, server.now, packable=key != "dog -wolf")
        driver.run(60)
        assert key in driver.planner.standing
    assert set(driver.planner.standing) == set(keys)
    assert len(_texts(server)) <= 3
    assert not driver.refusals


def test_packing_fits_five_thousand() -> None:
    """5,000 filters fit an account of 1,000 rules, added in any number at a time."""
    for steps in (1, 50):
        server = RuleServer()
        driver = _driver(server)
        keys = [f"cat{n} dog{n % 7}" for n in range(5_000)]
        for start in range(0, 5_000, 5_000 // steps):
            for key in keys[start : start + 5_000 // steps]:
                driver.planner.want(key, server.now, packable=True)
            driver.run(30)
        driver.run(900)
        assert not driver.refusals
        assert set(driver.planner.standing) == set(keys)
        assert set(keys) == {key for text in _texts(server) for key in text.split(" OR ")}
        assert all(len(text) <= 1_024 for text in _texts(server))
        assert server.too_many == 0


def test_a_search_box() -> None:
    """An hour of five keys a second earns no 429, and what is typed last is in force within 20 s."""
    server = RuleServer()
    driver = _driver(server)
    chance = random.Random(1)
    typed, longest, keys = "", 0.0, 0
    end = server.now + 3_600
    while server.now < end:
        for _ in range(chance.choice([5, 50, 300, 1_500])):
            typed = typed[:-1] if len(typed) > 8 or chance.random() < 0.3 else typed + chance.choice("abc")
            for key in driver.planner.wanted:  # as switch_latest does: out with the old one, then the new one
                driver.planner.unwant(key, server.now)
            driver.planner.want(f"q{typed}", server.now)
            driver.run(0.2)
            keys += 1
        start = server.now - 0.2
        while not driver.planner.stands(f"q{typed}"):
            driver.run(0.1)
        longest = max(longest, server.now - start)
    assert server.too_many == 0
    assert keys > 15_000
    assert longest <= 20
    driver.planner.unwant(f"q{typed}", server.now)
    driver.run(900)
    assert server.rules == {}


_KEPT = 2
"""Rules that a hub keeps from filters: a lease, and one to add before those that it replaces are deleted."""


class Subscriptions(RuleBasedStateMachine):
    """Subscriptions, disposals, slow and lost answers, refusals, what others do, and time, in any order."""

    @initialize(
        cap=st.sampled_from([6, 7, 8, 12, 30, 1_000]),
        posts=st.sampled_from([20, 100]),
        pack=st.booleans(),
        length=st.sampled_from([12, 40]),
        left=st.integers(1, 8),
        lease=st.sampled_from([None, 100.0, 700.0]),
    )
    def begin(self, cap: int, posts: int, pack: bool, length: int, left: int, lease: float | None) -> None:
        self.server = RuleServer(cap, posts)
        self.server.refused = {"f3"}
        self.others = [self.server.add("f1", "by hand"), self.server.add("zebra")]
        self.others.append(self.server.add(*lease_rule("live", self.server.now + 10**7)))
        self.others.append(self.server.add("f5", str(HubTag("live", 1, is_lease=False))))
        for number in range(min(left, cap - 4) - (lease is not None)):
            self.server.add(f"f{number}0 left", str(HubTag("dead", number, is_lease=False)))
        if lease is not None:
            self.server.add(*lease_rule("dead", self.server.now + lease))
        self.losses: list[str | int | None] = []
        self.driver = Driver(
            RulePlanner(TOKEN, limits=Limits(length=length), pack=pack),
            self.server,
            lambda: self.losses.pop() if self.losses else None,
        )
        self.wanted: set[str] = set()
        self.ever: set[str] = set()
        self.length = length
        self.disturbed = self.forbidden = False
        self.used_up = 0

    @rule(number=st.integers(0, 40))
    def subscribe(self, number: int) -> None:
        self.wanted.add(f"f{number}")
        self.ever.add(f"f{number}")
        self.driver.planner.want(f"f{number}", self.server.now, packable=number % 5 != 0)

    @rule(numbers=st.sets(st.integers(0, 40), min_size=8))
    def subscribe_many(self, numbers: set[int]) -> None:
        for number in numbers:
            self.subscribe(number)

    @rule(numbers=st.sets(st.integers(0, 40)))
    def dispose(self, numbers: set[int]) -> None:
        for number in numbers:
            self.wanted.discard(f"f{number}")
            self.driver.planner.unwant(f"f{number}", self.server.now)

    @rule(seconds=st.sampled_from([0.05, 0.3, 1.0, 30.0, 400.0, 2_000.0]))
    def time(self, seconds: float) -> None:
        self.driver.run(seconds)
        self._forget_refused()
        is_quiet = not (self.driver.is_asking or self.disturbed or self.used_up)
        if seconds >= 400.0 and is_quiet and len(self.server.posts) < 15:  # else requests wait for the pace
            self._nothing_hangs()

    @rule(hold=st.booleans())
    def slow_requests(self, hold: bool) -> None:
        self.driver.hold = hold

    @rule()
    def a_request_is_carried_out(self) -> None:
        self.driver.carry_out()

    @rule()
    def an_answer_comes(self) -> None:
        self.driver.answer()
        self._forget_refused()

    @rule(what=st.lists(st.sampled_from(["request", "answer", 429, 503, 403, None]), max_size=3))
    def lose(self, what: list[str | int | None]) -> None:
        self.losses = what
        self.disturbed = self.disturbed or bool(what)
        self.forbidden = self.forbidden or 403 in what

    @rule()
    def others_use_up_the_requests(self) -> None:
        self.server.use_up()
        self.used_up += 1

    @rule(data=st.data())
    @precondition(lambda self: bool(_own(self.server)))
    def somebody_deletes(self, data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from(_own(self.server)))
        del self.server.rules[gone.id or ""]

    @rule()
    def the_connection_is_lost(self) -> None:
        self.driver.planner.check()

    @rule()
    def all_rules_are_deleted_and_the_connection_lost(self) -> None:
        self.server.rules.clear()
        self.others.clear()
        self.driver.planner.lose_all(self.server.now)

    @rule(number=st.integers(0, 60))
    def somebody_adds(self, number: int) -> None:
        values = {rule.value for rule in self.server.rules.values()}
        if len(self.server.rules) < self.server.cap and f"f{number}" not in values:
            self.others.append(self.server.add(f"f{number}"))
            self.disturbed = True

    @invariant()
    def others_stay(self) -> None:
        if hasattr(self, "server"):
            assert all(rule.id in self.server.rules for rule in self.others)

    @invariant()
    def limits_are_kept(self) -> None:
        if hasattr(self, "server") and not self.disturbed:
            assert self.server.over == 0
            assert self.server.too_many <= self.used_up

    def teardown(self) -> None:
        if not hasattr(self, "server"):
            return
        self.losses = []
        self.driver.hold = False
        self.driver.answer()
        self._forget_refused()
        self.driver.run(4_000)
        self._forget_refused()
        assert set(self.driver.planner.standing) == self.wanted
        there = {key.strip("()") for text in _texts(self.server) for key in text.split(" OR ")}
        assert self.wanted <= there
        for key in list(self.wanted):
            self.driver.planner.unwant(key, self.server.now)
        self.driver.run(2_000)
        assert _own(self.server) == []
        assert self.driver.planner.is_over
        self.others_stay()

    def _needed(self, keys: set[str], most: int) -> int:
        """The rules that *keys* need if as many as *most* go into one."""
        alone = sum(int(key[1:]) % 5 == 0 for key in keys)
        return alone + -(-(len(keys) - alone) // most)

    @property
    def _capacity(self) -> int:
        """The rules that filters may have when nothing of the crashed hub is left."""
        return self.server.cap - len(self.others) - _KEPT

    def _forget_refused(self) -> None:
        refusals = self.driver.refusals
        for key, error in refusals.items():
            forbidden = self.forbidden and isinstance(error, Forbidden)
            if isinstance(error, FilterLimit) and not self.disturbed and "f3" not in self.ever:
                fewest = 2 if self.length == 12 else 6  # of two characters or three
                assert self._needed(self.wanted | set(refusals), fewest) > self._capacity
            assert key == "f3" or forbidden or isinstance(error, FilterLimit), (key, error)
            self.wanted.discard(key)
        refusals.clear()

    def _nothing_hangs(self) -> None:
        """Check that filters which don't stand wait for room, until a time that is told, and will fit."""
        planner = self.driver.planner
        for _ in range(4):  # a list may just have told of something
            pending = self.wanted - set(planner.standing)
            room_at = planner.room_at(self.server.now)
            if set(planner.waiting) == pending and (room_at or not pending):
                break
            self.driver.run(50.0)
            self._forget_refused()
        assert set(planner.waiting) == pending
        if pending:
            assert room_at is not None
            assert room_at <= 1_000_000.0 + 760.0 or room_at <= self.server.now + 225.0
            assert self._needed(self.wanted, 2 if self.length == 12 else 7) <= self._capacity


TestSubscriptions = Subscriptions.TestCase
TestSubscriptions.settings = settings(max_examples=40, stateful_step_count=20)


class TwoHubs(RuleBasedStateMachine):
    """Two hubs that live on one app, which may be full, with slow requests, in any order."""

    tokens = "00aa", "00bb"

    @initialize(cap=st.sampled_from([4, 5, 6, 8, 12]), pack=st.booleans())
    def begin(self, cap: int, pack: bool) -> None:
        self.server = RuleServer(cap)
        self.drivers = [
            Driver(RulePlanner(token, limits=Limits(length=24), pack=pack), self.server)
            for token in self.tokens
        ]

    @rule(hub=st.integers(0, 1), number=st.integers(0, 9))
    def subscribe(self, hub: int, number: int) -> None:
        self.drivers[hub].planner.want(f"f{number}", self.server.now, packable=number % 3 != 0)

    @rule(hub=st.integers(0, 1), numbers=st.sets(st.integers(0, 9)))
    def dispose(self, hub: int, numbers: set[int]) -> None:
        for number in numbers:
            self.drivers[hub].planner.unwant(f"f{number}", self.server.now)

    @rule(seconds=st.sampled_from([0.05, 0.3, 1.0, 30.0, 400.0, 2_000.0]))
    def time(self, seconds: float) -> None:
        for driver in self.drivers:
            if not driver.hold:
                driver.answer()
        slow = any(driver.hold for driver in self.drivers)  # a request of hours is as good as a crash
        run_together(self.drivers, min(seconds, 5.0) if slow else seconds)

    @rule(hub=st.integers(0, 1), hold=st.booleans())
    def slow_requests(self, hub: int, hold: bool) -> None:
        self.drivers[hub].hold = hold

    @rule(hub=st.integers(0, 1))
    def a_request_is_carried_out(self, hub: int) -> None:
        self.drivers[hub].carry_out()

    @rule(hub=st.integers(0, 1))
    def an_answer_comes(self, hub: int) -> None:
        self.drivers[hub].answer()

    @rule(hub=st.integers(0, 1))
    def the_connection_is_lost(self, hub: int) -> None:
        self.drivers[hub].planner.check()

    def teardown(self) -> None:
        if not hasattr(self, "server"):
            return
        for driver in self.drivers:
            driver.hold = False
            driver.answer()
        run_together(self.drivers, 2_000.0)
        for driver in self.drivers:  # each knows that the other lives, and waits for nothing
            assert driver.planner.standing == driver.planner.wanted
        self.neither_deletes_rules_of_the_other()

    @invariant()
    def neither_deletes_rules_of_the_other(self) -> None:
        if hasattr(self, "server"):
            for driver, token in zip(self.drivers, self.tokens, strict=True):
                assert all(f":{token}:" in tag for tag in driver.deleted)


TestTwoHubs = TwoHubs.TestCase
TestTwoHubs.settings = settings(max_examples=40, stateful_step_count=20)
