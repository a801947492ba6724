"""A listener that tests can wait on, and a stream for it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import rxtweets.compat as tweepy
from rxtweets.emulator import Emulator

PATIENCE = 10.0
"""Seconds after which a test that waits has failed."""

CALLBACKS = [name for name in vars(tweepy.StreamListener) if name.startswith("on_") or name == "keep_alive"]


class Calls(tweepy.StreamListener):
    """Notes each call, then answers as told; still tells the kinds of messages apart.

    Attributes:
        made: name and arguments of the calls so far.
        threads: the threads they came on.
    """

    def __init__(self, **answers: Any) -> None:
        super().__init__()
        self.made: list[tuple[str, tuple[Any, ...]]] = []
        self.threads: set[threading.Thread] = set()
        self._answers = {"on_error": None, **answers}
        self._changed = threading.Condition()

    def __getattribute__(self, name: str) -> Any:
        if name not in CALLBACKS:
            return super().__getattribute__(name)
        method = super().__getattribute__(name)

        def noted(*arguments: Any) -> Any:
            with self._changed:
                self.made.append((name, arguments))
                self.threads.add(threading.current_thread())
                self._changed.notify_all()
            answer = self._answers.get(name)
            if callable(answer):
                return answer(*arguments)
            if isinstance(answer, BaseException):
                raise answer
            return method(*arguments) if name == "on_data" and answer is None else answer

        return noted

    def of(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of the calls of *name*."""
        return [arguments for made, arguments in self.made if made == name]

    def wait(self, name: str, times: int = 1) -> tuple[Any, ...]:
        """Block until *name* has been called so often; the arguments of that call."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.of(name)) >= times, PATIENCE), self.made[-5:]
        return self.of(name)[times - 1]


def auth(emulator: Emulator) -> tweepy.OAuthHandler:
    """A handler that the emulator lets in."""
    keys = emulator.oauth1
    handler = tweepy.OAuthHandler(keys.consumer_key, keys.consumer_secret)
    handler.set_access_token(keys.access_token, keys.access_token_secret)
    return handler


def ended(stream: tweepy.Stream) -> None:
    """Block until the thread of an asynchronous stream is gone."""
    thread = stream._thread
    assert thread is not None
    thread.join(PATIENCE)
    assert not thread.is_alive()


@contextlib.contextmanager
def listening(emulator: Emulator, listener: tweepy.StreamListener, **options: Any) -> Iterator[tweepy.Stream]:
    """A sample stream on a thread of its own, disconnected at the end."""
    stream = tweepy.Stream(auth(emulator), listener, **{"daemon": True, **options})
    stream.sample(is_async=True)
    try:
        yield stream
    finally:
        stream.disconnect()
        ended(stream)


@contextlib.contextmanager
def aside(call: Callable[[], Any]) -> Iterator[list[BaseException]]:
    """Run a call that blocks on another thread; what it raised, once the block is left."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, name="caller", daemon=True)
    thread.start()
    yield raised
    thread.join(PATIENCE)
    assert not thread.is_alive()
