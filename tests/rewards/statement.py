"""Rows of the tables: terms, what happened, and what must be booked for it.

    == tier × refund: the onward tier keeps its rate
    terms
      rule sale 10%; tiers lifetime count onward 2=15%
    1: deal D-1 carol 100.00 partner=alice -> alice commission +10.00   # 100.00 × 10 % = 10.00

A row begins at `==`. Programs pay in EUR unless the first line says `program JPY`; alice, bob
and dora are approved partners. After `day:` a verb (`happenings`), after the arrow what
came of it, in the order in which it was booked, parted by `;`; `…` stands for any words. A
line without an arrow books nothing. What is shown of an entry: `show`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tests.rewards.happenings import Story

TABLES = Path(__file__).parent / "tables"


class Row(NamedTuple):
    """A scenario: where it stands, its title, its lines (number in the file, text)."""

    file: str
    title: str
    lines: tuple[tuple[int, str], ...]


def rows() -> list[Row]:
    """All rows of all tables, in the order of the files' names."""
    return [row for path in sorted(TABLES.glob("*.txt")) for row in _rows_of(path)]


def _rows_of(path: Path) -> list[Row]:
    found: list[Row] = []
    lines: list[tuple[int, str]] = []
    for number, text in enumerate(path.read_text().splitlines(), 1):
        if text.startswith("== "):
            lines = []
            found.append(Row(path.stem, text[3:].strip(), ()))
        stated = re.split(r"(?:^|\s)#", text)[0].rstrip()
        if found and stated and not text.startswith("== "):
            lines.append((number, stated))
            found[-1] = found[-1]._replace(lines=tuple(lines))
    return found


def run(row: Row, *, reload: bool = False) -> Story:
    """Let all of it happen; AssertionError at the first line that gives something else."""
    story = Story(reload=reload)
    lines = list(row.lines)
    while lines:
        number, text = lines.pop(0)
        indented = []
        while lines and lines[0][1].startswith("  "):
            indented.append(lines.pop(0)[1].strip())
        said, _, expected = text.partition("->")
        try:
            given = "; ".join(story.happen(said.strip(), indented))
        except Exception as problem:
            raise AssertionError(f"{row.file}.txt:{number}: {text}\n  {problem!r}") from problem
        wanted = " ".join(expected.split())
        assert _same(given, wanted), (
            f"{row.file}.txt:{number}: {said.strip()}\n  gave   {given}\n  wanted {wanted}"
        )
    return story


def _same(given: str, wanted: str) -> bool:
    pattern = re.escape(wanted).replace("\\ …", "…").replace("…", "[^;]*")
    return re.fullmatch(pattern, given) is not None
