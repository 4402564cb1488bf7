"""A ledger whose personal data is looked for byte by byte: in Kafka's segments, in the
processors' states, the warehouse, the logs and the vault, before and after it is forgotten."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.ledger import decisions, directory
from cli.payments.orders import orders_of
from cli.revealing import revealed_payee, vault_of
from events.log import partitions, read
from events.sealing import ERASED, is_pseudonym
from events.settings import Settings, load
from events.topics import TOPICS
from streams.schema import connect
from tests.cli.conftest import CommandFailed, ask, invoke, run
from tests.waiting import wait_until

pytestmark = pytest.mark.broker

NAME = "Xanthippe Quillfeather"
HOLDER = "Xanthippe Q Quillfeather"
IBAN = "DE75512108001245126199"
PERSON = "Zebedee Marchbanks"
TITLE = "Lighthouse lamps for Porthkerris"
CUSTOMER = "wilhelmina@porthkerris.example"
OTHER = "barnaby@elsewhere.example"
IDENTITY = "phone-of-wilhelmina-0049"
EMAIL = "accounts.wilhelmina@porthkerris.example"
POSTED = "ottoline-by-postback"
OWN = "xanthippe-as-a-customer"
PLAIN = (NAME, HOLDER, IBAN, PERSON, TITLE, CUSTOMER, OTHER, IDENTITY, EMAIL, POSTED, OWN)

AGREED = "Ten percent of every sale."
PORTS = ("--port=0", "--warehouse-port=0", "--gateway-port=0", "--partitions=4")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A ledger as `pledger up` runs it, and everything it writes below one directory."""
    directory = tmp_path_factory.mktemp("ledger")
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith("PLEDGER_")]:
            patched.delenv(name)
        patched.setenv("PLEDGER_HOME", str(directory))
        run("up", "--detach", *PORTS)
        try:
            yield directory
        finally:
            invoke(["down"])


@pytest.fixture(scope="module")
def told(home: Path) -> Path:
    """The ledger after a life with marked customers: leads, deals, a refund, a payment."""
    run("programs", "add", "acme", "--currency", "EUR")
    marks = ask("programs", "personal-fields", "acme", "customer", "metadata.email")
    assert marks["fields"] == ["customer", "identity", "metadata.email"]
    run("terms", "add", "acme", "--sale", "10%", "--hold-days", "0", "--effective-from",
        "2025-01-01", "--engine", "2")  # fmt: skip
    (home / "agreed.txt").write_text(AGREED)
    run("agreements", "publish", "acme", "--file", str(home / "agreed.txt"), "--title", "Terms")
    run("partners", "add", "xanthippe", "--name", NAME, "--program", "acme")
    run("partners", "payee", "xanthippe", "--method", "bank", "--name", HOLDER, "--iban", IBAN)
    run("partners", "identify", "xanthippe", OWN)
    run("programs", "payer", "acme", "--name", "Acme", "--iban", "DE89370400440532013000")
    run("agreements", "accept", "acme", "xanthippe", "--person", PERSON, "--file",
        str(home / "agreed.txt"))  # fmt: skip
    run("registrations", "submit", "r-1", "--program", "acme", "--partner", "xanthippe",
        "--customer", CUSTOMER, "--kind", "lead", "--title", TITLE)  # fmt: skip
    run("registrations", "approve", "r-1")
    send(
        deal("D-1", CUSTOMER, metadata={"email": EMAIL, "colour": "green"}, identity=IDENTITY),
        deal("D-2", OTHER),
        deal("D-3", OWN, partner="xanthippe"),
        deal("D-4", "xanthippe", partner="xanthippe"),
        {"type": "refund", "program": "acme", "customer": CUSTOMER, "event_id": "R-1",
         "deal": "D-1", "amount": 1_000},
    )  # fmt: skip
    query = {"program": "acme", "customer": POSTED, "event": "newsletter", "partner": "xanthippe"}
    gateway().get("/v1/postback", params=query).raise_for_status()
    wait_until(lambda: len(conversions()) == 7, "everything is attributed")
    run("conversions", "assign", f"acme/{OTHER}", "D-2", "--to", "xanthippe", "--reason", "said so")
    wait_until(lambda: balance()["available"] == 1_900, "both commissions are booked")
    run("runs", "start", "run-1", "--program", "acme")
    run("runs", "files", "run-1", "--format", "pain.001", "--out", str(home.parent / "files"),
        "--send")  # fmt: skip
    wait_until(lambda: balance()["in_transit"] == 1_900, "the warehouse has it")
    return home


