"""The way from a click to the payment, drawn: boxes and arrows, in points, from the top left.

The same drawing is set as SVG in the HTML and by ReportLab in the PDF.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from audit.bundle.verify import Verdict
from audit.payout_proof import ProvedEntry
from cli.documents.fonts import BOLD, REGULAR, width
from cli.documents.look import WIDTH
from cli.documents.proof_report import legible
from cli.documents.words import kind
from cli.money import shown
from cli.reading import iso
from events import topics

SIZE = 6.8
TITLE_SIZE = 8.5
LINE = 10.0
"""Points from line to line in a box."""
INSIDE = 5.0
"""Points between a box's edge and its text."""
GAP = 14.0
"""Points between boxes, where the arrows are."""


@dataclass(frozen=True)
class Box:
    """A rectangle with a title and lines of text."""

    x: float
    y: float
    w: float
    h: float
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Arrow:
    """From one point to another, with a head at the end."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass
class Drawing:
    """What is drawn, and how much room it takes."""

    height: float
    title: str
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    width: float = WIDTH


def whole_way(verdict: Verdict) -> Drawing:
    """All records behind the payout: how many of each kind, and how many are withheld."""
    counts = _counts(verdict)
    proof = verdict.proof
    columns = [
        ("Clicks", counts["click"]),
        ("Conversions", counts["conversion"]),
        ("Attributions", counts["attribution"]),
        ("Instructions", counts["instruction"]),
        ("Journal", counts["entry"]),
        ("Payout", (shown(proof.amount, proof.unit), proof.status)),
    ]
    w = (WIDTH - GAP * (len(columns) - 1)) / len(columns)
    h = 2 * INSIDE + 4 * LINE
    drawing = Drawing(2 * h + 26 - LINE, "All records behind the payout")
    for number, (title, lines) in enumerate(columns):
        x = number * (w + GAP)
        drawing.boxes.append(Box(x, 0, w, h, title, _fit(lines, w)))
        if number:
            drawing.arrows.append(Arrow(x - GAP + 2, h / 2, x - 2, h / 2))
    below = h + 26
    x, span = 2 * (w + GAP), 3 * w + 2 * GAP
    decided = counts["decision"]
    drawing.boxes.append(Box(x, below, span, h - LINE, "Decisions and terms", _fit(decided, span)))
    for number in (2, 3, 4):
        middle = number * (w + GAP) + w / 2
        drawing.arrows.append(Arrow(middle, below - 2, middle, h + 2))
    return drawing


def one_way(verdict: Verdict) -> Drawing | None:
    """The way of the largest commission that is shown with all it rests on; None: there is none."""
    chosen = _largest(verdict)
    if chosen is None:
        return None
    entry = chosen.entry
    steps: list[tuple[str, list[str]]] = []
    if chosen.click:
        steps.append(("Click", [chosen.click, legible(entry.click_id).rpartition(".")[0]]))
    what = f"deal {legible(entry.deal)}" if entry.deal else f"lead {legible(entry.event_id)}"
    deal = [entry.conversion, what]
    if entry.base:
        deal.append(shown(entry.base, entry.currency or entry.unit))
    steps.append(("Conversion", deal))
    if chosen.attribution:
        by = chosen.method.replace("_", " ") or "refund"
        steps.append(("Credited", [chosen.attribution, f"by {by}"]))
    rule = [entry.terms_at, f"rule {entry.rule}", f"terms {entry.terms}"]
    steps.append(("Terms", rule))
    moved = shown(entry.payable(entry.unit), entry.unit)
    steps.append((kind(entry.kind), [chosen.position, moved, iso(entry.at)[:10]]))
    proof = verdict.proof
    paid = [proof.funding.position, shown(proof.amount, proof.unit), proof.status]
    steps.append((f"Payout {proof.payout}", paid))
    w = (WIDTH - GAP * (len(steps) - 1)) / len(steps)
    h = 2 * INSIDE + 4 * LINE
    drawing = Drawing(h, f"One commission of it: {what}")
    for number, (title, lines) in enumerate(steps):
        x = number * (w + GAP)
        drawing.boxes.append(Box(x, 0, w, h, _clipped(title, w, TITLE_SIZE, BOLD), _fit(lines, w)))
        if number:
            drawing.arrows.append(Arrow(x - GAP + 2, h / 2, x - 2, h / 2))
    return drawing


def _counts(verdict: Verdict) -> dict[str, tuple[str, ...]]:
    again, hidden = verdict.again, verdict.withheld
    counts: dict[str, tuple[str, ...]] = {}
    for step, topic in (
        ("click", topics.CLICKS),
        ("attribution", topics.ATTRIBUTIONS),
        ("instruction", topics.INSTRUCTIONS),
        ("entry", topics.JOURNAL),
    ):
        done = "found" if step == "click" else "again"
        counts[step] = (f"{again.get(step, 0):,} {done}", *_left_out(hidden[topic]))
    counts["conversion"] = (
        f"{verdict.proof.conversions:,} shown",
        *_left_out(hidden[topics.CONVERSIONS]),
    )
    cited = len({one.entry.terms_at for one in verdict.account if one.entry.terms_at})
    counts["decision"] = (
        f"{verdict.proof.decisions:,} shown; {cited:,} version{'s' * (cited != 1)} of terms cited",
        *_left_out(hidden[topics.DECISIONS]),
    )
    return counts


def _left_out(count: int) -> tuple[str, ...]:
    return (f"{count:,} withheld",) if count else ()


def _largest(verdict: Verdict) -> ProvedEntry | None:
    commissions = [
        proved
        for proved in verdict.proof.before
        if proved.entry.kind == "commission" and proved.entry.rule and proved.entry.conversion
    ]
    return max(
        commissions,
        key=lambda one: (bool(one.click), one.entry.payable(verdict.proof.unit)),
        default=None,
    )


def _fit(lines: Sequence[str], w: float) -> tuple[str, ...]:
    return tuple(_clipped(line, w, SIZE, REGULAR) for line in lines if line)


def _clipped(text: str, w: float, size: float, font: str) -> str:
    """As much of the text as a box of this width has room for."""
    room = w - 2 * INSIDE
    if width(text, size, font) <= room:
        return text
    while text and width(text + "…", size, font) > room:
        text = text[:-1]
    return text + "…"
