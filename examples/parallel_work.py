"""Find near-duplicate posts; two processes compute the fingerprints beside the stream (v2).

python examples/parallel_work.py
"""

import hashlib
import os

from going_live import x_or_emulator
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Post

BITS = 64


def fingerprint(post: Post) -> tuple[str, int, int]:
    """Return the text, a number that differs in few bits for similar texts, and the process (a SimHash)."""
    balance = [0] * BITS
    for start in range(len(post.text) - 2):
        three = post.text[start : start + 3].lower()
        bits = int.from_bytes(hashlib.blake2b(three.encode(), digest_size=BITS // 8).digest())
        for bit in range(BITS):
            balance[bit] += 1 if bits >> bit & 1 else -1
    return post.text, sum(1 << bit for bit in range(BITS) if balance[bit] > 0), os.getpid()


def main() -> None:
    """Print each post with how far it is from the most similar one before it."""
    seen: list[int] = []

    def show(item: tuple[str, int, int]) -> None:
        text, bits, process = item
        nearest = min((int.bit_count(bits ^ other) for other in seen), default=BITS)
        seen.append(bits)
        print(f"process {process}: {nearest:2} of {BITS} bits differ: {' '.join(text.split())[:60]}")

    with x_or_emulator("X_BEARER_TOKEN"):
        posts = rxt.StreamingClient(rxt.BearerToken.from_env()).sample().pipe(tw.posts())
        fingerprints = posts.pipe(tw.parallel_map(fingerprint, 2, executor="process"))
        rxt.run(fingerprints.pipe(tw.of_type(tuple), ops.take(20)), show)


if __name__ == "__main__":  # each process imports this file, too
    main()
