"""What the directory knows of agreements, claims, recruits and rates, as of any decision."""

from __future__ import annotations

import pytest

from events import decisions as fact
from events.terms import Rule
from projections.rate_tables import day_of
from tests.projections.world import DAY, START, World

FRIDAY = day_of("2026-11-20") * DAY
ECB = {"USD": "1.0876", "JPY": "161.2"}


def rates(world: World, date: str, rates: dict[str, str], source: str = "ecb") -> int:
    world.decide(fact.RatesSet(source, date, "EUR", rates))
    return world.directory.count


def test_a_rate_is_exact_direct_inverse_or_crossed() -> None:
    world = World()
    known = rates(world, "2026-11-20", ECB)
    direct = world.directory.rate("EUR", "USD", FRIDAY + DAY - 1, known)
    inverse = world.directory.rate("USD", "EUR", FRIDAY, known)
    crossed = world.directory.rate("USD", "JPY", FRIDAY, known)
    assert direct is not None and inverse is not None and crossed is not None
    assert (direct.numerator, direct.denominator, direct.rate.rate) == (2719, 2500, "1.0876")
    assert (inverse.numerator, inverse.denominator) == (2500, 2719)
    assert crossed.rate.rate == "403000/2719"
    assert (crossed.rate.base, crossed.rate.quote, crossed.rate.date) == (
        "USD", "JPY", "2026-11-20",
    )  # fmt: skip
    assert (crossed.rate.source, crossed.rate.position) == ("ecb", "decisions/0/0")


def test_the_newest_rates_of_the_last_ten_days_count_as_they_were_known() -> None:
    world = World()
    first = rates(world, "2026-11-20", ECB)
    corrected = rates(world, "2026-11-20", {"USD": "2"})
    older = rates(world, "2026-11-19", {"USD": "3"})
    bank = rates(world, "2026-11-20", {"GBP": "4"}, source="bank")

    def usd(at: int, known: int, quote: str = "USD") -> str:
        found = world.directory.rate("EUR", quote, at, known)
        return "" if found is None else found.rate.rate

    assert usd(FRIDAY, first - 1) == ""
    assert usd(FRIDAY, first) == "1.0876"
    assert usd(FRIDAY, corrected) == "2"
    assert usd(FRIDAY, older) == "2"
    assert usd(FRIDAY - DAY, older) == "3"
    assert usd(FRIDAY - DAY, corrected) == ""
    assert usd(FRIDAY + 10 * DAY, older) == "2"
    assert usd(FRIDAY + 11 * DAY, older) == ""
    assert usd(FRIDAY, bank) == "2", "another source's table lacks it"
    assert usd(FRIDAY, bank, "GBP") == "4"
    assert usd(FRIDAY, bank, "JPY") == "", "the correction does not name it any longer"


@pytest.mark.parametrize(
    ("date", "rate"),
    [("2026-13-01", "1"), ("20.11.2026", "1"), ("2026-11-20", "0"), ("2026-11-20", "1e9")],
)
def test_rates_that_cannot_be_are_counted_and_without_effect(date: str, rate: str) -> None:
    world = World()
    rates(world, date, {"USD": rate})
    assert (world.directory.count, world.directory.rate_tables()) == (1, ())
    assert world.directory.unreadable[0].position == "decisions/0/0"


def test_the_days_of_the_calendar() -> None:
    assert day_of("1970-01-01") == 0
    assert day_of("2000-02-29") == 11_016
    assert day_of("2000-03-01") == 11_017
    assert day_of("2026-01-01") * DAY == START


def test_who_may_earn_as_agreements_come_and_are_accepted() -> None:
    world = World()
    world.program()
    may = [world.directory.may_earn("acme", "alice", world.directory.count)]
    world.decide(fact.AgreementPublished("acme", 1, "Terms", "Be good.", "aa", terms=1))
    may.append(world.directory.may_earn("acme", "alice", 2))
    world.decide(fact.AgreementAccepted("acme", "alice", 1, "aa", "Alice A.", 5))
    world.decide(fact.AgreementPublished("acme", 2, "Terms", "Be better.", "bb"))
    known = world.directory.count
    may += [world.directory.may_earn("acme", partner, known) for partner in ("alice", "bob")]
    assert may == [True, False, True, False]
    assert world.directory.may_earn("acme", "bob", 1), "as it was known then"
    newest = world.directory.agreement("acme", known)
    accepted = world.directory.acceptance("acme", "alice", known)
    assert newest is not None and accepted is not None
    assert (newest.version, accepted.version, accepted.person) == (2, 1, "Alice A.")
    assert [view.version for view in world.directory.agreements("acme")] == [1, 2]
    assert [view.partner for view in world.directory.acceptances("acme")] == ["alice"]


