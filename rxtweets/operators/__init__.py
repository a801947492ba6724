"""Operators on streams: decoding, reconnecting, routing, hand-over to other threads, windows and meters.

::

    from rxtweets import operators as tw

All are plain RxPY operators, for `pipe`, and work on a replayed file as well as on a socket.
"""

from rxtweets._handoff import ObserveOn

from . import _kinds
from ._counts import counts
from ._decode import decode
from ._distinct_by_id import distinct_by_id
from ._for_user import by_user, for_user
from ._forget import forget
from ._kinds import *
from ._lag import lag
from ._meter import meter
from ._observe_on import observe_on
from ._of_type import of_type
from ._parallel_map import parallel_map
from ._record import record
from ._retry_with_backoff import retry_with_backoff
from ._route import route
from ._spend import spend
from ._telemetry import telemetry
from ._top import top
from ._volume_alarm import volume_alarm
from ._within import within
from .snapshots import Bill, Counts, Lag, Meter, RuleBill, Spend, Traffic, Volume, VolumeAlarm

__all__ = [
    "Bill",
    "Counts",
    "Lag",
    "Meter",
    "ObserveOn",
    "RuleBill",
    "Spend",
    "Traffic",
    "Volume",
    "VolumeAlarm",
    "by_user",
    "counts",
    "decode",
    "distinct_by_id",
    "for_user",
    "forget",
    "lag",
    "meter",
    "observe_on",
    "of_type",
    "parallel_map",
    "record",
    "retry_with_backoff",
    "route",
    "spend",
    "telemetry",
    "top",
    "volume_alarm",
    "within",
]
__all__ += _kinds.__all__
