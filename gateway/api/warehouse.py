"""Questions to the warehouse, and how fresh its answers are.

Only lists and sums come from there; nothing that decides. When it is away those answer 503,
and clicks and conversions go on.
"""

from __future__ import annotations

import logging
from typing import Any

from clickhouse_connect.driver.exceptions import Error as WarehouseError

from events.topics import JOURNAL
from gateway.api.context import Context
from gateway.problems import Problem

logger = logging.getLogger(__name__)


async def rows(context: Context, query: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a query by column name; raises Problem 503 when nobody answers it."""

    def ask() -> list[dict[str, Any]]:
        return list(context.warehouse().query(query, parameters=parameters).named_results())

    try:
        return await context.on_thread(ask)
    except (WarehouseError, OSError) as problem:
        context.forget_warehouse()
        logger.warning("the warehouse does not answer: %s", problem)
        raise Problem(
            503,
            "the warehouse does not answer, so there are no figures now; clicks and "
            "conversions are still taken, and nothing is lost",
        ) from problem


async def journal_behind(context: Context) -> int:
    """Journal records that the warehouse has not read yet."""
    found = await rows(
        context,
        "SELECT partition, next_offset FROM freshness WHERE topic = {topic:String}",
        topic=JOURNAL,
    )
    read = {int(row["partition"]): int(row["next_offset"]) for row in found}
    ends = await context.ends(JOURNAL)
    return sum(max(0, end - read.get(partition, 0)) for partition, end in ends.items())
