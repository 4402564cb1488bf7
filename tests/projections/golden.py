"""A fixed life of a ledger whose bytes must never change.

What is in the log was decided by older versions of this code; it must decide the same for
ever. `python -m tests.projections.golden` writes the files anew: only for new cases at
the end, never to make a changed line pass. A changed calculation is a new engine.
"""

from __future__ import annotations

from pathlib import Path

from tests.projections.statement import run

HERE = Path(__file__).parent / "golden"

LIFE = """
0: program EUR
0: terms sale=12.34% lead=5.00 renewal=3.00 hold=30
0: partner alice
0: partner bob
0: coupon SAVE bob
0h1: signup carol event=S-1 click=alice@0        -> alice commission +5.00
1h2: deal D-1 carol 99.95 event=E-1              -> alice commission +12.33
1h3: deal D-2 dave 10.00 event=E-2 coupon=save   -> bob commission +1.23
1h4: deal D-1 carol 99.95 event=E-1 occurred=1h2  -> duplicate (repeats conversions/0/1)
1h5: deal D-1 carol 99.95 event=E-1              \
    -> conflict (other content than conversions/0/1 under the same event_id)
2: deal D-3 erin 10.00 event=E-3                 -> unattributed (no_touch)
2: deal D-4 erin 10.00 event=E-4 click=bob@1!bot -> unattributed (invalid_click)
3: terms sale=20% renewal=3.00 hold=7 from=2
3: deal D-5 carol 0.03 event=E-5 occurred=2      -> alice commission +0.01
3: deal D-6 carol 70.00 event=E-6 occurred=1h23  -> alice commission +8.64
4: refund carol 33.32 event=R-1 deal=D-1         -> alice clawback -4.11
4: refund carol 80.00 event=R-2                  \
    -> alice clawback -0.01; alice clawback -8.64; alice clawback -1.23
4: refund erin 99.00 event=R-3 deal=D-9          -> unmatched 99.00 (no_such_deal)
9: deal D-7 carol 50.00 event=E-7 kind=renewal   -> alice commission +3.00
20: payout requested po-1 alice 4.00             \
    -> alice payout_refused (available 300, asked 400 (minor units of EUR))
20: payout requested po-2 alice                  -> alice payout_funded 3.00
21: payout sent po-2 alice                       -> alice payout_sent
22: payout failed po-2 alice                     -> alice payout_failed 3.00
23: payout requested po-3 alice 2.50             -> alice payout_funded 2.50
24: payout settled po-3 alice                    -> alice payout_settled 2.50
24: payout settled po-3 alice                    -> alice no_effect (settled: already settled)
25: refund carol 50.00 event=R-4 deal=D-7        -> alice clawback -3.00
"""


def logs() -> dict[str, list[bytes]]:
    """Topic → its records, partition after partition."""
    world = run(LIFE)
    return {
        topic: [value for partition in sorted(log) for value in log[partition]]
        for topic, log in (
            ("conversions", world.conversions),
            ("attributions", world.attributions),
            ("instructions", world.instructions),
            ("journal", world.journal),
        )
    }


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for topic, values in logs().items():
        (HERE / f"{topic}.jsonl").write_bytes(b"\n".join(values) + b"\n")
