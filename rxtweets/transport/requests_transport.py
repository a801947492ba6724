"""The transport over `requests`."""

from __future__ import annotations

import contextlib
import http.client
import os
import traceback
import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.auth import AuthBase
from urllib3.util import parse_url

from rxtweets._version import __version__
from rxtweets.endpoints import Request, is_loopback
from rxtweets.errors import ConnectionFailed, StreamDisconnected, StreamError, StreamStalled

from .connections import Adapter
from .inflate import Inflater
from .protocol import Head, Session
from .sockets import Sockets

_READ_SIZE = 64 * 1024


class RequestsTransport:
    """A transport over `requests`: TLS verified, no redirects, credentials over `http://` to loopback only.

    Args:
        proxies: a proxy URL for each scheme, as in `requests`; default the environment's. Loopback is always
            reached directly.
        ca_bundle: a file of CA certificates to trust instead of the usual ones; default the environment's, if
            there is one (`REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`).
        gzip: whether the server may compress.
        connect_timeout: seconds to wait for a TCP connection and for the TLS handshake.
    """

    def __init__(
        self,
        *,
        proxies: Mapping[str, str] | None = None,
        ca_bundle: str | None = None,
        gzip: bool = True,
        connect_timeout: float = 10.0,
    ) -> None:
        self._proxies = dict(proxies or {})
        self._ca_bundle = ca_bundle
        self._gzip = gzip
        self._connect_timeout = connect_timeout

    def session(self, request: Request, auth: AuthBase | None, *, stall_timeout: float) -> Session:
        """Return a session that will send *request*.

        Raises ValueError when credentials would travel in the clear, or the CA bundle can't be read.
        """
        url = parse_url(request.url)  # as it is read where the connection is made, and not otherwise
        local = is_loopback(url.host or "")
        if url.scheme != "https" and not local and auth is not None:
            raise ValueError(
                f"credentials are only sent over https://, but the address is {url.scheme}://{url.host}; "
                "plain http:// is for loopback (127.0.0.1, [::1], localhost)"
            )
        client = requests.Session()
        client.trust_env = not local
        prepared = client.prepare_request(
            requests.Request(
                request.method,
                request.url,
                params=list(request.params),
                data=list(request.form) if request.form is not None else request.json,
                headers={
                    "User-Agent": f"rxtweets/{__version__}",
                    "Accept": "*/*",
                    "Accept-Encoding": "gzip" if self._gzip else "identity",
                    **({"Content-Type": "application/json"} if request.json is not None else {}),
                },
                auth=auth or _unsigned,
            )
        )
        settings = client.merge_environment_settings(
            prepared.url or "", {} if local else self._proxies, True, self._ca_bundle or _ca_bundle(), None
        )
        bundle = settings["verify"]
        if url.scheme == "https" and isinstance(bundle, str) and not os.access(bundle, os.R_OK):
            why = "can't be read" if os.path.exists(bundle) else "is not there"
            raise ValueError(
                f"the CA bundle {bundle} {why}: see ca_bundle, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE"
            )
        return _RequestsSession(prepared, settings, (self._connect_timeout, stall_timeout))


def _ca_bundle() -> str | bool:
    """Return the CA bundle that the environment names; for loopback, `requests` is kept from reading it."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Sign nothing; without an auth, `requests` would look for one in ~/.netrc."""
    return request


