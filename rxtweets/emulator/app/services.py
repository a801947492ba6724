"""The services of an emulator, which its endpoints use."""

from __future__ import annotations

import os
from collections.abc import Callable

from msgspec import Struct

from rxtweets.emulator.api.oauth.authenticator import Accounts, Authenticator
from rxtweets.emulator.api.v2.rules import RuleBook
from rxtweets.emulator.api.v2.subscriptions import Subscription
from rxtweets.emulator.faults.fault_plan import FaultPlan
from rxtweets.emulator.streams.history import History
from rxtweets.emulator.streams.hub import StreamHub
from rxtweets.emulator.streams.player import RecordingPlayer
from rxtweets.emulator.streams.producer import PostProducer
from rxtweets.emulator.world.recording import Recording
from rxtweets.emulator.world.social_graph import SocialGraph
from rxtweets.emulator.world.world import World
from rxtweets.prices import Prices
from rxtweets.rules import Limits as RuleLimits

from .clock import Clock
from .limits import Allowance, Level, Limits
from .rate_limits import RateLimiter
from .records import RequestLog
from .usage import UsageBook


class Services(Struct, frozen=True, eq=False, kw_only=True):
    """The services of one emulator. They know no routes, and are used on the emulator's loop while it runs.

    Attributes:
        seed: The seed that it was made with.
        clock: The time.
        world: The people and posts.
        graph: The state of the accounts.
        authenticator: The check of credentials, with the accounts behind it.
        rate_limiter: The limits, and the counts of what was used of them.
        rule_book: The rules of v2's filtered stream.
        powerstream_rules: The rules of Powerstream.
        powerstream_arrays: Whether Powerstream sends each status in an array.
        subscriptions: The subscriptions to v2's activity stream, by id.
        faults: The faults in force.
        requests: The last requests.
        hub: The open streams.
        usage: The count of what was delivered, and the bill.
        producer: The schedule of generated posts.
        player: The recording that is sent, if there is one.
        on_stop: Callbacks for when the emulator stops.
    """

    seed: int | None
    clock: Clock
    world: World
    graph: SocialGraph
    authenticator: Authenticator
    rate_limiter: RateLimiter
    rule_book: RuleBook
    powerstream_rules: RuleBook
    powerstream_arrays: bool
    subscriptions: dict[str, Subscription]
    faults: FaultPlan
    requests: RequestLog
    hub: StreamHub
    usage: UsageBook
    producer: PostProducer
    player: RecordingPlayer | None
    on_stop: list[Callable[[], None]]

    def stop(self) -> None:
        """End streams, scenarios and the production of posts; what was recorded stays."""
        for callback in tuple(self.on_stop):
            callback()
        self.hub.end_all()
        self.producer.stop()
        if self.player is not None:
            self.player.stop()


def create_services(
    seed: int | None,
    level: Level,
    limits: Limits,
    rate: float,
    posts: str | os.PathLike[str] | None,
    replay: str | os.PathLike[str] | None,
    speed: float | None,
    credit: float | None = None,
    prices: Prices | None = None,
    powerstream_arrays: bool = False,
) -> Services:
    """Return new services; the parameters are those of `Emulator`."""
    seeded = seed is not None
    clock = Clock(seeded=seeded)
    allowance = Allowance(level, limits, seeded=seeded)
    history = History(limits.history)
    world = World(seed or 0, clock, history.find)
    accounts = Accounts(seed or 0)
    world.people.introduce(accounts.user_id, accounts.screen_name)
    # An enterprise pays by its contract. A message brings up to ten resources.
    charged = None if allowance.enterprise else prices or Prices()
    usage = UsageBook(clock, 10 * limits.history, allowance.posts_cap, charged, credit)
    hub = StreamHub(clock, limits, history, usage, world.events)
    recording = None if posts is None else Recording(posts, world.people)
    player = None if replay is None else RecordingPlayer(hub, replay, speed)
    return Services(
        seed=seed,
        clock=clock,
        world=world,
        graph=SocialGraph(world),
        authenticator=Authenticator(accounts, clock),
        rate_limiter=RateLimiter(clock, allowance),
        rule_book=RuleBook(
            world.ids,
            RuleLimits(allowance.rule_length, allowance.rules),
            seed or 0,
            enterprise=allowance.enterprise,
        ),
        powerstream_rules=RuleBook(world.ids, RuleLimits.powerstream(), seed or 0, enterprise=True),
        powerstream_arrays=powerstream_arrays,
        subscriptions={},
        faults=FaultPlan(clock, seed),
        requests=RequestLog(),
        hub=hub,
        producer=PostProducer(world, clock, hub, rate if player is None else 0.0, recording),
        player=player,
        usage=usage,
        on_stop=[],
    )
