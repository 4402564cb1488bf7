"""The gateway as a program's own backend would use it: plain HTTP."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from cli.demo.story import Visit

AT_ONCE = 100
"""Visits that are under way at the same time."""


class Refused(RuntimeError):
    """The gateway answered otherwise than the demo expects."""


class Gateway:
    def __init__(self, address: str) -> None:
        self._address = address
        self._client = httpx.Client(base_url=address, timeout=30, trust_env=False)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return _checked(self._client.post(path, json=body))

    def get(self, path: str) -> Any:
        return _checked(self._client.get(path))

    def post_batch(self, conversions: Iterable[dict[str, Any]]) -> Any:
        """One NDJSON request; the answer says how many are in the log."""
        return _checked(
            self._client.post(
                "/v1/conversions",
                content="\n".join(json.dumps(conversion) for conversion in conversions),
                headers={"content-type": "application/x-ndjson"},
            )
        )

    def payout_after(self, payout: str, status: str, seconds: float = 20.0) -> dict[str, Any]:
        """The payout once it is no longer `status`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.get(f"/v1/payouts/{payout}")
            if found["status"] != status:
                return found
            time.sleep(0.05)
        raise Refused(f"payout {payout} is still {status} after {seconds:g} s")

    def visit(self, visits: Iterable[Visit]) -> list[str]:
        """Follow the links; the click ids that the redirects carry, of the visits that count."""
        return asyncio.run(_visit(self._address, list(visits)))


async def _visit(address: str, visits: list[Visit]) -> list[str]:
    gate = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as client:

        async def follow(visit: Visit) -> str:
            async with gate:
                answer = await client.request(
                    visit.method,
                    f"/c/{visit.link}",
                    params=visit.query,
                    headers={"user-agent": visit.user_agent, **visit.headers},
                )
            if answer.status_code != 302:
                raise Refused(f"/c/{visit.link} answered {answer.status_code}: {answer.text}")
            [click_id] = parse_qs(urlsplit(answer.headers["location"]).query)["click_id"]
            return click_id if visit.query else ""

        return [click_id for click_id in await asyncio.gather(*map(follow, visits)) if click_id]


def _checked(answer: httpx.Response) -> Any:
    if answer.status_code >= 400:
        raise Refused(f"{answer.request.url.path} answered {answer.status_code}: {answer.text}")
    return answer.json()
