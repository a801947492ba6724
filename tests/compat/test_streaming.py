"""The callbacks that a stream calls, and how it ends."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
from typing import Any

import pytest

import rxtweets.compat as tweepy
from rxtweets.compat.streaming import StreamListener
from rxtweets.emulator import Emulator
from rxtweets.errors import ConnectionFailed, HTTPStatusError, StreamDisconnected

from .calls import CALLBACKS, Calls, aside, auth, ended, listening

QUICK = {"retry_time": 0.01, "retry_420": 0.01, "snooze_time": 0.01}

NOTICES: list[tuple[str, Any, Any]] = [
    ("on_delete", {"delete": {"status": {"id": 3, "user_id": 4}, "timestamp_ms": "1"}}, (3, 4)),
    ("on_friends", {"friends": [1, 2]}, ([1, 2],)),
    ("on_limit", {"limit": {"track": 12}}, (12,)),
    ("on_disconnect", {"disconnect": {"code": 5, "reason": "normal"}}, ({"code": 5, "reason": "normal"},)),
    ("on_warning", {"warning": {"code": "FALLING_BEHIND"}}, ({"code": "FALLING_BEHIND"},)),
    ("on_scrub_geo", {"scrub_geo": {"user_id": 1}}, ({"user_id": 1},)),
    ("on_status_withheld", {"status_withheld": {"id": 1}}, ({"id": 1},)),
    ("on_user_withheld", {"user_withheld": {"id": 1}}, ({"id": 1},)),
]
STATUS = {"id": 1, "text": "hello", "in_reply_to_status_id": None, "user": {"id": 2, "screen_name": "ada"}}
EVENT = {
    "event": "favorite",
    "created_at": "Wed Aug 27 13:08:45 +0000 2008",
    "source": {"screen_name": "ada"},
    "target": {"screen_name": "bob"},
    "target_object": STATUS,
}
EVERYTHING = [
    ("on_status", STATUS),
    ("on_event", EVENT),
    ("on_direct_message", {"direct_message": {"text": "psst"}}),
    *((name, message) for name, message, _ in NOTICES),
]


# --- which message calls what


@pytest.mark.parametrize(("name", "message", "arguments"), NOTICES)
def test_notices(emulator: Emulator, name: str, message: Any, arguments: Any) -> None:
    """Each kind of notice comes to its method, with the arguments of Tweepy 3."""
    listener = Calls()
    with listening(emulator, listener):
        listener.wait("on_connect")
        emulator.send(message)
        assert listener.wait(name) == arguments


def test_statuses(emulator: Emulator) -> None:
    """A status comes as an object, with the listener's API."""
    listener = Calls()
    with listening(emulator, listener):
        listener.wait("on_connect")
        emulator.publish("hello #rx", author="ada")
        (status,) = listener.wait("on_status")

    assert status.user.screen_name == status.author.screen_name == "ada"
    assert status.text == "hello #rx"
    assert [tag["text"] for tag in status.entities["hashtags"]] == ["rx"]
    assert status.created_at.tzinfo is None
    assert not hasattr(status, "retweeted_status")
    assert status._api is listener.api


def test_retweets_and_long_statuses(emulator: Emulator) -> None:
    """`hasattr` tells a retweet; a long text is in `extended_tweet`, a dict."""
    listener = Calls()
    text = "word " * 40 + "end"
    with listening(emulator, listener):
        listener.wait("on_connect")
        emulator.publish(text, author="ada")
        emulator.publish(emulator.retweet(emulator.compose("hello", author="ada"), author="bob"))
        (long,) = listener.wait("on_status")
        (retweet,) = listener.wait("on_status", 2)

    assert long.truncated
    assert long.extended_tweet["full_text"] == text
    assert hasattr(retweet, "retweeted_status")
    assert retweet.retweeted_status.user.screen_name == "ada"


def test_events(emulator: Emulator) -> None:
    """An event has its name as `event`, and dicts as `source`, `target` and `target_object`."""
    listener = Calls()
    with listening(emulator, listener):
        listener.wait("on_connect")
        emulator.send(EVENT)
        emulator.send({"direct_message": {"text": "psst"}})
        (event,) = listener.wait("on_event")
        (message,) = listener.wait("on_direct_message")

    assert (event.event, event.source["screen_name"], event.target["screen_name"]) == (
        "favorite",
        "ada",
        "bob",
    )
    assert event.target_object["text"] == "hello"
    assert event.created_at.year == 2008
    assert message.direct_message["text"] == "psst"


def test_raw_data(emulator: Emulator) -> None:
    """`on_data` gets each message as text with its line end, and decides what else is called."""
    listener = Calls(on_data=True)
    with listening(emulator, listener):
        listener.wait("on_connect")
        emulator.send({"text": "päß", "user": {}})
        (raw,) = listener.wait("on_data")

    assert raw.endswith("}\r\n")
    assert json.loads(raw) == {"text": "päß", "user": {}}
    assert not listener.of("on_status")


