"""Looks at the way to X from the machine to the host: proxy, name, connection, TLS."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import threading
from base64 import b64encode
from typing import Literal, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy

from rxtweets.endpoints import is_loopback

TIMEOUT = 10.0
"""Seconds that each look may take."""

_CAUSES = {
    9: "this machine's clock may be behind",
    10: "it has expired, or this machine's clock is ahead",
    62: "it is for another host",
}
"""OpenSSL's codes of verification that have a cause of their own. Source: X509_V_ERR_… in x509_vfy.h."""


class Finding(NamedTuple):
    """A line of the report: how it is, about what, in words, and what would mend it."""

    state: Literal["ok", "warn", "fail"]
    subject: str
    text: str
    mend: str = ""


class Proxy(NamedTuple):
    """A proxy of the environment; *url* may hold a password, `shown` doesn't."""

    url: SplitResult

    @property
    def shown(self) -> str:
        user = "…@" if "@" in self.url.netloc else ""
        return f"{self.url.scheme}://{user}{self.url.netloc.rpartition('@')[2]}"

    @property
    def address(self) -> tuple[str, int]:
        return self.url.hostname or "", self.url.port or (443 if self.url.scheme == "https" else 80)

    @property
    def headers(self) -> dict[str, str]:
        if self.url.username is None:
            return {}
        word = f"{unquote(self.url.username)}:{unquote(self.url.password or '')}"
        return {"Proxy-Authorization": f"Basic {b64encode(word.encode()).decode()}"}


def find_proxy(url: str) -> Proxy | None:
    """Return the proxy that requests to *url* take, if there is one.

    Raises:
        ValueError: it is no address of a proxy.
    """
    if is_loopback(urlsplit(url).hostname or ""):
        return None
    found = select_proxy(url, get_environ_proxies(url))
    if not found:
        return None
    parts = urlsplit(found if "://" in found else f"http://{found}")
    if parts.scheme not in ("http", "https", "socks5", "socks5h", "socks4", "socks4a") or not parts.hostname:
        shown = Proxy(parts).shown
        raise ValueError(f"{shown} is not a proxy's address, such as http://proxy.example:3128")
    parts.port  # noqa: B018  # a ValueError if it is none
    return Proxy(parts)


def look_at_proxy(proxy: Proxy | None, url: str) -> Finding:
    """Say which proxy there is, and whether it can be reached."""
    if proxy is None:
        local = is_loopback(urlsplit(url).hostname or "")
        return Finding("ok", "proxy", "none is used for this machine" if local else "none is set")
    if proxy.url.scheme.startswith("socks"):
        try:
            import socks  # noqa: F401
        except ImportError:
            return Finding(
                "fail", "proxy", f"{proxy.shown} needs PySocks", "install it: pip install 'rxtweets[socks]'"
            )
    try:
        socket.create_connection(proxy.address, TIMEOUT).close()
    except OSError as error:
        mend = "is HTTPS_PROXY right, and is the proxy running? NO_PROXY=api.x.com bypasses it"
        return Finding("fail", "proxy", f"{proxy.shown}: {_said(error)}", mend)
    return Finding("ok", "proxy", f"{proxy.shown} is used")


def look_up(host: str, port: int) -> Finding:
    """Say what the name of the host is resolved to."""
    found: list[str | OSError] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(answer[4][0]) for answer in answers))
        except (OSError, UnicodeError) as error:
            found.append(error if isinstance(error, OSError) else OSError(str(error)))

    asking = threading.Thread(target=ask, daemon=True)  # no system has a time limit for it
    asking.start()
    asking.join(TIMEOUT)
    mend = "is this machine online, is its DNS server reachable, and RXTWEETS_BASE_URL, if set, right?"
    if not found:
        return Finding("fail", "DNS", f"no answer for {host} within {TIMEOUT:g} s", mend)
    if isinstance(found[0], OSError):
        return Finding("fail", "DNS", f"{host}: {_said(found[0])}", mend)
    return Finding("ok", "DNS", f"{host} resolves to {', '.join(map(str, found[:4]))}")


