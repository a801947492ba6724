"""Which failure waits how long."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets.backoff import LONGEST_WAIT, BackoffPolicy
from rxtweets.errors import (
    ConnectionFailed,
    FrameTooLong,
    HTTPStatusError,
    RateLimited,
    StreamDisconnected,
    StreamError,
    StreamStalled,
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
    """What would fail the same way again is not tried again."""
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
        (http(503, retry_after="1"), 5),
        (http(429, retry_after="Thu, 01 Jan 1970 00:20:00 GMT"), 200),
        (http(429, x_rate_limit_reset="1200", retry_after="500"), 500),
        (http(503, x_rate_limit_reset="9000"), 5),
        (http(429, x_rate_limit_reset="soon", retry_after="later"), 60),
        (http(429, x_rate_limit_reset="nan", retry_after="-5"), 60),
        (http(429, x_rate_limit_reset="inf", retry_after="1e999"), 60),
        (http(429, x_rate_limit_reset="9" * 30), LONGEST_WAIT),
    ],
)
def test_the_server_says_how_long(error: HTTPStatusError, wait: float) -> None:
    """Never before `x-rate-limit-reset` (after 420 and 429) or `Retry-After`; nonsense in them is ignored."""
    assert waits(NO_JITTER, error, now=1000.0) == [wait]


@given(st.floats(0, 1), st.floats(0, 5))
def test_jitter_only_lengthens(random: float, jitter: float) -> None:
    """A wait is never shorter than the table's."""
    policy = BackoffPolicy(jitter=jitter, random=lambda: random)
    first = policy.next(http(503), 0.0)
    assert first is not None
    assert 5.0 <= first.delay <= 5.0 * (1 + jitter) + 1e-9
    second = first.policy.next(http(503), 0.0)
    assert second is not None
    assert second.delay >= 10.0


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
    picky = BackoffPolicy(jitter=0, give_up=lambda error: isinstance(error, StreamStalled))
    assert waits(picky, DOWN, StreamStalled(90)) == [0.25, None]


@pytest.mark.parametrize("field", ["jitter", "healthy_after", "max_attempts", "max_total"])
def test_bad_settings_are_named(field: str) -> None:
    """A negative setting is refused by its name."""
    settings: dict[str, Any] = {field: -1}
    with pytest.raises(ValueError, match=field):
        BackoffPolicy(**settings)


@pytest.mark.parametrize(
    "settings",
    [{"give_up": RateLimited}, {"give_up": 420}, {"network": 5}, {"jitter": "no"}, {"max_attempts": "3"}],
)
def test_wrong_kinds_of_settings_are_named(settings: dict[str, Any]) -> None:
    """A setting of another kind is refused when the policy is made, not at the first failure."""
    (name,) = settings
    with pytest.raises(ValueError, match=name):
        BackoffPolicy(**settings)


@pytest.mark.parametrize("policy", ["never", BackoffPolicy.never])
def test_what_is_no_policy_is_refused_at_once(policy: Any) -> None:
    """`retry_with_backoff` takes a policy, and says so when it is called."""
    with pytest.raises(ValueError, match="BackoffPolicy"):
        retry_with_backoff(policy)
