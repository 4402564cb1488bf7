"""One round of a processor, from poll to commit. At each gap ask: and if it dies here?"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from events import topics
from events.position import Record
from streams.failpoints import reached
from streams.processor import Place, Processor, check_follows
from streams.reader import Reader

log = logging.getLogger(__name__)

SLICE = 4_000
"""Records decided before what they gave is handed to the producer."""


def checkpoint(
    reader: Reader, processor: Processor, batches: Mapping[Place, Sequence[Record]]
) -> None:
    """Take `batches` through all steps. An error in any of them stops the worker."""
    name, counts = processor.name, processor.counts

    # 1. Poll. Done by the reader; no batch of an earlier round is open, so no partition can
    #    be taken away before the last step. Dies here: nothing was done.
    reached(name, "polled")

    # 2. Look. If somebody has written since our last round (a worker that was replaced and
    #    lives on), what stands in the log counts. Dies here: nothing was done.
    disturbed = [place for place in batches if not processor.folds[place].undisturbed()]
    for place in disturbed:
        _start_again(reader, processor, place)
    folds = {p: processor.folds[p] for p in batches if p not in disturbed}

    # 3. Decide. State in memory moves by what we mean to write, provisionally.
    #    Dies here: nothing is written, all is decided again, the same.
    # 4. Produce, a slice after another, so that the broker writes one while we fold the
    #    next. Dies here: a beginning of the outputs stands; it is read back at the restart,
    #    and the rest is decided after it.
    for place, fold in folds.items():
        batch = batches[place]
        check_follows(place, fold.next_input, batch)
        for start in range(0, len(batch), SLICE):
            records = batch[start : start + SLICE]
            outputs = fold.decide(records)
            reached(name, "decided")
            # Letters first: an output that stands is not decided again, nor its letter.
            letters = outputs.pop((topics.DEAD_LETTERS, 0), None)
            if letters:
                processor.writer.append_all(topics.DEAD_LETTERS, 0, letters)
                processor.writer.flush()
            for (topic, partition), written in outputs.items():
                processor.writer.append_all(topic, partition, written)
                counts["written"] += len(written)
            counts["read"] += len(records)
    reached(name, "produced")

    # 5. Flush. A delivery error raises: there may be a hole that no later output may
    #    follow. Dies here: the outputs stand, the state is behind; read back, as in 4.
    processor.writer.flush()
    reached(name, "flushed")

    # 6. Check that it won. If somebody wrote between, throw away what we hold in memory and
    #    start again from the log. Dies here: as after 5.
    won = [place for place, fold in folds.items() if fold.won()]
    for place in folds.keys() - set(won):
        _start_again(reader, processor, place)
    reached(name, "checked")

    # 7. Save state with its positions, all in one write. It is never ahead of the log.
    #    Dies here: some partitions are saved, others are read back.
    for place in won:
        folds[place].save()
    reached(name, "saved")

    # 8. Commit. For monitors of the lag; the relay and the payouts, whose outputs do not
    #    say where to resume, also go by it. Dies here: they repeat what readers ignore.
    reader.commit(won)
    reached(name, "committed")


def _start_again(reader: Reader, processor: Processor, place: Place) -> None:
    processor.counts["restarted"] += 1
    log.warning("%s: somebody else writes beside us at %s; reading the log", processor.name, place)
    reader.rewind(place, processor.open(place, None).next_input)
