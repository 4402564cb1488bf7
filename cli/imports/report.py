"""What an import did: counts, and every line that could not be used."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rejected:
    """A line that is not in the ledger, and what would mend it."""

    line: int
    """From 1, as an editor counts."""
    field: str
    reason: str


@dataclass
class Report:
    """The summary of one import; `written` and `already` count records of the log."""

    file: str
    program: str
    dry_run: bool = False
    lines: int = 0
    written: int = 0
    already: int = 0
    """Found in the log with the same content: not written again."""
    made: dict[str, int] = field(default_factory=dict)
    """Partners and links created for this import."""
    counts: Counter[str] = field(default_factory=Counter)
    """What the lines turned out to be: valid, deals, refunds…"""
    invalid: Counter[str] = field(default_factory=Counter)
    """Invalid clicks by reason; a click may have several."""
    amounts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Currency → sales and refunds, minor units."""
    partners: Counter[str] = field(default_factory=Counter)
    """Records by partner."""
    rejected: list[Rejected] = field(default_factory=list)
    conflicts: list[Rejected] = field(default_factory=list)
    """The id is in the log with other content: what was recorded first stands."""

    def reject(self, line: int, field: str, reason: str) -> None:
        self.rejected.append(Rejected(line, field, reason))

    def add_amount(self, currency: str, what: str, amount: int) -> None:
        """Count `amount` minor units as `what` (sales, refunds)."""
        sums = self.amounts.setdefault(currency, {"sales": 0, "refunds": 0})
        sums[what] += amount

    @property
    def unchanged(self) -> bool:
        return self.already > 0 and self.written == 0 and not self.made

    def conclusion(self) -> str:
        """One sentence that says what changed in the ledger."""
        if self.dry_run:
            return f"dry run: {self.written} records would be written, {self.already} are there"
        if self.unchanged:
            return f"nothing changed: all {self.already} records were in the ledger already"
        there = f", {self.already} were there already" if self.already else ""
        return f"{self.written} records written{there}"

    def as_json(self) -> dict[str, object]:
        """The summary as plain values; amounts in minor units."""
        return {
            "file": self.file,
            "program": self.program,
            "dry_run": self.dry_run,
            "lines": self.lines,
            "written": self.written,
            "already": self.already,
            "unchanged": self.unchanged,
            "made": self.made,
            "counts": dict(self.counts),
            "invalid": dict(self.invalid.most_common()),
            "amounts": self.amounts,
            "partners": dict(self.partners.most_common()),
            "rejected": [vars(entry) for entry in self.rejected],
            "conflicts": [vars(entry) for entry in self.conflicts],
        }
