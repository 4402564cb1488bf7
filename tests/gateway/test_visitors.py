"""Addresses and crawlers, without a server."""

from __future__ import annotations

import ipaddress

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from gateway.redirects import location_parts
from gateway.visitors import DAY_MS, AddressHash, client_address, crawler, visitor
from tests.gateway.conftest import BROWSER

PROXIES = (ipaddress.ip_network("10.0.0.0/8"),)


def test_hash_changes_with_day_and_secret_only() -> None:
    one, other = AddressHash(b"1" * 32), AddressHash(b"2" * 32)
    assert one("203.0.113.9", 0) == one("203.0.113.9", DAY_MS - 1)
    assert one("203.0.113.9", 0) != one("203.0.113.9", DAY_MS)
    assert one("203.0.113.9", 0) != one("203.0.113.8", 0)
    assert one("203.0.113.9", 0) != other("203.0.113.9", 0)
    assert AddressHash(b"1" * 32)("203.0.113.9", 0) == one("203.0.113.9", 0)


def test_forwarded_is_read_from_the_right_as_far_as_proxies_are_trusted() -> None:
    forwarded = "1.1.1.1, 203.0.113.9, 10.0.0.2"
    assert client_address("10.0.0.1", forwarded, PROXIES) == "203.0.113.9"
    assert client_address("192.0.2.1", forwarded, PROXIES) == "192.0.2.1"
    assert client_address("10.0.0.1", None, PROXIES) == "10.0.0.1"
    assert client_address("10.0.0.1", "nonsense, 10.0.0.2", PROXIES) == "10.0.0.2"


def test_every_crawler_of_the_list_is_found_and_named() -> None:
    for entry in CRAWLER_USER_AGENTS_DATA:
        for user_agent in entry.get("instances", ()):
            assert crawler(user_agent), user_agent
    assert crawler(BROWSER) == ""


def test_a_browser_is_read() -> None:
    seen = visitor(BROWSER)
    assert (seen.browser, seen.os, seen.bot) == ("Chrome", "Windows", "")


def test_where_the_click_id_goes() -> None:
    cases = {
        "https://a.example": "https://a.example?click_id=",
        "https://a.example/x?y=1": "https://a.example/x?y=1&click_id=",
        "https://a.example/x?": "https://a.example/x?click_id=",
        "https://a.example/x?y=1&": "https://a.example/x?y=1&click_id=",
        "https://a.example/ü\r\nx: y": "https://a.example/%C3%BC%0D%0Ax:%20y?click_id=",
    }
    for destination, before in cases.items():
        assert location_parts(destination) == (before, "")
    assert location_parts("https://a.example/#/deep?z=1") == (
        "https://a.example/?click_id=",
        "#/deep?z=1",
    )
