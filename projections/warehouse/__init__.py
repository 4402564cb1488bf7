"""The warehouse's schema: ClickHouse tables and views, as numbered SQL files beside this one.

Tables hold the log's records under the positions they have there; all figures are views.
So the tables can be filled again from the log at any time and give the same answers, and
no sum is ever kept that a repeated insert could spoil.

A file is applied once, in order of its number, and never changes after a release: a change
is a new file. A statement ends with `;` at the end of a line, and can be applied twice.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import NamedTuple

FILE = re.compile(r"(\d{3})_(\w+)\.sql")


class Migration(NamedTuple):
    """One numbered file."""

    number: int
    name: str
    sql: str

    def statements(self) -> list[str]:
        """The file's statements, without their comment lines and closing semicolons."""
        code = "\n".join(
            line for line in self.sql.splitlines() if not line.lstrip().startswith("--")
        )
        return [part.strip() for part in re.split(r";\s*(?:\n|$)", code) if part.strip()]


def migrations() -> list[Migration]:
    """Every numbered file, in order. Raises ValueError when two share a number."""
    found = sorted(
        Migration(int(match[1]), match[2], entry.read_text("utf-8"))
        for entry in files(__package__).iterdir()
        if (match := FILE.fullmatch(entry.name))
    )
    numbers = [migration.number for migration in found]
    if len(set(numbers)) != len(numbers):
        raise ValueError(f"two warehouse files share a number: {numbers}; give the newer the next")
    return found
