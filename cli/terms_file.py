"""Terms in a file, TOML or JSON, with the names and units of `events.terms`.

effective_from = "2025-01-01"
hold_days = 30

[[rules]]
name = "sale"
event = "sale"
type = "percentage"
amount = 1000           # basis points: 10 %
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from cli.reading import BadOption, moment
from events.terms import Rule


class TermsFile(Struct, frozen=True, forbid_unknown_fields=True):
    rules: tuple[Rule, ...]
    effective_from: str = ""
    attribution: Literal["last_touch", "first_touch"] = "last_touch"
    window_days: int = 30
    signup_window_days: int = 365
    hold_days: int = 30
    engine: str = "1"

    def since(self, now: int) -> int:
        """`effective_from` in ms; `now` where the file names none."""
        return moment("effective_from", self.effective_from) if self.effective_from else now


def read_terms(path: Path) -> TermsFile:
    """The terms in a .toml or .json file; raises BadOption, naming the key."""
    try:
        content = path.read_text(encoding="utf-8")
        found = json.loads(content) if path.suffix == ".json" else tomllib.loads(content)
        if isinstance(found, dict) and "effective_from" in found:
            found["effective_from"] = str(found["effective_from"])  # TOML has dates of its own
        terms = msgspec.convert(found, TermsFile)
        for number, rule in enumerate(found["rules"]):
            # Facts are read leniently (`Rule`), what people write is not: a misspelt
            # `currency` would pay in another one.
            for key in set(rule) - set(Rule.__struct_fields__):
                raise ValueError(f"rules[{number}].{key}: there is no such key")
        terms.since(0)
        return terms
    except (msgspec.ValidationError, ValueError) as problem:
        raise BadOption(
            f"{path}: {problem}; expected rules (name, event, type, amount) and, by choice, "
            "effective_from, attribution, window_days, signup_window_days, hold_days, engine"
        ) from problem
