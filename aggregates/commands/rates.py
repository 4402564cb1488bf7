"""Commands on rates of exchange: what a source published for a day."""

from __future__ import annotations

from collections.abc import Mapping

from aggregates.commands.finding import Finding
from aggregates.rates import Rates


class RateCommands(Finding):
    """Rates of exchange, by source and day."""

    def set_rates(
        self, source: str, date: str, base: str, rates: Mapping[str, str], by: str = ""
    ) -> None:
        """One `base` is `rates[currency]` of each, on `date` (ISO 8601), as `source` has it.

        Rates are exact decimals as text. Other rates for the same day are a correction of
        all of them.
        """
        self._change(
            lambda: self._rates(source, date),
            lambda found: found.publish(source, date, base, rates, by),
        )

    def rates(self, source: str, date: str) -> Rates:
        """As they stand now; without any currency where none were set."""
        return self._now(lambda: self._rates(source, date))

    def _rates(self, source: str, date: str) -> Rates:
        return self._series(Rates, Rates.create_id(source, date))