def look_at_tls(host: str, port: int, proxy: Proxy | None) -> Finding:
    """Say whether the host's certificate is trusted, and by whom it is."""
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or ""
    try:
        issuer = _issuer(host, port, proxy, bundle or DEFAULT_CA_BUNDLE_PATH)
    except ssl.SSLCertVerificationError as error:
        cause = _CAUSES.get(error.verify_code)
        text = f"the certificate of {host} is not trusted: {error.verify_message}"
        if cause is None:
            mend = (
                "if a proxy or a virus scanner intercepts TLS, set REQUESTS_CA_BUNDLE to its CA; "
                "otherwise, don't send credentials from this network"
            )
        else:
            mend = cause
        return Finding("fail", "TLS", text, mend)
    except ssl.SSLError as error:
        mend = "does something other than X respond, such as a network's login page?"
        return Finding("fail", "TLS", f"{host}: {error.reason or _said(error)}", mend)
    except OSError as error:
        mend = "does a firewall block it? is RXTWEETS_BASE_URL, if set, right?"
        return Finding("fail", "connection", f"{host}, port {port}: {_said(error)}", mend)
    if not bundle:
        return Finding("ok", "TLS", f"the certificate of {host} is valid; issued by {issuer}")
    if is_loopback(host) or _trusted(host, port, proxy):
        return Finding(
            "ok", "TLS", f"the certificate of {host} is valid according to {bundle}; issued by {issuer}"
        )
    return Finding(
        "warn",
        "TLS",
        f"TLS is intercepted: only {bundle} trusts the certificate of {host}, issued by {issuer}",
        "whoever has that CA's key can read your credentials; unset REQUESTS_CA_BUNDLE if that isn't meant",
    )


def look_at_connection(host: str, port: int) -> Finding:
    """Say whether the host can be reached, where there is no TLS."""
    try:
        socket.create_connection((host, port), TIMEOUT).close()
    except OSError as error:
        return Finding("fail", "connection", f"{host}, port {port}: {_said(error)}", "is the server running?")
    return Finding("ok", "connection", f"{host}, port {port}, responds; TLS isn't needed on this machine")


def _trusted(host: str, port: int, proxy: Proxy | None) -> bool:
    """Return whether the usual CAs trust the host's certificate."""
    try:
        _issuer(host, port, proxy, DEFAULT_CA_BUNDLE_PATH)
    except OSError:
        return False
    return True


def _issuer(host: str, port: int, proxy: Proxy | None, bundle: str) -> str:
    """Return who issued the host's certificate, once it has been verified."""
    place = {"capath": bundle} if os.path.isdir(bundle) else {"cafile": bundle}
    context = ssl.create_default_context(**place)  # type: ignore[arg-type]
    with _connected(host, port, proxy) as sock, context.wrap_socket(sock, server_hostname=host) as secure:
        found = secure.getpeercert() or {}
    issuer = dict(pair for part in found.get("issuer", ()) for pair in part)  # type: ignore[misc]
    return str(issuer.get("organizationName") or issuer.get("commonName") or "?")


def _connected(host: str, port: int, proxy: Proxy | None) -> socket.socket:
    """Return a socket that leads to the host, if need be through a proxy's tunnel."""
    if proxy is None:
        return socket.create_connection((host, port), TIMEOUT)
    if proxy.url.scheme == "https":
        tunnel: http.client.HTTPConnection = http.client.HTTPSConnection(*proxy.address, timeout=TIMEOUT)
    else:
        tunnel = http.client.HTTPConnection(*proxy.address, timeout=TIMEOUT)
    tunnel.set_tunnel(host, port, headers=proxy.headers)
    try:
        tunnel.connect()
    except http.client.HTTPException as error:
        raise OSError(f"proxy {proxy.shown}: {error}") from None
    sock: socket.socket = tunnel.sock
    return sock


def _said(error: OSError) -> str:
    return str(error.strerror or error or type(error).__name__)
