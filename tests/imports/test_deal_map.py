"""A map that cannot be used says which key, and what was expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.imports.deal_map import MapError, map_of, read_map
from cli.imports.order_rows import check_columns

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "online_retail.toml"


def shape(**changes: dict[str, Any]) -> dict[str, Any]:
    """A map that works, with some keys of its sections changed."""
    base: dict[str, Any] = {
        "name": "orders",
        "file": {"date_format": "iso"},
        "deal": {
            "id": "Order",
            "occurred_at": "Date",
            "amount": "Total",
            "currency": "Currency",
            "customer": "Customer",
        },
    }
    for section, keys in changes.items():
        base[section] = {**base.get(section, {}), **keys}
    return base


def test_the_example_is_a_map() -> None:
    assert read_map(EXAMPLE).name == "online-retail"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"deal": {"id": 3}}, "deal.id: Expected"),
        ({"deal": {"amout": "Total"}}, "deal: Object contains unknown field `amout`"),
        ({"deal": {"amount": {"column": "Total", "expr": "1"}}}, "deal.amount: expected exactly"),
        ({"deal": {"amount": {"expr": "1 +"}}}, "deal.amount.expr: '1 +' is not an expression"),
        ({"deal": {"unit": "cents"}}, "deal.unit: Invalid enum value 'cents'"),
        ({"refund": {"when": "("}}, "refund.when: '(' is not an expression"),
        ({"refund": {}}, "refund: Object missing required field `when`"),
        ({"file": {"delimiter": ""}}, "file.delimiter: expected one character"),
        ({"file": {"encoding": "klingon"}}, "file.encoding: unknown encoding"),
        ({"file": {"timezone": "Mars/Base"}}, "file.timezone:"),
        ({"file": {"decimal": ",", "thousands": ","}}, "file.thousands: the same sign"),
    ],
)
def test_errors_name_the_key(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(MapError) as caught:
        map_of(shape(**changes), "orders.toml")
    assert str(caught.value).startswith(f"orders.toml: {said}")


def test_a_column_that_the_file_does_not_have_is_named() -> None:
    header = ["Order", "Date", "Sum", "Currency", "Customer"]
    with pytest.raises(MapError, match=r"deal\.amount: no column 'Total'; .*Sum"):
        check_columns(Path("orders.csv"), map_of(shape(), "orders.toml"), header)


def test_a_name_in_an_expression_that_is_no_column_is_named() -> None:
    checked = map_of(shape(refund={"when": "Kind == 'refund' and amount < 0"}), "orders.toml")
    header = ["Order", "Date", "Total", "Currency", "Customer"]
    with pytest.raises(MapError, match=r"refund\.when: .* uses 'Kind', which is no column"):
        check_columns(Path("orders.csv"), checked, header)


def test_not_toml(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("name = ")
    with pytest.raises(MapError, match=r"broken\.toml: not TOML"):
        read_map(path)
