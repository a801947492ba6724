"""The dead letters of a log's groups."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator

from rxtweets.relay.letter import DeadLetter

from .connection import Connection
from .consumers import Delivery
from .stream import write


async def put_aside(
    connection: Connection, group: str, delivery: Delivery, error: str, attempts: int
) -> None:
    """Write a dead letter, and don't send its message to the group any more."""
    headers = {"Rxtweets-Error": json.dumps(error), "Rxtweets-Attempts": str(attempts)}
    await write(connection, connection.subjects.dead(group, delivery.sequence), delivery.frame, headers)
    await connection.send(delivery.reply, b"+TERM")


async def letters(connection: Connection, group: str) -> AsyncGenerator[DeadLetter]:
    """Yield the dead letters of a group, the oldest first."""
    js, subjects, sequence = connection.js, connection.subjects, 1
    while True:
        request = js.get_msg(subjects.stream, seq=sequence, subject=subjects.dead(group), next=True)
        found = await connection.find(request)
        if found is None:
            return
        headers = found.headers or {}
        assert found.seq is not None
        sequence = found.seq + 1
        yield DeadLetter(
            found.seq,
            found.time,  # type: ignore[arg-type]
            found.data or b"",
            json.loads(headers.get("Rxtweets-Error", '""')),
            int(headers.get("Rxtweets-Attempts", "0")),
        )


async def send_again(connection: Connection, group: str, letter: DeadLetter, key: int) -> None:
    """Send the message of a dead letter to the group again, and delete the letter."""
    await write(connection, connection.subjects.again(group, letter.sequence, key), letter.frame)
    await connection.ask(connection.js.delete_msg(connection.where.stream, letter.sequence))
