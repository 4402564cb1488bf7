"""The tables, row by row; also with every state read back from its bytes after each step."""

from __future__ import annotations

import pytest

from tests.rewards.statement import Row, rows, run

ROWS = rows()


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.file}: {row.title}" for row in ROWS])
def test_row(row: Row) -> None:
    run(row)


def test_rows_with_a_restart_after_each_step() -> None:
    for row in ROWS:
        run(row, reload=True)
