"""Posts from a recorded file, which replace the generated ones."""

from __future__ import annotations

import json
import logging
import os
from collections import deque
from collections.abc import Callable
from typing import Any

from .from_v1 import post_from_status
from .from_v2 import post_from_payload
from .model import Post
from .people import People

_LONGEST = 16 * 1024 * 1024
"""Bytes of a line, at most."""
_BATCH = 200
"""Posts that are read at a time."""
_logger = logging.getLogger(__name__)


class Recording:
    """The posts of a file with a v1.1 status or a v2 payload on each line, read as they are needed.

    Other JSON (notices) and empty lines (keep-alives) are skipped and counted. The file isn't kept open.

    Raises:
        OSError: The file can't be read.
        ValueError: The file holds no post, or one of its first lines isn't JSON.
    """

    def __init__(self, path: str | os.PathLike[str], people: People) -> None:
        self._path = os.fspath(path)
        self._people = people
        self._posts: deque[Post] = deque()
        self._offset = self._lines = self._skipped = 0
        self._finished = False
        self._read()
        if not self._posts:
            raise ValueError(f"{self._path} holds no post: each line must be a v1.1 status or a v2 payload")

    def next(self) -> Post | None:
        """Return the next post, or None at the end of the file.

        A line that can't be read ends it, too, and is logged as an error.
        """
        if not self._posts and not self._finished:
            try:
                self._read()
            except (OSError, ValueError) as error:
                self._finished = True
                _logger.error("the recorded posts end here: %s", error)
        return self._posts.popleft() if self._posts else None

    def _read(self) -> None:
        """Read some more posts, up to the end of the file."""
        with open(self._path, "rb") as file:
            file.seek(self._offset)
            while len(self._posts) < _BATCH:
                line = file.readline(_LONGEST)
                if not line:
                    self._finished = True
                    break
                self._lines += 1
                post = self._post(line)
                if post is None:
                    self._skipped += 1
                else:
                    self._posts.append(post)
            self._offset = file.tell()
        if self._finished and self._skipped:
            _logger.warning("%s: %d lines without a post were passed over", self._path, self._skipped)

    def _post(self, line: bytes) -> Post | None:
        """Return the post on a line, or None where it holds something else."""
        line = line.strip().removeprefix(b"\xef\xbb\xbf")
        if not line:
            return None
        where = f"{self._path}, line {self._lines}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{where}: not JSON: {error}") from None
        read = _reader(value)
        if read is None:
            return None
        try:
            return read(value, line, self._people)
        except (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError) as error:
            raise ValueError(f"{where}: no post that can be read: {error!r}") from None


def _reader(value: Any) -> Callable[[dict[str, Any], bytes, People], Post] | None:
    """Return the function that reads it, or None where it is no post."""
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("user"), dict) and "id" in value and ("text" in value or "full_text" in value):
        return post_from_status
    data = value.get("data")
    return post_from_payload if isinstance(data, dict) and {"id", "text"} <= data.keys() else None
