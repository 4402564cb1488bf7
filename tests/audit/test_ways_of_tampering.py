"""The page that lists all ways says what the tests try, and there are enough of each sort."""

from __future__ import annotations

from pathlib import Path

from tests.audit.ways_of_tampering import groups, page

PAGE = Path(__file__).parents[2] / "docs" / "ways-of-tampering.md"


def test_the_page_is_what_the_tests_try() -> None:
    assert PAGE.read_text() == page(), (
        "make it anew: python -m tests.audit.ways_of_tampering > docs/ways-of-tampering.md"
    )


def test_no_way_is_listed_twice_in_its_group() -> None:
    for group in groups():
        names = [line.done for line in group.lines]
        assert len(set(names)) == len(names), group.title
        assert all(line.kind and line.where for line in group.lines)
