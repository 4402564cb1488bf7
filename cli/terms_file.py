"""Terms in a file, TOML or JSON: the form of `aggregates.terms_form`, as docs/terms.md tells.

effective_from = 2025-01-01
hold_days = 30

[[rules]]
name = "sale"
event = "sale"
type = "percentage"
amount = "10%"
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.reading import BadOption

if TYPE_CHECKING:
    from aggregates.terms_form import ReadTerms
    from events.terms import Terms

REMEDY = (
    "mend the line and try `pledger terms check FILE --currency EUR`; "
    "docs/terms.md tells every line"
)


def read_terms(
    path: Path,
    currency: str = "",
    newest: Terms | None = None,
    *,
    options: Mapping[str, str] | None = None,
) -> ReadTerms:
    """The terms in a .toml or .json file; raises BadOption, naming the line's path.

    `currency`, `newest`: of the program they are for (`aggregates.terms_form.read_form`).
    `options`: what was said beside the file; it must not say otherwise.
    """
    from aggregates.errors import Invalid
    from aggregates.terms_form import read_form

    try:
        content = _content(path)
        if isinstance(content, dict):
            _add(content, options or {})
        return read_form(content, currency, newest)
    except BadOption:
        raise
    except Invalid as problem:
        raise BadOption(f"{path}: {problem}; {REMEDY}") from problem
    except ValueError as problem:
        kind = "JSON" if is_json(path) else "TOML"
        raise BadOption(f"{path}: no {kind} in UTF-8: {problem}") from problem


def is_json(path: Path) -> bool:
    """Whether a file is read as JSON, by its name."""
    return path.suffix.lower() == ".json"


def _content(path: Path) -> Any:
    text = path.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
    if is_json(path):
        return json.loads(text, object_pairs_hook=_once)
    return tomllib.loads(text)


def _add(content: dict[str, Any], options: Mapping[str, str]) -> None:
    for name, value in options.items():
        if value and str(content.setdefault(name, value)) != value:
            raise BadOption(
                f"--{name} {value!r}: the file says {content[name]!r}; say it in one place"
            )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once: of two, JSON readers take either."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands twice in one object")
        found[key] = value
    return found
