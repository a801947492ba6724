"""What can be found in a post: its words, tags, names and links, looked up once however many filters ask."""

from __future__ import annotations

from msgspec import Struct

from .world.model import Post
from .world.text import words


class Index(Struct, frozen=True):
    """What one text holds, all in lower case."""

    words: tuple[str, ...]
    bag: frozenset[str]
    tags: frozenset[str]
    names: frozenset[str]
    symbols: frozenset[str]
    urls: tuple[str, ...]

    def holds(self, phrase: list[str] | tuple[str, ...]) -> bool:
        """Whether those words stand in the text, next to each other and in that order."""
        if not phrase or not self.bag.issuperset(phrase):
            return False
        if len(phrase) == 1:
            return True
        wanted, size = tuple(phrase), len(phrase)
        return any(self.words[at : at + size] == wanted for at in range(len(self.words) - size + 1))


def index(post: Post) -> Index:
    """The index of a post; a retweet's is that of the whole original, with its own mention of the author."""
    found: Index | None = post.forms.get("index")
    if found is None:
        found = post.forms["index"] = _build(post)
    return found


def _build(post: Post) -> Index:
    original = post.retweeted or post
    links = [link for link in (*original.links, original.media_link, original.quote_link) if link is not None]
    text = original.text
    for link in links:
        text = text.replace(link.short, link.expanded)
    if post.retweeted is not None:
        text = f"RT @{original.author.screen_name}: {text}"
    found = tuple(words(text)) + tuple(word for link in links for word in words(link.display))
    mentioned = {
        mention.person.screen_name.lower()
        for p in {id(post): post, id(original): original}.values()
        for mention in p.mentions
    }
    return Index(
        words=found,
        bag=frozenset(found),
        tags=frozenset(tag.text.lower() for tag in original.tags),
        names=frozenset(mentioned),
        symbols=frozenset(tag.text.lower() for tag in original.symbols),
        urls=tuple(url.lower() for link in links for url in (link.expanded, link.display)),
    )
