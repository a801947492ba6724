"""Host and port, as Host and CONNECT name them."""

from __future__ import annotations

import re

_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?")


def split(text: str) -> tuple[str, int | None]:
    """Return the host, in lower case and without brackets, and the port if there is one.

    Raises:
        ValueError: It is anything else: somebody's name before an `@`, a path, a blank.
    """
    found = _AUTHORITY.fullmatch(text)
    port = int(found["port"]) if found and found["port"] else None
    if found is None or (port or 0) > 65535:
        raise ValueError(f"{text!r} is no host with or without a port, such as localhost:8080")
    return (found["v6"] or found["name"]).lower(), port