def test_a_registration_from_its_submission_to_its_end() -> None:
    world = World()
    directory = world.directory
    world.decide(
        fact.RegistrationSubmitted("R-1", "acme", "alice", "carol", "deal", "CRM", 900, "EUR")
    )
    assert directory.claim("acme", "carol", 1) is None
    world.now += DAY
    world.decide(fact.RegistrationApproved("R-1", "acme", "alice", "carol"))
    world.decide(fact.RegistrationUpdated("R-1", amount=1_200))
    world.decide(fact.RegistrationWon("R-1", "acme", "alice", "carol", "D-1", 1_100, "EUR", 7))
    claim = directory.claim("acme", "carol", directory.count)
    assert claim is not None
    assert (claim.registration, claim.partner, claim.approved_at) == ("R-1", "alice", START + DAY)
    view = directory.registration("R-1")
    assert view is not None
    assert (view.status, view.title, view.amount, view.deal) == ("won", "CRM", 1_100, "D-1")
    world.decide(fact.RegistrationLost("R-1", "acme", "alice", "carol", "went elsewhere"))
    assert directory.claim("acme", "carol", directory.count) is None
    assert directory.claim("acme", "carol", directory.count - 1) == claim


def test_individual_terms_stand_beside_general_terms_of_engine_2_only() -> None:
    world = World()
    rule = Rule("sale", "sale", "percentage", 1_000)
    world.program()
    world.terms(rule)
    world.terms(rule, engine="2", partner="alice", begins=10)
    world.terms(rule, engine="2", begins=20)

    def version(at: int, partner: str = "", known: int = 4) -> int:
        found = world.directory.terms("acme", known, at, partner)
        return 0 if found is None else found.terms.version

    assert [version(15), version(15, "alice"), version(15, "bob")] == [1, 1, 1]
    assert [version(25), version(25, "alice"), version(25, "bob")] == [3, 2, 3]
    assert version(25, "alice", known=2) == 1
    assert [found.terms.version for found in world.directory.terms_versions("acme")] == [1, 2, 3]


def test_a_team_is_all_that_ever_stood_below() -> None:
    world = World()
    for partner, parent in (("bob", "alice"), ("zoe", "bob"), ("bob", ""), ("alice", "zoe")):
        world.decide(fact.PartnerRecruited(partner, "acme", parent))
    assert world.directory.team("alice") == {"alice", "bob", "zoe"}
    assert world.directory.team("bob") == {"bob", "zoe", "alice"}
    assert world.directory.recruits("acme") == {"zoe": "bob", "alice": "zoe"}
    assert [world.directory.parent("acme", "bob", known) for known in (0, 1, 3)] == [
        "",
        "alice",
        "",
    ]


def test_currency_and_identities_are_those_said_last() -> None:
    world = World()
    for currency in ("USD", "GBP"):
        world.decide(fact.PartnerCurrencySet("alice", currency))
    world.decide(fact.PartnerIdentified("alice", ("x", "y")))
    world.decide(fact.PartnerIdentified("alice", ("z",)))
    directory = world.directory
    assert [directory.partner_currency("alice", known) for known in range(3)] == ["", "USD", "GBP"]
    assert directory.identities("alice", 3) == {"x", "y"}
    assert directory.identities("alice", 4) == {"z"}
    assert directory.identities("bob", 4) == frozenset()


def test_when_a_payout_was_asked_for() -> None:
    world = World()
    world.decide(fact.PayoutProposed("po-1", "acme", "alice", "EUR", 0))
    world.now += DAY
    world.decide(fact.PayoutApproved("po-1", "acme", "alice", "EUR", 0))
    assert [world.directory.decided_at(number) for number in (1, 2, 9)] == [0, START + DAY, 0]
