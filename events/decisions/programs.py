"""Programs, their terms, and the account they pay from."""

from __future__ import annotations

from msgspec import Struct

from events.terms import Terms


class ProgramCreated(Struct, frozen=True):
    """A program exists, paying in `currency` (ISO 4217)."""

    program: str
    name: str
    currency: str
    by: str = ""


class TermsAdded(Struct, frozen=True):
    """A new version of the program's terms."""

    program: str
    terms: Terms
    by: str = ""


class ProgramPaused(Struct, frozen=True):
    """Its conversions earn nothing from now on."""

    program: str
    by: str = ""


class ProgramResumed(Struct, frozen=True):
    """It earns again."""

    program: str
    by: str = ""


class ProgramPayerSet(Struct, frozen=True):
    """The account a program's payouts are paid from."""

    program: str
    name: str
    iban: str
    bic: str = ""
    by: str = ""
