"""Who is credited under engine 2, line by line; and what holds for every history."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events import topics
from events.attributions import Attribution
from events.codec import decode
from events.conversions import CitedClick, Conversion, Deal, Item, Refund, Signup
from projections.overrides import _chain
from tests.projections.crediting import Crediting, run
from tests.projections.world import DAY, START

GIVEN = """
0: program EUR
0: terms {terms}
0: partner alice
0: partner bob
0: partner zoe
0: coupon SAVE zoe
"""


def under(terms: str, text: str) -> Crediting:
    return run(GIVEN.format(terms=terms) + text)


def test_one_touch_is_as_in_engine_1() -> None:
    under(
        "attribution=last_touch",
        """
    1: touch carol click=alice@1          -> alice 10000 click
    2: deal D-1 carol 10.00 click=bob@2   -> bob 10000 click
    2: deal D-2 carol 10.00 coupon=save   -> zoe 10000 coupon
    2: deal D-3 carol 10.00 partner=alice coupon=SAVE  -> alice 10000 partner_id
    2: deal D-4 dave 10.00                -> unattributed (no_touch)
    """,
    )
    under(
        "attribution=first_touch",
        """
    1: touch carol click=alice@1          -> alice 10000 click
    2: deal D-1 carol 10.00 click=bob@2   -> alice 10000 click
    """,
    )


def test_linear_gives_equal_parts_for_each_touch() -> None:
    under(
        "attribution=linear",
        """
    1: touch carol click=alice@1          -> alice 10000 click
    2: touch carol click=bob@2            -> alice 5000 click; bob 5000 click
    3: deal D-1 carol 10.00 click=zoe@3   -> alice 3333 click; bob 3334 click; zoe 3333 click
    4: deal D-2 carol 10.00 click=alice@4 -> alice 5000 click; bob 2500 click; zoe 2500 click
    35: deal D-3 carol 10.00              -> alice 5000 signup; bob 5000 signup
    """,
    )


def test_position_based_weighs_the_first_and_the_last() -> None:
    under(
        "attribution=position_based",
        """
    1: deal D-1 carol 10.00 click=alice@1 -> alice 10000 click
    2: deal D-2 carol 10.00 click=bob@2   -> alice 5000 click; bob 5000 click
    3: deal D-3 carol 10.00 click=zoe@3   -> alice 4000 click; bob 2000 click; zoe 4000 click
    4: deal D-4 carol 10.00 click=bob@4   -> alice 4000 click; bob 5000 click; zoe 1000 click
    5: deal D-5 carol 10.00 click=alice@5 -> alice 8000 click; bob 1334 click; zoe 666 click
    """,
    )


def test_who_may_not_earn_does_not_share() -> None:
    under(
        "attribution=linear",
        """
    1: touch carol click=alice@1
    2: touch carol click=bob@2
    3: suspend bob
    3: deal D-1 carol 10.00 click=zoe@3   -> alice 5000 click; zoe 5000 click
    4: agreement
    4: accept zoe
    4: deal D-2 carol 10.00               -> zoe 10000 click
    5: deal D-3 dave 10.00 click=alice@5  -> unattributed (no_agreement)
    5: deal D-4 erin 10.00 click=bob@5    -> unattributed (partner_inactive)
    6: accept alice
    6: deal D-5 dave 10.00                -> alice 10000 click
    6: deal D-6 zoe 10.00 click=zoe@6     -> unattributed (self_referral)
    6: deal D-7 zoe 10.00 click=alice@6   -> alice 10000 click
    """,
    )


def test_self_referral_is_refused_or_waits_for_a_person() -> None:
    under(
        "self_referral=refuse",
        """
    0: itself alice carol hash-of-alice
    1: deal D-1 alice 10.00 click=alice@1                         -> unattributed (self_referral)
    1: deal D-2 carol 10.00 click=alice@1                         -> unattributed (self_referral)
    1: deal D-3 dave 10.00 click=alice@1 identity=hash-of-alice   -> unattributed (self_referral)
    1: deal D-4 dave 10.00 click=alice@1 identity=hash-of-dave    -> alice 10000 click
    2: itself alice carol
    2: deal D-5 dave 10.00 identity=hash-of-alice                 -> alice 10000 click
    """,
    )
    under(
        "self_referral=hold attribution=linear",
        """
    1: touch alice click=bob@1
    2: deal D-1 alice 10.00 click=alice@2  \
        -> bob 5000 click; alice 5000 click held self_referral
    """,
    )


def test_a_registered_deal_is_protected_against_later_clicks_and_coupons() -> None:
    under(
        "protection=30",
        """
    1: register R-1 alice carol
    1: deal D-1 carol 10.00 click=bob@1              -> bob 10000 click
    2: claim R-1 alice carol
    3: deal D-2 carol 10.00 click=bob@3 coupon=SAVE  -> alice 10000 registered_deal
    3: deal D-3 carol 10.00 partner=bob              -> bob 10000 partner_id
    4: deal D-4 carol 10.00 occurred=1               -> bob 10000 click
    5: win R-1 alice carol
    32: deal D-5 carol 10.00                         -> alice 10000 registered_deal
    33: deal D-6 carol 10.00 coupon=SAVE             -> zoe 10000 coupon
    40: claim R-2 bob carol
    41: claim R-3 alice carol
    41: deal D-7 carol 10.00                         -> alice 10000 registered_deal
    41: deal D-8 carol 10.00 occurred=40             -> bob 10000 registered_deal
    42: lose R-3 alice carol
    42: deal D-9 carol 10.00                         -> bob 10000 registered_deal
    43: reject R-2 bob carol
    43: deal D-10 carol 10.00 coupon=SAVE            -> zoe 10000 coupon
    """,
    )


def test_engine_1_knows_no_claims_and_no_agreements() -> None:
    run("""
    0: program EUR
    0: terms engine=1
    0: partner alice
    0: partner bob
    0: agreement
    1: claim R-1 alice carol
    2: deal D-1 carol 10.00 click=bob@2              -> bob 10000 click
    """)


def test_those_above_a_partner_are_credited_with_it() -> None:
    world = under(
        "overrides=2 attribution=linear",
        """
    0: below alice bob
    0: below bob zoe
    0: below zoe alice
    1: deal D-1 carol 10.00 click=alice@1  \
        -> alice 10000 click; bob 10000 click level 1 via alice; zoe 10000 click level 2 via alice
    2: deal D-2 carol 10.00 click=bob@2    \
        -> alice 5000 click; bob 5000 click; \
        bob 5000 click level 1 via alice; zoe 5000 click level 2 via alice; \
        zoe 5000 click level 1 via bob; alice 5000 click level 2 via bob
    3: suspend bob
    3: deal D-3 dave 10.00 click=alice@3   \
        -> alice 10000 click; zoe 10000 click level 2 via alice
    4: leave bob
    4: deal D-4 dave 10.00                 -> alice 10000 click
    """,
    )
    split = attributions(world)[1]
    assert [(credit.via, credit.before) for credit in split.credits] == [
        ("", 0), ("", 5000), ("alice", 0), ("alice", 0), ("bob", 5000), ("bob", 5000)
    ]  # fmt: skip
    assert list(_chain("alice", "acme", world.directory.count - 1, 9, world.directory)) == [
        (1, "bob"), (2, "zoe")
    ]  # fmt: skip


def test_a_shared_signup_shares_later_deals() -> None:
    under(
        "attribution=position_based signup_window=100",
        """
    1: touch carol click=alice@1
    2: touch carol click=bob@2
    3: signup carol click=zoe@3            -> alice 4000 click; bob 2000 click; zoe 4000 click
    60: deal D-1 carol 10.00               -> alice 4000 signup; bob 2000 signup; zoe 4000 signup
    61: suspend alice
    61: deal D-2 carol 10.00               -> bob 3333 signup; zoe 6667 signup
    104: deal D-3 carol 10.00              -> unattributed (window_expired)
    """,
    )


def test_a_deal_can_be_given_to_a_partner() -> None:
    world = under(
        "overrides=1",
        """
    0: below bob zoe
    1: deal D-1 carol 100.00                  -> unattributed (no_touch)
    2: refund carol 30.00 deal=D-1            -> D-1 30.00
    3: assign D-1 bob  \
        -> assigned bob 10000 manual; zoe 10000 manual level 1 via bob, refunded 30.00
    4: refund carol 20.00                     -> D-1 20.00 bob zoe
    5: assign D-1 alice event=A-2             \
        -> assigned alice 10000 manual, from bob, from zoe, refunded 50.00
    6: refund carol 999.00 deal=D-1           -> D-1 50.00 alice
    7: suspend bob
    7: assign D-1 bob                         -> unmatched (partner_inactive)
    8: agreement
    8: assign D-1 zoe                         -> unmatched (no_agreement)
    8: accept zoe
    8: assign D-1 zoe                         -> assigned zoe 10000 manual, from alice, \
        refunded 100.00
    """,
    )
    assert world.last is not None
    assert (world.last.by, world.last.reason) == ("ann", "by mail")
    assert world.last.conversion == world.last.source.rsplit("/", 1)[0] + "/0"


def test_an_assignment_must_tell_the_deal_as_it_was_recorded() -> None:
    world = under("", "1: deal D-1 carol 100.00 -> unattributed (no_touch)")
    deal = world.sold["D-1"]
    for told, reason in (
        ({"amount": 9_999}, "other_content"),
        ({"deal": "D-2"}, "no_such_deal"),
        ({"event_id": "E-77"}, "no_such_deal"),
        ({"customer": "dave"}, "no_such_deal"),
    ):
        world.assign(replace(deal, **told), "alice")
        assert world.last is not None
        assert (world.last.outcome, world.last.reason) == ("unmatched", reason)
    world.deal("D-3", "carol", -5)
    world.assign(world.sold["D-3"], "alice")
    assert (world.last.outcome, world.last.reason) == ("unmatched", "negative_amount")
    customer = world.customers["acme/carol"]
    assert list(customer.deals) == ["D-1", "D-3"]
    assert customer.deals["D-1"].credits == ()


def test_the_same_assignment_again_changes_nothing() -> None:
    world = under("", "1: deal D-1 carol 100.00 -> unattributed (no_touch)")
    world.assign(world.sold["D-1"], "alice", "A-1")
    before = world.customers["acme/carol"]
    world.assign(world.sold["D-1"], "alice", "A-1")
    assert world.last is not None and world.last.outcome == "duplicate"
    world.assign(world.sold["D-1"], "bob", "A-1")
    assert world.last.outcome == "conflict"
    assert world.customers["acme/carol"] == before


def test_an_assignment_is_of_the_engine_that_the_deals_own_day_had() -> None:
    world = run("""
    0: program EUR
    0: terms engine=1
    0: partner alice
    1: deal D-1 carol 100.00 country=DE       -> unattributed (no_touch)
    2: assign D-1 alice                       -> assigned alice 10000 manual
    """)
    assert world.last is not None
    assert (world.last.engine, world.last.country, world.last.purchase) == ("", "", 0)


def test_the_attribution_carries_what_rules_may_ask() -> None:
    world = under("", "0: coupon save10 alice")
    world.now = START + 5 * DAY
    items = (Item("tea", 2, 900, "food"), Item("cup", 1, 100))
    click = CitedClick("alice-link.1", "alice-link", world.now)
    world.signup("carol", click=click, country="DE", identity="hash")
    lead = world.last
    world.now += DAY
    world.deal("D-1", "carol", 1_000, country="DE", identity="hash", tax=190, shipping=50,
               items=items, coupon_code="save10")  # fmt: skip
    first = world.last
    world.now += DAY
    world.deal("D-2", "carol", 1_000, kind="renewal", coupon_code="NONE")
    second = world.last
    world.assign(world.sold["D-1"], "bob")
    assigned = world.last
    assert lead is not None and first is not None and second is not None and assigned is not None
    day = START + 5 * DAY
    assert (lead.engine, lead.country, lead.identity, lead.coupon) == ("2", "DE", "hash", "")
    assert (lead.purchase, lead.first_at) == (1, day)
    assert (first.coupon, first.tax, first.shipping, first.items) == ("SAVE10", 190, 50, items)
    assert (first.purchase, first.first_at) == (1, day + DAY)
    assert (second.coupon, second.kind) == ("", "renewal")
    assert (second.purchase, second.first_at) == (2, day + DAY)
    assert (assigned.purchase, assigned.first_at, assigned.items) == (1, day + DAY, items)
    assert (assigned.engine, assigned.country, assigned.tax) == ("2", "DE", 190)


def test_purchases_are_counted_under_engine_1_as_well() -> None:
    world = run("""
    0: program EUR
    0: terms engine=1
    0: partner alice
    1: deal D-1 carol 10.00 click=alice@1     -> alice 10000 click
    2: deal D-2 carol 10.00 coupon=NONE       -> alice 10000 click
    3: terms engine=2
    3: deal D-3 carol 10.00                   -> alice 10000 click
    """)
    assert world.last is not None
    assert (world.last.purchase, world.last.first_at) == (3, START + DAY)


# What holds for every history

PARTNERS = ("alice", "bob", "zoe")
partners = st.sampled_from(PARTNERS)
days = st.integers(0, 40)


@st.composite
def histories(draw: st.DrawFn) -> list[Conversion]:
    """One customer's signups, deals and refunds, with clicks here and there."""
    found: list[Conversion] = []
    for number in range(draw(st.integers(1, 12))):
        at = START + draw(days) * DAY
        click = None
        if draw(st.booleans()):
            link = f"{draw(partners)}-link"
            click = CitedClick(f"{link}.{number}", link, START + draw(days) * DAY)
        event, known = f"E-{number}", 24
        match draw(st.sampled_from(["signup", "deal", "deal", "refund"])):
            case "signup":
                found.append(Signup("acme", "carol", event, at, known, click=click))
            case "deal":
                amount = draw(st.integers(0, 10_000))
                found.append(
                    Deal("acme", "carol", event, f"D-{number}", amount, "EUR", at, known,
                         click=click)
                )  # fmt: skip
            case _:
                amount = draw(st.integers(1, 10_000))
                found.append(Refund("acme", "carol", event, amount, "EUR", at, known))
    return found


