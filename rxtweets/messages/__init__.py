"""The messages of both protocols, typed and immutable, and the events of the connection."""

from rxtweets.messages._base import Message, Undecodable, Unknown
from rxtweets.messages.decode import decode
from rxtweets.messages.lifecycle import Connected, Disconnected, KeepAlive, Lifecycle, Reconnecting
from rxtweets.messages.post import Post
from rxtweets.messages.status import Status

__all__ = [
    "Connected",
    "Disconnected",
    "KeepAlive",
    "Lifecycle",
    "Message",
    "Post",
    "Reconnecting",
    "Status",
    "Undecodable",
    "Unknown",
    "decode",
]
