"""The bytes of a fixed life of a ledger: what was decided once is decided so for ever."""

from __future__ import annotations

import pytest

from tests.projections.golden import HERE, logs


@pytest.mark.parametrize("topic", ["conversions", "attributions", "instructions", "journal"])
def test_the_bytes_are_those_of_the_first_release(topic: str) -> None:
    wanted = (HERE / f"{topic}.jsonl").read_bytes().splitlines()
    for line, (found, golden) in enumerate(zip(logs()[topic], wanted, strict=True), 1):
        assert found == golden, f"golden/{topic}.jsonl line {line}"
