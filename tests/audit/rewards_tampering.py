"""Ways to tamper with a ledger of engine 2, beside those of `tests.audit.tampering`.

Each takes the ledger `tests.audit.rewards_scene.rewarded` and changes what tiers, caps, shares,
rates, reviews, contests, assignments or individual terms rest on.
"""

from __future__ import annotations

from typing import Any

import msgspec

from events import topics
from events.conversions import Assignment, Deal
from tests.audit.memory import NOON, MemoryLedger
from tests.audit.places import Find, at, beyond, made_of, no_longer_follow, source
from tests.audit.scene import found
from tests.audit.tampering import (
    Tampering,
    Way,
    also,
    altered,
    appended,
    decided,
    forged,
    next_n,
    next_of,
    removed,
    replaced,
)

# jane's
BOOKED = (topics.JOURNAL, '"kind":"commission","program":"acme","unit":"EUR","legs":'
          '[{"account":"commissions","amount":-1201,')  # fmt: skip
WAITING = (topics.JOURNAL, '"hold":"duplicate_customer"')
FUNDED = (topics.JOURNAL, '"kind":"payout_funded"')
AWARDED = (topics.INSTRUCTIONS, '"kind":"award","adjustment":"race","unit":"EUR"')
ADJUSTED = (topics.INSTRUCTIONS, '"kind":"adjustment"')
REVIEWED = (topics.INSTRUCTIONS, '"partner":"jane","program":"acme","step":"released"')
OVERRIDE = (topics.INSTRUCTIONS, '"level":1,"via":"omar"')
ASSIGNED = (topics.ATTRIBUTIONS, '"outcome":"assigned"')
SHARED = (topics.ATTRIBUTIONS, '"deal":"d12"')
ASSIGNMENT = (topics.CONVERSIONS, '"type":"assignment.v1"')
CLOSED = (topics.DECISIONS, "contest.closed")
RATES = (topics.DECISIONS, "rates.set")
RELEASE = (topics.DECISIONS, "commission.released")
OWN_TERMS = (topics.DECISIONS, '"name":"own"')
RECRUITED = (topics.DECISIONS, "partner.recruited")
ACCEPTED = (topics.DECISIONS, "agreement.accepted")
TOLD = (topics.DECISIONS, "payout.funded")
# omar's and kim's
IN_DOLLARS = (topics.JOURNAL, '"rates":[')


def leg(find: Find, place: int, **changes: object) -> Tampering:
    """Fields of one leg of an entry."""

    def do(ledger: MemoryLedger) -> None:
        position = found(ledger.log, *find)
        value: dict[str, Any] = msgspec.json.decode(ledger.log.read_one(position).value or b"")
        value["legs"][place] |= changes
        ledger.log.replace(position, value=msgspec.json.encode(value))

    return do


def shares(*parts: int) -> Tampering:
    """The shares of the credits of level 0 of a shared deal."""

    def do(ledger: MemoryLedger) -> None:
        position = found(ledger.log, *SHARED)
        value: dict[str, Any] = msgspec.json.decode(ledger.log.read_one(position).value or b"")
        before = 0
        for credit, part in zip(value["credits"], parts, strict=False):
            credit |= {"share": part, "before": before}
            before += part
        ledger.log.replace(position, value=msgspec.json.encode(value))

    return do


def assigned_anew(**changes: object) -> Tampering:
    """An assignment at the end of its customer's conversions, of a deal that was never so."""

    def do(ledger: MemoryLedger) -> None:
        position = found(ledger.log, topics.CONVERSIONS, '"deal":"d4"')
        said: Deal = msgspec.json.decode(ledger.log.read_one(position).value or b"", type=Deal)
        deal = msgspec.structs.replace(said, **changes)
        ledger.convert(
            Assignment("acme", said.customer, "a4", NOON, said.known, "jane", deal, "forged")
        )

    return do


def forged_assigned(ledger: MemoryLedger) -> None:
    """A deal with another amount is assigned, and an attribution and all after it follow."""
    assigned_anew(amount=9_000_000)(ledger)
    position = found(ledger.log, topics.CONVERSIONS, '"event_id":"a4"')
    honest = found(ledger.log, *ASSIGNED)
    value: dict[str, Any] = msgspec.json.decode(ledger.log.read_one(honest).value or b"")
    value |= {
        "n": position.offset,
        "source": str(position),
        "event_id": "a4",
        "customer": "customer-4",
        "deal": "d4",
        "amount": 9_000_000,
        "withdrawn": [],
        "refunded": [],
    }
    log, place = ledger.log, position.partition
    log.append(topics.ATTRIBUTIONS, "acme/customer-4", msgspec.json.encode(value), 0, place)


