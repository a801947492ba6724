"""v2 posts."""

from __future__ import annotations

from rxtweets.messages._base import Message


class Post(Message, frozen=True, kw_only=True):
    """A v2 post."""

    id: str = ""
    text: str = ""
