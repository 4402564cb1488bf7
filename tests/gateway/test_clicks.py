"""The click path over HTTP: what is redirected stands in the log, with the reasons if any."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from events.clicks import Click
from events.topics import CLICKS
from tests.gateway.conftest import RunningGateway

pytestmark = pytest.mark.broker


def follow(gateway: RunningGateway, path: str, **headers: str) -> tuple[httpx.Response, Click]:
    """Follow a link, and the click that stands in the log when the answer is there."""
    before = {click.click_id for click in gateway.log_of(CLICKS)}
    answer = gateway.client.get(path, headers=headers)
    [click] = [click for click in gateway.log_of(CLICKS) if click.click_id not in before]
    return answer, click


def test_redirect_is_in_the_log_before_the_answer(gateway: RunningGateway) -> None:
    answer, click = follow(gateway, "/c/spring?sub1=news&sub5=b%20c&gclid=G1&cid=net-7&other=x")
    assert answer.status_code == 302
    assert click.link == "spring"
    assert (click.program, click.partner) == ("acme", "jane")
    assert click.destination == "https://shop.example/spring?utm=1&click_id=own#top"
    assert (click.sub1, click.sub5, click.gclid, click.external_id) == (
        "news",
        "b c",
        "G1",
        "net-7",
    )
    assert click.invalid == ()
    assert click.browser == "Chrome"
    assert click.ip_hash and "127.0.0.1" not in str(click)
    assert answer.headers["cache-control"] == "no-store"


def test_location_keeps_query_and_fragment_and_carries_the_token(gateway: RunningGateway) -> None:
    answer, click = follow(gateway, "/c/spring")
    location = urlsplit(answer.headers["location"])
    assert (location.scheme, location.netloc, location.path) == ("https", "shop.example", "/spring")
    assert location.fragment == "top"
    assert parse_qs(location.query) == {"utm": ["1"], "click_id": ["own", click.click_id]}
    token = gateway.keys().verify(click.click_id)
    assert (token.link, token.clicked_at, token.invalid) == ("spring", click.occurred_at, False)


@pytest.mark.parametrize(
    "query",
    [
        "?destination=https://evil.example",
        "?url=//evil.example&next=https://evil.example&redirect=javascript:alert(1)",
        "?sub1=%0d%0aLocation:%20https://evil.example",
        "?click_id=https://evil.example%23",
    ],
)
def test_nothing_in_a_request_changes_where_it_leads(gateway: RunningGateway, query: str) -> None:
    answer, click = follow(gateway, "/c/spring" + query)
    assert answer.headers["location"].startswith("https://shop.example/spring?utm=1&")
    assert answer.headers.get_list("location") == [answer.headers["location"]]
    assert not any(ord(letter) < 32 for letter in click.sub1)


@pytest.mark.parametrize("path", ["/c/none", "/c/", "/c/spring/..%2f", "/c/https://evil.example"])
def test_unknown_link_is_a_404_problem(gateway: RunningGateway, path: str) -> None:
    answer = gateway.client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


@pytest.mark.parametrize(
    ("headers", "reasons"),
    [
        ({"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
         ("bot",)),
        ({"user-agent": ""}, ("no_user_agent",)),
        ({"sec-purpose": "prefetch;prerender"}, ("prefetch",)),
        ({"purpose": "prefetch"}, ("prefetch",)),
        ({"x-purpose": "preview"}, ("prefetch",)),
        ({"x-moz": "prefetch"}, ("prefetch",)),
        ({"user-agent": "curl/8.5.0", "x-moz": "prefetch"}, ("bot", "prefetch")),
    ],
)  # fmt: skip
def test_what_does_not_count_is_kept_with_its_reasons(
    gateway: RunningGateway, headers: dict[str, str], reasons: tuple[str, ...]
) -> None:
    answer, click = follow(gateway, "/c/spring", **headers)
    assert answer.status_code == 302
    assert click.invalid == reasons
    assert gateway.keys().verify(click.click_id).invalid


def test_a_crawler_is_named(gateway: RunningGateway) -> None:
    _, click = follow(gateway, "/c/spring", **{"user-agent": "Googlebot/2.1"})
    assert click.bot == "Googlebot"


def test_head_is_answered_and_invalid(gateway: RunningGateway) -> None:
    before = len(gateway.log_of(CLICKS))
    answer = gateway.client.head("/c/spring")
    assert answer.status_code == 302
    clicks = gateway.log_of(CLICKS)
    assert len(clicks) == before + 1
    [head] = [click for click in clicks if click.click_id in answer.headers["location"]]
    assert head.invalid == ("head_request",)


def test_other_methods_are_refused(gateway: RunningGateway) -> None:
    answer = gateway.client.post("/c/spring")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


def test_link_of_a_partner_that_is_not_approved(gateway: RunningGateway) -> None:
    answer, click = follow(gateway, "/c/idle-link")
    assert answer.status_code == 302
    assert click.invalid == ("partner_inactive",)


def test_disabled_link_is_gone_and_its_click_kept(gateway: RunningGateway) -> None:
    gateway.link("old", "https://shop.example/old")
    assert gateway.client.get("/c/old").status_code == 302
    gateway.post("/v1/links/old/disable")
    answer, click = follow(gateway, "/c/old")
    assert answer.status_code == 410
    assert "location" not in answer.headers
    assert click.invalid == ("link_disabled",)


def test_paused_program(gateway: RunningGateway) -> None:
    gateway.post("/v1/programs/acme/pause")
    try:
        answer, click = follow(gateway, "/c/spring")
    finally:
        gateway.post("/v1/programs/acme/resume")
    assert answer.status_code == 302
    assert click.invalid == ("program_inactive",)


def test_long_and_odd_values_are_cut_and_cleaned(gateway: RunningGateway) -> None:
    query: Any = {"sub1": "a" * 1000, "sub2": "x\x00\x1b[31m\u2028y", "sub3": "日本"}
    answer, click = follow(gateway, str(httpx.URL("/c/spring", params=query)))
    assert answer.status_code == 302
    assert (click.sub1, click.sub2, click.sub3) == ("a" * 256, "x[31my", "日本")


def test_one_address_has_one_hash_a_day_and_forwarded_is_not_believed(
    gateway: RunningGateway,
) -> None:
    _, first = follow(gateway, "/c/spring")
    _, second = follow(gateway, "/c/spring", **{"x-forwarded-for": "203.0.113.9"})
    assert first.ip_hash == second.ip_hash
