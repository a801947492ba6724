"""Hosts of the endpoints."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

API = "https://api.x.com"
STREAM = "https://stream.twitter.com"
USER_STREAM = "https://userstream.twitter.com"
SITE_STREAM = "https://sitestream.twitter.com"

BASE_URL_VARIABLE = "RXTWEETS_BASE_URL"


def url(base_url: str | None, default: str, path: str) -> str:
    """Return the URL of *path* on *base_url*, else on what `RXTWEETS_BASE_URL` says, else on *default*.

    Raises:
        ValueError: the base URL is not the root of an http(s) host.
    """
    if base_url is not None:
        return _root(base_url, "base_url") + path
    variable = os.environ.get(BASE_URL_VARIABLE)
    return (_root(variable, BASE_URL_VARIABLE) if variable else default) + path


def api_url(path: str, base_url: str | None = None) -> str:
    """Return the URL of *path* on *base_url*, else on what `RXTWEETS_BASE_URL` says, else on X's API host.

    Raises:
        ValueError: the base URL is not the root of an http(s) host.
    """
    return url(base_url, API, path)


def _root(base: str, name: str) -> str:
    """Return *base* without a closing slash, once checked to be the root of a host and nothing more."""
    if not isinstance(base, str):
        raise ValueError(f"{name} must be a string such as 'https://api.x.com', not {base!r}")
    try:
        parts = urlsplit(base)
        port_is_good = parts.port != 0
    except ValueError:
        port_is_good = False
    if not port_is_good or any(c.isspace() or not c.isprintable() for c in base):
        raise ValueError(f"{name} is not a URL such as 'https://api.x.com' or 'http://127.0.0.1:8080'")
    if "@" in parts.netloc:
        raise ValueError(f"{name} contains credentials: pass the host alone, and the credentials as auth")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            f"{name} must start with 'https://' or, on this machine, 'http://' and name a host, not {base!r}"
        )
    if not re.fullmatch(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?", parts.netloc):
        # Whatever else can stand here is read as one host by some programs and as another by others.
        raise ValueError(f"{name} names no host: {parts.netloc!r} has characters that no host name has")
    if parts.path.strip("/") or "?" in base or "#" in base:
        root = f"{parts.scheme}://{parts.netloc}"
        raise ValueError(
            f"{name} must be the root of a host, without path or query: {root!r} instead of {base!r}"
        )
    return f"{parts.scheme}://{parts.netloc}"
