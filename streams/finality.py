"""Whether nothing can come to stand before a time in a partition of the journal any more.

An entry bears the broker's time of its instruction, or the greater one of the entry before it. So
it is over for a time once an entry bears it or a later one, or once every instruction that was
stamped before it has been answered and the time itself has passed.
"""

from __future__ import annotations

import time

from events.log import offset_at
from events.position import Position
from events.settings import Broker
from events.topics import INSTRUCTIONS
from projections.moments import NOW, Moment
from projections.posted import Posted

MARGIN_MS = 60_000
"""How far the broker's clock may be behind this machine's, milliseconds."""


def is_final(broker: Broker, partition: int, moment: Moment, newest: Posted | None) -> bool:
    """`newest`: the partition's newest accepted entry, which is before `moment`, if there is one.

    Places, and all that is in the log now, are final at once. Raises LogError.
    """
    if moment.at is None or moment.places is not None or moment == NOW:
        return True
    if moment.at > time.time_ns() // 1_000_000 - MARGIN_MS:
        return False
    answered = 0 if newest is None else Position.parse(newest.entry.source).offset + 1
    return offset_at(broker, INSTRUCTIONS, partition, moment.at) <= answered
