"""Requests as endpoints read them, answers as they give them, and the refusals of both protocols."""

from __future__ import annotations

import html
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec

PROBLEMS = "https://api.x.com/2/problems/"

encode = msgspec.json.Encoder().encode


SCHEMES = ("http", "https")


def is_form(content_type: str) -> bool:
    """Return whether a body of this type is a form."""
    return content_type.strip().lower().startswith("application/x-www-form-urlencoded")


class Request:
    """One request: read by the endpoints, complete with its body.

    `fault` says what was wrong with its credentials, once they have been found wanting.
    """

    fault: str | None = None

    def __init__(
        self, method: str, target: str, headers: dict[str, str], body: bytes, client_ip: str, secure: bool
    ) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.client_ip = client_ip
        self.secure = secure
        path, _, self._query = target.partition("#")[0].partition("?")
        # The absolute form that proxies are sent: whoever got it here meant this host.
        scheme, found, rest = path.partition("://")
        self.path = f"/{rest.partition('/')[2]}" if found and scheme.lower() in SCHEMES else path

    @property
    def uri(self) -> str:
        """The whole address, as a client signs it."""
        root = f"{'https' if self.secure else 'http'}://{self.headers.get('host', '')}"
        return self.target if self.target.startswith("http") else root + self.target

    @property
    def protocol(self) -> str:
        return "2" if self.path.startswith("/2/") else "1.1"

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of the query in the order they were given."""
        return parse_qsl(self._query, keep_blank_values=True)

    @cached_property
    def query(self) -> dict[str, str]:
        """The parameters of the query, of each name the last."""
        return dict(self.pairs)

    @property
    def garbled(self) -> bool:
        """True when path, query or v1.1's form hold bytes that are no UTF-8; v2 takes no forms."""
        try:
            unquote_to_bytes(self.target.encode("latin-1")).decode()
            if self.protocol == "1.1" and is_form(self.headers.get("content-type", "")):
                unquote_to_bytes(self.body).decode()
        except UnicodeDecodeError:
            return True
        return False

    @cached_property
    def form(self) -> dict[str, str]:
        return self.form_of(self.body)

    def form_of(self, body: bytes) -> dict[str, str]:
        """Return the form that this much of the body holds."""
        if not is_form(self.headers.get("content-type", "")):
            return {}
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


class Response(msgspec.Struct, frozen=True):
    """A complete response."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def json_response(value: Any, status: int = 200) -> Response:
    return Response(status, encode(value))


def refuse(request: Request, status: int, detail: str | None = None) -> Response:
    """Return a refusal in the form of the protocol that was spoken."""
    if request.path.startswith("/2/"):
        return v2_refusal(status, detail)
    return v1_refusal(status, request.path, detail)


def reason(status: int) -> str:
    if status == 420:
        return "Enhance Your Calm"
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


# --- v1.1

_V1_TEXTS = {
    420: "Exceeded connection limit for user\r\n",
    429: "Exceeded connection limit for user\r\n",
}


def v1_refusal(status: int, path: str, detail: str | None = None) -> Response:
    """Return a refusal of v1.1: a line of text on what is wrong with parameters, else a small HTML page."""
    text = (detail and f"{detail}\r\n") or _V1_TEXTS.get(status)
    if text is not None:
        return Response(status, text.encode(), "text/plain; charset=utf-8")
    said = reason(status)
    page = (
        '<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8"/>\n'
        f"<title>Error {status} {said}</title>\n</head>\n<body>\n<h2>HTTP ERROR: {status}</h2>\n"
        f"<p>Problem accessing '{html.escape(path, quote=False)}'. Reason:\n"
        f"<pre>    {said}</pre></p>\n</body>\n</html>\n"
    )
    return Response(status, page.encode(), "text/html; charset=utf-8")


# --- v2


def v2_refusal(status: int, detail: str | None = None) -> Response:
    """Return the problem object of a status that needs no explanation."""
    said = reason(status)
    problem = {"title": said, "detail": detail or said, "type": "about:blank", "status": status}
    return Response(status, encode(problem), "application/problem+json; charset=utf-8")


def problem(status: int, title: str, detail: str, kind: str, /, **more: Any) -> Response:
    """Return a problem of one of X's own types."""
    body = {**more, "title": title, "detail": detail, "type": PROBLEMS + kind}
    return Response(status, encode(body), "application/problem+json; charset=utf-8")


def operational_disconnect(kind: str = "UpstreamOperationalDisconnect", detail: str | None = None) -> bytes:
    """Return the last message of a stream of v2 that is being closed."""
    error = {
        "title": "operational-disconnect",
        "disconnect_type": kind,
        "detail": detail or "This stream has been disconnected upstream for operational reasons.",
        "type": PROBLEMS + "operational-disconnect",
    }
    return encode({"errors": [error]})


def invalid_request(*errors: tuple[dict[str, list[str]], str]) -> Response:
    """Return the answer to senseless parameters; each error has some of them, and the message about them."""
    return problem(
        400,
        "Invalid Request",
        "One or more parameters to your request was invalid.",
        "invalid-request",
        errors=[{"parameters": parameters, "message": message} for parameters, message in errors],
    )
