"""A hub that follows on one whose process was killed, on an app that has no room for the rules of both."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from reactivex.scheduler import VirtualTimeScheduler

from rxtweets.emulator import Emulator, Limits
from rxtweets.errors import FilterLimit
from rxtweets.messages import Post
from tests.observing import PATIENCE, Seen

from .hubs import States, rules_hub

_KILLED = """
import sys, rxtweets as rxt
client = rxt.StreamingClient(rxt.BearerToken(sys.argv[2]), base_url=sys.argv[1])
hub = rxt.FilterHub(client, wait=0.05)
for word in sys.argv[3:]:
    hub.filter(word).subscribe(lambda item: None)
hub.state.subscribe(lambda state: len(state.standing) == 3 and print("standing", flush=True))
sys.stdin.read()
"""


def _leave_rules(emulator: Emulator) -> None:
    """Have a process with a hub of three filters, and kill it."""
    arguments = [emulator.base_url, emulator.bearer_token, "owl", "fox", "elk"]
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _KILLED, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"standing\n"
        process.kill()


def _advance(timer: VirtualTimeScheduler, is_so: Callable[[], object]) -> None:
    """Let the timer's time pass, 0.1 s at a time, until *is_so*: responses come while it stands still."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end
        timer.advance_by(0.1)
        threading.Event().wait(0.01)


def test_filters_wait_until_the_lease_of_a_killed_hub_is_over() -> None:
    """The next hub's filters come into force when that lease is over, as told; one too many is refused."""
    with Emulator(rate=0, limits=Limits(messages=None, rules=5)) as emulator:
        _leave_rules(emulator)
        left = emulator.rules
        timer = VirtualTimeScheduler(time.time())
        with States(rules_hub(emulator, scheduler=timer), emulator) as states:
            hub = states.hub
            cats, dogs, birds = (Seen(hub.filter(word)) for word in ("cat", "dog", "bird"))
            _advance(timer, lambda: states.now.waiting == ("cat", "dog", "bird"))
            room_at = states.now.room_at
            assert room_at is not None
            assert timedelta() < room_at - datetime.now(UTC) <= timedelta(seconds=900 + 1 + 60)
            fish = Seen(hub.filter("fish"))
            _advance(timer, lambda: isinstance(fish.error, FilterLimit))
            dogs.dispose()
            state = states.wait(lambda state: state.wanted == ("cat", "bird"))
            assert (state.waiting, state.room_at) == (state.wanted, room_at)
            assert (state.standing, state.connection) == ((), "closed")
            assert emulator.rules == left
            timer.advance_to(room_at.timestamp() + 1.0)
            _advance(timer, lambda: states.now.standing == ("cat", "bird"))
            state = states.settled()
            assert (state.wanted, state.waiting, state.room_at) == (("cat", "bird"), (), None)
            assert not set(left) & set(emulator.rules)
            emulator.publish("cat and bird")
            for seen in (cats, birds):
                seen.wait(lambda seen: any(isinstance(item, Post) for item in seen.items))
                seen.dispose()
            assert dogs.error is None
