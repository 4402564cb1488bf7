"""Personal data: what a program marks as such, and who is to be forgotten."""

from __future__ import annotations

from msgspec import Struct


class PersonalFieldsMarked(Struct, frozen=True):
    """Which fields of the program's conversions are personal data from now on, in place of
    those named before: `customer`, `identity`, `metadata.<name>`."""

    program: str
    fields: tuple[str, ...]
    by: str = ""
    secret: str = ""
    """Id of the key in the vault that the program's pseudonyms are made with."""


class SubjectForgotten(Struct, frozen=True):
    """The key of a subject's personal data was destroyed: what was sealed under it can be read
    by nobody any longer."""

    subject: str
    """`partner:<id>`, or `customer:<program>/<pseudonym>`."""
    reason: str = ""
    by: str = ""
