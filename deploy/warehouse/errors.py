"""Errors as a ClickHouse server reports them.

A client decides by the numeric code (header `X-ClickHouse-Exception-Code`) and
shows the text `Code: 60. DB::Exception: … (UNKNOWN_TABLE)`. The numbers are
ClickHouse's (src/Common/ErrorCodes.cpp), the HTTP statuses those of its
`exceptionCodeToHTTPStatus`.
"""

from __future__ import annotations

import re

UNSUPPORTED_METHOD = 1
NOT_IMPLEMENTED = 48
SYNTAX_ERROR = 62
UNKNOWN_FORMAT = 73
UNKNOWN_SETTING = 115
READONLY = 164
QUERY_IS_TOO_LARGE = 210
CANNOT_DECOMPRESS = 271
CHECKSUM_DOESNT_MATCH = 40
INCORRECT_DATA = 117
QUERY_WAS_CANCELLED = 394
UNKNOWN_COMPRESSION_METHOD = 89
ACCESS_DENIED = 497
UNKNOWN_ROLE = 511
AUTHENTICATION_FAILED = 516
UNKNOWN_EXCEPTION = 1002

NAMES = {
    UNSUPPORTED_METHOD: "UNSUPPORTED_METHOD",
    NOT_IMPLEMENTED: "NOT_IMPLEMENTED",
    SYNTAX_ERROR: "SYNTAX_ERROR",
    UNKNOWN_FORMAT: "UNKNOWN_FORMAT",
    UNKNOWN_SETTING: "UNKNOWN_SETTING",
    READONLY: "READONLY",
    QUERY_IS_TOO_LARGE: "QUERY_IS_TOO_LARGE",
    CANNOT_DECOMPRESS: "CANNOT_DECOMPRESS",
    CHECKSUM_DOESNT_MATCH: "CHECKSUM_DOESNT_MATCH",
    INCORRECT_DATA: "INCORRECT_DATA",
    QUERY_WAS_CANCELLED: "QUERY_WAS_CANCELLED",
    UNKNOWN_COMPRESSION_METHOD: "UNKNOWN_COMPRESSION_METHOD",
    ACCESS_DENIED: "ACCESS_DENIED",
    UNKNOWN_ROLE: "UNKNOWN_ROLE",
    AUTHENTICATION_FAILED: "AUTHENTICATION_FAILED",
    UNKNOWN_EXCEPTION: "UNKNOWN_EXCEPTION",
}

STATUS_BY_CODE = {
    **dict.fromkeys((194,), 401),
    **dict.fromkeys((192, 193, ACCESS_DENIED, UNKNOWN_ROLE, AUTHENTICATION_FAILED), 403),
    # cannot parse, cannot convert, wrong arguments: the request must change
    **dict.fromkeys(
        (6, 26, 27, 38, 41, 42, 43, 53, 62, 69, 70, 72, 117, 130, 131, 427, 456, 457), 400
    ),
    **dict.fromkeys((CHECKSUM_DOESNT_MATCH, CANNOT_DECOMPRESS, UNKNOWN_COMPRESSION_METHOD), 400),
    # unknown table, column, function, type, storage, format, database, setting
    **dict.fromkeys((16, 46, 47, 50, 56, 60, 73, 81, UNKNOWN_SETTING), 404),
    159: 408,
    QUERY_IS_TOO_LARGE: 413,
    NOT_IMPLEMENTED: 501,
    UNSUPPORTED_METHOD: 405,
}

ENGINE_TEXT = re.compile(r"Code: (\d+)\. DB::Exception: ", re.S)


class WarehouseError(Exception):
    """One failed request: ClickHouse's code and the text the client is shown."""

    def __init__(self, code: int, text: str, *, status: int | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.status = status or STATUS_BY_CODE.get(code, 500)

    @classmethod
    def refused(cls, code: int, message: str, *, status: int | None = None) -> WarehouseError:
        """An error of the facade itself, in ClickHouse's wording."""
        return cls(code, f"Code: {code}. DB::Exception: {message} ({NAMES[code]})", status=status)

    @classmethod
    def of_engine(cls, error: BaseException) -> WarehouseError:
        """The engine's exception, its text uncut from the code on."""
        text = str(error)
        found = ENGINE_TEXT.search(text)
        if found is None:
            return cls.refused(UNKNOWN_EXCEPTION, text or type(error).__name__)
        return cls(int(found[1]), text[found.start() :].rstrip())


class DirectoryInUse(RuntimeError):
    """The warehouse's directory is locked by another process; the text names it."""


class UnsafeAddress(ValueError):
    """An address that other machines could reach."""
