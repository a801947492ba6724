"""The exception that Tweepy 3 has for everything."""

from __future__ import annotations

from typing import Any


class TweepError(Exception):
    """A parameter or a credential is wrong, a sign-in was refused, or the stream is already running.

    Attributes:
        reason: what is wrong, as text.
        response: always None here.
        api_code: always None here.
    """

    def __init__(self, reason: object, response: Any = None, api_code: int | None = None) -> None:
        super().__init__(reason)
        self.reason = str(reason)
        self.response = response
        self.api_code = api_code

    def __str__(self) -> str:
        return self.reason
