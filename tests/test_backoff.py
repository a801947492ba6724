"""Waits after each kind of failure."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets.backoff import LONGEST_WAIT, Attempt, BackoffPolicy, Curve
from rxtweets.errors import (
    ConnectionFailed,
    DuplicateStream,
    FrameTooLong,
    HTTPStatusError,
    RateLimited,
    StreamDisconnected,
    StreamError,
    StreamStalled,
    TokenRevoked,
)
from rxtweets.operators import retry_with_backoff

NO_JITTER = BackoffPolicy(jitter=0)
DOWN = ConnectionFailed("refused")
DROPPED = StreamDisconnected()


def http(status: int, body: bytes = b"", **headers: str) -> HTTPStatusError:
    return HTTPStatusError.of(status, {k.replace("_", "-"): v for k, v in headers.items()}, body)


def waits(policy: BackoffPolicy, *errors: Exception, now: float = 0.0) -> list[float | None]:
    """The waits that *policy* gives for *errors*, one after the other; None where one is final."""
    found: list[float | None] = []
    for error in errors:
        retry = policy.next(error, now)
        found.append(None if retry is None else retry.delay)
        if retry is None:
            break
        policy = retry.policy
    return found


@pytest.mark.parametrize("error", [DOWN, StreamStalled(90), FrameTooLong(1)])
def test_network_failures_wait_linearly(error: StreamError) -> None:
    """250 ms, 250 ms more each time, to 16 s."""
    got = waits(NO_JITTER, *[error] * 70)
    assert got[:4] == [0.25, 0.5, 0.75, 1.0]
    assert got[63:] == [16.0] * 7


def test_http_errors_double() -> None:
    """5 s, doubled each time, to 320 s."""
    assert waits(NO_JITTER, *[http(503)] * 9) == [5, 10, 20, 40, 80, 160, 320, 320, 320]


@pytest.mark.parametrize("status", [420, 429])
def test_rate_limits_double_from_a_minute(status: int) -> None:
    """60 s, doubled each time."""
    assert waits(NO_JITTER, *[http(status)] * 5) == [60, 120, 240, 480, 960]


def test_a_dropped_stream_reconnects_at_once_and_then_as_the_network() -> None:
    """No wait the first time; a server that accepts and closes again is not hammered."""
    assert waits(NO_JITTER, *[DROPPED] * 4) == [0, 0.25, 0.5, 0.75]


def test_mixed_failures_each_keep_their_place() -> None:
    """A failure of another kind does not send a curve back to its start."""
    errors = [DROPPED, DOWN, http(503), DOWN, http(429), http(503), DROPPED, http(429)]
    assert waits(NO_JITTER, *errors) == [0, 0.25, 5, 0.5, 60, 10, 0.75, 120]


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 406, 409, 410, 413, 416, 418])
def test_statuses_that_stay_the_same_are_final(status: int) -> None:
    """A status that would come again is final."""
    assert waits(NO_JITTER, http(status)) == [None]


def test_a_usage_cap_is_final() -> None:
    """A 429 that no waiting mends is not retried."""
    capped = http(429, b'{"title":"UsageCapExceeded","type":"https://api.x.com/2/problems/usage-capped"}')
    assert waits(NO_JITTER, capped) == [None]


@pytest.mark.parametrize("error", [RuntimeError("a subscriber's"), ConnectionError("a subscriber's own")])
def test_errors_of_others_are_final(error: Exception) -> None:
    """Only a StreamError is the stream's."""
    assert waits(NO_JITTER, error) == [None]


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (http(429, x_rate_limit_reset="1300"), 300),
        (http(420, x_rate_limit_reset="1010"), 60),
        (http(429, retry_after="120"), 120),
        (http(503, retry_after="7"), 7),
        (http(503, retry_after="7, 20"), 20),
        (http(429, x_rate_limit_reset="1300, 1300", x_rate_limit_remaining="0, 0"), 300),
        (http(503, retry_after="1"), 5),
        (http(429, retry_after="Thu, 01 Jan 1970 00:20:00 GMT"), 200),
        (http(429, x_rate_limit_reset="1200", retry_after="500"), 500),
        (http(503, x_rate_limit_reset="9000"), 5),
        (http(429, x_rate_limit_reset="soon", retry_after="later"), 60),
        (http(429, x_rate_limit_reset="nan", retry_after="-5"), 60),
        (http(429, x_rate_limit_reset="inf", retry_after="1e999"), 60),
        (http(429, x_rate_limit_reset="9" * 30), LONGEST_WAIT),
        (http(429, x_rate_limit_reset="1870", x_rate_limit_remaining="48"), 60),
        (http(429, x_rate_limit_reset="1870", x_rate_limit_remaining="0"), 870),
        (http(429, x_rate_limit_reset="1870", x_rate_limit_remaining="some"), 870),
        (http(429, x_rate_limit_reset="30", date="Thu, 01 Jan 1970 00:00:00 GMT"), 60),
        (http(429, x_rate_limit_reset="300", date="Thu, 01 Jan 1970 00:00:00 GMT"), 300),
        (http(429, x_rate_limit_reset="7500", date="Thu, 01 Jan 1970 02:00:00 GMT"), 300),
        (http(429, x_rate_limit_reset="1300", date="yesterday"), 300),
        (http(503, retry_after="Thu, 01 Jan 1970 02:00:20 -0000", date="Thu, 01 Jan 1970 02:00:00 GMT"), 20),
    ],
)
def test_the_server_says_how_long(error: HTTPStatusError, wait: float) -> None:
    """Never before `x-rate-limit-reset` (after 420 and 429, with nothing remaining) or `Retry-After`.

    Both are in the time of the server, which `Date` tells; nonsense in them is ignored.
    """
    assert waits(NO_JITTER, error, now=1000.0) == [wait]


