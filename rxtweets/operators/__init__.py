"""Operators on streams: decoding, reconnecting, routing, hand-over to other threads, windows and meters.

::

    from rxtweets import operators as tw

All are plain RxPY operators, for `pipe`, and work on a replayed file as well as on a socket.
"""

from typing import TYPE_CHECKING

from rxtweets._on_demand import on_demand

from . import _kinds
from ._decode import decode
from ._kinds import *
from ._of_type import of_type
from ._retry_with_backoff import retry_with_backoff

if TYPE_CHECKING:
    from ._counts import counts
    from ._distinct_by_id import distinct_by_id
    from ._for_user import by_user, for_user
    from ._forget import forget
    from ._lag import lag
    from ._meter import meter
    from ._observe_on import ObserveOn, observe_on
    from ._parallel_map import parallel_map
    from ._record import record
    from ._route import route
    from ._spend import spend
    from ._telemetry import telemetry
    from ._top import top
    from ._volume_alarm import volume_alarm
    from ._within import within
    from .snapshots import Bill, Counts, Lag, Meter, RuleBill, Spend, Traffic, Volume, VolumeAlarm
else:
    __getattr__, __dir__ = on_demand(
        __name__,
        {
            "_counts": ("counts",),
            "_distinct_by_id": ("distinct_by_id",),
            "_for_user": ("by_user", "for_user"),
            "_forget": ("forget",),
            "_lag": ("lag",),
            "_meter": ("meter",),
            "_observe_on": ("ObserveOn", "observe_on"),
            "_parallel_map": ("parallel_map",),
            "_record": ("record",),
            "_route": ("route",),
            "_spend": ("spend",),
            "_telemetry": ("telemetry",),
            "_top": ("top",),
            "_volume_alarm": ("volume_alarm",),
            "_within": ("within",),
            "snapshots": (
                "Bill",
                "Counts",
                "Lag",
                "Meter",
                "RuleBill",
                "Spend",
                "Traffic",
                "Volume",
                "VolumeAlarm",
            ),
        },
    )

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
