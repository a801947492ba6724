"""The services of an emulator, which its endpoints use."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from rxtweets.emulator.api.oauth.authenticator import Authenticator
from rxtweets.emulator.api.v2.rules import RuleBook
from rxtweets.emulator.api.v2.subscriptions import Subscription
from rxtweets.emulator.faults.fault_plan import FaultPlan
from rxtweets.emulator.streams.hub import StreamHub
from rxtweets.emulator.streams.producer import PostProducer
from rxtweets.emulator.world.world import World

from .clock import Clock
from .rate_limits import RateLimiter
from .records import RequestLog


class Services(Struct, frozen=True, eq=False, kw_only=True):
    """The services of one emulator. They know no routes, and are used on the emulator's loop while it runs.

    Attributes:
        seed: The seed that it was made with.
        clock: The time.
        world: The people and posts.
        authenticator: The check of credentials, with the accounts behind it.
        rate_limiter: The limits, and the counts of what was used of them.
        rule_book: The rules of v2's filtered stream.
        subscriptions: The subscriptions to v2's activity stream, by id.
        faults: The faults in force.
        requests: The last requests.
        hub: The open streams.
        producer: The schedule of generated posts.
        on_stop: Callbacks for when the emulator stops.
    """

    seed: int | None
    clock: Clock
    world: World
    authenticator: Authenticator
    rate_limiter: RateLimiter
    rule_book: RuleBook
    subscriptions: dict[str, Subscription]
    faults: FaultPlan
    requests: RequestLog
    hub: StreamHub
    producer: PostProducer
    on_stop: list[Callable[[], None]]

    def stop(self) -> None:
        """End streams, scenarios and the production of posts; what was recorded stays."""
        for callback in tuple(self.on_stop):
            callback()
        self.hub.end_all()
        self.producer.stop()