@pytest.mark.parametrize(
    "odd",
    [
        b"{oops\r\n",
        b"\xff\xfe\r\n",
        b"[1]\r\n",
        b'{"brand_new":1}\r\n',
        b'{"limit":7}\r\n',
        b'{"delete":{"direct_message":{"id":1,"user_id":2}}}\r\n',
        b'{"for_user":1,"message":{}}\r\n',
        b"[" * 100_000 + b"\r\n",
        b'{"text":"","user":{},"quoted_status":' * 3_000 + b"{}" + b"}" * 3_000 + b"\r\n",
    ],
    ids=lambda odd: odd[:20].decode("latin-1"),
)
def test_odd_messages(emulator: Emulator, odd: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """A message of an unknown kind is logged in short, and the stream goes on."""
    listener = Calls()
    with listening(emulator, listener), caplog.at_level(logging.WARNING, "rxtweets.compat"):
        listener.wait("on_connect")
        emulator.send(odd)
        emulator.send(STATUS)
        listener.wait("on_status")

    (line,) = caplog.messages
    assert "an unknown kind" in line
    assert len(line) < 300


def test_keep_alive(emulator: Emulator) -> None:
    """A blank line calls `keep_alive`."""
    listener = Calls()
    with listening(emulator, listener):
        listener.wait("on_connect")
        emulator.keep_alive_now()
        listener.wait("keep_alive")


def test_a_listener_needs_nothing() -> None:
    """The methods of `StreamListener` do nothing, but that `on_error` ends the stream, as in Tweepy 3.10."""
    listener = StreamListener()
    for name, message in EVERYTHING:
        assert listener.on_data(json.dumps(message)) is None, name

    assert listener.on_error(420) is False
    for answer in (listener.on_connect(), listener.on_timeout(), listener.keep_alive()):
        assert answer is None
    assert listener.on_exception(ValueError()) is None
    assert isinstance(listener.api, tweepy.API)


def test_a_listener_that_forgot_super(emulator: Emulator) -> None:
    """A listener whose `__init__` does not call its base's works all the same."""
    seen = threading.Event()

    class Forgetful(tweepy.StreamListener):
        def __init__(self) -> None:
            pass

        def on_connect(self) -> None:
            emulator.send(STATUS)

        def on_status(self, status: Any) -> bool:
            seen.set()
            return False

    tweepy.Stream(auth(emulator), Forgetful()).sample()

    assert seen.is_set()


# --- False ends it


@pytest.mark.parametrize(("name", "message"), [*EVERYTHING, ("on_data", STATUS)])
def test_false_for_a_message(emulator: Emulator, name: str, message: Any) -> None:
    """False from any method that a message calls ends the stream, and the call returns."""
    listener = Calls(**{name: False}, on_connect=lambda: emulator.send(message) and None)
    stream = tweepy.Stream(auth(emulator), listener)

    stream.sample()

    assert listener.of(name)
    assert not stream.running
    emulator.wait_for_streams(0)


def test_false_for_the_connection(emulator: Emulator) -> None:
    """False from `on_connect`, `keep_alive`, `on_error` and `on_timeout` ends the stream."""
    tweepy.Stream(auth(emulator), Calls(on_connect=False)).sample()
    tweepy.Stream(
        auth(emulator), Calls(keep_alive=False, on_connect=lambda: emulator.keep_alive_now() and None)
    ).sample()
    tweepy.Stream(auth(emulator), Calls(on_timeout=False), timeout=0.05).sample()
    emulator.answer(503)
    tweepy.Stream(auth(emulator), Calls(on_error=False)).sample()

    assert [request.status for request in emulator.requests] == [200, 200, 200, 503]
    emulator.wait_for_streams(0)


def test_every_callback_is_tested() -> None:
    """The methods of 3.10 are all there."""
    messages = {name for name, _ in EVERYTHING}
    connection = {"on_data", "on_connect", "keep_alive", "on_error", "on_timeout", "on_exception"}

    assert set(CALLBACKS) == messages | connection


# --- errors


@pytest.mark.parametrize("status", [401, 403, 404, 406, 420, 429, 500, 503])
def test_on_error_reconnects(emulator: Emulator, status: int) -> None:
    """After any HTTP error, `on_error` decides: what is not False connects again."""
    listener = Calls(on_connect=False)
    emulator.answer(status, times=2)

    tweepy.Stream(auth(emulator), listener, **QUICK).sample()

    assert listener.made == [("on_error", (status,)), ("on_error", (status,)), ("on_connect", ())]


def test_on_error_stops_by_default(emulator: Emulator) -> None:
    """The default of `on_error` ends the stream without an exception."""
    emulator.answer(420)

    tweepy.Stream(auth(emulator), tweepy.StreamListener()).sample()

    assert [request.status for request in emulator.requests] == [420]


def test_usage_cap(emulator: Emulator) -> None:
    """Even what no retry mends is up to `on_error`."""
    listener = Calls(on_connect=False)
    emulator.answer(429, body={"type": "https://api.x.com/2/problems/usage-capped"})

    tweepy.Stream(auth(emulator), listener, **QUICK).sample()

    assert listener.made == [("on_error", (429,)), ("on_connect", ())]


def test_retry_count(emulator: Emulator) -> None:
    """`retry_count` reconnects follow a failure, then the call returns."""
    listener = Calls()
    emulator.answer(503, times=9)

    tweepy.Stream(auth(emulator), listener, retry_count=2, **QUICK).sample()

    assert listener.made == [("on_error", (503,))] * 3


def test_timeout(emulator: Emulator) -> None:
    """Silence for `timeout` seconds calls `on_timeout`, and the stream connects again."""
    listener = Calls()
    with listening(emulator, listener, timeout=0.05, **QUICK):
        listener.wait("on_timeout", 2)
        listener.wait("on_connect", 3)


def test_clean_close(emulator: Emulator) -> None:
    """A close by the server calls `on_closed` and connects again, at first at once, then with back-off."""
    closed = threading.Semaphore(0)

    class Noting(tweepy.Stream):
        def on_closed(self, resp: Any) -> None:
            closed.release()

    listener = Calls()
    stream = Noting(auth(emulator), listener, daemon=True)
    stream.sample(is_async=True)
    listener.wait("on_connect")
    emulator.close_streams()
    assert closed.acquire(timeout=5)
    listener.wait("on_connect", 2)
    stream.disconnect()
    ended(stream)


def test_a_server_that_always_closes(emulator: Emulator) -> None:
    """A server that closes at once is not hammered: the retries are used up, and the call raises."""
    listener = Calls(on_connect=lambda: emulator.close_streams() and None)

    with pytest.raises(StreamDisconnected):
        tweepy.Stream(auth(emulator), listener, retry_count=3, **QUICK).sample()

    assert len(listener.of("on_connect")) == len(emulator.requests) == 4
    assert [type(error) for (error,) in listener.of("on_exception")] == [StreamDisconnected]


def test_network_failure(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network failure connects again; once retries are used up, it is raised after `on_exception`."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        monkeypatch.setenv("RXTWEETS_BASE_URL", f"http://127.0.0.1:{sock.getsockname()[1]}")
        listener = Calls()

        with pytest.raises(ConnectionFailed) as raised:
            tweepy.Stream(auth(emulator), listener, retry_count=1, **QUICK).sample()

    assert listener.made == [("on_exception", (raised.value,))]


# --- what a callback raises


@pytest.mark.parametrize("error", [ValueError("mine"), ConnectionError("mine"), HTTPStatusError(503)])
def test_an_exception_is_the_callers(emulator: Emulator, error: Exception) -> None:
    """A callback's exception goes to `on_exception`, then to the caller, and never reconnects."""
    running: list[bool] = []
    listener = Calls(
        on_status=error,
        on_connect=lambda: emulator.send(STATUS) and None,
        on_exception=lambda _: running.append(stream.running),
    )
    stream: tweepy.Stream = tweepy.Stream(auth(emulator), listener)

    with pytest.raises(type(error)) as raised:
        stream.sample()

    assert raised.value is error
    assert listener.of("on_exception") == [(error,)]
    assert running == [False]
    assert len(emulator.requests) == 1
    emulator.wait_for_streams(0)


@pytest.mark.parametrize("error", [ValueError("mine"), HTTPStatusError(503)])
def test_an_exception_of_on_error(emulator: Emulator, error: Exception) -> None:
    """An exception of `on_error` goes to the caller, too."""
    listener = Calls(on_error=error)
    emulator.answer(503)

    with pytest.raises(type(error)) as raised:
        tweepy.Stream(auth(emulator), listener).sample()

    assert raised.value is error
    assert listener.of("on_exception") == [(error,)]


def test_an_exception_on_the_streams_thread(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `is_async` it is reported as of any thread, after `on_exception`."""
    reported = []
    monkeypatch.setattr(threading, "excepthook", lambda report: reported.append(report.exc_value))
    error = ValueError("mine")
    listener = Calls(on_connect=error)

    with listening(emulator, listener) as stream:
        ended(stream)

    assert reported == [error]
    assert listener.of("on_exception") == [(error,)]


def test_keyboard_interrupt(emulator: Emulator) -> None:
    """Ctrl-C goes to the caller, closes the stream, and is no matter for `on_exception`."""
    listener = Calls(on_connect=KeyboardInterrupt())
    stream = tweepy.Stream(auth(emulator), listener)

    with pytest.raises(KeyboardInterrupt):
        stream.sample()

    assert not listener.of("on_exception")
    assert not stream.running
    emulator.wait_for_streams(0)


def test_start_again_from_on_exception(emulator: Emulator) -> None:
    """`on_exception` may start the stream again."""
    answers: list[Any] = [ValueError("mine"), False]

    def on_connect() -> Any:
        if isinstance(answer := answers.pop(0), Exception):
            raise answer
        return answer

    listener = Calls(on_connect=on_connect, on_exception=lambda _: stream.sample())
    stream: tweepy.Stream = tweepy.Stream(auth(emulator), listener)

    with pytest.raises(ValueError, match="mine"):
        stream.sample()

    assert answers == []
    assert len(emulator.requests) == 2


# --- threads, and ending from outside


def test_callbacks_come_on_the_callers_thread(emulator: Emulator) -> None:
    """A blocking stream calls on the thread of its caller, also after reconnects."""
    listener = Calls(on_status=False, on_connect=lambda: emulator.send(STATUS) and None)
    emulator.answer(503)

    tweepy.Stream(auth(emulator), listener, **QUICK).sample()

    assert listener.threads == {threading.current_thread()}


def test_callbacks_come_on_one_thread(emulator: Emulator) -> None:
    """An asynchronous stream returns at once and calls on one thread of its own, no daemon by default."""
    listener = Calls()
    emulator.answer(503)
    with listening(emulator, listener, daemon=False, **QUICK):
        listener.wait("on_connect")

    (thread,) = listener.threads
    assert thread is not threading.current_thread()
    assert not thread.daemon


def test_disconnect_a_silent_stream(emulator: Emulator) -> None:
    """`disconnect` ends a stream on which nothing comes, blocking or not."""
    listener = Calls()
    stream = tweepy.Stream(auth(emulator), listener)
    with aside(stream.sample) as raised:
        listener.wait("on_connect")
        running = [stream.running]
        stream.disconnect()
        running.append(stream.running)

    assert running == [True, False]
    assert raised == []
    assert not listener.of("on_exception")
    emulator.wait_for_streams(0)


def test_disconnect_during_a_wait(emulator: Emulator) -> None:
    """`disconnect` ends a back-off of minutes at once."""
    listener = Calls()
    emulator.answer(503)
    with listening(emulator, listener, retry_time=300) as stream:
        listener.wait("on_error")
        stream.disconnect()
        ended(stream)


def test_disconnect_while_connecting(emulator: Emulator) -> None:
    """`disconnect` ends a connect that nobody answers."""
    emulator.mute()
    with listening(emulator, Calls()) as stream:
        with contextlib.suppress(TimeoutError):
            emulator.wait_for_streams(1, timeout=0.1)
        stream.disconnect()
        ended(stream)


@pytest.mark.parametrize("name", ["on_connect", "on_error", "on_status"])
def test_disconnect_in_a_callback(emulator: Emulator, name: str) -> None:
    """`disconnect` in a callback ends the stream once the callback returns."""
    listener = Calls(on_connect=lambda: emulator.send(STATUS) and None)
    listener._answers[name] = lambda *_: stream.disconnect()
    stream: tweepy.Stream = tweepy.Stream(auth(emulator), listener)
    if name == "on_error":
        emulator.answer(503)

    stream.sample()

    assert listener.made[-1][0] == name


def test_running_can_be_set_false(emulator: Emulator) -> None:
    """`stream.running = False` disconnects, as programs of old do."""
    listener = Calls()
    with listening(emulator, listener) as stream:
        listener.wait("on_connect")
        with pytest.raises(ValueError, match="only False"):
            stream.running = True
        stream.running = False
        ended(stream)
        assert not stream.running


def test_one_stream_at_a_time(emulator: Emulator) -> None:
    """A stream that runs refuses a second, and can be started anew once disconnected."""
    listener = Calls()
    with listening(emulator, listener) as stream:
        with pytest.raises(tweepy.TweepError, match="already"):
            stream.sample()
        listener.wait("on_connect")
        stream.disconnect()
        stream.disconnect()
        ended(stream)
        stream.sample(is_async=True)
        listener.wait("on_connect", 2)


def test_many_starts_and_stops(emulator: Emulator) -> None:
    """Starting and stopping in haste ends each stream and keeps the next."""
    listener = Calls()
    stream = tweepy.Stream(auth(emulator), listener)
    for _ in range(20):
        stream.sample(is_async=True)
        stream.disconnect()
        ended(stream)
        assert not stream.running
    emulator.wait_for_streams(0)
