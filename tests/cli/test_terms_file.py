"""Terms as files: read, said in words, written to be added again."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from aggregates.terms_form import read_form, write_form
from cli.reading import BadOption
from cli.terms_file import read_terms
from cli.terms_toml import toml
from cli.terms_words import left_out, sentences
from events.settings import Settings
from events.terms import PayoutTerms, Rule, Terms
from tests.cli.conftest import CommandFailed, ask, run

RICH = """
effective_from = 2026-01-01
hold_days = 14
review_above = "500.00"
payout_schedule = "monthly"
payout_day = 5

[[rules]]
name = "new \\"DACH\\""
event = "sale"
type = "percentage"
amount = "15%"
maximum = "80.00"
modifiers = [
    { attribute = "country", operator = "in", value = ["DE", "AT"] },
    { attribute = "customer", operator = "is", value = "new" },
]

[[rules]]
name = "sale"
event = "sale"
type = "percentage"
amount = "10%"
includes = ["shipping"]
[rules.tiers]
period = "month"
levels = [
    { threshold = "1000.00", amount = "12.5%", name = "silver" },
    { threshold = "5000.00", amount = "15%" },
]

[[rules]]
name = "credit"
event = "sale"
type = "flat"
amount = 3
currency = "acme:credit"
adds = true

[[rules]]
name = "lead"
event = "lead"
type = "flat"
amount = "5.00"

[[rules]]
name = "renewal"
event = "renewal"
type = "percentage"
amount = "5%"
max_duration = 12

[[bonuses]]
name = "starter"
threshold = 3
measure = "count"
amount = "50.00"

[[caps]]
name = "monthly"
scope = "partner"
period = "month"
amount = "900.00"
rules = ["lead"]

[[overrides]]
name = "first line"
level = 1
event = "sale"
type = "percentage"
amount = "2%"

[[contests]]
name = "summer"
starts = 2026-06-01
ends = 2026-09-01
prizes = [{ amount = "500.00" }, { amount = 1, currency = "acme:mug" }]

[[payouts]]
unit = "JPY"
minimum = "5000"
withholding = "15%"

