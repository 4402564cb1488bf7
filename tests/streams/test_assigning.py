"""A deal given to a partner after a part of it was refunded: booked, and proved from the log."""

from __future__ import annotations

from contextlib import closing

import pytest

from aggregates.application import open_decisions
from audit.log import KafkaLog
from audit.parallel import replay_ledger
from audit.payout import prove_payout
from events import topics
from events.click_token import load_keys
from events.codec import decode_record, encode
from events.conversions import Conversion, Deal, Refund, conversion_key
from events.journal import Entry
from events.log import Writer, read, watermarks
from events.settings import Broker, Settings
from events.terms import Override, Rule
from tests.cli.conftest import CommandFailed, ask, run
from tests.streams.processes import started
from tests.waiting import wait_until

pytestmark = pytest.mark.broker

NOON = 1_780_000_000_000
WORKER = ("streams.worker", "--only", "attribution,relay,posting,payouts")


@pytest.fixture
def here(ledger: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PLEDGER_HOME", str(ledger.home))
    monkeypatch.setenv("PLEDGER_BROKER", ledger.broker.servers)
    load_keys(ledger.keys)
    return ledger


def append(broker: Broker, *conversions: Conversion) -> None:
    writer = Writer(broker)
    for conversion in conversions:
        key = conversion_key(conversion.program, conversion.customer)
        writer.append(topics.CONVERSIONS, key=key, value=encode(conversion))
    writer.flush()


def journal(broker: Broker) -> list[Entry]:
    return [
        decode_record(record)
        for partition in sorted(watermarks(broker, topics.JOURNAL))
        for record in read(broker, topics.JOURNAL, partition)
    ]


def payable(broker: Broker) -> dict[str, int]:
    """Partner → what it is owed: the sum of its payable legs."""
    owed: dict[str, int] = {}
    for entry in journal(broker):
        moved = sum(leg.amount for leg in entry.legs if leg.account == "payable")
        owed[entry.partner] = owed.get(entry.partner, 0) + moved
    return owed


@pytest.mark.parametrize("engine", ["1", "2"])
def test_a_deal_assigned_after_a_partial_refund_is_booked_and_audited(
    here: Settings, engine: str
) -> None:
    broker = here.broker
    older = here.state / "worker-0" / "attribution" / "conversions-0"
    older.mkdir(parents=True)
    (older / "CURRENT").write_text("the state of a release that counted no purchases")
    overrides = (Override("team", 1, "sale", "percentage", 500),) if engine == "2" else ()
    with started(here, *WORKER) as worker, closing(open_decisions(broker)) as decisions:
        decisions.create_program("acme", "Acme", "EUR")
        rules = [Rule("sale", "sale", "percentage", 1_000)]
        decisions.add_terms(
            "acme", rules, effective_from=0, hold_days=0, engine=engine, overrides=overrides
        )
        for partner in ("jane", "omar", "zoe"):
            decisions.register_partner(partner, partner)
            decisions.apply(partner, "acme")
            decisions.approve(partner, "acme")
        decisions.create_link("jane-link", "acme", "jane", "https://shop.example/")
        decisions.recruit("omar", "acme", "zoe")
        known = decisions.refresh()
        append(
            broker,
            Deal("acme", "carol", "e-1", "d-1", 10_000, "EUR", NOON, known,
                 partner="jane"),
            Refund("acme", "carol", "r-1", 3_000, "EUR", NOON, known, "d-1"),
        )  # fmt: skip
        wait_until(lambda: payable(broker) == {"jane": 700}, "jane is owed 7.00")

        given = ask("conversions", "assign", "acme/carol", "d-1", "--to", "omar",
                    "--reason", "omar introduced carol", "--by", "ann")  # fmt: skip
        assert given["new"] is True
        above = {"zoe": 350} if engine == "2" else {}
        now = {"jane": 0, "omar": 700, **above}
        wait_until(lambda: payable(broker) == now, f"the deal is omar's: {now}")
        again = ask("conversions", "assign", "acme/carol", "d-1", "--to", "omar", "--reason", "?")
        assert again == {**given, "new": False}
        with pytest.raises(CommandFailed, match="nobody is not approved by acme"):
            run("conversions", "assign", "acme/carol", "d-1", "--to", "nobody", "--reason", "?")
        with pytest.raises(CommandFailed, match="'d-9' of customer 'carol'"):
            run("conversions", "assign", "acme/carol", "d-9", "--to", "omar", "--reason", "?")

        append(broker, Refund("acme", "carol", "r-2", 2_000, "EUR", NOON, known, "d-1"))
        now = {"jane": 0, "omar": 500, **({"zoe": 250} if engine == "2" else {})}
        wait_until(lambda: payable(broker) == now, f"less the refund after it: {now}")

        decisions.request_payout("po-1", "omar", "acme", "EUR", 0)
        wait_until(lambda: decisions.payout("po-1").status == "funded", "po-1 funded")
        proof = prove_payout(KafkaLog(broker), "po-1", load_keys(here.keys))
        assert (proof.partner, proof.amount) == ("omar", 500)
        assert [proved.method for proved in proof.before if proved.method] == ["manual"]
        assert worker.end() == 0, worker.said()[-3_000:]
    assert not older.exists()
    assert older.with_name("conversions-0.2").exists()

    report = replay_ledger(broker, load_keys(here.keys), processes=2)
    assert report.differences == []
    assert report.verified
