"""What commands ask of the directory before they decide: a program that exists, the unit an
amount is in, the version of an agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.reading import BadOption

if TYPE_CHECKING:
    from projections.directory import Directory
    from projections.views import AgreementView, ProgramView, RegistrationView


def program_of(directory: Directory, program: str) -> ProgramView:
    """Raises BadOption unless the program exists."""
    found = directory.program(program, directory.count)
    if found is None:
        raise BadOption(f"program {program!r} does not exist; see `pledger programs list`")
    return found


def unit_owed(directory: Directory, program: str, partner: str, given: str = "") -> str:
    """The unit of an amount owed to a partner: `given`, else the partner's currency, else the
    program's. Raises BadOption."""
    found = program_of(directory, program)
    return given or directory.partner_currency(partner, directory.count) or found.currency


def agreement_of(directory: Directory, program: str, version: int) -> AgreementView:
    """A version of the program's agreement, 0: the newest. Raises BadOption."""
    program_of(directory, program)
    versions = {view.version: view for view in directory.agreements(program)}
    if not versions:
        raise BadOption(
            f"program {program!r} has no agreement; publish one: "
            f"pledger agreements publish {program}"
        )
    wanted = version or max(versions)
    if wanted not in versions:
        there = ", ".join(map(str, versions))
        raise BadOption(f"agreement {wanted} of {program} does not exist; there is {there}")
    return versions[wanted]


def registration_of(directory: Directory, registration: str) -> RegistrationView:
    """Raises BadOption unless it was submitted."""
    found = directory.registration(registration)
    if found is None:
        raise BadOption(
            f"registration {registration!r} does not exist; see `pledger registrations list`"
        )
    return found


def currency_of(directory: Directory, found: RegistrationView) -> str:
    """What the registration is in; the program's, where a lead was registered without."""
    return found.currency or program_of(directory, found.program).currency