class _RequestsSession:
    def __init__(
        self,
        prepared: requests.PreparedRequest,
        settings: Mapping[str, Any],
        timeouts: tuple[float, float],
    ) -> None:
        self._prepared = prepared
        self._settings = settings
        self._timeouts = timeouts
        self._sockets = Sockets()
        self._adapter = Adapter(self._sockets)
        self._response: requests.Response | None = None
        self._body: http.client.HTTPResponse | None = None
        self._inflater: Inflater | None = None

    def open(self) -> Head:
        try:
            # Not through a requests.Session, which reads a redirect's whole body, however long.
            self._response = self._adapter.send(self._prepared, timeout=self._timeouts, **self._settings)
            # Not through urllib3, whose own `read1` costs a dozen calls before http.client's.
            self._body = self._response.raw._original_response
            self._inflater = _inflater(self._response)
        except StreamError:
            raise
        except Exception as error:
            raise self._translated(error) from error
        return Head(self._response.status_code, self._response.headers)

    def read(self) -> bytes:
        if self._body is None:
            return b""
        try:
            while not self._sockets.shut:
                if self._inflater is not None and (data := self._inflater.read(_READ_SIZE)):
                    return data
                data = self._body.read1(_READ_SIZE)
                if self._inflater is None:
                    return b"" if self._sockets.shut else data
                if not data:
                    if self._inflater.ended or self._sockets.shut:
                        return b""
                    raise StreamDisconnected("the server ended the stream within its compressed data")
                self._inflater.feed(data)
        except StreamError:
            raise
        except Exception as error:
            if not self._sockets.shut:
                raise self._translated(error) from error
        return b""

    def shutdown(self) -> None:
        # Only shut down: a descriptor closed under a blocked read may be somebody else's when the read wakes.
        self._sockets.shut_down()

    def close(self) -> None:
        if self._response is not None:
            with contextlib.suppress(Exception):
                self._response.close()
        self._adapter.close()
        self._sockets.close()

    def _translated(self, error: Exception) -> Exception:
        """Return *error* of `requests` or urllib3 as a StreamError.

        It becomes the cause of that, so it must not keep the sockets and the signed request.
        """
        for wrapped in _causes(error):
            traceback.clear_frames(wrapped.__traceback__)
            if isinstance(wrapped, requests.RequestException):
                wrapped.request = wrapped.response = None
        if isinstance(error, requests.ReadTimeout | TimeoutError) and self._sockets.connected:
            return StreamStalled(self._timeouts[1])
        if isinstance(error, zlib.error):
            return ConnectionFailed(f"{self._host}: the server's compressed data is corrupt: {error}")
        cause = _innermost(error)
        if self._response is not None and isinstance(cause, http.client.IncompleteRead):
            return StreamDisconnected("the server closed the connection in the middle of the stream")
        if isinstance(error, ValueError) and not self._sockets.connected:
            return error  # an unusable URL, header or proxy: the caller's mistake, which no retry mends
        if isinstance(error, OSError | http.client.HTTPException | urllib3.exceptions.HTTPError | ValueError):
            system = str(getattr(cause, "strerror", None) or "")
            said = system or str(cause) or type(cause).__name__
            return ConnectionFailed(f"{self._host}: {said}", system=system)
        return error

    @property
    def _host(self) -> str:
        return urlsplit(self._prepared.url or "").netloc


def _inflater(response: requests.Response) -> Inflater | None:
    """Return what decompresses the body; None when it needs nothing.

    Raises ConnectionFailed for a body that comes in another form than was asked for, and so can't be read.
    """
    transfer = response.headers.get("Transfer-Encoding", "chunked").strip().lower()
    if transfer != "chunked":
        raise ConnectionFailed(f"the server uses the transfer coding {transfer}, which isn't supported")
    coding = response.headers.get("Content-Encoding", "").strip().lower()
    if coding in ("", "identity") or response.raw.length_remaining == 0:  # no body, no end to miss
        return None
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise ConnectionFailed(f"the server sends {coding}, which wasn't requested")
    return Inflater(coding)


def _innermost(error: BaseException) -> BaseException:
    """Return the first cause: `requests` and urllib3 wrap one failure up to four times."""
    return list(_causes(error))[-1]


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield *error* and the errors that it wraps, one in the other."""
    while True:
        yield error
        inner = getattr(error, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((a for a in error.args if isinstance(a, BaseException)), error.__cause__)
        if inner is None or inner is error:
            return
        error = inner
