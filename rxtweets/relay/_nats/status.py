"""The status of a log."""

from __future__ import annotations

from collections import Counter

from nats.js import api

from rxtweets.relay.lease import Lease
from rxtweets.relay.status import GroupStatus, LogStatus

from .connection import Connection
from .leases import find_leases
from .subjects import group_of


async def status(connection: Connection) -> LogStatus:
    """Return what there is to say of the log."""
    js, stream, subjects = connection.js, connection.where.stream, connection.subjects
    info = await connection.ask(js.stream_info(stream, subjects_filter=subjects.dead()))
    dead = Counter(map(group_of, info.state.subjects or {}))
    info = await connection.ask(js.stream_info(stream, subjects_filter=subjects.all_begun()))
    attempts = len(info.state.subjects or {})
    consumers: list[api.ConsumerInfo] = []
    while True:
        some = await connection.ask(js.consumers_info(stream, offset=len(consumers)))
        consumers += some
        if not some:
            break
    groups: dict[str, list[api.ConsumerInfo]] = {}
    for consumer in consumers:
        if not consumer.config.durable_name:  # a reader without a group
            continue
        groups.setdefault(consumer.name.partition("@")[0], []).append(consumer)
    leases: dict[str, Lease] = {}
    there = await find_leases(connection)
    if there is not None:
        for name in await there.names():
            lease = await there.read(name)
            if lease.revision:  # else it was deleted
                leases[name] = lease
    cluster = info.cluster
    peers = (cluster.replicas if cluster else None) or []
    return LogStatus(
        messages=info.state.messages - attempts,
        bytes=info.state.bytes,
        last=info.state.last_seq,
        leader=(cluster.leader if cluster else None) or "",
        replicas=info.config.num_replicas or 1,
        behind=tuple(peer.name or "" for peer in peers if peer.offline or not peer.current),
        leases=dict(sorted(leases.items())),
        groups=tuple(
            GroupStatus(
                name=name,
                waiting=sum(one.num_pending or 0 for one in group),
                unacknowledged=sum(one.num_ack_pending or 0 for one in group),
                redelivered=sum(one.num_redelivered or 0 for one in group),
                done=min(one.ack_floor.stream_seq if one.ack_floor else 0 for one in group),
                dead=dead[name],
            )
            for name, group in sorted(groups.items())
        ),
    )
