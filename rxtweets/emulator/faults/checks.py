"""The checks that several actions share."""

from __future__ import annotations

from collections.abc import Mapping

import h11


def check_answer(status: int, headers: Mapping[str, str]) -> None:
    """Raise ValueError for a status that can't end a request, or headers that HTTP doesn't allow."""
    if not 200 <= status <= 599:
        raise ValueError(f"status must be between 200 and 599, got {status}")
    try:
        h11.Response(status_code=status, headers=list(headers.items()))
    except (h11.LocalProtocolError, UnicodeEncodeError) as error:
        raise ValueError(f"headers can't be sent: {error}") from error


def check_bounds(times: int | None, seconds: float | None) -> None:
    """Raise ValueError for an order that nothing could meet."""
    if times is not None and times < 1:
        raise ValueError(f"times must be at least 1, got {times}")
    if seconds is not None and not seconds > 0:
        raise ValueError(f"seconds must be more than 0, got {seconds}")
