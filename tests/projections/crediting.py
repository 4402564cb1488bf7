"""Tests of attribution as text: on this day this happened, and these partners are credited.

    0: program EUR
    0: terms attribution=linear overrides=1
    0: partner alice
    0: partner bob
    0: below bob alice                            # alice recruited bob
    1: touch carol bob@1                          # a signup nobody cares for, with a click
    2: deal D-1 carol 100.00 click=alice@2        -> bob 5000 click; alice 5000 click; \
                                                     alice 5000 click level 1 via bob

After the arrow stand the credits: partner, basis points, method; or the outcome and its
reason. Nothing is booked: this is about who, not how much.
"""

from __future__ import annotations

from events import decisions as fact
from events.attributions import Attribution, Credit
from events.conversions import Assignment, Conversion, Deal
from events.journal import Entry
from events.terms import Override, Rule
from tests.projections.statement import _cents, _conversion, _money, _time
from tests.projections.world import World


class Crediting(World):
    """A ledger in memory that books nothing: conversions, decisions and attributions."""

    def __init__(self, *, reload: bool = False) -> None:
        super().__init__(reload=reload)
        self.sold: dict[str, Deal] = {}

    def instruct(self, partition: int, value: bytes) -> list[Entry]:
        self.instructions[partition].append(value)
        return []

    def record(self, conversion: Conversion) -> list[Entry]:
        if isinstance(conversion, Deal):
            self.sold.setdefault(conversion.deal, conversion)
        return super().record(conversion)

    def assign(self, deal: Deal, partner: str, event_id: str = "") -> None:
        self.record(
            Assignment(
                deal.program,
                deal.customer,
                *self._stamp(event_id, {}),
                partner=partner,
                deal=deal,
                reason="by mail",
                by="ann",
            )
        )


def run(text: str, world: Crediting | None = None) -> Crediting:
    """Play `text`; raises AssertionError at the first line whose result is another."""
    world = world or Crediting(reload=True)
    for number, line in enumerate(text.strip().replace("\\\n", " ").splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        said, arrow, expected = line.partition("->")
        day, _, rest = said.partition(":")
        words = rest.split()
        more = dict(word.split("=", 1) for word in words if "=" in word)
        verb, *names = [word for word in words if "=" not in word]
        world.now, world.last = _time(day), None
        _happen(world, verb, names, more)
        given = "" if world.last is None else show(world.last)
        wanted = " ".join(expected.split())
        assert not arrow or given == wanted, (
            f"line {number}: {said.strip()}\n  gave   {given}\n  wanted {wanted}"
        )
    return world


def show(found: Attribution) -> str:
    """Credits of an attribution, or the outcome and why."""
    if found.outcome == "assigned":
        parts = ["assigned " + "; ".join(map(_credit, found.credits))]
        parts += [f"from {credit.partner}" for credit in found.withdrawn]
        parts += [f"refunded {_money(deal.amount)}" for deal in found.refunded]
        return ", ".join(parts)
    if found.outcome == "refunded":
        return "; ".join(
            " ".join([deal.deal, _money(deal.amount), *(credit.partner for credit in deal.credits)])
            for deal in found.refunded
        )
    if found.outcome == "credited":
        return "; ".join(map(_credit, found.credits))
    return f"{found.outcome} ({found.reason})"


def _credit(credit: Credit) -> str:
    words = [credit.partner, str(credit.share), credit.method]
    if credit.level:
        words.append(f"level {credit.level} via {credit.via}")
    if credit.hold:
        words.append(f"held {credit.hold}")
    return " ".join(words)


def _terms(world: Crediting, more: dict[str, str]) -> None:
    rule = Rule("sale", "sale", "percentage", 1_000)
    levels = range(1, int(more.get("overrides", 0)) + 1)
    world.terms(
        rule,
        engine=more.get("engine", "2"),
        attribution=more.get("attribution", "last_touch"),
        overrides=tuple(
            Override(f"level {level}", level, "sale", "percentage", 100) for level in levels
        ),
        protection_days=int(more.get("protection", 90)),
        signup_window_days=int(more.get("signup_window", 365)),
        self_referral=more.get("self_referral", "refuse"),
    )


def _happen(world: Crediting, verb: str, names: list[str], more: dict[str, str]) -> None:
    decide, fields = world.decide, _conversion(more)
    for name in ("country", "identity"):
        if name in more:
            fields[name] = more[name]
    match verb, names:
        case "program", [currency]:
            world.program(currency=currency)
        case "terms", []:
            _terms(world, more)
        case "partner", [partner]:
            world.partner(partner)
        case "suspend", [partner]:
            decide(fact.PartnerSuspended(partner, "acme"))
        case "coupon", [code, partner]:
            decide(fact.CouponCreated("acme", code, partner))
        case "below", [partner, parent]:
            decide(fact.PartnerRecruited(partner, "acme", parent))
        case "leave", [partner]:
            decide(fact.PartnerRecruited(partner, "acme", ""))
        case "itself", [partner, *identities]:
            decide(fact.PartnerIdentified(partner, tuple(identities)))
        case "agreement", []:
            decide(fact.AgreementPublished("acme", 1, "Terms", "text", "00"))
        case "accept", [partner]:
            decide(fact.AgreementAccepted("acme", partner, 1, "00", "Ann", world.now))
        case "register", [registration, partner, customer]:
            decide(fact.RegistrationSubmitted(registration, "acme", partner, customer, "deal"))
        case "claim", [registration, partner, customer]:
            decide(fact.RegistrationApproved(registration, "acme", partner, customer))
        case "reject", [registration, partner, customer]:
            decide(fact.RegistrationRejected(registration, "acme", partner, customer))
        case "lose", [registration, partner, customer]:
            decide(fact.RegistrationLost(registration, "acme", partner, customer))
        case "win", [registration, partner, customer]:
            decide(
                fact.RegistrationWon(
                    registration, "acme", partner, customer, "D", 1, "EUR", world.now
                )
            )
        case (("signup" | "touch"), [customer, *_]):
            world.signup(customer, **fields)
        case "deal", [deal, customer, amount]:
            world.deal(deal, customer, _cents(amount), **fields)
        case "refund", [customer, amount]:
            world.refund(customer, _cents(amount), **fields)
        case "assign", [deal, partner]:
            world.assign(world.sold[deal], partner, more.get("event", ""))
        case _:
            raise AssertionError(f"{verb} {names}: no such line")
