"""Scenario files: actions one after the other, each when its condition is met."""

from __future__ import annotations

import asyncio
import logging
import tomllib
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from .actions import Action
from .reading import read

if TYPE_CHECKING:
    from rxtweets.emulator.app.services import Services

log = logging.getLogger("rxtweets.emulator")

CONDITIONS = ("after", "streams", "posts", "requests")


class Step(Struct, frozen=True):
    """An action, and what it waits for: nothing, or `count` of a condition since the step before."""

    action: Action
    condition: str | None
    count: float


def read_scenario(path: str | Path) -> tuple[Step, ...]:
    """Return the steps of a scenario file.

    Raises:
        OSError: the file can't be read.
        ValueError: it isn't TOML, or no scenario; names the file, the step and the field.
    """
    try:
        given = tomllib.loads(Path(path).read_bytes().decode("utf-8"))
        return _steps(given)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _steps(given: dict[str, Any]) -> tuple[Step, ...]:
    unknown = sorted(given.keys() - {"step"})
    if unknown:
        raise ValueError(f"there is no `{unknown[0]}` in a scenario: it is a list of [[step]] tables")
    tables = given.get("step")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise ValueError("a scenario is a list of at least one [[step]] table")
    steps = []
    for number, table in enumerate(tables, 1):
        try:
            steps.append(_step(table))
        except ValueError as error:
            raise ValueError(f"step {number}: {error}") from error
    return tuple(steps)


def _step(table: dict[str, Any]) -> Step:
    named = [name for name in CONDITIONS if name in table]
    if len(named) > 1:
        raise ValueError(f"`{named[0]}` and `{named[1]}`: a step waits for one thing at most")
    action = read({name: value for name, value in table.items() if name not in CONDITIONS})
    if not named:
        return Step(action, None, 0)
    count = table[named[0]]
    wanted = "a number of seconds from 0 to 86400" if named[0] == "after" else "a whole number, 0 or more"
    kinds = (int, float) if named[0] == "after" else (int,)
    highest = 86400 if named[0] == "after" else 10**12
    if isinstance(count, bool) or not isinstance(count, kinds) or not 0 <= count <= highest:
        raise ValueError(f"`{named[0]}` must be {wanted}, not {count!r}")
    return Step(action, named[0], count)


class Scenario:
    """A scenario that is being played."""

    def __init__(
        self, services: Services, steps: tuple[Step, ...], call: Callable[[Callable[[], None]], None]
    ) -> None:
        self._services = services
        self._steps = list(steps)
        self._total = len(steps)
        self._call = call
        self._done: Future[None] = Future()
        self._timer: asyncio.TimerHandle | None = None
        self._busy = False

    def wait(self, timeout: float | None = None) -> None:
        """Block until it is through, cancelled, or the emulator has stopped; None waits for ever.

        Raises:
            TimeoutError: it isn't through after `timeout` seconds.
            ValueError: an action could not be done; the steps behind it weren't tried.
        """
        try:
            self._done.result(timeout)
        except NotYet:
            if self._done.done():
                raise
            left = len(self._steps)
            raise TimeoutError(
                f"the scenario is at step {self._total - left + 1} of {self._total} after {timeout} s"
            ) from None

    @property
    def done(self) -> bool:
        """True once it is through, cancelled or failed."""
        return self._done.done()

    def cancel(self) -> None:
        """Skip the steps that are left."""
        self._call(self.end)

    # --- on the emulator's loop

    def begin(self) -> None:
        """Start. Raises RuntimeError where the emulator doesn't run."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            raise RuntimeError(
                "a scenario needs an emulator that runs: `with Emulator() as emulator`"
            ) from None
        self._services.on_stop.append(self.end)
        self._services.hub.listeners.append(self._advance)
        self._count_from_here()
        self._advance()

    def _count_from_here(self) -> None:
        """Start counting for the next step."""
        self._posts = self._services.hub.history.end
        self._requests = self._services.requests.taken
        self._due = False
        if self._steps and self._steps[0].condition == "after":
            self._timer = asyncio.get_running_loop().call_later(self._steps[0].count, self._timer_fired)

    def _timer_fired(self) -> None:
        self._due = True
        self._advance()

    def _ready(self, step: Step) -> bool:
        if step.condition == "after":
            return self._due
        if step.condition == "streams":
            return len(self._services.hub.streams) >= step.count
        if step.condition == "posts":
            return self._services.hub.history.end - self._posts >= step.count
        if step.condition == "requests":
            return self._services.requests.taken - self._requests >= step.count
        return True

    def _advance(self) -> None:
        """Do the steps whose condition is met; what they bring about is looked at afterwards."""
        if self._busy:
            return
        self._busy = True
        try:
            while self._steps and self._ready(self._steps[0]):
                self._steps[0].action.perform(self._services)
                self._steps.pop(0)
                self._count_from_here()
        except Exception as error:
            number = self._total - len(self._steps) + 1
            log.error("step %d of the scenario has failed: %s", number, error)
            error.add_note(f"step {number} of the scenario")
            self.end(error)
        finally:
            self._busy = False
        if not self._steps:
            self.end()

    def end(self, error: Exception | None = None) -> None:
        """Release everything, and let `wait` return or raise `error`."""
        if self._timer is not None:
            self._timer.cancel()
        if self.end in self._services.on_stop:
            self._services.on_stop.remove(self.end)
            self._services.hub.listeners.remove(self._advance)
        if not self._done.done():
            self._steps.clear()
            if error is None:
                self._done.set_result(None)
            else:
                self._done.set_exception(error)
