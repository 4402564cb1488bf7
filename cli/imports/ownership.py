"""Whose link did a visit come by? One answer for every way a file can say so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cli.imports.parties import Parties, UnknownParty
from cli.imports.referring import link_of, partner_of
from cli.imports.visits import Owner, Visit

OwnerOf = Callable[[Visit], Owner]
"""The owner of a visit; raises UnknownParty."""


@dataclass(frozen=True)
class Referring:
    """How referring sites become partners; see `cli.imports.referring`."""

    program: str
    own_sites: Sequence[str]
    direct: str
    internal: str
    destination: str


def by_one_link(parties: Parties, link: str) -> OwnerOf:
    """Every line is a click on `link`."""
    return lambda visit: parties.owner(link)


def by_column(parties: Parties) -> OwnerOf:
    """The file names the link of each line."""

    def owner(visit: Visit) -> Owner:
        if not visit.link:
            raise UnknownParty("link", "empty; expected the name of a link")
        return parties.owner(visit.link)

    return owner


def by_path(parties: Parties, prefix: str) -> OwnerOf:
    """The link's name is what follows `prefix` in the path, as in /c/NAME."""

    def owner(visit: Visit) -> Owner:
        path = visit.target.partition("?")[0]
        if not path.startswith(prefix) or path == prefix:
            raise UnknownParty("path", f"{path!r} is not {prefix}LINK: not a click")
        return parties.owner(path.removeprefix(prefix).partition("/")[0])

    return owner


def by_referer(parties: Parties, rule: Referring) -> OwnerOf:
    """Each referring site is a partner with a link of its own."""

    def owner(visit: Visit) -> Owner:
        partner = partner_of(
            visit.referer, rule.own_sites, direct=rule.direct, internal=rule.internal
        )
        return parties.owner_of(partner, link_of(rule.program, partner), rule.destination)

    return owner
