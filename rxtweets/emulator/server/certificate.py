"""The certificate of an emulator that speaks TLS: made for the names given, and gone with the emulator."""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import ssl
import tempfile
import weakref
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

X_HOSTS = (
    "api.x.com",
    "api.twitter.com",
    "stream.x.com",
    "stream.twitter.com",
    "userstream.twitter.com",
    "sitestream.twitter.com",
)
"""The hosts of X that programs stream from; `Emulator(tls=X_HOSTS)` stands in for all of them."""

_OWN = ("localhost", "127.0.0.1", "::1")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_VALID = timedelta(days=365)
"""Long enough for any run; programs on Apple's systems refuse certificates of more than 825 days."""


class Certificate:
    """A CA of this emulator's own and the one certificate it has signed: for the names and this machine.

    The CA's key is in memory only.

    Args:
        names: Names of hosts, as `checked` returns them.
        host: The address listened on, which is in the certificate too.

    Raises:
        ImportError: trustme isn't installed.
    """

    def __init__(self, names: Iterable[str], host: str) -> None:
        self.names = frozenset((*names, *_OWN))
        try:
            import trustme
        except ImportError as missing:
            raise ImportError(
                "TLS in the emulator needs trustme, which comes with: pip install 'rxtweets[emulator]'"
            ) from missing
        bound = () if host in ("", "0.0.0.0", "::") or host.lower() in self.names else (host,)
        authority = trustme.CA(
            organization_name="rxtweets emulator", organization_unit_name="made for one run"
        )
        now = datetime.now(UTC).replace(tzinfo=None)
        leaf = authority.issue_cert(
            *sorted({*self.names, *bound}), not_before=now - timedelta(days=1), not_after=now + _VALID
        )
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(self.context)  # by way of a file that only we can read, and that is removed
        self._pem = authority.cert_pem.bytes()
        self._folder: Path | None = None

    @property
    def ca_file(self) -> Path | None:
        """The path of the CA's certificate, once written; always the same."""
        return None if self._folder is None else self._folder / "ca.pem"

    def write(self) -> None:
        """Write the CA's certificate to a folder that is ours alone. Raises OSError where it can't be."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="rxtweets-emulator-"))
            self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        elif not self._remove.alive:
            os.mkdir(self._folder, 0o700)  # which fails if somebody else has taken the place
            self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        (self._folder / "ca.pem").write_bytes(self._pem)

    def remove(self) -> None:
        """Remove what `write` wrote."""
        if self._folder is not None:
            self._remove()


def checked(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names in lower case.

    Raises:
        ValueError: one isn't the name or address of a host.
    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise ValueError(f"tls takes several host names, such as ['api.x.com'], not {names!r}")
    return tuple(_checked(name) for name in names)


def _checked(name: str) -> str:
    if not isinstance(name, str) or not name:
        raise ValueError(f"tls takes host names such as 'api.x.com', not {name!r}")
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    if "/" in name:
        raise ValueError(f"tls takes the name of a host alone, such as 'api.x.com', not the URL {name!r}")
    if ":" in name:
        raise ValueError(f"tls takes host names without a port, such as 'api.x.com', not {name!r}")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise ValueError(
            f"{name!r} in tls is no host name: letters, digits and hyphens between dots, such as 'api.x.com' "
            "(other alphabets in their form xn--…)"
        )
    return name.lower()
