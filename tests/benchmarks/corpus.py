"""Messages to measure with: what the emulator's world says, in the sizes that the figures are about."""

from __future__ import annotations

from typing import Any

from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.emulator import Emulator

SIZES = {"v1": range(5000, 6001), "v2": range(540, 661)}
"""Bytes of a v1.1 status, and of a v2 post with the fields that a program usually asks for."""

USUAL = ("author_id", "conversation_id", "created_at", "lang", "public_metrics")


def corpus(protocol: str, count: int = 200, **fields: Any) -> list[bytes]:
    """*count* different messages of *protocol* ("v1" or "v2"), the same ones each time.

    Of v2 those of any size, if *fields* are asked for beside the usual ones.
    """
    with Emulator(rate=5000, seed=1) as emulator:
        if protocol == "v1":
            stream = rxt.Stream(rxt.OAuth1(*emulator.oauth1), base_url=emulator.base_url).sample()
        else:
            client = rxt.StreamingClient(rxt.BearerToken(emulator.bearer_token), base_url=emulator.base_url)
            client.rules.add("python", tag="the language").run()
            stream = client.filter(**{**fields, "tweet_fields": [*USUAL, *fields.get("tweet_fields", ())]})
        found: list[bytes] = []
        rxt.run(
            stream.pipe(tw.messages())
            .filter(lambda message: bool(fields) or len(message.raw) in SIZES[protocol])
            .pipe(ops.take(count)),
            lambda message: found.append(message.raw),
        )
    return found
