"""The options of Tweepy 3's `Stream` in this library's terms."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from rxtweets.backoff import BackoffPolicy, Curve
from rxtweets.transport import RequestsTransport, Transport

_log = logging.getLogger("rxtweets.compat")

# Those without a meaning here that change nothing a program sees.
_SILENT = {"chunk_size"}
# Source: X's hosts of v1.1, which are the default already.
_USUAL_HOSTS = {None, "", "stream.twitter.com", "userstream.twitter.com", "sitestream.twitter.com"}


class Options(NamedTuple):
    """The options, checked, in this library's terms.

    Attributes:
        policy: the back-off.
        transport: how to connect.
        timeout: the stall timeout in seconds; None for the endpoint's own.
        base_url: the root of another host than X's.
        daemon: whether the thread of an asynchronous stream lets the program end.
    """

    policy: BackoffPolicy
    transport: Transport
    timeout: float | None
    base_url: str | None
    daemon: bool


def read(given: Mapping[str, Any]) -> Options:
    """Return the options *given* to the constructor; raises ValueError for one that is wrong or refused."""
    left = dict(given)
    options = Options(
        policy=_policy(left),
        transport=_transport(left),
        timeout=_seconds("timeout", left.pop("timeout", None)),
        base_url=_base_url(left.pop("host", None)),
        daemon=bool(left.pop("daemon", False)),
    )
    if ignored := sorted(name for name, value in left.items() if value and name not in _SILENT):
        _log.warning("ignored, since they have no effect on a stream here: %s", ", ".join(ignored))
    return options


def _policy(left: dict[str, Any]) -> BackoffPolicy:
    def seconds(name: str, default: float) -> float:
        return _seconds(name, left.pop(name, None)) or default

    count = left.pop("retry_count", None)
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 0):
        raise ValueError(
            f"retry_count must be a whole number, 0 or more, or None for no limit, not {count!r}"
        )
    standard = BackoffPolicy.standard()
    first, step = seconds("retry_time", standard.http.first), seconds("snooze_time", standard.network.first)
    limited = seconds("retry_420", standard.rate_limit.first)
    capped = left.get("retry_time_cap") is not None
    cap = seconds("retry_time_cap", standard.http.cap)
    return BackoffPolicy(
        network=Curve(step, plus=step, cap=max(step, seconds("snooze_time_cap", standard.network.cap))),
        http=Curve(first, times=2.0, cap=max(first, cap)),
        rate_limit=Curve(limited, times=2.0, cap=max(limited, cap) if capped else standard.rate_limit.cap),
        max_attempts=count,
    )


def _transport(left: dict[str, Any]) -> Transport:
    verify = left.pop("verify", True)
    if not verify or not isinstance(verify, bool | str):
        raise ValueError(
            f"verify={verify!r} is refused: TLS is always verified; give the path of a file of CA "
            "certificates to trust a server of your own"
        )
    return RequestsTransport(
        proxies=left.pop("proxies", None), ca_bundle=verify if isinstance(verify, str) else None
    )


def _base_url(host: Any) -> str | None:
    return None if host in _USUAL_HOSTS else f"https://{host}"


def _seconds(name: str, value: Any) -> float | None:
    if value is None:
        return None
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
    if not good:
        raise ValueError(f"{name} must be a number of seconds above 0, not {value!r}")
    return float(value)
