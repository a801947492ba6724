"""The match of posts, by the library's own filters: `FilterQuery` for v1.1, rules for v2."""

from __future__ import annotations

import msgspec

from rxtweets.emulator.api.v1.forms import status_bytes
from rxtweets.emulator.api.v2.fields import FURTHER, Fields, brought
from rxtweets.emulator.api.v2.forms import post_bytes
from rxtweets.emulator.world.languages import sent_code
from rxtweets.emulator.world.model import Post
from rxtweets.filters import FilterIndex, FilterQuery
from rxtweets.filters.features import StatusFeatures
from rxtweets.messages import Post as PostMessage
from rxtweets.messages import Status, decode
from rxtweets.rules import EVERY_FIELD, CompiledRule, Rule, fields_for
from rxtweets.rules.language.search import SearchQuery


def tracked(query: FilterQuery, post: Post) -> bool:
    """Return whether v1.1's filter matches the post, by its form as a status."""
    features: StatusFeatures | None = post.cache.get("track")
    if features is None:
        status = decode(status_bytes(post))
        assert isinstance(status, Status)
        features = post.cache["track"] = StatusFeatures(status)
    return query.holds(features)


FEW = 20
"""Rules up to which trying each costs less than looking up all features of a post in the index."""


class Selector:
    """The rules of an app; finds those that match a post, once for all streams.

    A post is read in v2's form, with those fields that the library says its rules need, and with the quote
    of a retweeted post and the giver of a badge, which X doesn't send.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.counts: dict[str, int] = {}
        """The number of posts that each rule has matched."""
        self._index = FilterIndex[str]()
        self._rules: dict[str, CompiledRule] = {}
        self._fields = Fields()
        self._latest: tuple[Post, list[str]] | None = None

    def add(self, key: str, rule: Rule) -> None:
        """Add a rule under a key that is new."""
        compiled = rule.compile(asked=EVERY_FIELD, seed=self._seed)
        self._index.add(compiled, key)
        self._rules[key] = compiled
        self.counts[key] = 0
        self._fields = _joined(self._fields, _needed(rule))
        self._latest = None

    def remove(self, key: str) -> None:
        """Remove the rule under that key. Raises KeyError if there is none."""
        self._index.remove(key)
        del self._rules[key], self.counts[key]
        self._latest = None
        if not self._rules:
            self._fields = Fields()

    def matching(self, post: Post) -> list[str]:
        """Return the keys of the rules that match, in the order in which they were added."""
        if not self._rules:
            return []
        if self._latest is not None and self._latest[0] is post:
            return self._latest[1]
        message = decode(_form_for_rules(post, self._fields))
        assert isinstance(message, PostMessage)
        if len(self._rules) > FEW:
            found = self._index.match(message)
        else:
            reading = CompiledRule.read(message)
            assert reading is not None
            found = [key for key, rule in self._rules.items() if rule.holds(reading)]
        if self not in post.counted:  # it may come again, in a replay
            post.counted = (*post.counted, self)
            for key in found:
                self.counts[key] += 1
        self._latest = (post, found)
        return found


class SearchMatcher:
    """A query of search; tells which posts it finds, read as `Selector` reads them."""

    def __init__(self, rule: Rule) -> None:
        self._query = SearchQuery(rule)
        self._fields = _needed(rule)

    def finds(self, post: Post) -> bool:
        """Return whether search finds the post."""
        message = decode(_form_for_rules(post, self._fields))
        assert isinstance(message, PostMessage)
        return self._query.finds(message)


def _form_for_rules(post: Post, fields: Fields) -> bytes:
    """Return the post in v2's form; of Chinese, rules know the script, which X doesn't send."""
    form = post_bytes(post, fields)
    if post.lang == sent_code(post.lang):
        return form
    whole = msgspec.json.decode(form)
    whole["data"] |= {"lang": post.lang} if "lang" in whole["data"] else {}
    return msgspec.json.encode(whole)


def _needed(rule: Rule) -> Fields:
    asked = fields_for(rule)
    expansions = frozenset(asked.get("expansions", ()))
    if expansions:
        expansions |= FURTHER
    return Fields(
        post=frozenset(asked.get("tweet_fields", ())) | brought(expansions),
        user=frozenset(asked.get("user_fields", ())),
        media=frozenset(asked.get("media_fields", ())),
        place=frozenset(asked.get("place_fields", ())),
        expansions=expansions,
    )


def _joined(one: Fields, other: Fields) -> Fields:
    return Fields(*(getattr(one, name) | getattr(other, name) for name in Fields.__struct_fields__))
