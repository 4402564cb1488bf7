"""What programs mark as personal, out of sight before a conversion is appended.

A new customer needs a key, and the key must be on the disk before anything sealed under it is
written. Commits are shared: what comes while one is under way goes into the next, together,
and the event loop does not wait. Of a program that marks nothing, nothing is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable

from aggregates.master_key import VaultError
from aggregates.personal_conversions import (
    Recorded,
    ReservedName,
    sealed_conversion,
    stands_for,
    subject_of,
)
from aggregates.vault import SecretDestroyed, Vault
from events.ids import BadId, foreign_id
from events.sealing import SubjectKey
from gateway.conversion_input import ConversionInput
from gateway.known import Known
from gateway.problems import FieldProblem, Problem

KEPT_S = 60.0
"""How long a key is used before the vault is asked again, seconds. What is sealed in this time
under a key that was just destroyed can be read by nobody: it is erased from the start."""
MOST_KEPT = 50_000
"""Keys kept in memory."""


class PersonalData:
    """Pseudonyms and keys for one event loop."""

    def __init__(self, vault: Vault, known: Known) -> None:
        self.vault = vault
        self._known = known
        self._keys: OrderedDict[str, tuple[float, SubjectKey | None]] = OrderedDict()
        self._wanted: set[str] = set()
        self._round: asyncio.Task[None] | None = None

    def is_marked(self, program: str) -> bool:
        """Whether the program marks anything."""
        return bool(self._known.directory.personal_fields(program))

    def stands_for(self, program: str, customer: str) -> str:
        """What is recorded for a customer of the program. Raises FieldProblem."""
        fields = self._known.directory.personal_fields(program)
        if not fields or not customer:
            return customer
        try:
            self._check(program)
            return stands_for(self.vault, fields, program, customer)
        except SecretDestroyed as problem:
            raise FieldProblem("customer", str(problem)) from problem
        except VaultError as problem:
            raise _not_sealed(problem) from problem

    async def prepare(self, conversions: Iterable[ConversionInput]) -> None:
        """Have the keys of all these ready, each of a program that marks something. Raises
        Problem 503 while the vault cannot be used."""
        subjects = {subject for given in conversions if (subject := self._subject(given))}
        now = time.monotonic()
        while missing := {subject for subject in subjects if not self._is_kept(subject, now)}:
            self._wanted |= missing
            if self._round is None:
                self._round = asyncio.get_running_loop().create_task(self._ask())
            try:
                await asyncio.shield(self._round)
            except VaultError as problem:
                raise _not_sealed(problem) from problem

    def sealed(self, conversion: Recorded) -> Recorded:
        """The conversion as it is recorded; what was prepared is done at once. Raises
        FieldProblem."""
        fields = self._known.directory.personal_fields(conversion.program)
        try:
            self._check(conversion.program)
            subject = subject_of(self.vault, fields, conversion.program, conversion.customer)
            return sealed_conversion(conversion, fields, self.vault, self._key(subject))
        except ReservedName as problem:
            raise FieldProblem(problem.field, str(problem)) from problem
        except SecretDestroyed as problem:
            raise FieldProblem("customer", str(problem)) from problem
        except VaultError as problem:
            raise _not_sealed(problem) from problem

    def _subject(self, given: ConversionInput) -> str:
        """Empty for what will be refused anyway."""
        fields = self._known.directory.personal_fields(given.program)
        try:
            foreign_id("customer", given.customer)
            self._check(given.program)
            return subject_of(self.vault, fields, given.program, given.customer)
        except (BadId, SecretDestroyed):
            return ""
        except VaultError as problem:
            raise _not_sealed(problem) from problem

    def _check(self, program: str) -> None:
        self.vault.secret_of(program, self._known.directory.pseudonyms_under(program))

    def _is_kept(self, subject: str, now: float) -> bool:
        kept = self._keys.get(subject)
        return kept is not None and kept[0] > now

    def _key(self, subject: str) -> SubjectKey | None:
        kept = self._keys.get(subject)
        if kept is None:
            kept = self._keep(self.vault.keys((subject,)))[subject]
        return kept[1]

    async def _ask(self) -> None:
        wanted, self._wanted = self._wanted, set()
        try:
            self._keep(await asyncio.to_thread(self.vault.keys, wanted))
        finally:
            self._round = None

    def _keep(
        self, found: dict[str, SubjectKey | None]
    ) -> OrderedDict[str, tuple[float, SubjectKey | None]]:
        until = time.monotonic() + KEPT_S
        for subject, key in found.items():
            self._keys[subject] = until, key
            self._keys.move_to_end(subject)
        while len(self._keys) > max(MOST_KEPT, len(found)):
            self._keys.popitem(last=False)
        return self._keys


def _not_sealed(problem: VaultError) -> Problem:
    return Problem(503, f"personal data cannot be sealed: {problem}")