@given(st.floats(0, 1), st.floats(0, 1))
def test_jitter_only_lengthens(random: float, jitter: float) -> None:
    """A wait is never shorter than the table's."""
    policy = BackoffPolicy(jitter=jitter, random=lambda: random)
    first = policy.next(http(503), 0.0)
    assert first is not None
    assert 5.0 <= first.delay <= 5.0 * (1 + jitter) + 1e-9
    second = first.policy.next(http(503), 0.0)
    assert second is not None
    assert second.delay >= 10.0


def test_jitter_is_a_part_of_the_tables_wait() -> None:
    """Jitter lengthens by a part of the table's wait, not of the server's, and no wait exceeds a day."""
    policy = BackoffPolicy(jitter=1, random=lambda: 1.0)
    assert waits(policy, http(429, x_rate_limit_reset="2000"), now=1000.0) == [1060]
    assert waits(policy, http(429, x_rate_limit_reset="9" * 30)) == [LONGEST_WAIT]


def test_a_policy_is_a_value() -> None:
    """`next` changes nothing: the same policy gives the same answer."""
    first = NO_JITTER.next(DOWN, 0.0)
    assert first == NO_JITTER.next(DOWN, 0.0)
    assert NO_JITTER.attempt == 0
    assert first is not None
    assert first.policy.attempt == 1
    with pytest.raises(AttributeError):
        NO_JITTER.jitter = 1.0  # type: ignore[misc]


def test_limits() -> None:
    """Attempts, total time and a predicate of the user's make an error final."""
    assert waits(BackoffPolicy(jitter=0, max_attempts=2), DOWN, DOWN, DOWN) == [0.25, 0.5, None]
    assert waits(BackoffPolicy.never(), DROPPED) == [None]
    timed = BackoffPolicy(jitter=0, max_total=12.0)
    first = timed.next(http(503), 100.0)
    assert first is not None
    assert first.policy.next(http(503), 101.0) is not None
    assert first.policy.next(http(503), 105.0) is None
    picky = BackoffPolicy(jitter=0, give_up=lambda error, attempt: isinstance(error, StreamStalled))
    assert waits(picky, DOWN, StreamStalled(90)) == [0.25, None]


def test_limits_for_each_kind_of_failure() -> None:
    """Three tries for a 503 and a second between failures of the network: each kind has its own limit."""
    policy = BackoffPolicy(
        jitter=0, http=Curve(5.0, times=2.0, max_attempts=3), network=Curve(1.0), after_drop=2.0
    )
    assert waits(policy, http(503), DOWN, http(503), DROPPED, DOWN, http(503), DOWN, http(503)) == [
        5, 1, 10, 2, 1, 20, 1, None,
    ]  # fmt: skip


