"""Hypothesis here: the same examples in every run, no deadline on a busy machine.

`PLEDGER_EXAMPLES=5000` looks longer, at new examples each time.
"""

import os

from hypothesis import settings

EXAMPLES = int(os.environ.get("PLEDGER_EXAMPLES", "0"))

settings.register_profile(
    "ledger", deadline=None, derandomize=not EXAMPLES, max_examples=EXAMPLES or 150
)
settings.load_profile("ledger")
