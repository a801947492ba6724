"""The stores of credentials, environment variables and files, and the check of what is in them."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from rxtweets._file_lock import lock
from rxtweets.errors import ConnectionFailed

_PATIENCE = 60.0
"""Seconds that a token's renewal by somebody else is waited for: one takes 30 s at most."""
_POLL = 0.1

Path = str | os.PathLike[str]

# What X's console calls the consumer key and secret.
_ALSO = {"consumer_key": "api_key", "consumer_secret": "api_secret"}


class Source(NamedTuple):
    """A place to look for the parts of a credential: how it calls a part, and what it has for it."""

    name: Callable[[str], str]
    get: Callable[[str], object]


def checked(name: str, text: object) -> str:
    """Return *text* if it can be a key or token; the error doesn't show it."""
    if not isinstance(text, str):
        raise ValueError(f"{name} must be text, not {type(text).__name__}")
    if not text:
        raise ValueError(f"{name} is empty")
    if not all("!" <= character <= "~" for character in text):
        raise ValueError(
            f"{name} has a blank, a line break or a character outside ASCII in it (not shown here): "
            "copy it again, without what is around it"
        )
    return text


def optional(name: str, text: str | None) -> str | None:
    """Return *text* if it is None or can be a key or token."""
    return None if text is None else checked(name, text)


def hint(key: str) -> str:
    """Return enough of *key* to tell two apps apart, and not the key."""
    return repr(key[:4] + "…" if len(key) > 8 else "…")


def picked(source: Source, parts: Iterable[str]) -> tuple[str, ...] | None:
    """Return all *parts* in *source*, or None if one is missing: parts of two apps are never mixed."""
    found = []
    for part in parts:
        name = part if source.get(part) or part not in _ALSO else _ALSO[part]
        value = source.get(name)
        if not value:
            return None
        found.append(checked(source.name(name), value))
    return tuple(found)


def environment() -> list[Source]:
    """Return the sources for the variables that begin with `X_`, and those with `TWITTER_`."""
    return [_variables("X_"), _variables("TWITTER_")]


def _variables(prefix: str) -> Source:
    return Source(lambda part: prefix + part.upper(), lambda part: os.environ.get(prefix + part.upper()))


