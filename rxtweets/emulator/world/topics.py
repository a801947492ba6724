"""Topics of the emulated world: what X's classifier says about them, and the pages that links lead to."""

from __future__ import annotations

import zlib

from msgspec import Struct

from .data import load
from .model import ContextAnnotation


class _Topic(Struct, frozen=True):
    domain: str
    name: str


class _Page(Struct, frozen=True):
    title: str
    description: str


class _Topics(Struct, frozen=True):
    sites: tuple[str, ...]
    hashtags: tuple[str, ...]
    cashtags: tuple[str, ...]
    domains: dict[str, str]
    topics: dict[str, _Topic]
    pages: tuple[_Page, ...]


_DATA = load("topics", _Topics)
SITES, PAGES, HASHTAGS, CASHTAGS = _DATA.sites, _DATA.pages, _DATA.hashtags, _DATA.cashtags


def context(domain: str, name: str, entity: str | None = None) -> ContextAnnotation:
    """Return an annotation; the entity's id is made from its name unless one is given."""
    number = entity or str(10**18 + zlib.crc32(name.lower().encode()))
    return ContextAnnotation(domain, _DATA.domains.get(domain, f"Domain {domain}"), number, name)


CONTEXTS: dict[str, tuple[ContextAnnotation, ...]] = {
    topic: (context(known.domain, known.name), context("131", known.name))
    for topic, known in _DATA.topics.items()
}
"""The annotations of posts about each topic."""
