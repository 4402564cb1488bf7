"""A peer to measure against: Quix Streams counting the same records by key, in its state.

Runs in an environment of its own (it needs an older confluent-kafka); prints one line of
JSON: {"records": …, "seconds": …}. The clock runs from the first record to the last.

    python quix_count.py BROKER TOPIC RECORDS STATE_DIRECTORY [OUTPUT_TOPIC]

With OUTPUT_TOPIC every count is written there, as a posting is; without, it is dropped.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from quixstreams import Application


def main(broker: str, topic: str, records: int, state: str, output: str = "") -> None:
    app = Application(
        broker_address=broker,
        consumer_group=f"quix-count-{output}",
        auto_offset_reset="earliest",
        state_dir=state,
        loglevel="ERROR",
        # Its own defaults otherwise: changelog topic, at-least-once, a commit every 5 s.
        topic_create_timeout=60,
    )
    seen = 0
    began = ended = 0.0

    def count(record: dict[str, object], held: Any) -> int:
        nonlocal seen, began, ended
        seen += 1
        if seen == 1:
            began = time.monotonic()
        total: int = held.get("count", 0) + 1
        held.set("count", total)
        if seen == records:
            ended = time.monotonic()
        return total

    rows = app.dataframe(app.topic(topic, value_deserializer="json", key_deserializer="str"))
    counted = rows.apply(count, stateful=True)
    if output:
        counted.to_topic(app.topic(output, value_serializer="json", key_serializer="str"))
    app.run(rows, count=records, collect=False)
    print(json.dumps({"records": seen, "seconds": (ended or time.monotonic()) - began}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
