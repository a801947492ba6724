from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reactivex
from reactivex import Observable, abc
from reactivex.disposable import RefCountDisposable, SingleAssignmentDisposable

from rxtweets._observable import StreamGroup, StreamObservable
from rxtweets._observer import broadcast_end
from rxtweets.messages import ForUser, Message

from ._of_type import of_type


def for_user(user_id: int | str | None = None) -> Callable[[Observable[Any]], Observable[Message]]:
    """Take the messages of a site stream out of their envelopes.

    Args:
        user_id: keep only the messages for this user; None keeps those for all.
    """
    wanted = None if user_id is None else int(user_id)

    def for_user_(source: Observable[Any]) -> Observable[Message]:
        envelopes = source.pipe(of_type(ForUser))
        if wanted is not None:
            envelopes = envelopes.filter(lambda envelope: envelope.user_id == wanted)
        return envelopes.map(lambda envelope: envelope.message)

    return for_user_


def by_user() -> Callable[[Observable[Any]], Observable[reactivex.GroupedObservable[int, Message]]]:
    """Split a site stream into one Observable per user, whose `key` is the user's id.

    ::

        --1a--2b--1c--|
           by_user()
        --1---2-------|     1: --a----c--|  2: --b--|

    It contains only the messages in envelopes, not the control message that comes before them. If one user's
    subscriber raises, all others get the end as `on_error`.
    """

    def by_user_(source: Observable[Any]) -> Observable[reactivex.GroupedObservable[int, Message]]:
        envelopes = source.pipe(of_type(ForUser))

        def subscribe(
            observer: abc.ObserverBase[reactivex.GroupedObservable[int, Message]],
            scheduler: abc.SchedulerBase | None = None,
        ) -> abc.DisposableBase:
            groups: dict[int, reactivex.Subject[Message]] = {}
            listening: list[abc.ObserverBase[Any]] = [observer]
            on_error, on_completed = broadcast_end(listening)
            session = SingleAssignmentDisposable()
            counted = RefCountDisposable(session)  # groups go on without who subscribed to their stream

            def on_next(envelope: ForUser) -> None:
                user = envelope.user_id
                group = groups.get(user)
                if group is None:
                    group = groups[user] = reactivex.Subject()
                    listening.insert(-1, group)
                    observer.on_next(StreamGroup(user, group, counted))
                try:
                    group.on_next(envelope.message)
                except BaseException as raised:
                    on_error(raised)
                    raise

            session.disposable = envelopes.subscribe(on_next, on_error, on_completed, scheduler=scheduler)
            return counted

        return StreamObservable(subscribe)

    return by_user_
