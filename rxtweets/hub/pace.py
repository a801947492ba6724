"""The waits of a hub, in seconds."""

from __future__ import annotations

FIRST_WAIT = 0.1
"""The time that the first filters wait for others, while nothing stands yet."""

LINGER = 0.5
"""The time from the last disposal until a hub closes its connection and removes its rules: `switch_latest`
disposes one filter before it subscribes to the next."""
