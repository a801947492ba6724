"""Limits on what is spent at X, and the books that they are kept by."""

from __future__ import annotations

from .budget import Budget, Spending
from .period import Per

__all__ = ["Budget", "Per", "Spending"]
