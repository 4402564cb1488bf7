"""What a query says, for any query."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from hypothesis import given
from hypothesis import strategies as st

from gateway.tracking import CLICK_ID_NAMES, MAX_VALUE, TRACKED, first_values, tracking_fields

QUERIES = st.text(st.sampled_from("ab=&%+2f0d0aé\u2028 sub1cid"), max_size=60)


@given(QUERIES)
def test_values_are_those_of_the_standard_library(query: str) -> None:
    expected: dict[str, str] = {}
    for name, value in parse_qsl(query, errors="replace"):
        expected.setdefault(name, value)
    assert first_values(query) == expected


@given(st.dictionaries(st.sampled_from(sorted(TRACKED | set(CLICK_ID_NAMES))), st.text()))
def test_fields_are_short_and_clean(values: dict[str, str]) -> None:
    for name, value in tracking_fields(urlencode(values, errors="replace")).items():
        assert name in TRACKED | {"external_id"}
        assert len(value) <= MAX_VALUE
        assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in value)


def test_of_the_aliases_the_first_in_order_counts() -> None:
    assert tracking_fields("irclickid=7&cid=5&xid=6") == {"external_id": "5"}
    assert tracking_fields("click_id=&tid=9") == {"external_id": "9"}
    assert tracking_fields("unknown=1&sub6=2") == {}
