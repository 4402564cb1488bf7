"""`Idempotency-Key`: a command sent again under the same key gets the first answer.

For clients that do not know whether their request arrived. Commands are safe to repeat
anyway (same content: nothing happens; other content: a conflict); the key also tells a
retry from a second, equal wish. Answers with a status of 500 and more are not kept.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import MutableMapping
from typing import Any

from gateway.access import Caller
from gateway.bridge import Asgi
from gateway.problems import MEDIA_TYPE, Problem
from gateway.repeats import Repeats

KEY_CHARS = 200
KEYS_REMEMBERED = 10_000

Message = MutableMapping[str, Any]


class NotKept(Exception):
    """The answer was an error of ours: the next request with the key is tried again."""


def idempotent(application: Asgi) -> Asgi:
    """`application` with POST requests answered once for each key, path and caller."""
    repeats = Repeats(KEYS_REMEMBERED)

    async def once(scope: Any, receive: Any, send: Any) -> None:
        key = dict(scope["headers"]).get(b"idempotency-key") if scope["method"] == "POST" else None
        if not key:
            await application(scope, receive, send)
            return
        request = await receive()  # the bridge hands the whole body over at once
        digest = hashlib.blake2b(request["body"], digest_size=16).digest()
        caller: Caller = scope["state"]["caller"]
        identity = (scope["path"], key[:KEY_CHARS].decode("latin-1"), caller.key)
        try:
            first = repeats.first(identity, digest)
        except Problem:
            await _send_conflict(send, identity[1])
            return
        if first is None or not await _kept(first):
            first = await _answer(application, scope, request, repeats, identity, digest)
        for message in first.result():  # type: ignore[attr-defined]
            await send(message)

    return once


async def _kept(first: asyncio.Future[Any]) -> bool:
    try:
        await asyncio.shield(first)
    except NotKept:
        return False
    return True


async def _answer(
    application: Asgi,
    scope: Any,
    request: Message,
    repeats: Repeats,
    identity: tuple[str, str, str],
    digest: bytes,
) -> asyncio.Future[Any]:
    answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    repeats.take(identity, digest, answered)
    messages: list[Message] = []

    async def receive() -> Message:
        return request

    async def keep(message: Message) -> None:
        messages.append(message)

    try:
        await application(scope, receive, keep)
    except BaseException:
        answered.set_exception(NotKept())
        raise
    if messages[0]["status"] < 500:
        answered.set_result(messages)
        return answered
    answered.set_exception(NotKept())
    unkept: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    unkept.set_result(messages)
    return unkept


async def _send_conflict(send: Any, key: str) -> None:
    problem = Problem(
        409, f"Idempotency-Key {key!r} was used before with another request; use a new one"
    )
    headers = [(b"content-type", MEDIA_TYPE.encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": problem.body()})
