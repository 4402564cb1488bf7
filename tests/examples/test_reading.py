"""That a document whose output is wrong is found: the reading of documents, tested by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples.document import Command, File, Known, difference, read

PAGE = """# A page

```toml file=terms.toml
hold_days = 3
```

```console
$ pledger programs add acme \\
      --currency EUR
program acme created
$ pledger balance jane
```

```text
not run
```
"""
TABLE = """┏━━━━━━┳━━━━━━━━━━┓
┃ what ┃   amount ┃
┡━━━━━━╇━━━━━━━━━━┩
│ sale │ 1.00 EUR │
└──────┴──────────┘
"""


def test_files_and_commands(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    assert list(read(path)) == [
        File("terms.toml", "hold_days = 3\n"),
        Command(8, "pledger programs add acme --currency EUR", ("program acme created",), 10),
        Command(11, "pledger balance jane", (), 11),
    ]


@pytest.mark.parametrize(
    ("promised", "printed", "said"),
    [
        ("paid 1.00 EUR", "paid 1.00 EUR\n", ""),
        ("paid 1.00 EUR", "paid 1.01 EUR\n", "promised: paid 1.00 EUR\nprinted:  paid 1.01 EUR"),
        ("paid 1.00 EUR", "", "nothing printed for: paid 1.00 EUR"),
        ("", "paid 1.00 EUR\n", "also printed: paid 1.00 EUR"),
        ("at <time>", "at 2026-11-23T12:00:00.123Z\n", ""),
        ("at <time>", "at noon\n", "promised: at <time>\nprinted:  at noon"),
        ("by <position>, <sha256>", f"by journal/3/17, {'a' * 64}\n", ""),
        ("by <position>", "by journal/3\n", "promised: by <position>\nprinted:  by journal/3"),
        ("up to <positions>", "up to 0: 1, 1: 22\n", ""),
        ("a.c", "abc\n", "promised: a.c\nprinted:  abc"),
    ],
)
def test_differences(promised: str, printed: str, said: str) -> None:
    assert difference(Known(), tuple(promised.splitlines()), printed) == said


def test_tables_are_compared_by_their_cells() -> None:
    wide = TABLE.replace("│ sale │", "│ sale         │")
    assert difference(Known(), tuple(wide.splitlines()), TABLE) == ""
    other = TABLE.replace("1.00", "1.01")
    assert "1.01" in difference(Known(), tuple(TABLE.splitlines()), other)


def test_what_is_named_is_learned_and_must_stay_the_same() -> None:
    known = Known()
    assert (
        difference(known, ("https://shop/?click_id=<click>",), "https://shop/?click_id=x.7\n") == ""
    )
    assert known.filled('curl -d \'{"click_id": "<click>"}\'') == 'curl -d \'{"click_id": "x.7"}\''
    assert difference(known, ("click <click>",), "click x.7\n") == ""
    assert difference(known, ("click <click>",), "click x.8\n") != ""
    with pytest.raises(KeyError):
        known.filled("pledger explain <entry>")
