"""From options to a question: terms read from files, times, rules for clicks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from cli.reading import BadOption, moment
from cli.terms_file import read_terms
from cli.what_if_options import WhatIfOptions

if TYPE_CHECKING:
    from audit.log import Log
    from audit.what_if.clicks import ClickRules
    from audit.what_if.question import Question
    from projections.candidate import Candidate
    from projections.directory import Directory


def reads_clicks(options: WhatIfOptions) -> bool:
    """Whether the topic of clicks must be read to answer."""
    return bool(options.count_clicks or options.refuse_clicks)


def question_of(
    options: WhatIfOptions,
    program: str,
    directory: Directory,
    log: Log,
    progress: Callable[[int], None] = lambda records: None,
) -> Question:
    """What the options ask; raises BadOption. `directory`: all decisions there are."""
    from audit.what_if.question import Question

    begins, ends = _bounds(options)
    candidates: dict[tuple[str, str], Candidate] = {}
    for said in options.files:
        candidate = _candidate(said, program, directory, begins, ends, options.without_individual)
        key = (candidate.program, candidate.terms.partner)
        if key in candidates:
            own = f" for {key[1]}" if key[1] else ""
            raise BadOption(f"--what-if: two files for {key[0]}{own}; give one")
        candidates[key] = candidate
    programs = {one.program for one in candidates.values()}
    if program or not programs:
        programs.add(_known(program, directory))
    clicks = _clicks(options, frozenset(programs), log, progress)
    return Question(tuple(candidates.values()), frozenset(programs), clicks, options.top)


def _bounds(options: WhatIfOptions) -> tuple[int, int]:
    from projections.candidate import BEGINNING, END

    begins = moment("--from", options.begins) if options.begins else BEGINNING
    ends = moment("--to", options.ends) if options.ends else END
    if begins >= ends:
        raise BadOption(f"--to {options.ends!r}: expected a time after --from {options.begins!r}")
    return begins, ends


def _candidate(
    said: str, program: str, directory: Directory, begins: int, ends: int, alone: bool
) -> Candidate:
    from projections.candidate import Candidate

    name, equals, rest = said.partition("=")
    path = Path(said)
    if equals and not path.exists():
        program, path = name, Path(rest)
    if not path.exists():
        raise BadOption(f"--what-if {said!r}: there is no file {path}")
    program = _known(program, directory)
    view = next(one for one in directory.programs() if one.program == program)
    versions = [version.terms for version in directory.terms_versions(program)]
    newest = next((terms for terms in reversed(versions) if not terms.partner), None)
    terms = read_terms(path, view.currency, newest).terms
    if alone and terms.partner:
        raise BadOption(f"--without-individual: {path} are terms of {terms.partner}'s own")
    version = max((one.version for one in versions), default=0) + 1
    return Candidate(program, structs.replace(terms, version=version), begins, ends, alone)


def _known(program: str, directory: Directory) -> str:
    names = [view.program for view in directory.programs()]
    if not program and len(names) == 1:
        return names[0]
    if program not in names:
        there = f"there are {', '.join(names)}" if names else "there are none yet"
        said = f"--program {program!r}: there is no such program" if program else "say --program"
        raise BadOption(f"{said}; {there}")
    return program


def _clicks(
    options: WhatIfOptions,
    programs: frozenset[str],
    log: Log,
    progress: Callable[[int], None],
) -> ClickRules:
    from audit.what_if.clicks import ClickRules
    from audit.what_if.clicks_found import UnknownRule, find_clicks

    counted = frozenset(part.strip() for part in options.count_clicks.split(",") if part.strip())
    refused: dict[str, frozenset[str]] = {}
    for said in options.refuse_clicks:
        field, equals, value = said.partition("=")
        if not equals:
            raise BadOption(f"--refuse-clicks {said!r}: expected FIELD=VALUE, such as country=XX")
        refused[field] = refused.get(field, frozenset()) | {value}
    if not counted and not refused:
        return ClickRules()
    try:
        return find_clicks(log, programs, counted, refused, progress)
    except UnknownRule as problem:
        option = "--count-clicks" if "reason" in str(problem) else "--refuse-clicks"
        raise BadOption(f"{option}: {problem}") from problem
