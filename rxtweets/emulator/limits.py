"""What clients of the emulator may do, and how much of it."""

from __future__ import annotations

from msgspec import Struct, structs

_OPTIONAL = frozenset({"connections", "connects", "requests", "attempts", "messages"})


class Limits(Struct, frozen=True, kw_only=True):
    """What the emulator allows its clients; None, where a field may be None, is no limit.

    Attributes:
        connections: streams that may be open at once on one endpoint of v2 (and one partition of it). Source:
            X allows two redundant connections to the filtered stream. Unless it is None, a newer connection
            of an account to v1.1 ends the older.
        connects: connects to an endpoint of v2 in 15 minutes. Source: X's limit of its stream.
        requests: requests to any other endpoint of v2 in 15 minutes, each method by itself.
        attempts: connects of an account to v1.1 within a minute; who makes more is answered 420 for a minute,
            and for twice as long with each further attempt. Twitter published no figure: a client that keeps
            to its guidance makes 22 at most.
        rules: rules of the filtered stream. Source: X's pay-per-use level.
        rule_length: characters of a rule. Source: as `rules`.
        queue: bytes that may wait for a reader before it is dropped.
        history: posts remembered for `count`, `backfill_minutes` and replayed windows.
        messages: messages a second of a v1.1 stream; more are withheld and counted in `limit` notices.

    Raises:
        ValueError: a limit isn't a whole number of at least 1, or None where it may be.
    """

    connections: int | None = 2
    connects: int | None = 50
    requests: int | None = 450
    attempts: int | None = 30
    rules: int = 1000
    rule_length: int = 1024
    queue: int = 8 * 1024 * 1024
    history: int = 10_000
    messages: int | None = None

    def __post_init__(self) -> None:
        for name, value in structs.asdict(self).items():
            if value is None and name in _OPTIONAL:
                continue
            if type(value) is not int or value < 1:
                other = ", or None for no limit" if name in _OPTIONAL else ""
                raise ValueError(f"{name} must be a whole number of at least 1{other}, got {value!r}")

    @classmethod
    def none(cls, **others: int) -> Limits:
        """No limits of connections and requests, as for a test of load; the `others` as given."""
        return cls(connections=None, connects=None, requests=None, attempts=None, **others)