def gateway() -> httpx.Client:
    return httpx.Client(base_url=load().gateway, trust_env=False, timeout=20)


def deal(name: str, customer: str, partner: str = "", **more: Any) -> dict[str, Any]:
    return {"type": "deal", "program": "acme", "customer": customer, "event_id": f"E-{name}",
            "deal": name, "amount": 10_000, "partner": partner,
            **more}  # fmt: skip


def send(*given: dict[str, Any]) -> Any:
    answer = gateway().post("/v1/conversions", json=list(given))
    assert answer.status_code == 202, answer.text
    assert not answer.json()["rejected"], answer.text
    return answer.json()


def conversions(*options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask("conversions", "--program", "acme", *options)
    return found


def balance() -> dict[str, Any]:
    found = ask("balance", "xanthippe")
    return found[0] if found else {"available": 0, "in_transit": 0}


def by_event() -> dict[str, dict[str, Any]]:
    return {row["event_id"]: row for row in conversions()}


def files_with(below: Path, needles: tuple[bytes, ...]) -> list[str]:
    """Which files hold which of the needles, as they lie on the disk."""
    found = []
    for folder, _, names in os.walk(below):  # the warehouse may merge and drop meanwhile
        for path in (Path(folder) / name for name in names):
            with suppress(FileNotFoundError):
                held = path.read_bytes() if path.is_file() else b""
                found += [
                    f"{path.relative_to(below)}: {needle!r}" for needle in needles if needle in held
                ]
    return found


def records_with(settings: Settings, needles: tuple[bytes, ...]) -> list[str]:
    """Which records hold which of the needles, decompressed as every reader sees them."""
    return [
        f"{record.position}: {needle!r}"
        for topic in TOPICS
        for partition in range(partitions(settings.broker, topic.name))
        for record in read(settings.broker, topic.name, partition)
        for needle in needles
        if needle in (record.value or b"") + (record.key or b"")
    ]


def rows_with(needles: tuple[bytes, ...]) -> list[str]:
    """Which tables and views hold which of the needles, as a query sees them."""
    client = connect(load().warehouse)
    found = client.query(
        "SELECT name FROM system.tables WHERE database = currentDatabase() "
        "AND name NOT LIKE '%as_of%'"  # those take a moment, and show the same tables
    )
    tables = [table for (table,) in found.result_rows]
    return [
        f"{table}: {needle!r}"
        for table in tables
        if (rows := client.raw_query(f"SELECT * FROM {table} FORMAT JSONEachRow"))
        for needle in needles
        if needle in rows
    ]


def held(home: Path) -> list[str]:
    needles = tuple(text.encode() for text in PLAIN)
    return files_with(home, needles) + records_with(load(), needles) + rows_with(needles)


def test_a_search_for_what_is_there_finds_it(told: Path) -> None:
    """The search itself can fail: an id that nobody sealed is found in every kind of place."""
    found = files_with(told, (b"xanthippe",))
    for place in ("broker", "warehouse", "state"):
        assert any(line.startswith(place) for line in found), (place, found)
    assert rows_with((b"green",))
    assert any(line.startswith("decisions/") for line in records_with(load(), (b"green", b"r-1")))
    assert any(line.startswith("conversions/") for line in records_with(load(), (b"green",)))


def test_no_byte_of_the_ledger_holds_it_in_plain(told: Path) -> None:
    assert held(told) == []


def test_people_read_it_until_it_is_forgotten(told: Path) -> None:
    assert NAME in run("partners", "list")
    assert PERSON in run("agreements", "list", "acme", "--accepted")
    assert TITLE in run("registrations", "list")
    assert CUSTOMER in run("registrations", "show", "r-1")
    assert HOLDER in run("partners", "payee", "xanthippe")
    assert NAME in run("explain", "xanthippe")
    paid = next((told.parent / "files").glob("*.xml")).read_text()
    assert IBAN in paid and HOLDER in paid
    with gateway() as api:
        assert api.get("/v1/partners/xanthippe").json()["name"] == NAME
        assert api.get("/v1/partners/xanthippe/payee").json()["iban"] == IBAN
        registration = api.get("/v1/registrations/r-1").json()
        assert (registration["title"], registration["original"]) == (TITLE, CUSTOMER)
        accepted = api.get("/v1/programs/acme/agreements/acceptances").json()
        assert PERSON in json.dumps(accepted, ensure_ascii=False)
    rows = by_event()
    assert rows["E-D-1"]["original"] == CUSTOMER
    assert is_pseudonym(rows["E-D-1"]["customer"])
    kept = ask("sql", "SELECT metadata FROM conversions FINAL WHERE event_id = 'E-D-1' LIMIT 1")
    assert kept[0]["metadata"] == {
        "colour": "green", "customer": CUSTOMER, "email": EMAIL, "identity": IDENTITY,
    }  # fmt: skip


def test_what_compares_customers_still_does(told: Path) -> None:
    rows = by_event()
    assert rows["R-1"]["outcome"] == "refunded", "by the deal, under its customer's pseudonym"
    assert rows["E-D-1"]["credited"] == "xanthippe by registered_deal", "by the claim"
    assert rows["E-D-3"]["reason"] == "self_referral", "what the partner is known as"
    assert rows["E-D-4"]["reason"] == "self_referral", "the partner's own id"
    assert len(conversions("--customer", CUSTOMER)) == 3
    assert f"customer {CUSTOMER} in acme" in run("explain", f"acme/{CUSTOMER}/D-1")
    send(deal("D-1", CUSTOMER, metadata={"email": EMAIL, "colour": "green"}, identity=IDENTITY))
    assert {row["outcome"] for row in conversions()} <= {
        "credited", "unattributed", "refunded", "assigned", "duplicate",
    }  # fmt: skip


def test_a_partner_that_is_owed_money_is_not_forgotten_by_mistake(told: Path) -> None:
    with pytest.raises(CommandFailed, match=r"is owed 19\.00 EUR by acme") as refused:
        run("forget", "partner:xanthippe")
    assert refused.value.code == 2
    assert NAME in run("partners", "list")


def test_after_forgetting_everything_stands_and_nothing_can_be_read(told: Path) -> None:
    vault = vault_of(load())
    subjects = [f"customer:acme/{text}" for text in (CUSTOMER, POSTED)]
    standing = [by_event()["E-D-1"]["customer"]]
    keys = vault.keys(["partner:xanthippe", f"customer:acme/{standing[0]}", "registration:r-1"])
    secrets = tuple(key.secret for key in keys.values() if key is not None)
    assert len(secrets) == 3
    wrapped = tuple(
        row[0] for row in vault._file._database.execute("SELECT wrapped FROM keys WHERE live = 1")
    )
    before = ask("balance", "xanthippe"), by_event().keys()

    done = ask("forget", "partner:xanthippe", "--anyway", "--reason", "asked for it", "--by", "ann")
    assert done["forgotten"] == ["partner:xanthippe"]
    assert done["in_plain"] == []
    for subject in subjects:
        run("forget", "-", input=f"{subject}\n")
    assert "registration:r-1" in run("forget", "--list")
    assert ask("forget", subjects[0])["in_plain"] == [], "again: nothing is left to do"
    assert len(ask("forget", "--list")) == 4

    assert (ask("balance", "xanthippe"), by_event().keys()) == before
    prove()
    assert held(told) == []
    assert files_with(told, secrets) == []
    gone = [row for row in vault.destroyed() if row.subject in keys]
    assert len(gone) == 3
    live = {r[0] for r in vault._file._database.execute("SELECT wrapped FROM keys WHERE live = 1")}
    destroyed = tuple(key for key in wrapped if key not in live)
    assert len(destroyed) == 4
    assert files_with(told, destroyed) == []
    assert files_with(told, tuple(live)), "the keys of others are where they were"

    for command in (
        ["partners", "list"], ["agreements", "list", "acme", "--accepted"],
        ["registrations", "list"], ["registrations", "show", "r-1"], ["explain", "xanthippe"],
        ["partners", "payee", "xanthippe"],
    ):  # fmt: skip
        said = run(*command)
        assert ERASED in said, command
        assert not [text for text in PLAIN if text in said], command
    assert run("partners", "payee", "xanthippe").strip().endswith("[erased], [erased]")
    with gateway() as api:
        assert api.get("/v1/partners/xanthippe").json()["name"] == ERASED
        assert api.get("/v1/partners/xanthippe/payee").json()["iban"] == ERASED
        assert api.get("/v1/registrations/r-1").json()["original"] == ERASED
    rows = by_event()
    assert rows["E-D-1"]["original"] == ERASED
    assert rows["E-D-2"]["original"] == OTHER, "who was not forgotten is not erased"


def test_a_refund_that_comes_later_still_finds_its_deal_and_brings_nothing_back(
    told: Path,
) -> None:
    send({"type": "refund", "program": "acme", "customer": CUSTOMER, "event_id": "R-2",
          "deal": "D-1", "amount": 500, "metadata": {"email": EMAIL}})  # fmt: skip
    wait_until(lambda: "R-2" in by_event(), "the refund is attributed")
    assert by_event()["R-2"]["outcome"] == "refunded"
    assert held(told) == []
    kept = ask("sql", "SELECT metadata FROM conversions FINAL WHERE event_id = 'R-2'")
    assert kept[0]["metadata"] == {"customer": ERASED, "email": ERASED}


def test_a_payment_file_leaves_out_whom_it_can_no_longer_pay(told: Path) -> None:
    run("payouts", "fail", payout_of("run-1"), "--reason", "account closed")
    wait_until(lambda: balance()["available"] > 0, "it is available again")
    run("runs", "start", "run-2", "--program", "acme")
    with decisions(load()) as ledger:
        wait_until(
            lambda: (
                ledger.refresh() > 0
                and [one.status for one in ledger.payouts_of("run-2")] == ["funded"]
            ),
            "its money is set aside",
        )
    files = told.parent / "files-2"
    assert invoke(["runs", "files", "run-2", "--format", "pain.001", "--out", str(files)]).exit_code
    assert not list(files.glob("*"))
    with directory(load()) as follower, decisions(load()) as ledger:
        payee = follower.directory.payee("xanthippe", follower.directory.count)
        [payout] = ledger.payouts_of("run-2")
    assert payout.status == "funded"
    orders, left = orders_of([payout], lambda _: revealed_payee(payee), "pain.001")
    assert not orders
    assert "erased" in left[0].reason


def payout_of(name: str) -> str:
    with gateway() as api:
        found = api.get("/v1/payouts", params={"run": name}).json()["data"]
    return str(found[0]["payout"])


def prove() -> None:
    """All of it from the log, and the payment to its clicks."""
    for command in (
        ["replay", "--verify", "--patience", "20"],
        ["audit", "payout", payout_of("run-1")],
    ):
        proved = invoke(command)
        assert proved.exit_code == 0, proved.output


def test_program_whose_secret_is_destroyed_takes_no_marked_conversion(told: Path) -> None:
    run("programs", "add", "late", "--currency", "EUR")
    run("programs", "personal-fields", "late", "customer")
    given = deal("D-9", CUSTOMER) | {"program": "late"}
    wait_until(
        lambda: gateway().post("/v1/conversions", json=given).status_code == 202, "it is known"
    )
    vault = vault_of(load())
    stands = vault.pseudonym("late", CUSTOMER)
    run("forget", "program:late")
    with pytest.raises(CommandFailed, match="secret of program late"):
        run("registrations", "submit", "r-9", "--program", "late", "--partner", "xanthippe",
            "--customer", CUSTOMER)  # fmt: skip
    assert is_pseudonym(stands)
