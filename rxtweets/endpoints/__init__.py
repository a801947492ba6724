"""Immutable descriptions of what can be connected to; every parameter is checked before any request."""

from __future__ import annotations

from ._types import Endpoint, Request

__all__ = ["Endpoint", "Request"]
