"""Commands that decide, and what the lists show of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from events.settings import Settings
from tests.cli.conftest import CommandFailed, ask, run

pytestmark = pytest.mark.broker


def test_a_program_from_nothing(here: Settings) -> None:
    assert "no programs yet" in run("programs", "list")
    run("programs", "add", "acme", "--name", "Acme Ltd", "--currency", "gbp", "--by", "ann")
    run(
        "terms",
        "add",
        "acme",
        "--sale",
        "12.5%",
        "--lead",
        "2.50",
        "--effective-from",
        "2010-01-01",
    )
    run("partners", "add", "jane", "--name", "Jane [b]Doe")
    run("partners", "apply", "jane", "acme")
    assert ask("partners", "list")[0]["programs"] == {"acme": "applied"}
    run("partners", "approve", "jane", "acme")
    run("links", "add", "jane-blog", "--program", "acme", "--partner", "jane",
        "--destination", "https://acme.test/")  # fmt: skip
    run("coupons", "add", "jane10", "--program", "acme", "--partner", "jane")

    assert ask("programs", "list") == [
        {"program": "acme", "name": "Acme Ltd", "currency": "GBP", "active": True, "terms": 1}
    ]
    [terms] = ask("terms", "list", "acme")
    assert (terms["version"], terms["effective_from"]) == (1, "2010-01-01T00:00:00Z")
    assert [(rule["event"], rule["type"], rule["amount"]) for rule in terms["rules"]] == [
        ("sale", "percentage", 1250),
        ("lead", "flat", 250),
    ]
    assert "12.5 % of a sale, 2.50 GBP for a lead" in run("terms", "list", "acme")
    assert "Jane [b]Doe" in run("partners", "list")  # a name is not markup
    assert ask("links", "list", "--partner", "jane")[0]["active"] is True
    assert ask("coupons", "list")[0]["code"] == "JANE10"


def test_what_is_ended_shows_so(here: Settings) -> None:
    run("programs", "add", "acme")
    run("partners", "add", "jane", "--program", "acme")
    run("links", "add", "l1", "--program", "acme", "--partner", "jane",
        "--destination", "https://acme.test/")  # fmt: skip
    run("coupons", "add", "J", "--program", "acme", "--partner", "jane")
    run("links", "disable", "l1")
    run("coupons", "retire", "j", "--program", "acme")
    run("partners", "suspend", "jane", "acme", "--reason", "bids on our name")
    run("programs", "pause", "acme")
    assert ask("links", "list")[0]["active"] is False
    assert ask("coupons", "list")[0]["active"] is False
    assert ask("partners", "list")[0]["programs"] == {"acme": "suspended"}
    assert ask("programs", "list")[0]["active"] is False
    run("programs", "resume", "acme")
    assert ask("programs", "list")[0]["active"] is True


def test_the_same_again_is_quiet_and_another_content_is_refused(here: Settings) -> None:
    run("programs", "add", "acme", "--currency", "GBP")
    run("programs", "add", "acme", "--currency", "GBP")
    with pytest.raises(CommandFailed, match="exit code 1: error: program acme"):
        run("programs", "add", "acme", "--currency", "EUR")


def test_terms_from_files(here: Settings, tmp_path: Path) -> None:
    run("programs", "add", "acme", "--currency", "GBP")
    toml, broken = tmp_path / "terms.toml", tmp_path / "broken.json"
    toml.write_text(
        "effective_from = 2025-01-01\nhold_days = 14\n"
        '[[rules]]\nname = "sale"\nevent = "sale"\ntype = "percentage"\namount = 1000\n'
    )
    broken.write_text('{"rules": [], "hold": 3}')
    run("terms", "add", "acme", "--file", str(toml))
    [terms] = ask("terms", "list", "acme")
    assert (terms["effective_from"], terms["hold_days"]) == ("2025-01-01T00:00:00Z", 14)
    with pytest.raises(
        CommandFailed, match="hold=3: expected a key that there is; did you mean hold_days"
    ):
        run("terms", "add", "acme", "--file", str(broken))


REFUSED = [
    (("terms", "add", "acme", "--sale", "ten%"), "expected a rate such as 12.5%"),
    (("terms", "add", "acme", "--sale", "0.001%"), "finer than a basis point"),
    (("terms", "add", "acme", "--lead", "1.005"), "finer than the minor unit"),
    (("terms", "add", "acme"), "terms that pay nothing"),
    (("terms", "add", "acme", "--sale", "1%", "--effective-from", "soon"), "expected ISO 8601"),
    (("terms", "add", "nobody", "--sale", "1%"), "nobody"),
    (("programs", "add", "a b"), "expected 1 to 64 letters"),
    (("partners", "approve", "ghost", "acme"), "ghost"),
    (("payout", "request", "jane", "--program", "nobody"), "see `pledger programs list`"),
    (("payout", "request", "jane", "--program", "acme", "--amount", "-5"), "more than zero"),
    (("payout", "settle", "po-none"), "po-none"),
]


def test_refusals_are_one_line_and_exit_code_1(here: Settings) -> None:
    run("programs", "add", "acme", "--currency", "GBP")
    for arguments, said in REFUSED:
        with pytest.raises(CommandFailed) as caught:
            run(*arguments)
        assert caught.value.code == 1
        assert said in caught.value.said
        assert len(caught.value.said.strip().splitlines()) == 1
