"""What nobody may run here: files, processes, other machines, users.

chDB is a library for a program that trusts itself: it has functions that read
any file, start processes, call out over the network and run Python. Its
`readonly` settings do not close all of them, so each canonical statement (see
`statement`) is judged before it runs:

- its first words must be of a known kind, and of a reading kind for GET and
  `readonly`;
- every `name(` in it that is a table function must be one of a known few, and
  table engines and database engines likewise: what a later ClickHouse adds is
  refused until somebody has looked at it;
- scalar functions that leave the process, and settings that name files or
  addresses, bring another grammar or run a text as SQL, are refused by name;
- no INTO OUTFILE, no FROM INFILE;
- expressions among the rows of `INSERT … VALUES` are judged like a SELECT's.

Rows go in by the body of an insert, and out by the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from deploy.warehouse.errors import ACCESS_DENIED, NOT_IMPLEMENTED, READONLY, WarehouseError
from deploy.warehouse.statement import Statement

READING = frozenset({"SELECT", "WITH", "SHOW", "DESCRIBE", "EXPLAIN", "EXISTS", "CHECK"})
WRITING = (
    r"INSERT INTO|(CREATE( OR REPLACE)?|REPLACE|ALTER|DROP|TRUNCATE|RENAME|EXCHANGE|UNDROP"
    r"|DETACH|ATTACH)( TABLE| TABLES| VIEW| MATERIALIZED VIEW| DATABASE| DICTIONARY"
    r"| DICTIONARIES| FUNCTION| INDEX)"
    r"|OPTIMIZE TABLE|DELETE FROM|UPDATE|SET|USE|KILL (QUERY|MUTATION)"
    r"|SYSTEM (FLUSH|RELOAD (DICTIONARY|DICTIONARIES)|DROP \w+( \w+)? CACHE"
    r"|(START|STOP) (TTL )?MERGES|(START|STOP|REFRESH|WAIT) VIEW)"
)
KIND = re.compile(rf"({WRITING})\b")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.lower().split())


# None that reads a text as SQL: `format(JSONEachRow, 'a String DEFAULT file(…)', '{}')`
# would run what stands in its string literals.
SAFE_TABLE_FUNCTIONS = _names("""
    numbers numbers_mt zeros zeros_mt primes values view viewIfPermitted null
    generateSeries generate_series merge dictionary SQLStandardValues
    mergeTreeIndex mergeTreeProjection mergeTreeTextIndex mergeTreeCodecBlockCounts
""")
# Scalar functions that read files, models or symbols, or call services.
UNSAFE_FUNCTIONS = _names("""
    file catboostEvaluate addressToLine addressToLineWithInlines addressToSymbol showCertificate
    aiClassify aiEmbed aiExtract aiFilter aiGenerate aiRedact aiSimilarity aiTranslate
    disk executable
""")
SAFE_ENGINES = _names("""
    MergeTree ReplacingMergeTree SummingMergeTree AggregatingMergeTree CollapsingMergeTree
    VersionedCollapsingMergeTree CoalescingMergeTree GraphiteMergeTree Memory Null Log TinyLog
    StripeLog View MaterializedView Buffer Merge Set Join Dictionary Alias Atomic
