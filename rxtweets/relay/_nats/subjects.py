"""The subjects of a log, each of which is written once.

======================================  =================================================================
`log.Post.1234`                         a message: its kind and its id, or a digest where it has none
`log.dead.group.17`                     a dead letter: the message 17, which a group couldn't work on
`log.again.group.23`                    the dead letter 23, to be worked on again by that group
`log.begun.group.17.2`                  the second attempt of a group at the message 17; 0 if none has begun
`log.term.reader.5.0.0.…`               the term 5 of the lease `reader`, in which one reader writes
`log.of.7.Post.1234`                    a message in the partition 7 of a log that has some
`log.again.group.23.7`                  the same of a dead letter
======================================  =================================================================
"""

from __future__ import annotations

from typing import NamedTuple

_BITS = 10

FENCES = 1 << _BITS
"""The number of filters that find the same term."""


class Subjects(NamedTuple):
    """The subjects of a stream.

    Attributes:
        stream: the stream's name.
        partitions: the number of its partitions; 0 for none.
    """

    stream: str
    partitions: int = 0

    def all(self) -> str:
        """Return a filter for all that is in the log."""
        return f"{self.stream}.>"

    def message(self, address: str, key: int) -> str:
        """Return the subject of a message, of its kind and id and the key of its partition."""
        if self.partitions:
            return f"{self.stream}.of.{key % self.partitions}.{address}"
        return f"{self.stream}.{address}"

    def messages(self, kind: str = "*", partition: int | None = None) -> str:
        """Return a filter for messages: of one kind or of all, in one partition or in all."""
        if self.partitions:
            return f"{self.stream}.of.{'*' if partition is None else partition}.{kind}.*"
        return f"{self.stream}.{kind}.*"

    def of_kinds(self, kinds: list[str] | None, partition: int | None = None) -> list[str]:
        """Return filters for messages of some kinds; None for all."""
        return [self.messages(kind, partition) for kind in kinds or "*"]

    def kinds(self, filters: list[str]) -> str:
        """Return the kinds of messages that filters of a group are for, in words."""
        kinds = sorted(one.split(".")[-2] for one in filters if not one.startswith(f"{self.stream}.again."))
        return ", ".join(kinds).replace("*", "all")

    def dead(self, group: str = "*", sequence: int | str = "*") -> str:
        """Return the subject of a dead letter, or a filter for them."""
        return f"{self.stream}.dead.{group}.{sequence}"

    def again(self, group: str, letter: int, key: int) -> str:
        """Return the subject of a dead letter that is to be worked on again, by the key of its partition."""
        subject = f"{self.stream}.again.{group}.{letter}"
        return f"{subject}.{key % self.partitions}" if self.partitions else subject

    def of_group(self, group: str, kinds: list[str] | None, partition: int | None = None) -> list[str]:
        """Return filters for the messages that a group gets, of all partitions or of one."""
        again = f"{self.stream}.again.{group}.*"
        if self.partitions:
            again += ".*" if partition is None else f".{partition}"
        return [*self.of_kinds(kinds, partition), again]

    def begun(self, group: str, sequence: int, attempt: int | str = "*") -> str:
        """Return the subject of an attempt at a message, or a filter for those at it."""
        return f"{self.stream}.begun.{group}.{sequence}.{attempt}"

    def all_begun(self) -> str:
        """Return a filter for the attempts of all groups."""
        return f"{self.stream}.begun.>"

    def term(self, lease: str, number: int) -> str:
        """Return the subject of a term."""
        return f"{self.stream}.term.{lease}.{number}" + ".0" * _BITS

    def terms(self, lease: str) -> str:
        """Return a filter for the terms of a lease."""
        return f"{self.stream}.term.{lease}.>"

    def fence(self, lease: str, number: int) -> str:
        """Return one of `FENCES` filters for the terms of a lease.

        A cluster has one write under way for each filter that it depends on, so there are many.
        """
        bits = (".*" if number >> bit & 1 else ".0" for bit in range(_BITS))
        return f"{self.stream}.term.{lease}.*" + "".join(bits)


def last_part(subject: str | None) -> int:
    """Return the number at the end of a subject."""
    return int((subject or "0").rpartition(".")[2])


def group_of(dead: str) -> str:
    """Return the group of a dead letter, of its subject."""
    return dead.split(".")[2]


def number_of(term: str | None) -> int:
    """Return the number of a term, of its subject."""
    return int((term or "").split(".")[3])
