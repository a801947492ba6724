"""Hubs against an emulator, and what a test waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import rxtweets as rxt
from rxtweets.emulator import Emulator
from rxtweets.hub import HubState
from tests.observing import PATIENCE

QUICK = rxt.BackoffPolicy(
    network=rxt.backoff.Curve(0.05),
    http=rxt.backoff.Curve(0.1),
    rate_limit=rxt.backoff.Curve(0.6),
    connects=None,
    jitter=0.0,
)


def rules_hub(emulator: Emulator, **options: Any) -> rxt.FilterHub:
    client = rxt.StreamingClient(
        rxt.BearerToken(emulator.bearer_token), base_url=emulator.base_url, policy=QUICK
    )
    return rxt.FilterHub(client, **{"wait": 0.05, **options})


def query_hub(emulator: Emulator, **options: Any) -> rxt.FilterHub:
    client = rxt.Stream(rxt.OAuth1(*emulator.oauth1), base_url=emulator.base_url, policy=QUICK)
    return rxt.FilterHub(client, **{"wait": 0.05, **options})


class States:
    """The state of a hub; a context manager that closes the hub in the end, and nothing may be left then.

    Attributes:
        now: the latest state.
    """

    def __init__(self, hub: rxt.FilterHub, emulator: Emulator) -> None:
        self.hub = hub
        self.now = HubState()
        self._emulator = emulator
        self._changed = threading.Condition()
        self._subscription = hub.state.subscribe(self._on_next)

    def wait(self, condition: Callable[[HubState], object], patience: float = PATIENCE) -> HubState:
        """Block until *condition* holds."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self.now), patience), self.now
            return self.now

    def settled(self, patience: float = PATIENCE) -> HubState:
        """Block until all that is wanted stands."""
        return self.wait(
            lambda state: state.connection == "connected" and state.wanted == state.standing, patience
        )

    def ended(self) -> None:
        """Block until the connection is closed and the rules are removed, as nobody subscribes any longer."""
        self.wait(lambda state: state.connection == "closed")
        core = self.hub._core
        with core._changed:
            assert core._changed.wait_for(core._is_over, 3 * PATIENCE)
        self._nothing_is_left()

    def _nothing_is_left(self) -> None:
        self._emulator.wait_for_streams(0)
        assert not [rule for rule in self._emulator.rules if (rule.tag or "").startswith("rxtweets-hub:")]

    def _on_next(self, state: HubState) -> None:
        with self._changed:
            self.now = state
            self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hub.close()
        self._subscription.dispose()
        if error is None:
            self._nothing_is_left()
