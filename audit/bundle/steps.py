"""The steps of a proof with withheld records: which were decided again, and which rest on one.

Whoever exports a bundle has proved the account from all records, and notes which steps do not
follow from those it shows (`Rest`). Whoever verifies it takes no other step on trust: one that
differs and is not noted is a difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from audit.bundle.format import Rest, Step
from audit.difference import AuditFailed, Difference

NOT_FROM_SHOWN = "records that are withheld decide it too"


class Steps:
    """The outcome of each step, as it is reached."""

    def __init__(self, declared: Iterable[Rest] = (), *, exporting: bool = False) -> None:
        """`exporting`: a step that differs is noted as resting on what is withheld; the account
        was proved from all records before."""
        self._declared = {(rest.step, rest.position): rest.why for rest in declared}
        self._exporting = exporting
        self.noted: list[Rest] = []
        """Differences that were noted while exporting."""
        self.again: Counter[str] = Counter()
        """Kind of step → how many were decided again."""
        self.rests: list[Rest] = []

    def declared(self, step: Step, position: str) -> bool:
        """Whether the bundle says that the step cannot be decided again; it then is noted."""
        why = self._declared.get((step, position))
        if why is None:
            return False
        self.rest(step, position, why)
        return True

    def decided(self, step: Step) -> None:
        """The step was decided again, and is what the log says."""
        self.again[step] += 1

    def rest(self, step: Step, position: str, why: str) -> None:
        """The step rests on a withheld record."""
        self.rests.append(Rest(step, position, why))

    def differs(self, step: Step, position: str, difference: Difference) -> None:
        """The step gives something else; raises AuditFailed unless exporting."""
        if not self._exporting:
            raise AuditFailed(difference)
        self.noted.append(Rest(step, position, NOT_FROM_SHOWN))
        self.rest(step, position, NOT_FROM_SHOWN)
