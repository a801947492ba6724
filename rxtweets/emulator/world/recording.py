"""Posts from a recorded file, in place of the world's own."""

from __future__ import annotations

import json
import logging
import os
from collections import deque
from collections.abc import Callable
from typing import Any

from .from_v1 import post_of_status
from .from_v2 import post_of_payload
from .model import Post
from .people import People

_LONGEST = 16 * 1024 * 1024
"""Bytes of a line, at most."""
_PIECE = 200
"""Posts that are read at a time."""
_logger = logging.getLogger(__name__)


class Recording:
    """The posts of a file with a v1.1 status or a v2 payload on each line, read as they are needed.

    Other JSON (notices) and empty lines (keep-alives) are passed over and counted. The file isn't held open.

    Raises:
        OSError: The file can't be read.
        ValueError: It holds no post, or a line among the first that is no JSON.
    """

    def __init__(self, path: str | os.PathLike[str], people: People) -> None:
        self._path = os.fspath(path)
        self._people = people
        self._posts: deque[Post] = deque()
        self._offset = self._lines = self._passed_over = 0
        self._finished = False
        self._read()
        if not self._posts:
            raise ValueError(f"{self._path} holds no post: each line must be a v1.1 status or a v2 payload")

    def next(self) -> Post | None:
        """The next post, or None once there is no more.

        A line that can't be read is the end, too, and logged as an error.
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
            while len(self._posts) < _PIECE:
                line = file.readline(_LONGEST)
                if not line:
                    self._finished = True
                    break
                self._lines += 1
                post = self._post(line)
                if post is None:
                    self._passed_over += 1
                else:
                    self._posts.append(post)
            self._offset = file.tell()
        if self._finished and self._passed_over:
            _logger.warning("%s: %d lines without a post were passed over", self._path, self._passed_over)

    def _post(self, line: bytes) -> Post | None:
        """The post on a line, or None where it holds something else."""
        line = line.strip().removeprefix(b"\xef\xbb\xbf")
        if not line:
            return None
        where = f"{self._path}, line {self._lines}"
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{where}: not JSON: {error}") from None
        make = _maker(found)
        if make is None:
            return None
        try:
            return make(found, line, self._people)
        except (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError) as error:
            raise ValueError(f"{where}: no post that can be read: {error!r}") from None


def _maker(found: Any) -> Callable[[dict[str, Any], bytes, People], Post] | None:
    """What makes a post of it, if it is one."""
    if not isinstance(found, dict):
        return None
    if isinstance(found.get("user"), dict) and "id" in found and ("text" in found or "full_text" in found):
        return post_of_status
    data = found.get("data")
    return post_of_payload if isinstance(data, dict) and {"id", "text"} <= data.keys() else None
