"""Lines of logs and tables, and the clicks they make."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from cli.imports.access_log import read_visits
from cli.imports.click_table import ColumnError, columns, read_csv, read_jsonl
from cli.imports.files import kind
from cli.imports.referring import link_of, partner_of
from cli.imports.report import Report
from cli.imports.visits import ClickMaker, Owner, Visit, identity, invalid_reasons
from events.click_token import ClickKeys
from gateway.visitors import AddressHash

PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
DAY_1 = "17/May/2015:10:05:03 +0000"
DAY_2 = "18/May/2015:10:05:03 +0000"
DAY_1_MS = 1_431_857_103_000
OWNER = Owner("jane-blog", "acme", "jane", "https://acme.test/shop?x=1")


def line(
    request: str = "GET /a?sub1=mail HTTP/1.1",
    status: int = 200,
    referer: str = "https://blog.test/post",
    agent: str = PERSON,
    at: str = DAY_1,
    address: str = "192.0.2.7",
) -> str:
    return f'{address} - - [{at}] "{request}" {status} 512 "{referer}" "{agent}"'


def visits_of(tmp_path: Path, *lines: str) -> tuple[list[Visit], Report]:
    path = tmp_path / "access.log"
    path.write_text("\n".join(lines) + "\n")
    report = Report(str(path), "acme")
    return list(read_visits(path, report)), report


def maker(key: bytes = b"k", number: int = 1) -> ClickMaker:
    return ClickMaker(ClickKeys(number, {number: key}), AddressHash(b"secret"))


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        (line(), ()),
        (line(agent=BOT), ("bot",)),
        (line(agent="-"), ("no_user_agent",)),
        (line(request="HEAD /a HTTP/1.1"), ("head_request",)),
        (line(request="POST /a HTTP/1.1"), ("method",)),
        (line(status=404), ("not_found",)),
        (line(status=304), ()),
        (line(request="\\x16\\x03\\x01", status=400), ("method", "not_found")),
        (
            line(request="HEAD /a HTTP/1.1", agent=BOT, status=500),
            ("bot", "head_request", "not_found"),
        ),
    ],
)
def test_why_a_line_does_not_count(tmp_path: Path, text: str, reasons: tuple[str, ...]) -> None:
    [visit], report = visits_of(tmp_path, text)
    assert invalid_reasons(visit) == reasons
    assert report.rejected == []


def test_a_click_says_what_the_line_says(tmp_path: Path) -> None:
    [visit], _ = visits_of(tmp_path, line())
    click = maker().click(visit, OWNER)
    assert (click.link, click.program, click.partner) == ("jane-blog", "acme", "jane")
    assert click.occurred_at == DAY_1_MS
    assert click.destination == "https://acme.test/a?sub1=mail"
    assert (click.sub1, click.referer, click.browser) == (
        "mail",
        "https://blog.test/post",
        "Firefox",
    )
    assert "192.0.2.7" not in str(click)
    token = ClickKeys(1, {1: b"k"}).verify(click.click_id)
    assert (token.link, token.clicked_at, token.invalid) == ("jane-blog", DAY_1_MS, False)


def test_the_address_is_hashed_with_the_salt_of_the_lines_day(tmp_path: Path) -> None:
    visits, _ = visits_of(tmp_path, line(), line(request="GET /b HTTP/1.1"), line(at=DAY_2))
    make = maker()
    first, same_day, next_day = (make.click(visit, OWNER).ip_hash for visit in visits)
    assert first == same_day != next_day


def test_ids_repeat_and_identical_lines_differ(tmp_path: Path) -> None:
    visits, _ = visits_of(tmp_path, line(), line(), line(status=404))
    make, again, rotated = maker(), maker(), maker(b"other", 2)
    ids = [make.click(visit, OWNER).click_id for visit in visits]
    assert len(set(ids)) == 3
    assert ids == [again.click(visit, OWNER).click_id for visit in visits]
    later = [rotated.click(visit, OWNER).click_id for visit in visits]
    assert ids != later
    assert [identity(click) for click in ids] == [identity(click) for click in later]


def test_lines_of_another_shape_are_listed_and_cut_ones_read(tmp_path: Path) -> None:
    visits, report = visits_of(tmp_path, line(), "nonsense", line()[:-20], line()[:40], "")
    assert [visit.line for visit in visits] == [1, 3]
    assert [(entry.line, entry.field) for entry in report.rejected] == [(2, "line"), (4, "line")]
    assert "not in combined format" in report.rejected[0].reason
    assert report.lines == 4


@pytest.mark.parametrize(
    ("referer", "partner"),
    [
        ("https://www.Example.org/page?q=1", "example.org"),
        ("http://example.org:8080/", "example.org"),
        ("-", "direct"),
        ("", "direct"),
        ("about:blank", "direct"),
        ("http://[broken", "direct"),
        ("https://shop.test/cart", "own-site"),
        ("https://blog.shop.test/", "own-site"),
        ("https://notshop.test/", "notshop.test"),
        ("http://a_b.test/", "a_b.test"),
    ],
)
def test_partner_by_referring_site(referer: str, partner: str) -> None:
    assert partner_of(referer, ["www.shop.test"], direct="direct", internal="own-site") == partner


def test_long_hosts_keep_apart() -> None:
    one, other = (
        partner_of(f"https://{'x' * 63}.{end}/", [], direct="direct", internal="own-site")
        for end in ("test", "org")
    )
    assert one != other
    assert max(len(one), len(other), len(link_of("acme", one))) <= 64


def test_a_table_of_clicks_with_columns_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "clicks.csv"
    path.write_text(
        "Link ID;When;ip;sub1;user_agent\n"
        f'jane-blog;2015-05-17T10:05:03Z;192.0.2.7;"a\nb";{PERSON}\n'
        f"jane-blog;never;192.0.2.7;;{PERSON}\n"
        "jane-blog;1431857103000;192.0.2.7;;\n"
    )
    report = Report(str(path), "acme")
    column = columns(["link=Link ID", "occurred_at=When"])
    first, second = read_csv(path, column, report)
    assert (first.line, first.link, first.occurred_at) == (2, "jane-blog", DAY_1_MS)
    assert first.extra == {"sub1": "ab"}
    assert invalid_reasons(first) == ()
    assert (second.line, second.occurred_at) == (5, DAY_1_MS)
    assert invalid_reasons(second) == ("no_user_agent",)
    assert [(entry.line, entry.field) for entry in report.rejected] == [(4, "occurred_at")]


def test_a_table_without_user_agents_is_not_held_against_its_clicks(tmp_path: Path) -> None:
    path = tmp_path / "clicks.csv"
    path.write_text("link,occurred_at\njane-blog,2015-05-17T10:05:03Z\n")
    [visit] = read_csv(path, {}, Report(str(path), "acme"))
    assert invalid_reasons(visit) == ()


def test_a_gzipped_log_is_the_same_log(tmp_path: Path) -> None:
    visits, _ = visits_of(tmp_path, line(), line(status=404))
    packed = tmp_path / "access.log.1.gz"
    packed.write_bytes(gzip.compress((tmp_path / "access.log").read_bytes()))
    assert list(read_visits(packed, Report("", "acme"))) == visits
    assert (kind(packed), kind(tmp_path / "clicks.csv.gz")) == (".1", ".csv")


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "clicks.jsonl"
    path.write_text(
        '{"link":"jane-blog","occurred_at":1431857103000,"status":404}\n'
        "not json\n"
        "[1]\n"
        '{"link":"jane-blog","occurred_at":"2015-05-17T10:05:03+00:00","gclid":"g1"}\n'
    )
    report = Report(str(path), "acme")
    first, second = read_jsonl(path, {}, report)
    assert invalid_reasons(first) == ("not_found",)
    assert (second.occurred_at, second.extra) == (DAY_1_MS, {"gclid": "g1"})
    assert [entry.line for entry in report.rejected] == [2, 3]


def test_a_table_without_times_and_a_wrong_column_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "clicks.csv"
    path.write_text("link,when\njane-blog,now\n")
    with pytest.raises(ColumnError, match="--column occurred_at=COLUMN"):
        list(read_csv(path, {}, Report(str(path), "acme")))
    with pytest.raises(ColumnError, match="expected FIELD=COLUMN"):
        columns(["nonsense=x"])
