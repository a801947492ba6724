"""The policy that a user chooses."""

from __future__ import annotations

from typing import get_args
from urllib.parse import urlsplit

import msgspec

from rxtweets.endpoints import Endpoint
from rxtweets.messages.lifecycle import Means

from .checkpoint import Checkpoint
from .means import ASKING, means_of


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """A policy for recovering what was missed while a stream had no connection: an option of the streams.

    Each message comes once. One that was missed comes later, with `recovered` True, and holds up no live one.
    When a recovery is over, the stream emits `Recovered`; before that, a `Gap` reports what can't be had. The
    means, in the order in which they are tried:

    ============  =================  ============================================================
    `"backfill"`  up to 5 minutes    `backfill_minutes` of the reconnect; enterprise access
    `"window"`    up to 24 hours     `start_time` and `end_time` on another connection; likewise
    `"search"`    up to seven days   a search for each rule of the filtered stream
    `"count"`     up to 150,000      `count` of v1.1's reconnect, by the rate so far; elevated access
    ============  =================  ============================================================

    If an account lacks a means, X says so once, by refusing it, and the client remembers.

    Attributes:
        by: the means to use; default None: all that the stream has.
        settle: seconds after a reconnect until a search can find everything posted before it. Source for the
            default of 30: the end of a search that doesn't say when it ends, in X's page "Search Posts".
        max_posts: the maximum number of posts that the searches of one recovery may deliver, since X charges
            for each; the rest is reported as a `Gap`. None, the default: no limit.
        count_first: whether to ask X first how many posts the searches would deliver, with a request for
            each, which X charges, too. The stream then emits `RecoveryEstimate`; if the client's budget has
            no room for all of it, nothing is searched, and it is reported as a `Gap`. False, the default:
            searches go as far as the budget does.
        checkpoint: the file that records what the subscriber has acknowledged, so that a restarted process
            continues from there; None, the default: each subscription starts afresh.

    Raises:
        ValueError: an attribute isn't what it should be.
    """

    by: tuple[Means, ...] | None = None
    settle: float = 30.0
    max_posts: int | None = None
    count_first: bool = False
    checkpoint: Checkpoint | None = None

    def __post_init__(self) -> None:
        if self.by is not None and not (
            isinstance(self.by, tuple) and all(one in get_args(Means) for one in self.by)
        ):
            raise ValueError(
                f"by must be a tuple of {', '.join(get_args(Means))}, such as ('backfill',), not {self.by!r}"
            )
        if not isinstance(self.settle, int | float) or not 0 <= self.settle <= 3600:
            raise ValueError(f"settle must be a number of seconds, from 0 to 3600, not {self.settle!r}")
        most = self.max_posts
        if most is not None and (not isinstance(most, int) or most < 1):
            raise ValueError(f"max_posts must be a number, 1 or more, or None, not {most!r}")
        if not isinstance(self.count_first, bool):
            raise ValueError(f"count_first must be True or False, not {self.count_first!r}")
        if self.checkpoint is not None and not isinstance(self.checkpoint, Checkpoint):
            raise ValueError(f"checkpoint must be a Checkpoint(path), not {self.checkpoint!r}")


def check(endpoint: Endpoint, recovery: Recovery) -> None:
    """Check that a stream can be recovered as *recovery* says.

    Raises:
        ValueError: it has one of the means not, or asks for the past itself; or that is no policy.
    """
    if not isinstance(recovery, Recovery):
        raise ValueError(f"recovery must be a Recovery, such as Recovery(by=('search',)), not {recovery!r}")
    asked = [*endpoint.request.params, *(endpoint.request.form or ())]
    if own := [name for name, _ in asked if name in ASKING]:
        raise ValueError(f"{own[0]} can't be used with recovery=, which requests the past when it is needed")
    has = means_of(endpoint)
    if lacking := [one for one in recovery.by or () if one not in has]:
        path = urlsplit(endpoint.request.url).path
        raise ValueError(f"{path} can't be recovered by {lacking[0]}; it has {', '.join(has) or 'no means'}")
