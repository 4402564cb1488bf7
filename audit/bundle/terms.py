"""The terms that the entries of a bundle were reckoned by, set apart for people to read.

They say nothing that the decisions in the bundle do not: whoever verifies it makes them again.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from audit.bundle.format import encode
from events.journal import Entry
from projections.directory import Directory


def terms_member(directory: Directory, entries: Iterable[Entry]) -> bytes:
    """Each version of terms that an entry cites, where its decision is shown: JSON, by position.

    [{"position", "program", "terms": {version, effective_from, rules, …}}]
    """
    cited = {(entry.program, entry.terms_at) for entry in entries if entry.terms_at}
    found = [
        {"position": version.position, "program": program, "terms": version.terms}
        for program in sorted({program for program, _ in cited})
        for version in directory.terms_versions(program)
        if (program, version.position) in cited
    ]
    return msgspec.json.format(encode(found), indent=2) + b"\n"
