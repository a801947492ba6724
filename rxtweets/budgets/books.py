"""The books of budgets: what was delivered, once a UTC day, and what is on its way, in a file."""

from __future__ import annotations

import os
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

from rxtweets.prices import Resource

from .period import HOUR, Per, Span

_DAY = 24 * HOUR
_KEPT = 93 * _DAY
"""Seconds for which counts are kept: as long as the longest period, and a month to look back."""
_WAIT = 10.0
"""Seconds to wait for another process that is writing."""
_LONGEST_PAGE = 60.0
"""Seconds after which a page that another process has asked for is taken for come."""
_VERSION = 1

_TABLES = """
CREATE TABLE seen (day INTEGER, kind TEXT, id TEXT, PRIMARY KEY (day, kind, id)) WITHOUT ROWID;
CREATE TABLE counts (hour INTEGER, kind TEXT, count INTEGER, PRIMARY KEY (hour, kind)) WITHOUT ROWID;
CREATE TABLE pages (entry INTEGER PRIMARY KEY AUTOINCREMENT, asked REAL, kind TEXT, count INTEGER);
CREATE TABLE elsewhere (
    per TEXT, start INTEGER, posts INTEGER, last_lost INTEGER, PRIMARY KEY (per, start)
) WITHOUT ROWID;
CREATE TABLE account (reset_day INTEGER);
INSERT INTO account VALUES (1);
"""


class Totals(NamedTuple):
    """The counts of a period.

    Attributes:
        counts: resources that were delivered, by kind.
        elsewhere: posts that X has counted beyond these.
        lost: resources at most, by kind, on pages whose programs have ended without saying what came.
        awaited: those on pages that are on their way, of whatever period.
        last_lost: the entry of the last lost page, or of the last that *elsewhere* includes.
    """

    counts: Counter[str]
    elsewhere: int
    lost: Counter[str]
    awaited: Counter[str]
    last_lost: int


class Books:
    """An SQLite database, in which several processes may write. A process that is killed leaves it whole.

    Not thread-safe: whoever has it keeps a lock.

    Args:
        path: the file, on a local disk; None for one that nobody else has, which the system takes away with
            the process. That, too, is on the disk once it is larger than some MB, so that its memory is
            bounded.

    Raises:
        OSError: the file can't be opened, or is none of a budget. So do the methods when it can't be written.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        import sqlite3  # most programs have no budget

        self._name = "" if path is None else os.fspath(path)
        self._cleaned = -1  # the hour in which what is old was taken out
        self._own: set[int] = set()  # entries of pages that this process waits for
        with self._named_errors():
            self._database = sqlite3.connect(
                self._name, timeout=_WAIT, isolation_level=None, check_same_thread=False
            )
        # Not at the end of the program: a thread that SQLite is used on then would crash it.
        weakref.finalize(self, self._database.close).atexit = False
        try:
            with self._named_errors():
                self._prepare()
        except OSError:
            self._database.close()
            raise

    def _prepare(self) -> None:
        if self._name:
            self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        with self.transaction():
            (version,) = self._row("PRAGMA user_version")
            (tables,) = self._row("SELECT count(*) FROM sqlite_master")
            if version == 0 and tables == 0:
                for statement in _TABLES.split(";"):
                    self._database.execute(statement)
                self._database.execute(f"PRAGMA user_version = {_VERSION}")
            elif version != _VERSION:
                raise OSError(f"{self._name} is no file of a budget: name another one")
            (self._before,) = self._row("SELECT ifnull(max(entry), 0) FROM pages")

    def add(
        self, hour: int, resources: Iterable[Resource], requests: Iterable[str], come: Iterable[int] = ()
    ) -> None:
        """Count *resources* as delivered in *hour* (UNIX seconds), each once a UTC day, and *requests*.

        Pages with the entries *come* are on their way no longer.
        """
        by_kind: dict[str, list[tuple[int, str, str]]] = {}
        day = hour // _DAY * _DAY
        for kind, id in resources:
            by_kind.setdefault(kind, []).append((day, kind, id))
        with self.transaction():
            if hour != self._cleaned:
                self._cleaned = hour
                self._database.execute("DELETE FROM seen WHERE day < ?", (day - _DAY,))
                self._database.execute("DELETE FROM counts WHERE hour < ?", (hour - _KEPT,))
                self._database.execute("DELETE FROM pages WHERE asked < ?", (hour - _KEPT,))
            for kind, rows in by_kind.items():
                new = self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", rows).rowcount
                self._count(hour, kind, new)
            for kind in requests:
                self._count(hour, kind, 1)
            for entry in come:
                self._database.execute("DELETE FROM pages WHERE entry = ?", (entry,))
                self._own.discard(entry)

    def _count(self, hour: int, kind: str, more: int) -> None:
        self._database.execute(
            "INSERT INTO counts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
            (hour, kind, more),
        )

    def expect(self, resources: Counter[str], now: float) -> tuple[int, ...]:
        """Note that a page which is about to be asked for may bring so many of each kind; return its entries.

        It is for a `transaction`.
        """
        found = []
        for kind, count in resources.items():
            row = self._database.execute(
                "INSERT INTO pages (asked, kind, count) VALUES (?, ?, ?)", (now, kind, count)
            )
            found.append(row.lastrowid or 0)
        self._own.update(found)
        return tuple(found)

    def note_elsewhere(self, per: Per, span: Span, posts: int, last_lost: int) -> None:
        """Note that X has counted so many *posts* more than these in a period.

        Those of lost pages are among them, up to the one with the entry *last_lost*.
        """
        with self.transaction():
            self._database.execute(
                "INSERT OR REPLACE INTO elsewhere VALUES (?, ?, ?, ?)", (per, span.start, posts, last_lost)
            )

    @property
    def reset_day(self) -> int:
        """The day of the month on which X resets the account's usage, as far as it has told."""
        with self._named_errors():
            (day,) = self._row("SELECT reset_day FROM account")
            return int(day)

    @reset_day.setter
    def reset_day(self, day: int) -> None:
        with self.transaction():
            self._database.execute("UPDATE account SET reset_day = ?", (day,))

    def totals(self, per: Per, span: Span, now: float) -> Totals:
        """Return what was delivered in a period, and is on its way."""
        with self._named_errors():
            query = "SELECT posts, last_lost FROM elsewhere WHERE per = ? AND start = ?"
            elsewhere, last_lost = self._row(query, (per, span.start)) or (0, 0)
            query = "SELECT kind, sum(count) FROM counts WHERE hour >= ? AND hour < ? GROUP BY kind"
            counts, lost, awaited = Counter(dict(self._rows(query, span))), Counter[str](), Counter[str]()
            newest = last_lost
            for entry, asked, kind, count in self._rows("SELECT entry, asked, kind, count FROM pages"):
                if entry in self._own or (entry > self._before and abs(now - asked) < _LONGEST_PAGE):
                    awaited[kind] += count
                elif span.start <= asked < span.end and (kind != "post" or entry > last_lost):
                    lost[kind] += count
                    newest = max(newest, entry)
            return Totals(counts, elsewhere, lost, awaited, newest)

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with closing(self._database.execute(query, values)) as rows:
            return rows.fetchall()

    def _row(self, query: str, values: tuple[object, ...] = ()) -> tuple[int, ...]:
        with closing(self._database.execute(query, values)) as rows:
            return rows.fetchone() or ()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Let no other process write meanwhile, and write all or nothing."""
        with self._named_errors():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        import sqlite3

        try:
            yield
        except sqlite3.Error as error:
            name = self._name or "which have no file"
            raise OSError(f"the books of a budget, {name}: {error}") from error
