"""Compressed requests and answers, and ClickHouse's own checksummed blocks."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import httpx
import lz4.frame
import pytest
import zstandard

from deploy.warehouse.blocks import BlockDecoder, BlockEncoder
from deploy.warehouse.errors import WarehouseError
from tests.warehouse_fixture import WarehouseProcess

Pack = Callable[[bytes], bytes]
PACKERS: dict[str, Pack] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "lz4": lz4.frame.compress,
    "zstd": zstandard.compress,
}
UNPACKERS: dict[str, Pack] = {
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "lz4": lz4.frame.decompress,
    "zstd": lambda content: zstandard.ZstdDecompressor().decompressobj().decompress(content),
}
SMALL = "SELECT number FROM numbers(1000)"
LARGE = "SELECT number FROM numbers(1000000)"


def expected(count: int) -> bytes:
    return b"".join(b"%d\n" % n for n in range(count))


@pytest.fixture
def table(http: httpx.Client) -> str:
    http.post("/", content="CREATE TABLE n (a UInt64) ENGINE = Memory").raise_for_status()
    return "n"


@pytest.mark.parametrize("encoding", PACKERS)
def test_requests(http: httpx.Client, table: str, encoding: str) -> None:
    # Two frames in a row: what a client that appends blocks sends.
    body = PACKERS[encoding](b"1\n2\n") + PACKERS[encoding](b"3\n")
    headers = {"content-encoding": encoding}
    answer = http.post(
        "/", params={"query": "INSERT INTO n FORMAT TSV"}, content=body, headers=headers
    )
    assert answer.status_code == 200, answer.text
    query = PACKERS[encoding](b"SELECT sum(a) FROM n")
    assert http.post("/", content=query, headers=headers).text == "6\n"


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_truncated_or_false_body_inserts_nothing(
    http: httpx.Client, table: str, encoding: str
) -> None:
    numbers = "".join(f"{random.getrandbits(60)}\n" for _ in range(1000)).encode()
    for body in (PACKERS[encoding](numbers)[:-5], b"not compressed at all"):
        answer = http.post(
            "/",
            params={"query": "INSERT INTO n FORMAT TSV"},
            content=body,
            headers={"content-encoding": encoding},
        )
        assert answer.headers["x-clickhouse-exception-code"] == "271", answer.text
    assert http.post("/", content="SELECT count() FROM n").text == "0\n"


def test_an_unknown_encoding(http: httpx.Client) -> None:
    answer = http.post("/", content=b"SELECT 1", headers={"content-encoding": "br"})
    assert answer.headers["x-clickhouse-exception-code"] == "89"


@pytest.mark.parametrize("encoding", UNPACKERS)
@pytest.mark.parametrize(("query", "count"), [(SMALL, 1000), (LARGE, 1_000_000)])
def test_answers(http: httpx.Client, encoding: str, query: str, count: int) -> None:
    headers = {"accept-encoding": f"br, {encoding};q=0.5"}
    with http.stream("POST", "/", content=query, headers=headers) as answer:
        content = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == encoding
    assert UNPACKERS[encoding](content) == expected(count)


def test_compression_can_be_declined(http: httpx.Client) -> None:
    headers = {"accept-encoding": "gzip"}
    params = {"enable_http_compression": "0"}
    answer = http.post("/", params=params, content=SMALL, headers=headers)
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(("query", "count"), [("SELECT 0", 1), (SMALL, 1000), (LARGE, 1_000_000)])
def test_blocks_as_answer(http: httpx.Client, query: str, count: int) -> None:
    content = http.post("/", params={"compress": "1"}, content=query).content
    blocks = BlockDecoder()
    assert blocks.decode(content) == expected(count)
    blocks.finish()


def test_blocks_as_request(http: httpx.Client, table: str) -> None:
    body = BlockEncoder().encode(expected(500_000))
    params = {"query": "INSERT INTO n FORMAT TSV", "decompress": "1"}
    assert http.post("/", params=params, content=body).status_code == 200
    assert http.post("/", content="SELECT sum(a) FROM n").text == f"{sum(range(500_000))}\n"


def test_a_damaged_block(http: httpx.Client, table: str) -> None:
    body = bytearray(BlockEncoder().encode(expected(100)))
    body[-1] ^= 1
    params = {"query": "INSERT INTO n FORMAT TSV", "decompress": "1"}
    answer = http.post("/", params=params, content=bytes(body))
    assert answer.headers["x-clickhouse-exception-code"] == "40"
    answer = http.post("/", params=params, content=bytes(body[:-1]))
    assert answer.headers["x-clickhouse-exception-code"] == "271"
    assert http.post("/", content="SELECT count() FROM n").text == "0\n"


def test_blocks_are_those_clickhouse_writes(tmp_path: Path) -> None:
    """ClickHouse stores columns in such blocks: ours must read what it wrote on disk."""
    process = WarehouseProcess(tmp_path / "tables")
    place = process.start()
    try:
        url = f"http://{place.host}:{place.port}/"
        for codec in ("LZ4", "ZSTD", "NONE"):
            httpx.post(
                url,
                content=f"CREATE TABLE {codec} (a UInt64 CODEC({codec})) "
                "ENGINE = MergeTree ORDER BY a SETTINGS min_bytes_for_wide_part = 0",
            ).raise_for_status()
            insert = f"INSERT INTO {codec} SELECT number FROM numbers(100000)"
            httpx.post(url, content=insert).raise_for_status()
    finally:
        process.stop()
    columns = list((tmp_path / "tables" / "store").rglob("a.bin"))
    assert len(columns) == 3
    for column in columns:
        blocks = BlockDecoder()
        content = blocks.decode(column.read_bytes())
        blocks.finish()
        assert content == b"".join(n.to_bytes(8, "little") for n in range(100_000))


def test_a_block_of_absurd_size_is_refused() -> None:
    with pytest.raises(WarehouseError, match="claims"):
        BlockDecoder().decode(b"\0" * 16 + b"\x82" + b"\xff" * 8)
