"""Immutable descriptions of what can be connected to; every parameter is checked before any request.

`v1` and `v2` have a function for each endpoint of their protocol. What they return goes to `connect`.
"""

from __future__ import annotations

from rxtweets._loopback import is_loopback

from . import checks, v1, v2
from ._hosts import api_url
from .endpoint import Endpoint, Request

__all__ = ["Endpoint", "Request", "api_url", "checks", "is_loopback", "v1", "v2"]
