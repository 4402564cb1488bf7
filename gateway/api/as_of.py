"""`as_of` and `known`: query parameters of all that can be asked as of a moment.

    as_of=2026-03-01T00:00:00Z              what was true before it, as it was known then
    as_of=2026-03-01T00:00:00Z&known=now    what was true before it, as it is known now
    as_of=journal/3/1842                    what was true before that record

The answer names the places that the moments were cut at; by them, the same question has the same
answer for ever.
"""

from __future__ import annotations

from typing import Annotated

from litestar.params import QueryParameter
from msgspec import Struct

from gateway.problems import FieldProblem
from projections.moments import NOW, Moment, NotAMoment
from streams.as_of_reading import Known
from streams.named_moments import moment_of, places_text

AsOf = Annotated[
    str,
    QueryParameter(
        name="as_of",
        description="What was true before this: ISO 8601 (UTC), or a place in the journal, as "
        "journal/3/1842 or journal/3/1842@2026-03-01T00:00:00Z",
    ),
]
KnownBy = Annotated[
    str,
    QueryParameter(
        name="known",
        description="As it was known `then` (the default), as it is known `now`, or by a time or "
        "place as in as_of",
    ),
]
THEN = "then"


class CutAt(Struct):
    """Where an answer was cut. `as_of` and `known` can be given again."""

    moment: int
    """Before which it was true, and what divides pending from available; ms since 1970 UTC."""
    as_of: str
    known: str
    final: bool
    """Whether the same question by time has the same answer for ever too."""


def moment_given(field: str, text: str) -> Moment:
    """A time or a place. Raises FieldProblem."""
    try:
        return moment_of(text)
    except NotAMoment as problem:
        raise FieldProblem(field, f"{field}: {problem}") from None


def known_given(text: str) -> Moment | None:
    """What is to be known; None: what was known then. Raises FieldProblem."""
    if text == THEN:
        return None
    return NOW if text == "now" else moment_given("known", text)


def cut_at(read: Known) -> CutAt:
    """Where an answer was cut."""
    return CutAt(
        read.moment,
        places_text({number: cut.then for number, cut in read.cuts.items()}, read.moment),
        places_text({number: cut.known for number, cut in read.cuts.items()}),
        read.final,
    )
