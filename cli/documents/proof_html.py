"""The proof of a payout as one HTML file: no scripts, nothing that is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from importlib import resources

from audit.bundle.verify import Verdict
from cli.documents import proof_drawing
from cli.documents.proof_drawing import INSIDE, LINE, SIZE, TITLE_SIZE, Drawing
from cli.documents.proof_report import (
    AGAIN,
    LEGEND,
    Month,
    Row,
    facts,
    months,
    outcome,
    payout_rows,
    terms_cited,
)
from cli.proof_words import not_proved, proved, resting, withheld

HEADINGS = ("#", "Booked", "What", "For", "Rule", "Amount", "Balance", "Entry", "Rests on", "Proof")
HEAD_LENGTH = 5.0
"""Points, of an arrow's head."""


def proof_html(verdict: Verdict) -> str:
    """The report as an HTML document; the same bytes for the same bundle."""
    title = f"Proof of payout {verdict.proof.payout}"
    style = resources.files("cli.documents").joinpath("proof.css").read_text()
    return "".join(
        (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta http-equiv="Content-Security-Policy" ',
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{escape(title)}</title><style>{style}</style></head><body><main>\n",
            f"<h1>{escape(title)}</h1>\n",
            f'<p class="{"outcome partly" if verdict.rests else "outcome"}">',
            f"{escape(outcome(verdict))}</p>\n",
            _facts(facts(verdict)),
            *_drawings(verdict),
            "<h2>What it proves</h2>\n",
            _list(proved(verdict)),
            "<h2>What it does not prove</h2>\n",
            _list(not_proved(verdict)),
            *_resting(verdict),
            f"<h2>The payout</h2>\n<p>{escape(LEGEND)}</p>\n",
            _table(payout_rows(verdict)),
            *_account(months(verdict)),
            *_terms(verdict),
            "</main></body></html>\n",
        )
    )


def svg(drawing: Drawing) -> str:
    """A drawing as an inline SVG."""
    parts = [
        f'<svg viewBox="-1 -1 {drawing.width + 2:g} {drawing.height + 2:g}" role="img" '
        f'aria-label="{escape(drawing.title)}">'
    ]
    for box in drawing.boxes:
        parts.append(
            f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.w:.1f}" height="{box.h:.1f}" '
            'rx="3"/>'
        )
        x, y = box.x + INSIDE, box.y + INSIDE + TITLE_SIZE
        parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{TITLE_SIZE}" class="t">'
            f"{escape(box.title)}</text>"
        )
        for number, line in enumerate(box.lines, 1):
            parts.append(
                f'<text x="{x:.1f}" y="{y + number * LINE + 1:.1f}" font-size="{SIZE}">'
                f"{escape(line)}</text>"
            )
    for arrow in drawing.arrows:
        parts.append(
            f'<path d="M{arrow.x1:.1f} {arrow.y1:.1f}L{arrow.x2:.1f} {arrow.y2:.1f}"/>'
            f'<path class="h" d="{_head(arrow)}"/>'
        )
    return "".join(parts) + "</svg>"


def _head(arrow: proof_drawing.Arrow) -> str:
    """A triangle at the end of an arrow, which runs along an axis."""
    x, y, size = arrow.x2, arrow.y2, HEAD_LENGTH
    if arrow.y1 == arrow.y2:
        return f"M{x:.1f} {y:.1f}l{-size} {size / 2}v{-size}z"
    down = -size if arrow.y2 > arrow.y1 else size
    return f"M{x:.1f} {y:.1f}l{size / 2} {down}h{-size}z"


def _drawings(verdict: Verdict) -> Iterator[str]:
    yield "<h2>From click to payment</h2>\n"
    for drawing in (proof_drawing.whole_way(verdict), proof_drawing.one_way(verdict)):
        if drawing is not None:
            caption = f"<figcaption>{escape(drawing.title)}</figcaption>"
            yield f"<figure>{svg(drawing)}{caption}</figure>\n"


def _facts(found: list[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in found)
    return f"<dl>{rows}</dl>\n"


def _list(sentences: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in sentences) + "</ul>\n"


def _resting(verdict: Verdict) -> Iterator[str]:
    if left_out := withheld(verdict):
        yield f"<p>Withheld records: {escape(left_out)}.</p>\n"
    for group in resting(verdict.rests):
        positions = ", ".join(f"<code>{escape(one)}</code>" for one in group.positions)
        head = escape(group.what)
        yield f"<details><summary>{head}</summary><p>{positions}</p></details>\n"


def _account(found: list[Month]) -> Iterator[str]:
    yield "<h2>The account, from its first entry</h2>\n"
    if len(found) > 1:
        links = " ".join(f'<a href="#m{one.name}">{one.name}</a>' for one in found)
        yield f'<nav aria-label="Months">{links}</nav>\n'
    for month in found:
        sums = ", ".join(month.sums) or "nothing"
        yield (
            f'<section id="m{month.name}"><h3>{month.name}: {len(month.rows):,} entries, '
            f"balance {escape(sums)}</h3>\n{_table(month.rows)}</section>\n"
        )


def _terms(verdict: Verdict) -> Iterator[str]:
    cited = terms_cited(verdict)
    if cited:
        yield "<h2>Terms that were cited</h2>\n<table><thead><tr>"
        yield "<th>Program</th><th>Version</th><th>Decision</th></tr></thead><tbody>"
        for program, version, position in cited:
            yield (
                f"<tr><td>{escape(program)}</td><td>{version}</td>"
                f"<td><code>{escape(position)}</code></td></tr>"
            )
        yield "</tbody></table>\n"


def _table(rows: Iterable[Row]) -> str:
    numbers = frozenset((0, 5, 6))
    head = "".join(
        f"<th{' class=n' if place in numbers else ''}>{name}</th>"
        for place, name in enumerate(HEADINGS)
    )
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(map(_row, rows))}</tbody></table>\n"
    )


def _row(row: Row) -> str:
    notes = f"<small>{escape(row.notes)}</small>" if row.notes else ""
    rests_on = " ".join(f"<code>{escape(position)}</code>" for position in row.rests_on)
    weak = "" if row.proof == AGAIN else ' class="weak"'
    amount = f"{row.amount} {escape(row.unit)}" if row.amount else ""
    return (
        f"<tr{weak}><td class=n>{row.number}</td><td class=w>{row.day}</td>"
        f"<td>{escape(row.what)}{notes}</td><td>{escape(row.subject)}</td>"
        f"<td>{escape(row.rule)}</td><td class=n>{amount}</td><td class=n>{row.balance}</td>"
        f"<td><code>{escape(row.entry)}</code></td><td>{rests_on}</td>"
        f"<td class=w>{row.proof}</td></tr>"
    )
