"""Types as a user sees them. The assertions are the type checkers': mypy reads this file with the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import reactivex
from reactivex import Observable

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.messages import Delete, Lifecycle, Message, Post, Status, v2
from rxtweets.rules import StreamRule

if TYPE_CHECKING:
    from typing import assert_type


def test_types() -> None:
    """Streams, operators and messages have the types that a reader expects; the calls are good, too."""
    stream = rxt.Stream(rxt.OAuth1("key", "secret", "token", "secret"))
    client = rxt.StreamingClient(rxt.BearerToken("token"))

    everything = stream.filter(track=["python"])
    statuses = stream.filter(track=["python"]).pipe(tw.statuses())
    posts = client.filter(tweet_fields=["created_at", "lang"], expansions=["author_id"]).pipe(tw.posts())
    texts = statuses.map(lambda status: status.text)
    lifecycle = everything.pipe(tw.lifecycle())
    removals = everything.pipe(tw.of_type(Delete))
    frames = rxt.connect(rxt.Endpoint(rxt.Request("GET", "https://api.x.com/"), 30.0))
    decoded = frames.pipe(tw.decode())
    retried = decoded.pipe(tw.retry_with_backoff(rxt.BackoffPolicy(max_attempts=3)))
    routed = everything.pipe(tw.route({Status: print, Delete: reactivex.Subject[Any]()}), tw.messages())
    rules = client.rules.list()

    if TYPE_CHECKING:
        assert_type(everything, Observable[Message | Lifecycle])
        assert_type(statuses, Observable[Status])
        assert_type(posts, Observable[Post])
        assert_type(texts, Observable[str])
        assert_type(lifecycle, Observable[Lifecycle])
        assert_type(removals, Observable[Delete])
        assert_type(frames, Observable[bytes | Lifecycle])
        assert_type(decoded, Observable[Message | Lifecycle])
        assert_type(retried, Observable[Message | Lifecycle])
        assert_type(routed, Observable[Message])
        assert_type(rules, Observable[StreamRule])

    def shown(status: Status, post: Post) -> None:
        if TYPE_CHECKING:
            assert_type(status.user.screen_name, str)
            assert_type(status.full_text, str)
            assert_type(status.retweeted_status, Status | None)
            assert_type(post.text, str)
            assert_type(post.author, v2.User | None)

    assert callable(shown)


def test_types_under_pyright(tmp_path: Path) -> None:
    """pyright's strict mode, by which editors go, agrees with every assertion of the typed files."""
    pytest.importorskip("basedpyright")
    root = Path(__file__).parent.parent
    files = [__file__, str(root / "tests" / "messages" / "test_typed_usage.py")]
    settings = {"include": files, "typeCheckingMode": "strict", "extraPaths": [str(root)]}
    project = tmp_path / "pyrightconfig.json"
    project.write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "basedpyright", "-p", str(project), "--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