[[payouts]]
minimum = 5000
fee_rate = "1%"
"""

WORDS = """
new "DACH": 15 % of a sale, at most 80.00 EUR, if country in DE or AT and customer is new
sale: 10 % of a sale with its shipping, 12.5 % from 1,000.00 EUR (silver), 15 % from 5,000.00 EUR a month
credit: besides, 3 acme:credit for a sale
lead: 5.00 EUR for a lead
renewal: 5 % of a renewal, for 12 months after the first sale
starter: 50.00 EUR once there are 3 sales in all
monthly: at most 900.00 EUR for a partner a month of lead
first line: 2 % of a sale of a sub-partner
summer: most sales by amount from 2026-06-01T00:00:00Z until 2026-09-01T00:00:00Z: 500.00 EUR, 1 acme:mug
credited by last touch; clicks count 30 days, signups 365; commissions are held 14 days
registered deals are protected 90 days
commissions above 500.00 EUR wait for a person
self-referrals: refuse; duplicate customers: hold
payouts in JPY: from 5,000 JPY, less 15 % withheld
payouts in other units: from 5000 minor units, less a fee of 1 %
paid out monthly on day 5, decided by one person
"""  # noqa: E501

RULE = '[[rules]]\nname = "sale"\nevent = "sale"\ntype = "percentage"\namount = 1000\n'


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    path = tmp_path / "terms.toml"
    path.write_text(RICH)
    return path


def test_terms_in_words(rich: Path) -> None:
    assert sentences(read_terms(rich, "EUR").terms, "EUR") == WORDS.strip().splitlines()


def test_a_written_file_is_read_as_the_same(rich: Path, tmp_path: Path) -> None:
    terms = read_terms(rich, "EUR").terms
    form = write_form(terms, "EUR")
    assert tomllib.loads(toml(form)) == form
    as_json = tmp_path / "terms.json"
    as_json.write_text(json.dumps(form))
    assert read_terms(as_json, "EUR").terms == terms
    assert read_form(tomllib.loads(toml(form)), "EUR").terms == terms


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.toml", "rules = [1 2]", "no TOML in UTF-8: .*line 1, column 12"),
        ("t.json", '{"rules": [}', "no JSON in UTF-8: .*line 1 column 12"),
        ("t.json", '{"rules": [], "rules": []}', "the key 'rules' stands twice"),
        ("t.json", "[]", "terms=.*: expected a table with effective_from, rules"),
        ("t.JSON", '{"rules": null}', "rules=None: expected a list of tables"),
        ("t.json", '{"rules": [], "hold_days": NaN}', "hold_days=nan: expected a whole number"),
        ("t.toml", RULE + "maximum = 5.5", r"rules\[0\].maximum=5.5: expected minor units"),
        ("t.toml", RULE + "max = 5", r"did you mean maximum\?.*`pledger terms check "),
    ],
)
def test_a_file_that_cannot_stand_is_named_with_its_line(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(BadOption, match=said) as refused:
        read_terms(path, "EUR")
    assert str(refused.value).startswith(f"{path}: ")


def test_what_is_said_beside_a_file_must_not_differ(tmp_path: Path) -> None:
    path = tmp_path / "terms.toml"
    path.write_text('partner = "jane"\n' + RULE)
    assert read_terms(path, options={"partner": "jane"}).terms.partner == "jane"
    with pytest.raises(BadOption, match="--partner 'bob': the file says 'jane'"):
        read_terms(path, options={"partner": "bob"})


def test_a_mark_at_the_beginning_of_a_file(tmp_path: Path) -> None:
    """Editors on Windows begin a file in UTF-8 with a byte order mark."""
    for name, content in (("t.toml", RULE), ("t.json", json.dumps(tomllib.loads(RULE)))):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8-sig")
        assert read_terms(path, "EUR").terms.rules[0].event == "sale"


def test_check_needs_no_ledger(rich: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEDGER_BROKER", "127.0.0.1:1")
    assert run("terms", "check", str(rich), "--currency", "eur") == WORDS.lstrip()
    assert ask("terms", "check", str(rich), "--currency", "EUR")["engine"] == "2"
    with pytest.raises(CommandFailed, match=r'maximum=.*"5.00 EUR".*--currency'):
        run("terms", "check", str(rich))
    with pytest.raises(CommandFailed, match="--currency='ABC': expected an ISO 4217"):
        run("terms", "check", str(rich), "--currency", "abc")


def test_the_schema_is_printed() -> None:
    assert json.loads(run("terms", "schema"))["title"] == "Terms"


@pytest.mark.broker
def test_terms_are_shown_as_a_file_to_add_again(here: Settings, rich: Path, tmp_path: Path) -> None:
    run("programs", "add", "acme", "--currency", "EUR")
    run("partners", "add", "jane", "--program", "acme")
    said = run("terms", "add", "acme", "--file", str(rich))
    assert said == (
        "terms 1 of acme added, in force from 2026-01-01T00:00:00Z; "
        "engine 2, by rules[0].modifiers\n"
    )
    again = tmp_path / "again.toml"
    again.write_text(run("terms", "show", "acme", "--toml"))
    assert "terms 1 of acme stand already, nothing added" in run(
        "terms", "add", "acme", "--file", str(again)
    )
    assert json.loads(run("terms", "show", "acme", "1", "--json")) == tomllib.loads(
        again.read_text()
    )
    assert WORDS.splitlines()[1] in run("terms", "show", "acme")

    own = ask("terms", "add", "acme", "--sale", "20%", "--partner", "jane")
    assert (own["version"], own["partner"], own["engine"]) == (2, "jane", "2")
    assert "sale: 20 % of a sale" in run("terms", "show", "acme", "--partner", "jane")
    assert "new" in run("terms", "show", "acme"), "the newest general terms"
    assert [row["partner"] for row in ask("terms", "list", "acme")] == ["", "jane"]
    assert "jane" in run("terms", "list", "acme")
    with pytest.raises(CommandFailed, match="has no terms 9; see `pledger terms list acme`"):
        run("terms", "show", "acme", "9")
    with pytest.raises(CommandFailed, match="nobody"):
        run("terms", "add", "acme", "--sale", "20%", "--partner", "nobody")
    three = ask("terms", "add", "acme", "--sale", "5%")
    assert (three["version"], three["engine"]) == (3, "2"), "a program on engine 2 stays there"


def test_what_a_partner_s_own_terms_leave_out_is_said() -> None:
    """Withholding is for the tax office: it must not fall away unseen."""
    rule = Rule("sale", "sale", "percentage", 1_000)
    kept = PayoutTerms("EUR", withholding=1_500)
    general = Terms(1, 0, (rule,), engine="2", payouts=(kept,), review_above=50_000)
    own = Terms(2, 0, (rule,), engine="2", partner="jane")
    said = left_out(own, general)
    assert "terms: review_above;" in said
    assert "payouts" not in said
    assert left_out(own, Terms(1, 0, (rule,))) == left_out(own, None) == ""


@pytest.mark.broker
def test_options_make_terms_of_engine_1_unless_they_need_2(here: Settings) -> None:
    run("programs", "add", "acme", "--currency", "EUR")
    assert ask("terms", "add", "acme", "--sale", "5%")["engine"] == "1"
    run("partners", "add", "jane", "--program", "acme")
    with pytest.raises(CommandFailed, match=r"partner='jane'.*: add those first"):
        run("terms", "add", "acme", "--sale", "5%", "--partner", "jane")
    linear = ask("terms", "add", "acme", "--sale", "5%", "--attribution", "linear")
    assert (linear["version"], linear["engine"]) == (2, "2")
    with pytest.raises(CommandFailed, match="attribution='none': expected last_touch"):
        run("terms", "add", "acme", "--sale", "5%", "--attribution", "none")
