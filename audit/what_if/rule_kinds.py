"""What a rule's name stands for in the terms of a program: a rule, tiers, a bonus, an override."""

from __future__ import annotations

from collections.abc import Iterator

from audit.what_if.question import Question
from events.terms import Terms
from projections.directory import Directory


class RuleKinds:
    """The kinds of the rules of all versions; of a name that has several, the newest counts."""

    def __init__(self, question: Question, directory: Directory) -> None:
        self._kinds: dict[tuple[str, str], str] = {}
        for program in question.programs:
            for version in directory.terms_versions(program):
                self._name(program, version.terms)
        for candidate in question.candidates:
            self._name(candidate.program, candidate.terms)

    def kind(self, program: str, rule: str) -> str:
        """`rule`, `tiers`, `bonus` or `override`."""
        return self._kinds.get((program, rule), "rule")

    def _name(self, program: str, terms: Terms) -> None:
        for rule, kind in _named(terms):
            self._kinds[program, rule] = kind


def _named(terms: Terms) -> Iterator[tuple[str, str]]:
    for rule in terms.rules:
        yield rule.name, "rule" if rule.tiers is None else "tiers"
    for bonus in terms.bonuses:
        yield bonus.name, "bonus"
    for override in terms.overrides:
        yield override.name, "override"
