"""Requests and endpoints as immutable values."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

Pairs = tuple[tuple[str, str], ...]


class Request(msgspec.Struct, frozen=True):
    """One HTTP request, without credentials: those are added when it is sent, so its repr holds no secret.

    Attributes:
        method: `GET`, `POST`, …
        url: absolute, without a query.
        params: the query, in order.
        form: sent as `application/x-www-form-urlencoded`, in order; None for none.
        json: encoded JSON, sent as `application/json`; None for none.
    """

    method: str
    url: str
    params: Pairs = ()
    form: Pairs | None = None
    json: bytes | None = None


class Endpoint(msgspec.Struct, frozen=True):
    """A stream that can be connected to: the request that opens it, and how its response is to be read.

    Attributes:
        request: what opens the stream.
        stall_timeout: seconds; if nothing has arrived for that long, not even a keep-alive, the connection
            is dead.
        delimited: whether `delimited=length` is requested, so that each message follows its length.
        finite: whether the server ends the stream once it is complete, as for a replayed time window. The
            end of any other stream is a failure.
    """

    request: Request
    stall_timeout: float
    delimited: bool = False
    finite: bool = False

    def with_params(self, **params: str) -> Endpoint:
        """Return the same endpoint with *params*, by their names on the wire, set unchecked.

        Use it for a value that the server knows and this version of the library doesn't:
        `endpoint.with_params(**{"tweet.fields": "id,text,brand_new"})`. A parameter of the same name is
        replaced. They are sent with the endpoint's own parameters: in the form if there is one, else in the
        query.
        """
        request = self.request
        kept = request.params if request.form is None else request.form
        pairs = tuple((name, value) for name, value in kept if name not in params) + tuple(params.items())
        changed = replace(request, params=pairs) if request.form is None else replace(request, form=pairs)
        return replace(self, request=changed)
