"""An order list of a program that marks its customers: nothing of them goes in plain."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.revealing import vault_of
from events.conversions import Deal, Refund
from events.sealing import is_pseudonym
from events.settings import Settings
from events.topics import CONVERSIONS
from tests.cli.conftest import ask, here, run
from tests.imports.test_twice import files, records

__all__ = ["here"]

pytestmark = pytest.mark.broker

ANN, BOB = "ann@meadow.example", "bob@meadow.example"
ORDERS = f"""Order,Date,Total,Currency,Customer,Partner
A1,2025-03-01,10.00,GBP,{ANN},jane
A2,2025-03-02,20.00,GBP,{BOB},jane
R1,2025-03-03,-5.00,GBP,{ANN},
"""


def test_orders_go_in_once_before_and_after_a_customer_is_forgotten(
    here: Settings, tmp_path: Path
) -> None:
    run("programs", "add", "shop", "--currency", "GBP")
    run("programs", "personal-fields", "shop", "customer")
    arguments = files(tmp_path, ORDERS)
    vault = vault_of(here)
    dry = ask("import", "deals", *arguments, "--create-partners", "--dry-run")
    assert dry["written"] == 3
    assert not vault.destroyed()
    pseudonym = vault.pseudonym("shop", ANN)
    assert not vault.has_key(f"customer:shop/{pseudonym}"), "a dry run makes no keys"

    assert ask("import", "deals", *arguments, "--create-partners")["written"] == 3
    found = records(here, CONVERSIONS)
    assert {type(one) for one in found} == {Deal, Refund}
    assert all(is_pseudonym(one.customer) for one in found)  # type: ignore[attr-defined]
    assert {vault.reveal(one.metadata["customer"]) for one in found} == {ANN, BOB}  # type: ignore[attr-defined]
    deal, refund = (
        next(one for one in found if one.event_id == f"orders:{name}")  # type: ignore[attr-defined]
        for name in ("A1", "R1")
    )
    assert deal.customer == refund.customer  # type: ignore[attr-defined]

    again = ask("import", "deals", *arguments)
    assert (again["already"], again["conflicts"], again["unchanged"]) == (3, [], True)
    run("forget", f"customer:shop/{ANN}")
    again = ask("import", "deals", *arguments)
    assert (again["already"], again["conflicts"], again["unchanged"]) == (3, [], True)
    dry = ask("import", "deals", *arguments, "--dry-run")
    assert (dry["written"], dry["already"]) == (0, 3)
    more = files(tmp_path, ORDERS + f"A3,2025-03-09,7.00,GBP,{ANN},jane\n")
    assert ask("import", "deals", *more)["written"] == 1
    newest = records(here, CONVERSIONS)
    assert ANN not in repr(newest)
    assert {one.customer for one in newest} == {one.customer for one in found}  # type: ignore[attr-defined]