attributions_of_terms = st.sampled_from(["last_touch", "first_touch", "linear", "position_based"])


def prepared(attribution: str) -> Crediting:
    world = under(
        f"attribution={attribution} overrides=2",
        """
    0: below alice bob
    0: below bob zoe
    0: claim R-1 zoe dave
    """,
    )
    while world.directory.count < 24:
        world.partner(f"other-{world.directory.count}")
    return world


def attributions(world: Crediting) -> list[Attribution]:
    return [
        decode(topics.ATTRIBUTIONS, value)
        for partition in sorted(world.attributions)
        for value in world.attributions[partition]
    ]


@given(attributions_of_terms, histories())
def test_shares_add_up_to_the_whole_for_every_history(
    attribution: str, history: list[Conversion]
) -> None:
    world = prepared(attribution)
    for conversion in history:
        world.record(conversion)
    for found in attributions(world):
        own = [credit for credit in found.credits if credit.level == 0]
        if found.outcome != "credited":
            assert not found.credits
            continue
        assert sum(credit.share for credit in own) == 10_000
        assert len({credit.partner for credit in own}) == len(own)
        before = 0
        for credit in own:
            assert credit.share > 0
            assert credit.before == before
            before += credit.share
        for credit in found.credits:
            if credit.level:
                [sub] = [of for of in own if of.partner == credit.via]
                assert (credit.share, credit.before) == (sub.share, sub.before)


@given(attributions_of_terms, histories(), st.data())
def test_no_order_of_repeats_changes_who_is_credited(
    attribution: str, history: list[Conversion], data: st.DataObject
) -> None:
    once, often = prepared(attribution), prepared(attribution)
    for conversion in history:
        once.record(conversion)
    repeated: list[Conversion] = []
    for place, conversion in enumerate(history):
        repeated.append(conversion)
        for again in data.draw(st.lists(st.sampled_from(history[: place + 1]), max_size=2)):
            repeated.append(again)
    for conversion in repeated:
        often.record(conversion)
    assert decided(often) == decided(once)
    assert often.customers["acme/carol"].deals.keys() == once.customers["acme/carol"].deals.keys()
    assert often.customers["acme/carol"].purchases == once.customers["acme/carol"].purchases


def decided(world: Crediting) -> list[object]:
    """What was decided of each event, without the positions."""
    return [
        (found.event_id, found.outcome, found.reason, found.credits, found.purchase,
         found.first_at, [(part.deal, part.amount) for part in found.refunded])
        for found in attributions(world)
        if found.outcome not in ("duplicate", "conflict")
    ]  # fmt: skip
