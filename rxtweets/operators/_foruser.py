from __future__ import annotations

from collections.abc import Callable
from typing import Any

import reactivex
from reactivex import Observable
from reactivex import operators as ops

from rxtweets.messages import ForUser, Message

from ._oftype import of_type


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
    """Split a site stream into one Observable a user, whose `key` is the user's id.

        --1a--2b--1c--|
           by_user()
        --1---2-------|     1: --a----c--|  2: --b--|

    Only the messages in envelopes are in it, not the control message that comes before them.
    """

    def by_user_(source: Observable[Any]) -> Observable[reactivex.GroupedObservable[int, Message]]:
        return source.pipe(of_type(ForUser), ops.group_by(_user, _message))

    return by_user_


def _user(envelope: ForUser) -> int:
    return envelope.user_id


def _message(envelope: ForUser) -> Message:
    return envelope.message
