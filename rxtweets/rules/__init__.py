"""The rules of v2's filtered stream: what each matches, and which there are."""

from __future__ import annotations

from .client import RulesClient
from .model import Rule, RuleError, RuleUpdate

__all__ = ["Rule", "RuleError", "RuleUpdate", "RulesClient"]
