"""Formats of rows: which can be sent block by block, and as which media type.

chDB streams a SELECT as a sequence of whole answers. Their concatenation is the
answer only for formats without a header or footer; the others are made in one
piece.
"""

from __future__ import annotations

DEFAULT_FORMAT = "TabSeparated"

# Concatenating two answers in one of these gives the answer of both blocks.
BLOCKWISE = frozenset(
    name.lower()
    for name in (
        "TabSeparated",
        "TSV",
        "TabSeparatedRaw",
        "TSVRaw",
        "CSV",
        "TSKV",
        "JSONEachRow",
        "JSONLines",
        "NDJSON",
        "JSONCompactEachRow",
        "JSONStringsEachRow",
        "JSONCompactStringsEachRow",
        "RowBinary",
        "Native",
        "LineAsString",
        "RawBLOB",
        "CustomSeparated",
        "MsgPack",
    )
)

OCTETS = "application/octet-stream"
MEDIA_TYPES = {
    "json": "application/json; charset=UTF-8",
    "jsoncompact": "application/json; charset=UTF-8",
    "jsonstrings": "application/json; charset=UTF-8",
    "jsoncompactstrings": "application/json; charset=UTF-8",
    "jsoncolumns": "application/json; charset=UTF-8",
    "jsoneachrow": "application/x-ndjson; charset=UTF-8",
    "jsoncompacteachrow": "application/x-ndjson; charset=UTF-8",
    "jsonlines": "application/x-ndjson; charset=UTF-8",
    "ndjson": "application/x-ndjson; charset=UTF-8",
    "csv": "text/csv; charset=UTF-8; header=absent",
    "csvwithnames": "text/csv; charset=UTF-8; header=present",
    "csvwithnamesandtypes": "text/csv; charset=UTF-8; header=present",
    "tabseparated": "text/tab-separated-values; charset=UTF-8",
    "tsv": "text/tab-separated-values; charset=UTF-8",
    "tabseparatedwithnames": "text/tab-separated-values; charset=UTF-8",
    "tsvwithnames": "text/tab-separated-values; charset=UTF-8",
    "tabseparatedwithnamesandtypes": "text/tab-separated-values; charset=UTF-8",
    "tsvwithnamesandtypes": "text/tab-separated-values; charset=UTF-8",
    "markdown": "text/markdown; charset=UTF-8",
    "xml": "application/xml; charset=UTF-8",
    **dict.fromkeys(
        (
            "native",
            "rowbinary",
            "rowbinarywithnames",
            "rowbinarywithnamesandtypes",
            "parquet",
            "arrow",
            "orc",
            "avro",
            "msgpack",
            "rawblob",
            "bsoneachrow",
            "protobuf",
        ),
        OCTETS,
    ),
    "arrowstream": "application/vnd.apache.arrow.stream",
}


def media_type(name: str) -> str:
    return MEDIA_TYPES.get(name.lower(), "text/plain; charset=UTF-8")


def is_blockwise(name: str) -> bool:
    """Whether answers in this format may be sent one block after another."""
    return name.lower() in BLOCKWISE
