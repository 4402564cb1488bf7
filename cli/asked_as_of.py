"""`--as-of` and `--known`: which moment is asked about, and what is to be known of it."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.reading import BadOption
from projections.moments import NOW, Moment, NotAMoment
from streams.named_moments import moment_of

AsOf = Annotated[
    str,
    typer.Option(
        "--as-of",
        metavar="TIME|POSITION",
        help="What was true before a day or time (ISO 8601, UTC), or before a record of the "
        "journal, as journal/3/1842 or journal/3/1842@2026-03-01.",
    ),
]
KnownBy = Annotated[
    str,
    typer.Option(
        "--known",
        metavar="then|now|TIME|POSITION",
        help="As it was known then (the default), as it is known now, or by another moment.",
    ),
]
THEN = "then"


def moment_asked(option: str, text: str) -> Moment:
    """A time or a place. Raises BadOption."""
    try:
        return moment_of(text)
    except NotAMoment as problem:
        raise BadOption(f"{option} {problem}") from None


def known_asked(text: str) -> Moment | None:
    """What is to be known; None: what was known then. Raises BadOption."""
    if text == THEN:
        return None
    return NOW if text == "now" else moment_asked("--known", text)


def known_words(known: str) -> str:
    """`then`, `now`, or `by 2026-03-11`."""
    return known if known in (THEN, "now") else f"by {known}"
