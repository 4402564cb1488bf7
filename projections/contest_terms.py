"""Which contests a program runs: those of its terms, each as the newest version has it.

A contest that is closed was decided by one version, which the decision names; what later
versions say of it changes nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from events.terms import Contest
from projections.directory import Directory


class OpenContest(NamedTuple):
    """A contest, and the version of the terms that says so."""

    contest: Contest
    terms: int


def contests_of(directory: Directory, program: str) -> dict[str, OpenContest]:
    """Name → contest, of the program's general terms; a later version changes an earlier."""
    return {
        contest.name: OpenContest(contest, version.terms.version)
        for version in directory.terms_versions(program)
        if not version.terms.partner
        for contest in version.terms.contests
    }


def contest_in(directory: Directory, program: str, contest: str, terms: int) -> Contest | None:
    """The contest as version `terms` has it; None where it does not."""
    for version in directory.terms_versions(program):
        if version.terms.version == terms and not version.terms.partner:
            for found in version.terms.contests:
                if found.name == contest:
                    return found
    return None
