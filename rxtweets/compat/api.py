"""Tweepy's API object, of which only the credentials are left."""

from __future__ import annotations

from typing import Any, NoReturn


class API:
    """Holds the auth handler, as `tweepy.Stream(auth=api.auth, listener=…)` wants it. Makes no REST calls.

    Attributes:
        auth: the auth handler, or None.

    Other arguments of Tweepy's constructor are taken and ignored: they are about REST calls.
    """

    def __init__(self, auth_handler: Any = None, *_: Any, **__: Any) -> None:
        self.auth = auth_handler

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"rxtweets.compat only streams: its API has .auth, and no {name!r}")
