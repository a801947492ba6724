"""Programs with a window, each of which tells what it saw as JSON: `python -m tests.gui.scenarios tk flow`.

All they need of a toolkit is in the module of `tests.gui.windows` that bears its name. They run on the
interpreter of the toolkit, and import neither pytest nor the emulator.
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import reactivex
from reactivex import Observable, Subject, abc
from reactivex import operators as ops
from reactivex.disposable import Disposable

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Dropped

RATE = 2000

SECONDS = float(os.environ.get("SECONDS", "1.5"))
"""Seconds for which numbers flow."""

LONGEST = 30.0
"""Seconds after which a program that hasn't ended dumps its stacks."""

SAY = threading.Lock()


class Numbers:
    """A source of numbers from 0, so many a second, on a thread of its own, until it is disposed.

    Attributes:
        total: how many there are.
        disposed: set once it is.
        thread: which sends them, once subscribed to.
    """

    def __init__(self, total: float = RATE * SECONDS) -> None:
        self.total = total
        self.disposed = threading.Event()
        self.thread: threading.Thread | None = None
        self.observable: Observable[int] = reactivex.create(self._subscribe)

    def _subscribe(
        self, observer: abc.ObserverBase[int], scheduler: abc.SchedulerBase | None
    ) -> abc.DisposableBase:
        def send() -> None:
            begun = time.monotonic()
            for number in itertools.count():
                if number >= self.total:
                    observer.on_completed()
                    return
                if self.disposed.wait(max(begun + number / RATE - time.monotonic(), 0.0)):
                    return
                observer.on_next(number)

        self.thread = threading.Thread(target=send, name="rxtweets-numbers", daemon=True)
        self.thread.start()
        return Disposable(self.disposed.set)


def here() -> bool:
    return threading.current_thread() is threading.main_thread()


def posts() -> Observable[Any]:
    """Return the posts of the server that the environment names."""
    return rxt.StreamingClient(rxt.BearerToken.from_env()).sample().pipe(tw.posts())


def left() -> list[str]:
    """Return the library's threads and the TCP sockets that are still there after 10 seconds."""
    tick = threading.Event()
    for _ in range(1000):
        found = [thread.name for thread in threading.enumerate() if thread.name.startswith("rxtweets")]
        found += ["a socket"] * len(_tcp())
        if not found:
            break
        tick.wait(0.01)
    return found


def _tcp() -> set[str]:
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        if (path := Path("/proc/self/net", table)).exists()
        for line in path.read_text().splitlines()[1:]
    ]
    inodes = {f"socket:[{line[9]}]" for line in lines}
    links = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            links.add(os.readlink(entry))
        except OSError:
            continue
    return links & inodes


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


# --- the flow ---------------------------------------------------------------------------------------------


def flow(window: Any) -> None:
    """All that comes is shown, with the policy "block"."""
    numbers = Numbers()
    got: list[int] = []
    places: set[bool] = set()

    def show(number: int) -> None:
        places.add(here())
        got.append(number)
        window.append(number)

    numbers.observable.pipe(window.observe_on()).subscribe(show, on_completed=window.close)
    window.run()
    say(all=got == [*range(int(numbers.total))], here=[*places], redraws=window.redraws, left=left())


def batches(window: Any) -> None:
    """All that comes is shown, in lists."""
    numbers = Numbers()
    got: list[list[int]] = []
    places: set[bool] = set()

    def show(batch: list[int]) -> None:
        places.add(here())
        got.append(batch)
        window.append(*batch)

    numbers.observable.pipe(window.observe_on(batches=True)).subscribe(show, on_completed=window.close)
    window.run()
    say(
        all=[number for batch in got for number in batch] == [*range(int(numbers.total))],
        here=[*places],
        shortest=min(map(len, got)),
        longest=max(map(len, got)),
        redraws=window.redraws,
        left=left(),
    )


def drops(window: Any) -> None:
    """A subscriber that is too slow hears what it missed."""
    numbers = Numbers()
    count = dropped = 0

    def show(item: int | Dropped) -> None:
        nonlocal count, dropped
        if isinstance(item, Dropped):
            dropped += item.count
        else:
            count += 1
            window.append(item)
            busy = time.monotonic() + 0.002
            while time.monotonic() < busy:
                pass

    operator = window.observe_on(capacity=20, overflow="drop_oldest")
    numbers.observable.pipe(operator).subscribe(show, on_completed=window.close)
    window.run()
    say(sum=count + dropped, total=int(numbers.total), dropped=dropped, redraws=window.redraws, left=left())


