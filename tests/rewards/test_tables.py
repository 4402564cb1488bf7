"""The tables, row by row; and that no rule is without a row."""

from __future__ import annotations

import pytest

from tests.rewards.statement import Row, rows, run

ROWS = rows()


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.file}: {row.title}" for row in ROWS])
def test_row(row: Row) -> None:
    run(row)
