from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from reactivex import Observable, abc

from rxtweets._observable import Callbacks, StreamObservable, subscribe_through
from rxtweets.messages import Activity, Delete, DirectMessage, ForUser, Like, Post, Status

_T = TypeVar("_T")


def distinct_by_id(capacity: int = 100_000) -> Callable[[Observable[_T]], Observable[_T]]:
    """Drop messages that came before, as after a reconnect with backfill or from two merged streams.

    ::

        --1--2--1--e--2--3--|           e: KeepAlive
           distinct_by_id()
        --1--2-----e-----3--|

    * A `Status` and a `Post` are identified by the post's id: when v1.1 and v2 are merged, the form that
      comes first stays.
    * An edit of a v2 post has an id of its own, so it isn't a repetition, and neither is a retweet.
    * A `Delete` repeats another one for the same status or direct message, not the message that it deletes.
    * A `Like` and a `DirectMessage` are identified by their ids, an `Activity` by its `event_uuid`.
    * A message in a `ForUser` envelope counts separately for each account.
    * Everything else has no id and passes: events of the connection and of accounts, notices, compliance
      events, labels, and undecoded frames.

    Each item costs the same time, whatever the capacity. An id takes about 100 bytes of memory, that of a
    `Like` or an `Activity` about 250.

    Args:
        capacity: how many of the last ids to remember; a repetition doesn't count again. Each subscription
            begins with none.

    Raises:
        ValueError: *capacity* isn't a number of 1 or more.
    """
    if not isinstance(capacity, int) or capacity < 1:
        raise ValueError(f"capacity must be the number of ids to remember, 1 or more, not {capacity!r}")

    def distinct_by_id_(source: Observable[_T]) -> Observable[_T]:
        def subscribe(
            observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            forward = observer.on_next
            seen: set[Hashable] = set()
            in_order: deque[Hashable] = deque()

            def on_next(item: _T) -> None:
                try:
                    key = _key(item)
                    if key in seen:
                        return
                except Exception as raised:  # in a message that was built by hand an id may be anything
                    observer.on_error(raised)
                    return
                if key is not None:
                    if len(in_order) == capacity:
                        seen.remove(in_order.popleft())
                    seen.add(key)
                    in_order.append(key)
                forward(item)

            return subscribe_through(
                source, Callbacks(on_next, observer.on_error, observer.on_completed), scheduler
            )

        return StreamObservable(subscribe)

    return distinct_by_id_


def _key(item: Any) -> Hashable:
    """Return what two forms of one message have in common; None for an item without an id."""
    key_of = _KEYS.get(type(item))
    return None if key_of is None else key_of(item)


def _of_post(item: Status | Post) -> Hashable:
    id: int | str = item.id
    if isinstance(id, str) and id.isdecimal() and len(id) < 20:
        id = int(id)  # takes less memory
    if isinstance(id, int) and 0 < id < 2**63:
        # The time, which is above the lowest 22 bits, moves to where a set looks first: ids that follow each
        # other are neighbours in memory then. With a million of them an item costs half as much.
        return id >> 22 | (id & 0x3FFFFF) << 42
    return id or None


def _of_delete(item: Delete) -> Hashable:
    return (Delete, item.status is None, item.id) if item.id else None


def _of_envelope(item: ForUser) -> Hashable:
    key = _key(item.message)
    return None if key is None else (ForUser, item.user_id, key)


_KEYS: dict[type, Callable[[Any], Hashable]] = {
    Status: _of_post,
    Post: _of_post,
    Delete: _of_delete,
    DirectMessage: lambda item: (DirectMessage, item.id) if item.id else None,
    Like: lambda item: (Like, item.id) if item.id else None,
    Activity: lambda item: (Activity, item.event_uuid) if item.event_uuid else None,
    ForUser: _of_envelope,
}