def idle(window: Any) -> None:
    """A second without items, between two of them; on a busy machine the quietest of five."""
    switches = Path("/proc/self/task", str(os.getpid()), "status")

    def voluntary() -> int:
        [line] = [line for line in switches.read_text().splitlines() if line.startswith("voluntary_ctxt")]
        return int(line.split()[1])

    source: Subject[int] = Subject()
    got: list[int] = []
    source.pipe(window.observe_on()).subscribe(got.append)
    counts: list[int] = []
    seconds: list[int] = []

    def look() -> None:
        counts.append(voluntary())
        seconds[:] = [after - before for before, after in itertools.pairwise(counts)]
        if len(seconds) == 5 or (seconds and seconds[-1] < 10):
            source.on_next(2)
            window.after(0.2, window.close)
        else:
            window.after(1.0, look)

    window.after(0.1, lambda: source.on_next(1))
    window.after(0.4, look)
    window.run()
    say(switches=min(seconds), got=got)


def modal(window: Any) -> None:
    """A subscriber that opens a dialog isn't called before that is closed."""
    numbers = Numbers(500)
    got: list[int] = []
    inside: list[bool] = []
    within = False

    def show(number: int) -> None:
        nonlocal within
        inside.append(within)
        got.append(number)
        if number == 100:
            within = True
            window.nested(0.3)
            within = False

    numbers.observable.pipe(window.observe_on()).subscribe(show, on_completed=window.close)
    window.run()
    say(all=got == [*range(500)], inside=any(inside))


# --- the ends ---------------------------------------------------------------------------------------------


def _flowing(window: Any, act: Any, **options: Any) -> dict[str, Any]:
    """Show posts and numbers, call *act* once 50 have come, and return what there is to say of it."""
    numbers = Numbers(10**9)
    facts: dict[str, Any] = {"late": 0, "errors": 0, "ends": 0}
    ended = False
    count = 0

    def show(item: Any) -> None:
        nonlocal count, ended
        count += 1
        if ended:
            facts["late"] += 1
        window.append(item if isinstance(item, int) else item.id)
        if count >= 50 and not ended and isinstance(item, rxt.messages.Post):
            ended = True
            act(facts)

    def fail(error: Exception) -> None:
        facts["errors"] += 1

    def complete() -> None:
        facts["ends"] += 1

    both = reactivex.merge(posts(), numbers.observable)
    facts["subscription"] = both.pipe(window.observe_on(**options)).subscribe(show, fail, complete)
    facts["numbers"] = numbers
    return facts


def _end(facts: dict[str, Any]) -> None:
    facts["left"] = left()
    facts["disposed"] = facts.pop("numbers").disposed.is_set()
    del facts["subscription"]
    say(**facts)


def close(window: Any) -> None:
    """The user closes the window."""
    facts = _flowing(window, lambda _: window.after(0, window.close))
    window.run()
    _end(facts)


def close_inside(window: Any) -> None:
    """The subscriber closes the window, while the source waits for room."""
    facts = _flowing(window, lambda _: window.close(), capacity=1)
    window.run()
    _end(facts)


def destroy(window: Any) -> None:
    """The parent is destroyed, and the window stays."""

    def act(facts: dict[str, Any]) -> None:
        window.destroy_inner()
        window.append = lambda *_: None
        window.after(0.3, lambda: facts.update(before=left()))
        window.after(0.3, window.close)

    facts = _flowing(window, lambda facts: window.after(0, lambda: act(facts)), inner=True)
    window.run()
    _end(facts)


def quit_loop(window: Any) -> None:
    """The loop ends, the window stays, and the program disposes."""
    facts = _flowing(window, lambda _: window.quit())
    window.run()
    begun = time.monotonic()
    facts["subscription"].dispose()
    facts["took"] = time.monotonic() - begun
    _end(facts)


def leave(window: Any) -> None:
    """The loop ends, and with it the program, under full flow."""
    _flowing(window, lambda _: window.quit())
    window.run()
    say(ran=True)


