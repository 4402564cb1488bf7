"""What a client asks: an HTTP request of ClickHouse's protocol, taken apart.

The URL carries the query or its beginning (the body follows it), `param_*` for
the query's parameters, a few names of the protocol itself, and any other name
is a setting of the engine. Headers say the same things for those who prefer
headers; where both speak, the URL wins.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from deploy.warehouse.compression import choose
from deploy.warehouse.errors import AUTHENTICATION_FAILED, UNKNOWN_ROLE, WarehouseError

USER = "default"
# Names in the URL that are the protocol's, not settings of the engine.
PROTOCOL_NAMES = frozenset(
    {
        "query",
        "query_id",
        "database",
        "default_format",
        "user",
        "password",
        "quota_key",
        "role",
        "compress",
        "decompress",
        "wait_end_of_query",
        "buffer_size",
        "session_id",
        "session_timeout",
        "session_check",
        "close_session",
        "stacktrace",
        "client_protocol_version",
        "http_response_headers",
    }
)
LOOPBACK_NAME = re.compile(r"localhost|127(\.\d+){3}|\[?::1\]?", re.I)
QUERY_ID = re.compile(r"[\w.:-]{1,200}")


@dataclass(frozen=True)
class Request:
    """One request; `settings` and `parameters` are as the client wrote them."""

    method: str
    query: bytes
    query_id: str
    database: str
    settings: Mapping[str, str]
    parameters: Mapping[str, str]
    default_format: str | None
    content_type: str
    content_encoding: str
    answer_encoding: str
    sends_blocks: bool
    wants_blocks: bool
    waits: bool
    reads_only: bool
    client_revision: int


def parse(method: str, query_string: str, headers: Mapping[str, str]) -> Request:
    """Raises WarehouseError when the user is not known. Header names are lower-case."""
    # Latin-1 keeps any percent-encoded byte as it is; the text is made from bytes.
    pairs = parse_qsl(query_string, keep_blank_values=True, encoding="latin-1")
    url = {name: _text(value) for name, value in pairs}
    authenticate(url, headers)
    if url.get("role"):
        raise WarehouseError.refused(UNKNOWN_ROLE, f"There is no role {url['role']!r}.")
    settings, parameters = split_names(url.items())
    wanted = url.get("query_id", "")
    encoding = choose(headers.get("accept-encoding", ""))
    if settings.get("enable_http_compression") in {"0", "false"}:
        encoding = ""
    return Request(
        method=method,
        query=url.get("query", "").encode(),
        query_id=wanted if QUERY_ID.fullmatch(wanted) else str(uuid.uuid4()),
        database=url.get("database") or headers.get("x-clickhouse-database", ""),
        settings=settings,
        parameters=parameters,
        default_format=url.get("default_format") or headers.get("x-clickhouse-format"),
        content_type=headers.get("content-type", ""),
        content_encoding=headers.get("content-encoding", "").strip().lower(),
        answer_encoding=encoding,
        sends_blocks=_is_on(url.get("decompress")),
        wants_blocks=_is_on(url.get("compress")),
        waits=_is_on(url.get("wait_end_of_query")),
        reads_only=method in {"GET", "HEAD"} or settings.get("readonly", "0") not in {"", "0"},
        client_revision=_number(url.get("client_protocol_version")),
    )


def split_names(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], dict[str, str]]:
    """Settings and query parameters among the names of a URL or form."""
    settings: dict[str, str] = {}
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if name.startswith("param_"):
            parameters[name.removeprefix("param_")] = value
        elif name not in PROTOCOL_NAMES:
            settings[name] = value
    return settings, parameters


def authenticate(url: Mapping[str, str], headers: Mapping[str, str]) -> None:
    """Accepts the user `default` with an empty password. Raises 516 otherwise.

    Real users come with a ClickHouse server; until then the loopback interface
    is the fence, and a password that is not checked would only pretend.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user, password = "", "unreadable"
        status = 401
    elif scheme:
        user, password, status = scheme, "unknown scheme", 401
    else:
        user = headers.get("x-clickhouse-user") or url.get("user") or USER
        password = headers.get("x-clickhouse-key") or url.get("password") or ""
        status = 403
    if (user or USER, password) != (USER, ""):
        raise WarehouseError.refused(
            AUTHENTICATION_FAILED,
            f"{user}: Authentication failed: password is incorrect, or there is no user with such "
            f"name. The embedded warehouse knows the user {USER!r} without a password.",
            status=status,
        )


def refuse_other_sites(headers: Mapping[str, str]) -> None:
    """Raises WarehouseError for requests a web page of another site made a browser send.

    A browser on this machine reaches the loopback interface too. What it sends
    for a foreign page carries that page's Origin, or (DNS rebinding) its Host.
    """
    host = urlsplit(f"//{headers.get('host', 'localhost')}").hostname or ""
    origin = headers.get("origin", "")
    origin_host = urlsplit(origin).hostname or "" if origin else "localhost"
    for name in (host, origin_host):
        if not LOOPBACK_NAME.fullmatch(name):
            raise WarehouseError.refused(
                AUTHENTICATION_FAILED,
                f"Requests for host {name!r} are refused: address the warehouse as localhost.",
            )


def _text(value: str) -> str:
    return value.encode("latin-1", "backslashreplace").decode("utf-8", "backslashreplace")


def _is_on(value: str | None) -> bool:
    return value is not None and value not in {"", "0", "false"}


def _number(value: str | None) -> int:
    return int(value) if value and value.isdigit() else 0
