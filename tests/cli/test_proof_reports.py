"""The report of a proof: every entry on it, nothing that is executed or loaded, words escaped."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from html.parser import HTMLParser

import pytest
from msgspec import structs

from audit.bundle.format import Scope
from audit.bundle.verify import Verdict
from cli.documents.proof_drawing import Drawing, one_way, whole_way
from cli.documents.proof_html import proof_html
from cli.documents.proof_pdf import proof_pdf
from cli.documents.proof_report import AGAIN, WITHHELD, months, rows
from cli.proof_words import not_proved, proved, resting
from tests.audit.bundle.reading import exported
from tests.audit.bundle.test_privacy import words_of_others
from tests.audit.memory import MemoryLedger
from tests.audit.rewards_scene import rewarded

HOSTILE = '<script>alert("x")</script><img src=//evil.example/x>'
VOID = {"meta", "img", "br"}


@cache
def verdict(scope: Scope = "partner") -> Verdict:
    return exported(rewarded(MemoryLedger()), scope)[1]


class Elements(HTMLParser):
    """The elements of a document, in order; fails where they are not closed in theirs."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_entry_is_on_it_with_what_it_rests_on() -> None:
    text = proof_html(verdict())
    for proved_entry in verdict().account:
        entry = proved_entry.entry
        assert f"<code>{proved_entry.position}</code>" in text
        assert f"<code>{proved_entry.instruction}</code>" in text
        if entry.rule:
            assert f"{entry.rule}, terms {entry.terms}" in text
    for sentence in (*proved(verdict()), *not_proved(verdict())):
        assert escape(sentence) in text
    for group in resting(verdict().rests):
        assert all(f"<code>{escape(position)}</code>" in text for position in group.positions)


def test_how_each_entry_was_proved_stands_beside_it() -> None:
    shown = list(rows(verdict()))
    hidden = {row.entry for row in shown if row.proof == WITHHELD}
    assert hidden == {rest.position for rest in verdict().rests if rest.step == "entry"}
    assert sum(row.proof == AGAIN for row in shown) == verdict().again["entry"]
    assert {row.proof for row in rows(verdict("auditor"))} == {AGAIN}
    assert sum(len(month.rows) for month in months(verdict())) == len(verdict().account)


@pytest.mark.parametrize("scope", ["auditor", "partner"])
def test_it_executes_nothing_and_loads_nothing(scope: Scope) -> None:
    text = proof_html(verdict(scope))
    found = Elements(text)
    assert not {"script", "link", "img", "iframe", "object", "use", "image"} & set(found.names)
    assert not [name for name in found.attributes if name.startswith("on") or name == "src"]
    assert all(link.startswith("#m") for link in found.attributes.get("href", ()))
    assert not re.search(r"url\(|@import|https?:", text)
    assert "default-src 'none'; style-src 'unsafe-inline'" in text


def test_words_of_others_cannot_become_markup() -> None:
    account = [
        structs.replace(one, entry=structs.replace(one.entry, deal=HOSTILE, reason=HOSTILE))
        for one in verdict().account
    ]
    proof = structs.replace(verdict().proof, payout=HOSTILE, before=account)
    hostile = structs.replace(verdict(), account=account, proof=proof)
    text = proof_html(hostile)
    assert HOSTILE not in text and escape(HOSTILE) in text
    assert not {"script", "img"} & set(Elements(text).names)
    assert proof_pdf(hostile).startswith(b"%PDF")


def test_a_partners_own_report_tells_of_nobody_else() -> None:
    ledger = rewarded(MemoryLedger())
    text = proof_html(exported(ledger, "partner")[1])
    for word in words_of_others(ledger, "jane"):
        assert not word.search(text), word.pattern


def test_the_same_bundle_gives_the_same_report() -> None:
    again = exported(rewarded(MemoryLedger()), "partner")[1]
    assert proof_html(verdict()) == proof_html(again)
    assert proof_pdf(verdict()) == proof_pdf(again)


def test_what_is_drawn_lies_within_the_drawing_and_apart() -> None:
    drawings: list[Drawing | None] = [whole_way(verdict()), one_way(verdict())]
    for drawing in drawings:
        assert drawing is not None
        for box in drawing.boxes:
            assert 0 <= box.x <= box.x + box.w <= drawing.width + 0.01
            assert 0 <= box.y <= box.y + box.h <= drawing.height + 0.01
            for other in drawing.boxes:
                apart = (
                    box.x + box.w < other.x
                    or other.x + other.w < box.x
                    or box.y + box.h < other.y
                    or other.y + other.h < box.y
                )
                assert apart or other is box


def test_the_way_of_one_commission_leads_from_its_click_to_the_payout() -> None:
    drawn = one_way(verdict())
    assert drawn is not None
    titles = [box.title for box in drawn.boxes]
    assert titles == ["Click", "Conversion", "Credited", "Terms", "Commission", "Payout po-1"]
    assert drawn.boxes[0].lines[0].startswith("clicks/")
    assert drawn.boxes[-1].lines[1:] == ("151.84 EUR", "returned")