""")
# Where a dictionary may be loaded from: this warehouse, or nothing.
SAFE_DICTIONARY_SOURCES = _names("clickhouse null")
UNSAFE_SETTING = re.compile(
    r"(format_schema\w*|format_template\w*|format_avro_schema_registry_\w*|google_protos_path"
    r"|input_format_record_errors_file_path|rename_files_after_processing|into_outfile_\w*"
    r"|dialect|disk|storage_policy|table_disk|url_base|ai_\w+|user_files_path"
    r"|allow_introspection_functions|log_comment"
    # expressions in a text, run as SQL
    r"|additional_table_filters|additional_result_filter|parallel_replicas_custom_key"
    r"|input_format_values_\w+|schema_inference_hints)",
    re.I,
)
SETTING_IN_TEXT = re.compile(rf"\b{UNSAFE_SETTING.pattern}\s*=", re.I)

# A quoted name is skipped as a whole, unless it is called.
CALL = re.compile(r"`((?:\\.|[^`\\])*)`(\()?|\b(\w+)\(")
ENGINE = re.compile(r"\bENGINE = `?(\w+)")
OUTSIDE_FILE = re.compile(r"\bINTO OUTFILE\b|\bFROM INFILE\b|\bPARALLEL WITH\b")
ATTACH_FROM = re.compile(r"^ATTACH .* FROM ''")
KEPT_DATABASE = re.compile(r"^(DROP|DETACH) DATABASE (IF EXISTS )?`?(default|system)\b", re.I)
SOURCE = re.compile(r"\bSOURCE\((\w+)\(([^()]*)")
QUOTED_NAME = re.compile(r"`(?:\\.|[^`\\])*`")


@dataclass(frozen=True)
class Guard:
    """Judges statements; `refused_functions` are lower-case names."""

    refused_functions: frozenset[str]

    @classmethod
    def of(cls, table_functions: Iterable[str]) -> Guard:
        """From the table functions that this engine has (`system.table_functions`)."""
        known = {name.lower() for name in table_functions}
        return cls(frozenset((known - SAFE_TABLE_FUNCTIONS) | UNSAFE_FUNCTIONS))

    def check_setting(self, name: str) -> None:
        """Raises WarehouseError for a setting that names files, addresses or a grammar."""
        if UNSAFE_SETTING.fullmatch(name):
            raise _denied(f"Setting {name} cannot be changed in the embedded warehouse.")

    def check(self, statement: Statement, *, reading_only: bool) -> None:
        """Raises WarehouseError when the statement may not run."""
        masked = statement.masked
        code = QUOTED_NAME.sub("``", masked)
        if statement.keyword not in READING:
            if reading_only:
                raise WarehouseError.refused(
                    READONLY,
                    f"{statement.keyword} is refused: a GET request, or one with readonly=1, "
                    "only reads. Send it by POST without readonly.",
                )
            self._check_kind(code)
        self._check_clauses(masked, code)
        for found in CALL.finditer(masked):
            name = found[3] or (found[1] if found[2] else "")
            if name.lower() in self.refused_functions:
                raise _denied(
                    f"{name}() reaches beyond the warehouse's own tables. "
                    "Insert rows by the request's body, and read them from the answer."
                )

    def _check_kind(self, code: str) -> None:
        if code.startswith(("CREATE TEMPORARY", "CREATE OR REPLACE TEMPORARY")):
            raise WarehouseError.refused(
                NOT_IMPLEMENTED,
                "Temporary tables: every request has a session of its own here. "
                "Use a table with ENGINE = Memory.",
            )
        if not KIND.match(code):
            raise _denied(f"Statements that begin with {code[:40]!r} are not allowed here.")

    def _check_clauses(self, masked: str, code: str) -> None:
        if OUTSIDE_FILE.search(code) or ATTACH_FROM.match(code):
            raise _denied(
                "INTO OUTFILE, FROM INFILE, ATTACH … FROM and PARALLEL WITH are refused: rows go "
                "in by the request's body, and out by the answer."
            )
        if KEPT_DATABASE.match(masked):
            raise _denied("The databases default and system cannot be dropped.")
        setting = SETTING_IN_TEXT.search(code)
        if setting:
            self.check_setting(setting[1])
        if code.startswith(("CREATE ", "REPLACE ", "ATTACH ", "ALTER ")):
            for engine in ENGINE.findall(masked):
                if engine.lower() not in SAFE_ENGINES:
                    raise _denied(f"ENGINE = {engine} reaches beyond this warehouse.")
            for source, arguments in SOURCE.findall(code):
                if source.lower() not in SAFE_DICTIONARY_SOURCES or "HOST" in arguments:
                    raise _denied(f"SOURCE({source} …) of a dictionary reaches beyond this one.")


def _denied(message: str) -> WarehouseError:
    return WarehouseError.refused(ACCESS_DENIED, message)
