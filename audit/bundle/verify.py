"""A bundle verified, from its bytes alone: hashes, proof, terms, signature, inclusion.

    1  members are what the manifest says, records stand in order
    2  the newest checkpoint is signed; so is, where somebody kept one, an earlier one; and the
       decisions are those it signed, for all else rests on them
    3  the account and the payout, decided again
    4  the terms set apart are those of the decisions
    5  the entries and conversions stand in the checkpoint's trees

Nothing here loads Kafka, ClickHouse or Faust, or opens a connection.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from audit.account_proof.payout import prove_payout_of
from audit.bundle.archive import BadBundle, digest, unpacked
from audit.bundle.checkpoint import Checked, check_checkpoint
from audit.bundle.contents import Contents, contents_of
from audit.bundle.evidence import BundleEvidence
from audit.bundle.format import MANIFEST, TERMS, Rest
from audit.bundle.inclusion import check_inclusion
from audit.bundle.own_proof import decided_of, prove_own
from audit.bundle.terms import terms_member
from audit.decided import Decided
from audit.difference import AuditFailed, Difference
from audit.notes import Note, parse_note
from audit.payout import UnknownPayout
from audit.payout_proof import PayoutProof, ProvedEntry
from audit.signing import PublicKey
from events import topics
from projections.engine import UnknownEngine


class Verdict(Struct):
    """What a bundle proves."""

    bundle: str
    """SHA-256 of its manifest, in hex: its name."""
    ledger: str
    scope: str
    proof: PayoutProof
    account: list[ProvedEntry]
    """Every entry of the partner, from the first on."""
    again: dict[str, int]
    """Kind of step (entry, instruction, attribution, click) → how many were decided again."""
    rests: list[Rest]
    """Steps that rest on a withheld record."""
    withheld: dict[str, int]
    """Topic → records that are left out."""
    checkpoint: Checked | None
    """None: the ledger had no checkpoint when the bundle was written."""


class Proved(Struct):
    """An account and its payout, proved from a bundle of either scope."""

    proof: PayoutProof
    decided: Decided
    account: list[ProvedEntry]
    again: dict[str, int]
    rests: list[Rest]


def verify_file(path: Path, known: PublicKey | None = None, kept: Note | None = None) -> Verdict:
    """Verify the bundle at `path`; see `verify_members`. Raises OSError besides."""
    try:
        return verify_members(unpacked(path), known, kept)
    except RecursionError as problem:
        raise BadBundle(f"{path}: JSON in it is nested deeper than any record is") from problem


def verify_members(
    members: dict[str, bytes], known: PublicKey | None = None, kept: Note | None = None
) -> Verdict:
    """Verify a bundle by its members.

    `known`: a key, `kept`: a checkpoint, that whoever verifies has from before. Raises BadBundle
    for what cannot be verified, AuditFailed with the first difference.
    """
    contents = contents_of(members)
    checkpoint = check_checkpoint(contents, decided_of(contents), known, kept)
    proved = _proved(contents)
    entries = [one.entry for one in proved.account]
    terms = terms_member(proved.decided.directory, entries)
    if terms != contents.terms:
        detail = "is not what the decisions in the bundle say"
        raise AuditFailed(
            Difference("altered", TERMS, detail, terms.decode(), contents.terms.decode("latin-1"))
        )
    if checkpoint is not None:
        accepted = {one.position for one in proved.account}
        check_inclusion(contents, parse_note(contents.note), accepted, checkpoint.included)
    return Verdict(
        bundle=digest(members[MANIFEST]),
        ledger=contents.ledger,
        scope=contents.scope,
        proof=proved.proof,
        account=proved.account,
        again=proved.again,
        rests=proved.rests,
        withheld=contents.withheld(),
        checkpoint=checkpoint,
    )


def _proved(contents: Contents) -> Proved:
    try:
        found = _own(contents) if contents.scope == "partner" else _whole(contents)
    except UnknownEngine as problem:
        raise BadBundle(f"{problem}; a later version of this program may know it") from problem
    except UnknownPayout as problem:
        raise BadBundle(f"payout {contents.payout!r}: no decision in the bundle asks for it, or "
                        "nothing was booked for it") from problem  # fmt: skip
    proof = found.proof
    if (proof.partner, proof.program) != (contents.partner, contents.program):
        detail = "names another partner or program than the payout's own decisions"
        said = f"{contents.partner}, {contents.program}"
        raise AuditFailed(
            Difference("altered", MANIFEST, detail, f"{proof.partner}, {proof.program}", said)
        )
    return found


def _whole(contents: Contents) -> Proved:
    if contents.rests or any(contents.withheld().values()):
        detail = "an auditor's bundle withholds nothing"
        raise AuditFailed(Difference("altered", MANIFEST, detail))
    proof, account = prove_payout_of(BundleEvidence(contents), contents.payout, None)
    booked = account.entries
    again = {
        "entry": len(booked),
        "instruction": len(booked),
        "attribution": account.conversions,
        "click": len(account.clicks),
    }
    shown = {topic: len(lines) for topic, lines in contents.lines.items()}
    proof.records = sum(shown.values())
    proof.decisions = shown[topics.DECISIONS]
    return Proved(proof, account.decided, booked, again, [])


def _own(contents: Contents) -> Proved:
    own = prove_own(contents)
    own.proof.records = sum(map(len, contents.lines.values())) - sum(contents.withheld().values())
    return Proved(own.proof, own.decided, own.account, own.again, own.rests)
