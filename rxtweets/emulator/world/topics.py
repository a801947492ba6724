"""What X's classifier says that the world's topics are about, and the pages that its links lead to."""

from __future__ import annotations

import zlib

from .model import Context

# Source of the domains: X's guide to post annotations.
_DOMAINS = {
    "3": "TV Shows",
    "10": "Person",
    "11": "Sport",
    "22": "TV Genres",
    "66": "Interests and Hobbies Category",
    "86": "Movie",
    "87": "Movie Genre",
    "88": "Political Body",
    "131": "Unified Twitter Taxonomy",
    "152": "Food",
    "155": "Weather",
    "156": "Cities",
    "163": "Travel",
    "165": "Technology",
}
_TOPICS = {
    "the new season": ("3", "TV series"),
    "open source": ("165", "Open source"),
    "sourdough": ("152", "Sourdough"),
    "night trains": ("163", "Rail travel"),
    "the election": ("88", "Elections"),
    "chess": ("66", "Chess"),
    "ラーメン": ("152", "Ramen"),
    "新しいアニメ": ("22", "Anime"),
    "京都": ("156", "Kyoto"),
    "野球": ("11", "Baseball"),
    "fútbol": ("11", "Soccer"),
    "cine español": ("87", "Spanish cinema"),
    "política": ("88", "Politics"),
    "#Madrid": ("156", "Madrid"),
    "futebol": ("11", "Soccer"),
    "novela": ("3", "Telenovelas"),
    "cinéma": ("87", "Cinema"),
    "rugby": ("11", "Rugby"),
    "#Paris": ("156", "Paris"),
    "den Tatort": ("3", "Tatort"),
    "die Bahn": ("163", "Rail travel"),
    "das Wetter": ("155", "Weather"),
    "#Berlin": ("156", "Berlin"),
    "calcio": ("11", "Soccer"),
    "#Roma": ("156", "Rome"),
    "kopi": ("152", "Coffee"),
    "커피": ("152", "Coffee"),
    "#서울": ("156", "Seoul"),
    "القهوة": ("152", "Coffee"),
    "футбол": ("11", "Soccer"),
    "#Москва": ("156", "Moscow"),
    "क्रिकेट": ("11", "Cricket"),
    "天气": ("155", "Weather"),
    "足球": ("11", "Soccer"),
    "กาแฟ": ("152", "Coffee"),
}


def context(domain: str, name: str, entity: str | None = None) -> Context:
    """A context of that domain; the entity's id is its name's own unless one is given."""
    number = entity or str(10**18 + zlib.crc32(name.lower().encode()))
    return Context(domain, _DOMAINS.get(domain, f"Domain {domain}"), number, name)


CONTEXTS: dict[str, tuple[Context, ...]] = {
    topic: (context(domain, name), context("131", name)) for topic, (domain, name) in _TOPICS.items()
}
"""What the posts about a topic are annotated with."""

SITES = (
    "news.example",
    "www.example.org/blog",
    "example.com",
    "video.example.net",
    "shop.example",
    "papers.example/abs",
)
PAGES = (
    ("What the rain left behind", "A walk along the river after the longest October on record."),
    ("Ten stations nobody changes at", "Platforms, clocks and one very good bakery."),
    ("The case for slower software", "Why doing less, later, can be the faster way."),
    ("Live: the final, minute by minute", "All goals, cards and quarrels as they happen."),
    ("夜行列車の終わりと始まり", "なくなったはずの列車が、また走り出す。"),
    ("Receta: pan de masa madre", "Harina, agua, sal y dos días de paciencia."),
    ("Winter sale", "Coats, boots and blankets at half the price until Sunday."),
)
"""Titles and descriptions of the pages that the world's own links lead to."""
