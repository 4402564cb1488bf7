"""What would have been paid under other terms: history decided twice, side by side.

The actual side is decided as in a replay, and compared with the log; the other one by the same
functions with a directory in which candidate terms stand (`projections.candidate`). What
differs is due to the terms alone. Nothing is written to the log.

Two rounds over the partitions, as in `audit.replay`:

1. conversions → attributions, both ways: what would have been routed otherwise (`attributing`);
2. instructions → journal, both ways, with what is other in its place (`booking`).
"""
