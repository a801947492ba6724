"""Decoding of frames into messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import force_setattr

from rxtweets.messages._base import Message, Undecodable, Unknown
from rxtweets.messages._decoding import Lazy, decoder, lazily, members, read_message
from rxtweets.messages._text import DECODE_ERRORS, loads, replace_lone_surrogates
from rxtweets.messages.activity import Activity
from rxtweets.messages.compliance import COMPLIANCE
from rxtweets.messages.like import Like
from rxtweets.messages.notices import INSIDE, TOLD_BY, Delete, is_status, number, told_by
from rxtweets.messages.post import MatchingRule, Post
from rxtweets.messages.problem import StreamProblem
from rxtweets.messages.status import Status

T = TypeVar("T")

_NOTHING = Raw()
_UNUSUAL = (*DECODE_ERRORS, RecursionError)


class _PostEnvelope(Struct, gc=False):
    data: Post | None = None
    matching_rules: tuple[MatchingRule, ...] = ()
    includes: Raw = _NOTHING
    errors: Raw = _NOTHING


class _DeleteEnvelope(Struct, gc=False):
    delete: Delete


def _built_when_used(name: str, kind: type[T]) -> Callable[[bytes], T]:
    """Return a decoder of *kind* for the global *name*: it takes milliseconds to build, and few need all."""

    def build(frame: bytes) -> T:
        wanted: Any = kind
        decode: Callable[[bytes], T] = decoder(wanted).decode
        globals()[name] = decode
        return decode(frame)

    return build


_read_post = _built_when_used("_read_post", _PostEnvelope)
_read_status = _built_when_used("_read_status", Status)
_read_delete = _built_when_used("_read_delete", _DeleteEnvelope)

_put_rules = Post.__dict__["matching_rules"].put
_put_includes = Post.__dict__["includes"].put
_put_errors = Post.__dict__["errors"].put
_stored_user = Status.__dict__["user"].stored
_NOBODY = Status().user


def decode(frame: bytes) -> Message:
    """Return the message that *frame*, the bytes of one JSON object, contains.

    Never raises: a frame that is not JSON in UTF-8 is an `Undecodable`, JSON of no known kind an `Unknown`; a
    value of an unexpected type costs that value only, see `Message.mismatches`. May be called on any thread.
    """
    try:
        if not frame.isascii():
            frame.decode()  # what is decoded later must not meet bad UTF-8 then
        start = frame[:7]
        if start == b'{"data"':
            envelope = _read_post(frame)
            post = envelope.data
            if post is not None and post.text:
                force_setattr(post, "raw", frame)
                _put_rules(post, envelope.matching_rules)
                if envelope.includes is not _NOTHING:
                    _put_includes(post, envelope.includes)
                if envelope.errors is not _NOTHING:
                    _put_errors(post, envelope.errors)
                return post
        elif start == b'{"delet':
            delete = _read_delete(frame).delete
            force_setattr(delete, "raw", frame)
            return delete
        else:
            status = _read_status(frame)
            if status.text and _stored_user(status) is not _NOBODY:
                force_setattr(status, "raw", frame)
                return status
    except _UNUSUAL:
        pass  # an unexpected type somewhere, or no JSON at all
    try:
        return decode_unusual(frame)
    except RecursionError as error:
        return Undecodable(raw=frame, error=str(error))


def decode_unusual(frame: bytes) -> Message:
    """Decode a frame that is no status, post or delete in the documented form: by its members, leniently.

    Raises:
        RecursionError: it is nested too deeply, or too little of the stack is left here.
    """
    message: Message | None = None
    try:
        text = frame.decode()
        try:
            fields = decoder(dict[str, Raw]).decode(frame)
        except msgspec.ValidationError:  # no object
            try:
                decoder(Raw).decode(frame)
            except msgspec.DecodeError:
                loads(frame)  # JSON all the same, with halves of surrogate pairs
        except msgspec.DecodeError:
            whole = replace_lone_surrogates(frame) if "\\u" in text else frame
            if whole == frame:
                raise
            message = decode_unusual(whole)
        else:
            message = _by_members(fields, Raw(frame))
    except DECODE_ERRORS as error:
        return Undecodable(raw=frame, error=str(error))
    message = message or Unknown()
    force_setattr(message, "raw", frame)
    return message


def _by_members(fields: dict[str, Raw], whole: Raw) -> Message | None:
    """Return the message that the JSON object *whole* is; None if it has no member that tells its kind."""
    if is_status(fields):
        return _read(Status, whole)
    fields = {name: raw for name, raw in fields.items() if bytes(raw) != b"null"}
    for name, kind in TOLD_BY.items():
        if name in fields:
            return _read(kind, whole)
    if "data" in fields:
        return _of_data(fields)
    if "errors" in fields:
        return _read(StreamProblem, whole)
    for name, kind in INSIDE.items():
        if name in fields:
            return _read(kind, fields[name])
    if "title" in fields and ("type" in fields or "detail" in fields):
        return _read(StreamProblem, Raw(b'{"errors":[%b]}' % bytes(whole)))
    return None


def _of_data(fields: dict[str, Raw]) -> Message | None:
    """Return the v2 message with these members; None if no member of its `data` tells its kind."""
    data = members(fields["data"])
    if "event_type" in data and "event_uuid" in data:
        return _with(_read(Activity, fields["data"]), fields)
    if not _POST.isdisjoint(data):
        return _with(_read(Post, fields["data"]), fields)
    if not _LIKE.isdisjoint(data):
        return _with(_read(Like, fields["data"]), fields)
    for name, kind in COMPLIANCE.items():
        if name in data:
            message = _read(kind, data[name])
            if message is not None:
                force_setattr(message, "event", name)
            return message
    return None


def _inner(raw: Raw) -> tuple[Message, tuple[str, ...]]:
    frame = bytes(raw)
    message = decode(frame)
    # It is JSON, so what stops decoding is the depth of the stack: that raises.
    return decode_unusual(frame) if isinstance(message, Undecodable) else message, ()


@told_by("for_user")
@lazily(for_user=number, message=_inner)
class ForUser(Message, frozen=True, kw_only=True):
    """A message of a site stream: `message`, meant for the account `for_user`."""

    for_user: Lazy[int] = 0
    message: Lazy[Message] = Unknown()

    @property
    def user_id(self) -> int:
        """The id of the account that the message is meant for."""
        return self.for_user


_POST = frozenset({"text", "edit_history_tweet_ids", "edit_history_post_ids"})
_LIKE = frozenset({"liked_tweet_id", "tweet_author_id"})


def _read(kind: type[Message], raw: Raw) -> Message | None:
    message: Message | None = read_message(kind, raw)
    return message


def _with(message: Message | None, fields: dict[str, Raw]) -> Message | None:
    """Return *message* with the members that came beside its data."""
    for part in message._lazy if message is not None else ():
        if part.from_envelope and part.name in fields:
            part.put(message, fields[part.name])
    return message
