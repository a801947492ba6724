"""A seed says everything that a stream sends."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import hashlib, json, math, sys
from rxtweets.emulator import Emulator
from rxtweets.emulator.api.v2.fields import LIKE_LISTS, LISTS
from tests.emulator.clients import add_rules, call, raw, raw_get, v1_request



def query(lists):
    return "&".join(f"{name}={','.join(values)}" for name, values in lists.items())


def read(stream, enough):
    body = b""
    while len(body) < enough:
        body += stream.chunk()
    return hashlib.sha256(body[:enough]).hexdigest()


def v1(emulator, path, method="GET", **form):
    return raw(emulator, v1_request(emulator, path, method=method, **form))


def prepare(emulator):
    assert add_rules(emulator, "cat has:images", "(dog OR bird) lang:en", "from:NASA").status_code == 201


def subscribe(emulator):
    headers = {"Authorization": f"Bearer {emulator.user_token}"}
    for kind in ("post.create", "like.create", "follow.follow", "profile.update.bio"):
        made = call(emulator, "POST", "/2/activity/subscriptions", headers=headers,
                    json={"event_type": kind, "filter": {"user_id": str(emulator.user_id)}, "tag": "t"})
        assert made.status_code == 200, made.text


STREAMS = {
    "sample": (300_000, lambda e: raw_get(e, "/2/tweets/sample/stream?" + query(LISTS))),
    "plain": (100_000, lambda e: raw_get(e, "/2/tweets/sample/stream")),
    "filtered": (60_000, lambda e: (prepare(e), raw_get(e, "/2/tweets/search/stream?" + query(LISTS)))[1]),
    "likes": (60_000, lambda e: raw_get(e, "/2/likes/firehose/stream?partition=1&" + query(LIKE_LISTS))),
    "labels": (20_000, lambda e: raw_get(e, "/2/tweets/label/stream")),
    "activity": (20_000, lambda e: (subscribe(e), raw_get(e, "/2/activity/stream"))[1]),
    "v1 sample": (300_000, lambda e: v1(e, "/1.1/statuses/sample.json")),
    "v1 filter": (
        100_000,
        lambda e: v1(e, "/1.1/statuses/filter.json", "POST",
                     track="cat,dog fish", follow="12,13", locations="-10,40,10,60", language="en,fr"),
    ),
    "v1 user": (2_000_000, lambda e: v1(e, "/1.1/user.json")),
    "v1 site": (2_000_000, lambda e: v1(e, "/1.1/site.json", "POST", follow="12,13,14")),
}
for name in ("tweets", "users"):
    STREAMS[name] = (20_000, lambda e, name=name: raw_get(e, f"/2/{name}/compliance/stream?partition=1"))
STREAMS["unlikes"] = (20_000, lambda e: raw_get(e, "/2/likes/compliance/stream"))

found = {}
for name, (enough, connect) in STREAMS.items():
    with Emulator(seed=11, rate=math.inf, level="enterprise") as emulator, connect(emulator) as stream:
        assert stream.status == 200, name
        found[name] = read(stream, enough)
json.dump(found, sys.stdout)
"""


def test_every_stream_sends_the_same_bytes_in_every_run() -> None:
    """Two processes whose sets are in different orders send the same bodies, on every kind of stream."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": hashes},
            stdout=subprocess.PIPE,
            text=True,
        )
        for hashes in ("1", "2")
    ]
    first, second = (run.communicate(timeout=100)[0] for run in runs)
    assert first
    assert first == second
