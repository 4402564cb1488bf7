"""One round of a processor, from poll to commit. At each gap ask: and if it dies here?"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from events.position import Record
from streams.failpoints import reached
from streams.processor import Place, Processor, check_follows
from streams.reader import Reader

log = logging.getLogger(__name__)


def checkpoint(
    reader: Reader, processor: Processor, batches: Mapping[Place, Sequence[Record]]
) -> None:
    """Take `batches` through all steps. An error in any of them stops the worker."""
    name, counts = processor.name, processor.counts
    folds = {place: processor.folds[place] for place in batches}

    # 1. Poll. Done by the reader; no batch of an earlier round is open, so no partition can
    #    be taken away before step 7. Dies here: nothing was done.
    reached(name, "polled")

    # 2. Decide. State in memory moves by what we mean to write, provisionally.
    #    Dies here: nothing is written, all is decided again, the same.
    # 3. Produce, one partition after another, so that the broker writes one while we fold
    #    the next. Dies here: a beginning of the outputs stands; it is read back at the
    #    restart, and the rest is decided after it.
    for place, records in batches.items():
        fold = folds[place]
        check_follows(place, fold.next_input, records)
        outputs = fold.decide(records)
        reached(name, "decided")
        for (topic, partition), written in outputs.items():
            processor.writer.append_all(topic, partition, written)
            counts["written"] += len(written)
        counts["read"] += len(records)
    reached(name, "produced")

    # 4. Flush. A delivery error raises: there may be a hole that no later output may
    #    follow. Dies here: the outputs stand, the state is behind; read back, as in 3.
    processor.writer.flush()
    reached(name, "flushed")

    # 5. Check that it won. If somebody else wrote between, what stands in the log counts,
    #    and not what we hold in memory: throw that away and start again from the log.
    #    Dies here: as after 4.
    won = [place for place in batches if folds[place].won()]
    for place in batches.keys() - set(won):
        counts["restarted"] += 1
        log.warning("%s: somebody else writes beside us at %s; reading the log", name, place)
        reader.rewind(place, processor.open(place, None).next_input)
    reached(name, "checked")

    # 6. Save state with its positions, all in one write. It is never ahead of the log.
    #    Dies here: some partitions are saved, others are read back.
    for place in won:
        folds[place].save()
    reached(name, "saved")

    # 7. Commit. For monitors of the lag; the relay and the payouts, whose outputs do not
    #    say where to resume, also go by it. Dies here: they repeat what readers ignore.
    reader.commit(won)
    reached(name, "committed")