def from_env(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return all *parts* from the environment; raise a ValueError that names missing variables."""
    sources = environment()
    for source in sources:
        if (found := picked(source, parts)) is not None:
            return found
    # Whoever has set some of one kind is told what is missing of that kind.
    source = max(sources, key=lambda source: sum(picked(source, [part]) is not None for part in parts))
    names = [source.name(part) for part in parts]
    missing = [source.name(part) for part in parts if picked(source, [part]) is None]
    other = "" if source is not sources[0] else " (or the same with TWITTER_ in place of X_)"
    raise ValueError(
        f"no credentials in the environment: set {_listed(names)}{other}; not set: {', '.join(missing)}"
    )


def from_file(parts: tuple[str, ...], path: Path) -> tuple[str, ...]:
    """Return all *parts* from the TOML file at *path*; raise a ValueError that names missing keys."""
    source = file(path)
    found = picked(source, parts)
    if found is None:
        missing = [part for part in parts if picked(source, [part]) is None]
        raise ValueError(f'{os.fspath(path)} lacks {_listed(missing)}; write a line `{missing[0]} = "…"`')
    return found


def file(path: Path) -> Source:
    """Return the keys of the TOML file at *path*, which only its owner may be able to read."""
    values = _parsed(path)
    return Source(lambda part: f"{part} in {os.fspath(path)}", values.get)


def save(path: Path, values: Mapping[str, str]) -> None:
    """Make a file that `file` reads and only its owner can."""
    descriptor = os.open(os.path.expanduser(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(_text(values))


def _text(values: Mapping[str, str]) -> str:
    import json

    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())  # as TOML has strings


def some(source: Source, parts: Iterable[str]) -> list[str | None]:
    """Return each of *parts* in *source*; None for one that is missing."""
    return [found[0] if (found := picked(source, [part])) else None for part in parts]


def update(path: Path, values: Mapping[str, str | None]) -> None:
    """Set keys of a file that `file` reads, and make it if there is none; None removes a key.

    It is written whole or not at all. A file without a key left is removed.

    Raises:
        ValueError: the file is none that `file` reads, or has more in it than keys.
        OSError: it can't be written.
    """
    import tempfile

    whole = os.path.realpath(os.path.expanduser(path))
    before = _parsed(whole) if os.path.lexists(whole) else {}
    if other := [name for name, value in before.items() if not isinstance(value, str)]:
        raise ValueError(f"{whole} contains more than credentials: {other[0]}; it is left unchanged")
    kept = {name: value for name, value in {**before, **values}.items() if isinstance(value, str)}
    if not kept:
        os.unlink(whole)
        return
    folder = os.path.dirname(whole)
    os.makedirs(folder, 0o700, exist_ok=True)
    prefix = f".{os.path.basename(whole)}-"
    _remove_stale(folder, prefix)
    descriptor, temporary = tempfile.mkstemp(prefix=prefix, dir=folder)  # of mode 600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(_text(kept))
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(temporary, whole)
    except BaseException:
        os.unlink(temporary)
        raise


@contextlib.contextmanager
def locked(path: str, give_up: Callable[[], None]) -> Iterator[None]:
    """Hold the file at *path*, a real path, against others who do so, in any thread and process.

    Where the system has no `flock` it holds nothing.

    Raises:
        OSError: there is no such file.
        ConnectionFailed: somebody else has held it for a minute.
    """
    if os.name == "nt":  # where a file that is open can't be replaced
        yield
        return
    while True:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            acquire(functools.partial(lock, descriptor), give_up)
            # `update` puts another file in its place: one that was replaced while we waited holds nobody off.
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                yield
                return
        finally:
            os.close(descriptor)  # and with it the lock


def acquire(take: Callable[[], bool], give_up: Callable[[], None]) -> None:
    """Try *take* until it returns True; call *give_up* before each wait, which may raise to end that.

    Raises:
        ConnectionFailed: somebody else has had it for a minute.
    """
    end, pause = time.monotonic() + _PATIENCE, threading.Event()
    while not take():
        give_up()
        if time.monotonic() > end:
            raise ConnectionFailed(
                f"another program has been renewing the user's token for {_PATIENCE:.0f} s"
            )
        pause.wait(_POLL)


def _remove_stale(folder: str, prefix: str) -> None:
    """Remove what a program that was killed while it wrote has left."""
    with os.scandir(folder) as found:
        for one in found:
            with contextlib.suppress(OSError):
                if one.name.startswith(prefix) and time.time() - one.stat().st_mtime > _PATIENCE:
                    os.unlink(one.path)


def _parsed(path: Path) -> dict[str, object]:
    import tomllib

    name = os.fspath(path)
    with open(os.path.expanduser(path), "rb", opener=_open_at_once) as opened:
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{name} is a pipe or a device; credentials are read from a regular file only")
        mode = stat.S_IMODE(status.st_mode)
        if os.name == "posix" and mode & 0o077:
            import shlex

            raise ValueError(
                f"{name} can be read by others (mode {mode:o}): run `chmod 600 {shlex.quote(name)}`"
            )
        content = opened.read()
    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError:
        fault = "is not UTF-8"
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at [^)]*\)$", str(error))
        fault = f"is not TOML {place[0] if place else ''}".rstrip()
    # Raised outside of the handlers, since the errors above carry the file's content.
    raise ValueError(f'{name} {fault}; it has lines such as `consumer_key = "…"`')


def _open_at_once(path: str, flags: int) -> int:
    """Open *path*, also when it is a pipe that nobody has opened to write into."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
