"""Whatever is changed in a bundle is found and named, also where all hashes were made to fit."""

from __future__ import annotations

from functools import cache

import pytest

from audit.bundle.archive import BadBundle
from audit.bundle.format import MANIFEST, NOTE, Scope
from audit.bundle.verify import Verdict, verify_members
from audit.difference import AuditFailed, Difference
from audit.notes import parse_note
from audit.signing import PublicKey
from tests.audit.bundle.auditor_ways import AUDITOR
from tests.audit.bundle.forging import Forged, position
from tests.audit.bundle.partner_ways import PARTNER
from tests.audit.bundle.reading import exported, members_in
from tests.audit.bundle.ways import Way
from tests.audit.memory import MemoryLedger
from tests.audit.rewards_scene import rewarded
from tests.audit.scene import paid
from tests.audit.signing_scene import Signing


@cache
def signed() -> Signing:
    """A paid ledger with two checkpoints; some entries are newer than both."""
    signing = Signing(paid(MemoryLedger()))
    signing.sign(1 / 2)
    signing.sign(9 / 10)
    return signing


@cache
def members(scope: Scope) -> dict[str, bytes]:
    if scope == "auditor":
        return members_in(exported(signed().ledger)[0])
    signing = Signing(rewarded(MemoryLedger()))
    signing.sign()
    return members_in(exported(signing.ledger, "partner")[0])


@cache
def unsigned() -> bytes:
    """The bundle of a ledger that has no checkpoint."""
    return exported(paid(MemoryLedger()))[0]


def difference(forged: dict[str, bytes], known: PublicKey | None = None) -> Difference:
    with pytest.raises(AuditFailed) as failed:
        verify_members(forged, known)
    return failed.value.difference


def verdict(scope: Scope = "auditor") -> Verdict:
    return verify_members(members(scope))


@pytest.mark.parametrize("way", AUDITOR, ids=lambda way: way.name)
def test_a_change_with_hashes_that_fit_is_found_and_named(way: Way) -> None:
    forged = Forged(members("auditor"))
    way.forge(forged)
    found = difference(forged.corrected())
    assert (found.kind, way.where in f"{found.position} {found.detail}") == (way.kind, True), found


SIGNED = ("decision's time", "end cut off, with its evidence", "ledger named")
"""What only a checkpoint shows, besides changes to the checkpoint itself."""


@pytest.mark.parametrize("way", AUDITOR, ids=lambda way: way.name)
def test_most_is_found_without_a_checkpoint_too(way: Way) -> None:
    forged = Forged(members_in(unsigned()))
    if way.name in SIGNED or "checkpoint" in way.name or "inclusion" in way.name:
        return
    way.forge(forged)
    difference(forged.corrected())


@pytest.mark.parametrize("way", PARTNER, ids=lambda way: way.name)
def test_so_it_is_in_a_partners_own(way: Way) -> None:
    forged = Forged(members("partner"))
    way.forge(forged)
    found = difference(forged.corrected())
    assert (found.kind, way.where in f"{found.position} {found.detail}") == (way.kind, True), found


@pytest.mark.parametrize("way", AUDITOR, ids=lambda way: way.name)
def test_without_new_hashes_the_member_is_named(way: Way) -> None:
    forged = Forged(members("auditor"))
    way.forge(forged)
    if forged.members[MANIFEST] != members("auditor")[MANIFEST]:
        return  # the manifest itself was changed
    changed = {n for n, member in members("auditor").items() if forged.members.get(n) != member}
    if NOTE in changed - set(forged.members):
        with pytest.raises(BadBundle, match=f"{NOTE} is missing"):
            verify_members(forged.members)
    else:
        found = difference(forged.members)
        assert (found.kind, found.position in changed) == ("altered", True)


def test_honest_bundles_are_verified_and_say_what_the_checkpoint_covers() -> None:
    checked = verdict().checkpoint
    assert checked is not None and (checked.checkpoint, checked.key_known) == (2, False)
    assert 0 < checked.included.newer_entries < checked.included.entries
    assert checked.included.decisions > 0
    own = verdict("partner").checkpoint
    assert own is not None and own.included.newer_entries == 0


def test_a_ledger_made_up_as_a_whole_shows_only_by_the_key() -> None:
    forger = Signing(paid(MemoryLedger()))
    forger.sign()
    made_up = members_in(exported(forger.ledger)[0])
    assert verify_members(made_up).checkpoint is not None
    found = difference(made_up, signed().private().public)
    assert found.kind == "unknown_key"
    assert verify_members(members("auditor"), signed().private().public).checkpoint is not None


def test_an_old_bundle_is_older_than_the_checkpoint_that_was_kept() -> None:
    signing = Signing(paid(MemoryLedger()))
    first = parse_note(signing.sign(1 / 2))
    old = members_in(exported(signing.ledger)[0])
    newer = parse_note(signing.sign())
    with pytest.raises(AuditFailed, match="older than what you keep"):
        verify_members(old, None, newer)
    signing.rotate()
    by_another_key = parse_note(signing.sign())
    with pytest.raises(AuditFailed, match="older than what you keep"):
        verify_members(old, None, by_another_key)
    fresh = members_in(exported(signing.ledger)[0])
    for kept in (first, newer, by_another_key):
        checked = verify_members(fresh, None, kept).checkpoint
        assert checked is not None and checked.kept == kept.checkpoint
    other = Signing(paid(MemoryLedger()))
    other.ledger.decide("program:x", "program.created", {"program": "x"})  # type: ignore[arg-type]
    other.sign(1 / 2)
    with pytest.raises(AuditFailed) as failed:
        verify_members(members_in(exported(other.ledger)[0]), None, first)
    assert failed.value.difference.kind == "unknown_key"


def test_every_position_that_is_named_is_one_of_the_bundle() -> None:
    """No difference names a record that is not there to be looked at."""
    forged = Forged(members("auditor"))
    at = forged.edit("journal", "commission", base=1)
    assert difference(forged.corrected()).position == at
    lines = Forged(members("auditor")).lines("journal")
    assert at in {position(line) for line in lines}
