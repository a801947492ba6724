"""Measure rules: reading and compiling a thousand, and finding those that match among ten thousand."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence

from rxtweets import FilterIndex
from rxtweets.messages import Post, decode
from rxtweets.rules import bounding_box, parse

from .corpus import corpus
from .filters import report

COMPILED = 1_000
LIMIT_S = 1.0
ROUNDS = 11


def main() -> None:
    """Measure and print."""
    compiling()
    matching()


def compiling() -> None:
    """Seconds from text to what matches posts."""
    chance = random.Random(1)
    texts = [
        f'(word{n} OR "grumpy cat{n}" OR #tag{n} OR "near words{n}"~3) has:images -is:retweet lang:en '
        f'(from:user{chance.randrange(10**6)} OR bounding_box:[{n % 180} 10 {n % 180}.5 10.5]) -"never {n}"'
        for n in range(COMPILED)
    ]
    parse("cat").compile()  # builds the parser
    found = sorted(_seconds(texts) for _ in range(ROUNDS))
    print(
        f"rules, compiling: {statistics.median(found):.2f} s for {COMPILED:,} of {len(texts[0])} characters "
        f"({found[0]:.2f} to {found[-1]:.2f}), limit {LIMIT_S:g} s",
        flush=True,
    )


def _seconds(texts: Sequence[str]) -> float:
    start = time.perf_counter()
    for text in texts:
        parse(text).compile()
    return time.perf_counter() - start


def matching() -> None:
    """v2's rules on posts."""
    frames = corpus("v2")
    posts = [message for message in map(decode, frames) if isinstance(message, Post)]
    common = [word for post in posts for word in post.full_text.split() if word.isalnum() and len(word) > 4]

    def indexed(count: int) -> FilterIndex[int]:
        chance = random.Random(count)
        index = FilterIndex[int]()
        for number in range(count):
            index.add(parse(_rule(chance, number, common)).compile(), number)
        return index

    report("rules", indexed, frames)


def _rule(chance: random.Random, number: int, common: Sequence[str]) -> str:
    kind = number % 8
    if kind < 2:
        return " ".join(f'"{word}"' for word in chance.sample(common, 5))
    if kind < 4:
        return f'"{chance.choice(common)}" rare{number} -grumpy'
    if kind < 5:
        return f"(#tag{number} OR @name{number}) (lang:en OR lang:de) has:images"
    if kind < 6:
        return f'(cat{number} OR "red panda{number}") -is:retweet'
    if kind < 7:
        users = [chance.randrange(1, 10**9) for _ in range(10)]
        return " OR ".join(f"from:{user} OR to:{user} OR retweets_of:{user}" for user in users)
    west, south = chance.uniform(-180, 179), chance.uniform(-90, 89)
    return str(bounding_box(west, south, west + 0.1, south + 0.1))


if __name__ == "__main__":
    main()
