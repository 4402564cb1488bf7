"""Commands on programs: what they pay, and whether they pay at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aggregates.commands.finding import Finding
from aggregates.program import Program
from events.terms import Rule, Terms


class ProgramCommands(Finding):
    """Programs and their terms."""

    def create_program(self, program: str, name: str, currency: str, by: str = "") -> None:
        """`currency`: ISO 4217."""
        self._create(
            Program,
            Program.create_id(program),
            lambda: Program.create(program, name, currency, by),
            lambda found: found.repeat_creation(name, currency),
        )

    def add_terms(
        self,
        program: str,
        rules: Sequence[Rule],
        *,
        effective_from: int,
        by: str = "",
        **fields: Any,
    ) -> Terms:
        """The terms as added, with their version. `effective_from`: ms since 1970 UTC;
        `fields`: all others of `Terms`, `partner` for terms of one partner's own."""

        def finding() -> Program:
            if partner := fields.get("partner"):
                self._partner(partner)
            return self._program(program)

        terms: Terms = self._change(
            finding,
            lambda found: found.add_terms(rules, effective_from=effective_from, by=by, **fields),
        )
        return terms

    def pause_program(self, program: str, by: str = "") -> None:
        """New conversions of the program earn nothing until it is resumed."""
        self._change(lambda: self._program(program), lambda found: found.pause(by))

    def resume_program(self, program: str, by: str = "") -> None:
        """It earns again, by what happens from now on."""
        self._change(lambda: self._program(program), lambda found: found.resume(by))

    def set_payer(self, program: str, name: str, iban: str, bic: str = "", by: str = "") -> None:
        """The account the program's payouts are paid from, held by `name`."""
        self._change(
            lambda: self._program(program), lambda found: found.set_payer(name, iban, bic, by)
        )

    def program(self, program: str) -> Program:
        """As it stands now, also by what other processes decided; raises NotFound."""
        return self._now(lambda: self._program(program))