WAYS = (
    # The journal
    Way(
        "counters",
        altered(BOOKED, counters={"sale/count/2023-11": 9}),
        "altered",
        at(BOOKED),
        "counters",
    ),
    Way("counters taken away", altered(BOOKED, counters={}), "altered", at(BOOKED), "counters"),
    Way(
        "counters that wait",
        altered(WAITING, waiting={}),
        "altered",
        at(WAITING),
        "waiting",
        concerns_payout=False,
    ),
    Way(
        "the rate of an entry",
        replaced(IN_DOLLARS, '"rate":"1.0817"', '"rate":"1.1817"'),
        "altered",
        at(IN_DOLLARS),
        "rates",
        concerns_payout=False,
    ),
    Way(
        "whose rate it is",
        replaced(IN_DOLLARS, '"position":"decisions/0/', '"position":"decisions/0/1'),
        "altered",
        at(IN_DOLLARS),
        "rates",
        concerns_payout=False,
    ),
    Way("a hold", altered(WAITING, hold=""), "altered", at(WAITING), "hold", concerns_payout=False),
    Way("until when", leg(BOOKED, 1, available_at=NOON), "altered", at(BOOKED), "legs"),
    Way("a leg's rule", leg(BOOKED, 1, rule="lead"), "altered", at(BOOKED), "legs"),
    Way("a leg's unit", leg(BOOKED, 2, unit="EUR"), "altered", at(BOOKED), "legs"),
    Way("balances in points", altered(BOOKED, balances={}), "altered", at(BOOKED), "balances"),
    Way("a share", altered(BOOKED, share=5_000), "altered", at(BOOKED), "share"),
    Way("what is withheld", replaced(FUNDED, "1689", "1589"), "altered", at(FUNDED), "legs"),
    Way(
        "notes",
        altered(BOOKED, notes=["cap lid: 1.00 of 2.00 EUR"]),
        "altered",
        at(BOOKED),
        "notes",
    ),
    Way(
        "who decided",
        altered((topics.JOURNAL, '"by":"ann"'), by="x"),
        "altered",
        at((topics.JOURNAL, '"by":"ann"')),
        "by",
        concerns_payout=False,
    ),
    # Instructions
    Way(
        "an override removed",
        removed(OVERRIDE),
        "missing",
        source(OVERRIDE),
        "attributions/",
        "post",
    ),
    Way(
        "an override of another level",
        altered(OVERRIDE, level=2),
        "altered",
        at(OVERRIDE),
        "level",
        "post",
    ),
    Way(
        "a review forged",
        appended(REVIEWED, source="decisions/0/999", n=next_of("decisions/0"), deal="d3"),
        "foreign",
        beyond(REVIEWED),
        "decisions/0/999",
        "post",
    ),
    Way(
        "a review of another deal",
        altered(REVIEWED, deal="d3"),
        "altered",
        at(REVIEWED),
        "deal",
        "post",
    ),
    Way("a review removed", removed(REVIEWED), "missing", source(REVIEWED), "decisions/0", "post"),
    Way(
        "an award's amount",
        altered(AWARDED, amount=9_999),
        "altered",
        at(AWARDED),
        "amount",
        "post",
    ),
    Way(
        "an award forged",
        appended(AWARDED, source="decisions/0/999", n=next_of("decisions/0"), adjustment="x"),
        "foreign",
        beyond(AWARDED),
        "decisions/0/999",
        "post",
    ),
    Way(
        "a correction's amount",
        altered(ADJUSTED, amount=9_999),
        "altered",
        at(ADJUSTED),
        "amount",
        "post",
    ),
    Way(
        "a hold forgotten",
        replaced(
            (topics.INSTRUCTIONS, '"identity":"person-1"'),
            '"identity":"person-1"',
            '"identity":"person-9"',
        ),
        "altered",
        at((topics.INSTRUCTIONS, '"identity":"person-1"')),
        "identity",
        "post",
        concerns_payout=False,
    ),
    Way(
        "items made dearer",
        replaced((topics.INSTRUCTIONS, '"category":"shoes"'), '"amount":1000', '"amount":9000'),
        "altered",
        at((topics.INSTRUCTIONS, '"category":"shoes"')),
        "items",
        "post",
        concerns_payout=False,
    ),
    # Attributions
    Way("a split", shares(9_000, 1_000), "altered", at(SHARED), "credits", "relay"),
    Way(
        "a split given wholly to one", shares(10_000, 0), "altered", at(SHARED), "credits", "relay"
    ),
    Way(
        "an assigned deal given to another",
        replaced(ASSIGNED, '"credits":[{"partner":"jane"', '"credits":[{"partner":"kim"'),
        "altered",
        at(ASSIGNED),
        "credits",
        "relay",
    ),
    Way(
        "nothing is withdrawn",
        altered(ASSIGNED, withdrawn=[]),
        "altered",
        at(ASSIGNED),
        "withdrawn",
        "relay",
    ),
    Way(
        "a purchase's number",
        replaced(SHARED, '"purchase":1', '"purchase":2'),
        "altered",
        at(SHARED),
        "purchase",
        "relay",
    ),
    # Conversions
    Way(
        "an assignment of another deal",
        replaced(ASSIGNMENT, '"amount":13506', '"amount":23506'),
        "altered",
        made_of(ASSIGNMENT),
        "attributions/",
    ),
    Way(
        "an assignment to another",
        replaced(ASSIGNMENT, '"partner":"jane"', '"partner":"omar"'),
        "altered",
        made_of(ASSIGNMENT),
        "attributions/",
    ),
    Way("an assignment appended", assigned_anew(), "missing", beyond(ASSIGNMENT), "conversions/"),
    Way(
        "an assignment and its attribution forged",
        forged_assigned,
        "altered",
        beyond(ASSIGNED),
        "outcome",
        "relay",
    ),
    Way(
        "an identity",
        altered((topics.CONVERSIONS, '"deal":"d7"'), identity="x"),
        "altered",
        made_of((topics.CONVERSIONS, '"deal":"d7"')),
        "attributions/",
    ),
    # Decisions
    Way(
        "a contest's winners",
        replaced(CLOSED, '"partner":"jane"', '"partner":"kim"'),
        "altered",
        at(CLOSED),
        "the winners of contest race of acme",
        "relay",
        also=also("payout", at(TOLD)),
    ),
    Way(
        "a contest's prize",
        replaced(CLOSED, '"amount":2500', '"amount":9500'),
        "altered",
        at(CLOSED),
        "the winners of contest race of acme",
        "relay",
        also=also("payout", at(TOLD)),
    ),
    Way(
        "a contest read less far",
        replaced(CLOSED, '"2":', '"9":'),
        "altered",
        at(CLOSED),
        "the winners of contest race of acme",
        "relay",
    ),
    Way(
        "a contest that no terms have",
        replaced(CLOSED, '"contest":"race"', '"contest":"x"'),
        "foreign",
        at(CLOSED),
        "closes contest x of acme",
        "relay",
    ),
    Way(
        "rates decided otherwise",
        replaced(RATES, "1.0817", "1.1817"),
        "altered",
        at(IN_DOLLARS),
        "rates",
        concerns_payout=False,
    ),
    Way(
        "individual terms",
        replaced(OWN_TERMS, ":2345", ":3345"),
        "altered",
        no_longer_follow(topics.JOURNAL),
        "journal/",
        concerns_payout=False,
    ),
    Way(
        "individual terms of another",
        replaced(OWN_TERMS, '"partner":"kim"', '"partner":"jane"'),
        "altered",
        no_longer_follow(topics.JOURNAL),
        "journal/",
    ),
    Way(
        "individual terms removed",
        removed(OWN_TERMS),
        "altered",
        no_longer_follow(topics.JOURNAL),
        "journal/",
        also=also("altered", at(REVIEWED)),
    ),
    Way(
        "individual terms forged first",
        forged(
            OWN_TERMS,
            events=[
                {
                    "aggregate": "program:acme",
                    "version": 3,
                    "name": "program.terms_added",
                    "state": {
                        "program": "acme",
                        "terms": {
                            "version": 2,
                            "effective_from": 0,
                            "rules": [],
                            "engine": "2",
                            "partner": "jane",
                        },
                    },
                }
            ],
        ),
        "altered",
        no_longer_follow(topics.JOURNAL),
        "journal/",
    ),
    Way(
        "a tier",
        replaced((topics.DECISIONS, '"threshold":20000'), '"threshold":20000', '"threshold":10000'),
        "altered",
        no_longer_follow(topics.JOURNAL),
        "journal/",
    ),
    Way(
        "whose sub-partner",
        replaced(RECRUITED, '"parent":"jane"', '"parent":"kim"'),
        "altered",
        no_longer_follow(topics.ATTRIBUTIONS),
        "credits",
    ),
    Way(
        "a release removed",
        removed(RELEASE),
        "altered",
        at(REVIEWED),
        "routed from decisions/0",
    ),
    Way(
        "a release out of the blue",
        decided(
            "commission:acme/jane/d0",
            9,
            "commission.released",
            program="acme",
            partner="jane",
            deal="d0",
            event_id="",
            reason="x",
        ),
        "missing",
        beyond(CLOSED),
        "version 9 of commission:acme/jane/d0",
    ),
    Way(
        "an acceptance of another text",
        replaced(ACCEPTED, '"sha256":"0000', '"sha256":"1111'),
        "altered",
        at(ACCEPTED),
        "what was published",
        concerns_payout=False,
    ),
    Way(
        "a payout approved by who asked",
        replaced((topics.DECISIONS, "payout.approved"), '"by":"bea"', '"by":"ann"'),
        "payout",
        at((topics.DECISIONS, "payout.approved")),
        "asked for it too",
    ),
    Way(
        "an attribution of an assignment twice",
        appended(ASSIGNED, n=next_n, event_id="x"),
        "foreign",
        beyond(ASSIGNED),
        "attributions/",
        concerns_payout=False,
    ),
)
"""Each with what the replay calls it."""
