"""Which clicks count in a what-if: fraud rules for clicks, applied after the fact.

A click that the gateway found invalid is kept in `clicks` with its reasons, and a conversion
that cites it says `invalid_click`, with its link and time. So history can be decided again as
if some reasons did not matter, or as if more clicks were bad. A token that was forged,
malformed or signed with an unknown key names no link: nothing can make it count.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import structs

from events.conversions import Assignment, CitedClick, Conversion, Deal, Refund, Signup

INVALID = "invalid_click"
"""What a conversion says of a click that the gateway kept with a reason."""


class ClickRules(NamedTuple):
    """Click ids whose judgement is another one than in history."""

    counted: frozenset[str] = frozenset()
    """Invalid then, good now."""
    refused: frozenset[str] = frozenset()
    """Good then, invalid now."""

    def judged(self, conversion: Conversion) -> Conversion:
        """The conversion with its click as these rules judge it."""
        if not self.counted and not self.refused:
            return conversion
        if isinstance(conversion, Assignment):
            deal = self.judged(conversion.deal)
            assert isinstance(deal, Deal)
            return structs.replace(conversion, deal=deal)
        if isinstance(conversion, Refund) or conversion.click is None:
            return conversion
        click = self._click(conversion.click)
        return conversion if click is conversion.click else _citing(conversion, click)

    def _click(self, click: CitedClick) -> CitedClick:
        if click.problem == INVALID and click.click_id in self.counted:
            return structs.replace(click, problem="")
        if not click.problem and click.click_id in self.refused:
            return structs.replace(click, problem=INVALID)
        return click


def _citing(conversion: Signup | Deal, click: CitedClick) -> Signup | Deal:
    return structs.replace(conversion, click=click)
