"""From a ledger to a bundle: prove, take what the proof looked at, withhold, prove again.

1  prove the payout from the log, and keep every record that takes
2  for a partner: leave out what names others
3  note which steps the rest no longer shows (an auditor's bundle: none)
4  find the newest checkpoint, and the way of each record to its roots
5  read the bundle as whoever verifies it will, before anybody gets it
"""

from __future__ import annotations

from audit.bundle.archive import packed
from audit.bundle.checkpoint import newest_note
from audit.bundle.contents import Contents, members_of
from audit.bundle.format import RECORDS, Line, Scope, Withheld, shown
from audit.bundle.gather import Gathered, gather
from audit.bundle.inclusion import prove_inclusion
from audit.bundle.own_proof import decided_of, undecidable
from audit.bundle.redact import lines_for_partner
from audit.bundle.terms import terms_member
from audit.bundle.verify import Verdict, verify_members
from audit.log import DEFAULT_PATIENCE_S, Log
from audit.notes import parse_note
from audit.read import Progress
from events import topics
from events.click_token import ClickKeys
from events.sealing import Reveal


def export(
    log: Log,
    ledger: str,
    payout: str,
    keys: ClickKeys | None,
    scope: Scope,
    *,
    reveal: Reveal = str,
    patience: float = DEFAULT_PATIENCE_S,
    progress: Progress = lambda records: None,
) -> tuple[bytes, Verdict]:
    """The bundle's file, and what it proves. `ledger`: the id of the Kafka cluster.
    `reveal`: opens what stands sealed in the log, so that it is known what names others; the
    bundle holds it sealed.

    Raises AuditFailed where the ledger itself differs, UnknownPayout, and BadBundle for a
    payout that cannot be told of without naming others.
    """
    gathered = gather(log, payout, keys, patience=patience, progress=progress)
    own = scope == "partner"
    lines = lines_for_partner(gathered, log, reveal, progress) if own else _lines(gathered)
    contents = Contents(
        ledger=ledger,
        scope=scope,
        payout=payout,
        partner=gathered.proof.partner,
        program=gathered.proof.program,
        partitions={topic: log.partitions(topic) for topic in lines},
        lines=lines,
        terms=b"",
        stamps=tuple(sorted(gathered.evidence.stamps)),
    )
    decided = decided_of(contents)
    hidden = {line.position for line in lines[topics.JOURNAL] if isinstance(line, Withheld)}
    entries = [
        one.proved.entry
        for one in gathered.account.booked
        if str(one.record.position) not in hidden
    ]
    contents.terms = terms_member(decided.directory, entries)
    if own:
        contents.rests = undecidable(contents)
    contents.note = newest_note(contents, decided)
    if contents.note:
        note = parse_note(contents.note)
        wanted = [*contents.lines[topics.JOURNAL], *contents.lines[topics.CONVERSIONS]]
        contents.inclusions = tuple(prove_inclusion(log, note, wanted, progress))
    members = members_of(contents)
    return packed(members), verify_members(members)


def _lines(gathered: Gathered) -> dict[str, list[Line]]:
    return {topic: [shown(record) for record in gathered.evidence.of(topic)] for topic in RECORDS}
