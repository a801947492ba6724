"""v1.1 statuses."""

from __future__ import annotations

from rxtweets.messages._base import Message


class Status(Message, frozen=True, kw_only=True):
    """A v1.1 status: a tweet, retweet or quote."""

    id: int = 0
    id_str: str = ""
    text: str = ""
