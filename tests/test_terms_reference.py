"""docs/terms.md says what is so: its terms can stand, and its examples are booked as it tells."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import jsonschema
import pytest
from msgspec import structs

from aggregates.terms_fields import KINDS
from aggregates.terms_form import read_form
from aggregates.terms_schema import schema
from cli.terms_words import sentences
from events import decisions as fact
from events.terms import Bonus, Cap, Contest, Override, PayoutTerms, Rule, Terms, Tiers
from tests.rewards.happenings import PROGRAM, Story

REFERENCE = Path(__file__).parent.parent / "docs" / "terms.md"
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


class Example(NamedTuple):
    """A block of terms, and what happens under them."""

    title: str
    toml: str
    happens: tuple[tuple[int, str], ...]


def examples() -> list[Example]:
    text = REFERENCE.read_text()
    found = []
    for block in re.finditer(r"```toml\n(.*?)```(?:\n\n```ledger\n(.*?)```)?", text, re.DOTALL):
        title = HEADING.findall(text[: block.start()])[-1]
        first = text[: block.start(2)].count("\n") + 1
        lines = (line.split("#")[0].rstrip() for line in (block[2] or "").splitlines())
        found.append(Example(title, block[1], tuple(enumerate(lines, first))))
    return found


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.title)
def test_the_terms_of_the_reference_can_stand(example: Example) -> None:
    given = tomllib.loads(example.toml)
    terms = read_form(given, "EUR").terms
    assert terms.engine == "2"
    assert sentences(terms, "EUR")
    jsonschema.validate(json.loads(json.dumps(given, default=str)), schema())


@pytest.mark.parametrize(
    "example",
    [example for example in examples() if example.happens],
    ids=lambda example: example.title,
)
def test_what_the_reference_tells_is_booked(example: Example) -> None:
    terms = read_form(tomllib.loads(example.toml), "EUR").terms
    story = Story()
    story.happen("program EUR", [])
    story.world.decide(fact.TermsAdded(PROGRAM, structs.replace(terms, version=1)))
    for number, line in example.happens:
        said, _, wanted = line.partition("->")
        told = "; ".join(story.happen(said.strip(), []))
        if wanted.strip() != "…":
            assert told == " ".join(wanted.split()), f"docs/terms.md:{number}: {line}"


def terms_elsewhere() -> list[tuple[str, str]]:
    """(file, TOML) of the terms in all other documents."""
    blocks = re.compile(r"^```toml[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
    return [
        (path.name, block)
        for path in sorted(REFERENCE.parent.glob("*.md"))
        if path != REFERENCE
        for block in blocks.findall(path.read_text())
        if "[[rules]]" in block
    ]


@pytest.mark.parametrize(("file", "toml"), terms_elsewhere())
def test_the_terms_in_other_documents_can_stand(file: str, toml: str) -> None:
    given = tomllib.loads(toml)
    assert read_form(given, "EUR").terms.rules
    jsonschema.validate(json.loads(json.dumps(given, default=str)), schema())


def test_every_field_of_the_terms_is_in_the_reference() -> None:
    text = REFERENCE.read_text()
    kinds = (Terms, Rule, Tiers, Bonus, Cap, Override, Contest, PayoutTerms)
    fields = {field.name for kind in kinds for field in structs.fields(kind)} - {"version"}
    missing = {name for name in fields if not re.search(rf"\b{name}\b", text)}
    assert not missing, f"docs/terms.md does not tell of {sorted(missing)}"
    assert all(field in {f.name for f in structs.fields(kind)} for kind, field in KINDS)
