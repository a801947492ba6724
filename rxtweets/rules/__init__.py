"""The rules of v2's filtered stream: what each matches, and which there are."""

from __future__ import annotations

from .client import RulesClient
from .model import RuleError, RuleUpdate, StreamRule

__all__ = ["RuleError", "RuleUpdate", "RulesClient", "StreamRule"]