def test_the_predicate_knows_the_attempt() -> None:
    """`give_up` gets the kind of failure, and the attempt's number of that kind and of all."""
    seen: list[Attempt] = []

    def give_up(error: StreamError, attempt: Attempt) -> bool:
        seen.append(attempt)
        return attempt.kind == "http" and attempt.number > 1

    policy = BackoffPolicy(jitter=0, give_up=give_up)
    assert waits(policy, http(503), DROPPED, http(429), http(500)) == [5, 0, 60, None]
    assert seen == [("http", 1, 1), ("network", 1, 2), ("rate_limit", 1, 3), ("http", 2, 4)]


@pytest.mark.parametrize("error", [StreamDisconnected.of("admin logout", 7), StreamDisconnected.of("dup", 2)])
def test_a_newer_stream_of_the_account_is_final(error: StreamError) -> None:
    """Else the two would end each other for ever; a policy may choose otherwise."""
    assert isinstance(error, DuplicateStream)
    assert "FilterHub" in str(error)
    assert waits(NO_JITTER, error) == [None]
    assert waits(BackoffPolicy(jitter=0, also_retry=(DuplicateStream,)), error, error) == [0, 0.25]


def test_final_errors_can_be_retried() -> None:
    """HTTP errors that are final by themselves wait as the others when they are asked to be retried."""
    stubborn = BackoffPolicy(jitter=0, also_retry=(HTTPStatusError, TokenRevoked))
    revoked = StreamDisconnected.of("token revoked", 6)
    assert waits(stubborn, http(401), http(404), revoked, http(503)) == [5, 10, 0, 20]
    assert waits(NO_JITTER, revoked) == [None]


@pytest.mark.parametrize("field", ["jitter", "healthy_after", "max_attempts", "max_total"])
def test_bad_settings_are_named(field: str) -> None:
    """A negative setting is refused by its name."""
    settings: dict[str, Any] = {field: -1}
    with pytest.raises(ValueError, match=field):
        BackoffPolicy(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"give_up": RateLimited},
        {"give_up": 420},
        {"give_up": lambda error: True},
        {"network": 5},
        {"jitter": "no"},
        {"jitter": 5},
        {"max_attempts": "3"},
        {"after_drop": math.inf},
        {"connects": 50},
        {"connects": (1, 900)},
        {"connects": (50, 0)},
        {"connects": (50, LONGEST_WAIT)},
        {"also_retry": DuplicateStream},
        {"also_retry": (OSError,)},
    ],
)
def test_wrong_kinds_of_settings_are_named(settings: dict[str, Any]) -> None:
    """A setting of another kind is refused when the policy is made, not at the first failure."""
    (name,) = settings
    with pytest.raises(ValueError, match=name):
        BackoffPolicy(**settings)


@pytest.mark.parametrize("settings", [{"first": -1}, {"first": "1"}, {"cap": math.nan}, {"max_attempts": -1}])
def test_bad_curves_are_named(settings: dict[str, Any]) -> None:
    """A curve says which of its numbers is none."""
    (name,) = settings
    with pytest.raises(ValueError, match=name):
        Curve(**{"first": 1.0, **settings})


@pytest.mark.parametrize("policy", ["never", BackoffPolicy.never])
def test_what_is_no_policy_is_refused_at_once(policy: Any) -> None:
    """`retry_with_backoff` takes a policy, and says so when it is called."""
    with pytest.raises(ValueError, match="BackoffPolicy"):
        retry_with_backoff(policy)


def test_another_stream_that_was_just_closed() -> None:
    """After a stream was closed the next one waits 1, 3 and 9 s for the server to notice, then as before."""
    error = http(429, b'{"connection_issue":"TooManyConnections"}', x_rate_limit_remaining="9")
    policy = NO_JITTER.after_close()
    assert waits(policy, *[error] * 5) == [1.0, 3.0, 9.0, 60.0, 120.0]
    assert waits(policy.healthy(), error) == [60.0]
