"""A file that is no bundle, or a hostile one, is refused in words, and unpacked to no path."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import msgspec
import pytest

from audit.bundle import archive
from audit.bundle.archive import BadBundle, packed, unpacked
from audit.bundle.format import FORMAT, MANIFEST
from audit.bundle.verify import verify_file
from tests.audit.bundle.forging import Forged
from tests.audit.bundle.reading import exported, members_in
from tests.audit.memory import MemoryLedger
from tests.audit.scene import paid

BUNDLE = exported(paid(MemoryLedger()))[0]
JOURNAL = "records/journal.jsonl"


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "po-1.zip"
    path.write_bytes(content)
    return path


def zipped(members: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, member in members:
            file.writestr(name, member)
    return out.getvalue()


def refused(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(BadBundle, match=why):
        verify_file(written(tmp_path, content))


def test_what_is_no_zip_or_a_damaged_one(tmp_path: Path) -> None:
    refused(tmp_path, b"", "no bundle")
    refused(tmp_path, b"%PDF-1.4", "no bundle")
    refused(tmp_path, BUNDLE[: len(BUNDLE) // 2], "no bundle, or a damaged one")


def test_no_damaged_byte_passes_unseen(tmp_path: Path) -> None:
    """Wherever a byte is flipped: refused, a difference, or without meaning for what is read."""
    whole = unpacked(written(tmp_path, BUNDLE))
    for place in range(0, len(BUNDLE), 61):
        damaged = bytearray(BUNDLE)
        damaged[place] ^= 0x10
        try:
            assert unpacked(written(tmp_path, bytes(damaged))) == whole
        except BadBundle as problem:
            assert str(tmp_path) in str(problem)


@pytest.mark.parametrize("name", [name for name in members_in(BUNDLE) if name != MANIFEST])
def test_a_missing_member_is_named(name: str, tmp_path: Path) -> None:
    members = members_in(BUNDLE)
    del members[name]
    refused(tmp_path, packed(members), f"{name} is missing")


def test_an_unknown_version_says_which_it_is(tmp_path: Path) -> None:
    forged = Forged(members_in(BUNDLE))
    forged.manifest(format="partner-ledger-bundle.v2")
    refused(tmp_path, packed(forged.members), f"v2'.*reads '{FORMAT}'")
    forged.members[MANIFEST] = b"[]"
    refused(tmp_path, packed(forged.members), "the format is None")
    forged.members[MANIFEST] = b"{"
    refused(tmp_path, packed(forged.members), "not JSON")
    forged = Forged(members_in(BUNDLE))
    forged.manifest(more=1)
    refused(tmp_path, packed(forged.members), "unknown field `more`")


@pytest.mark.parametrize("name", ["../journal.jsonl", "/etc/passwd", "C:\\x", "notes.txt"])
def test_a_member_that_no_bundle_has_is_refused(name: str, tmp_path: Path) -> None:
    refused(tmp_path, zipped([*members_in(BUNDLE).items(), (name, b"x")]), "no member of a bundle")
    assert list(tmp_path.iterdir()) == [tmp_path / "po-1.zip"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_stands_there_twice(tmp_path: Path) -> None:
    members = list(members_in(BUNDLE).items())
    refused(tmp_path, zipped([*members, (JOURNAL, b"")]), f"{JOURNAL} twice")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    members = members_in(BUNDLE) | {JOURNAL: b"\n" * (64 << 20)}
    refused(tmp_path, packed(members), f"{JOURNAL} unpacks .* no member of a bundle does")


def test_a_size_that_is_a_lie_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBER", 1_000)
    refused(tmp_path, BUNDLE, "at most 1,000")
    monkeypatch.undo()
    content = bytearray(BUNDLE)
    entry = content.rindex(JOURNAL.encode()) - 46
    assert content[entry : entry + 4] == b"PK\x01\x02"
    struct.pack_into("<I", content, entry + 24, 100)  # the size unpacked, in the directory
    refused(tmp_path, bytes(content), f"{JOURNAL}|damaged")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{}", "line 1: "),
        (b'{"type":"record","topic":"journal","partition":0,"offset":0}', "recorded_at"),
        (b"\xff\xfe", "line 1: "),
        (
            b'{"type":"record","topic":"journal","partition":0,"offset":0,"recorded_at":0,'
            b'"value_base64":"??"}',
            "line 1: ",
        ),
    ],
)
def test_a_line_that_is_none_is_named_by_its_number(line: bytes, why: str, tmp_path: Path) -> None:
    forged = Forged(members_in(BUNDLE))
    forged.members[JOURNAL] = line + b"\n"
    refused(tmp_path, packed(forged.corrected()), f"{JOURNAL}, .*{why}")


def test_json_that_is_nested_without_end(tmp_path: Path) -> None:
    forged = Forged(members_in(BUNDLE))
    lines = forged.lines("decisions")
    lines[0]["value"] = "[" * 100_000
    forged.put("decisions", lines)
    refused(tmp_path, packed(forged.corrected()), "nested deeper")


def test_members_keep_their_order_times_and_attributes() -> None:
    with zipfile.ZipFile(io.BytesIO(BUNDLE)) as file:
        entries = file.infolist()
    assert [entry.filename for entry in entries] == [
        name for name in archive.MEMBERS if name in members_in(BUNDLE)
    ]
    assert {entry.date_time for entry in entries} == {archive.FIRST_DAY}
    manifest = msgspec.json.decode(members_in(BUNDLE)[MANIFEST])
    assert manifest["format"] == FORMAT and set(manifest["sha256"]) == {
        entry.filename for entry in entries[1:]
    }