def failing(window: Any) -> None:
    """The subscriber raises, and the loop goes on."""

    def act(facts: dict[str, Any]) -> None:
        window.after(0.3, lambda: facts.update(before=left()))
        window.after(0.3, window.close)
        raise LookupError("ours")

    facts = _flowing(window, act)
    window.run()
    _end(facts)


def elsewhere(window: Any) -> None:
    """Another thread disposes."""

    def act(facts: dict[str, Any]) -> None:
        def dispose() -> None:
            facts["subscription"].dispose()
            facts["before"] = left()

        threading.Thread(target=dispose, name="other").start()
        window.after(0.5, window.close)

    facts = _flowing(window, act)
    window.run()
    facts["late"] = min(facts["late"] - 1, 0)  # one may be on its way
    _end(facts)


def ends(window: Any) -> None:
    """An error and a completion arrive on the window's thread, after all that waits."""
    said: list[Any] = []

    def on_error(error: Exception) -> None:
        said.append([here(), repr(error)])

    def on_completed() -> None:
        said.append([here(), "completed"])
        window.close()

    def late() -> None:
        Numbers(10).observable.pipe(window.observe_on()).subscribe(said.append, on_error, on_completed)

    def on_failure(error: Exception) -> None:
        on_error(error)
        late()

    failing = Numbers(3).observable.pipe(ops.concat(reactivex.throw(LookupError("its own"))))
    failing.pipe(window.observe_on()).subscribe(said.append, on_failure)
    window.run()
    say(said=said, left=left())


def gone(window: Any) -> None:
    """To subscribe for a window that has been destroyed is an error."""
    operator = window.observe_on()
    window.after(0.05, window.close)
    window.run()
    errors: list[str] = []
    numbers = Numbers()
    numbers.observable.pipe(operator).subscribe(print, lambda error: errors.append(str(error)))
    say(errors=errors, left=left())


def _when_idle(window: Any, act: Callable[[], object]) -> None:
    """Call *act*, on another thread, once the loop runs and calls nobody: a Ctrl-C would be the callee's."""
    caller, tick = threading.get_ident(), threading.Event()

    def frames() -> Iterator[FrameType]:
        return (frame for frame, _ in traceback.walk_stack(sys._current_frames()[caller]))

    def first() -> None:
        before = {*frames()}
        window.after(0.1, lambda: second(before))

    def second(before: set[FrameType]) -> None:
        # What two calls have in common is the loop itself, and what called that.
        loop = next(frame for frame in frames() if frame in before)
        threading.Thread(target=wait, args=[loop]).start()

    def wait(loop: FrameType) -> None:
        while next(frames()) is not loop:
            tick.wait(0.01)
        act()

    window.after(0.1, first)


def ctrl_c(window: Any) -> None:
    """Ctrl-C is pressed while nothing happens, or while much does."""
    if "quiet" in sys.argv:
        facts: dict[str, Any] = {}
        numbers = Numbers(0)
        source: Subject[int] = Subject()
        source.pipe(window.observe_on()).subscribe(print)
        _when_idle(window, lambda: say(ready=True))
    else:
        facts = _flowing(window, lambda _: say(ready=True))
        numbers = facts["numbers"]
    with suppress(KeyboardInterrupt):
        window.run()
    if facts:
        facts["subscription"].dispose()
    say(left=left(), disposed=numbers.disposed.is_set())


# --- the way back -----------------------------------------------------------------------------------------


def search(window: Any) -> None:
    """The typed text chooses the filter, and the newest one is shown."""
    shown: list[str] = []
    words: list[str] = []

    def found(word: str) -> Observable[str]:
        words.append(word)
        return reactivex.interval(0.01).pipe(ops.map(lambda _: word))

    def show(word: str) -> None:
        shown.append(word)
        if shown.count("a") == 3 and len(words) == 1:
            window.type("b")
        if shown.count("ab") == 3:
            window.close()

    typed = window.typed().pipe(ops.distinct_until_changed())
    typed.pipe(ops.map(found), ops.switch_latest(), window.observe_on()).subscribe(show)
    window.after(0.1, lambda: window.type("a"))
    window.run()
    say(words=words, shown=sorted({*shown}), in_order=shown == sorted(shown, key=len))


if __name__ == "__main__":
    import faulthandler

    faulthandler.dump_traceback_later(LONGEST, exit=True)
    toolkit, scenario = sys.argv[1:3]
    globals()[scenario](importlib.import_module(f"tests.gui.windows.{toolkit}").Window())
