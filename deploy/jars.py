"""Kafka's jars: fetched once, kept, and found again without a look at the network.

`jgo` resolves the Maven coordinate and downloads what is missing into the ordinary
Maven repository directory (`M2_REPO`, else `~/.m2/repository`). The resolved class
path is then written down with the size of every jar; while those files stand as
recorded, a start reads one small file and asks nobody.
"""

from __future__ import annotations

import json
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy import DeployError

if TYPE_CHECKING:
    from jgo.maven import Artifact

KAFKA_VERSION = "4.4.0"
KAFKA = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.5!"
"""Kafka logs through slf4j 1.7; without a binding on the class path it logs nothing. The `!`
keeps the versions that Kafka names: log4j's own list would bring an older Kafka client."""

DOWNLOADS_AT_ONCE = 6


def cache_directory() -> Path:
    """Where the resolved class path is kept: `PLEDGER_CACHE`, else the user's cache."""
    if own := os.environ.get("PLEDGER_CACHE"):
        return Path(own).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "partner-ledger"


def recorded_class_path(record: Path) -> list[Path] | None:
    """The class path as written down, or None if a jar is missing or of another size."""
    try:
        sizes: dict[str, int] = json.loads(record.read_text())
        jars = [Path(jar) for jar in sizes]
        whole = all(jar.stat().st_size == sizes[str(jar)] for jar in jars)
    except (OSError, ValueError, AttributeError):
        return None
    return jars if jars and whole else None


def class_path(console: Console | None = None) -> list[Path]:
    """The jars of the broker, fetched if they are not on this machine yet.

    Raises `DeployError` when they are missing and cannot be fetched.
    """
    record = cache_directory() / f"kafka-{KAFKA_VERSION}.json"
    jars = recorded_class_path(record)
    if jars is None:
        jars = fetch(console or Console(stderr=True))
        record.parent.mkdir(parents=True, exist_ok=True)
        draft = record.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps({str(jar): jar.stat().st_size for jar in jars}, indent=1))
        draft.replace(record)
    return jars


def fetch(console: Console) -> list[Path]:
    """Resolve and download Kafka's jars with a progress bar; returns their paths."""
    import jgo
    from jgo.config import GlobalSettings

    kept = GlobalSettings.load().repo_cache
    console.print(
        f"Looking for Apache Kafka {KAFKA_VERSION} (45 jars, 45 MB); kept in {kept}",
        soft_wrap=True,
    )
    try:
        with console.status("reading which jars it needs"):
            artifacts = jgo.resolve(f"{KAFKA}+{LOGGING}")
        with download_bar(console) as bar:
            task = bar.add_task("jars", total=len(artifacts))

            def take(artifact: Artifact) -> Path:
                jar = whole_jar(artifact)
                bar.update(task, description=jar.name, advance=1)
                return jar

            with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
                return sorted(pool.map(take, artifacts))
    # jgo lets through what its HTTP client, its parser or the disk raise.
    except Exception as error:
        raise DeployError(missing_jars(error)) from error


def whole_jar(artifact: Artifact) -> Path:
    """The artifact's file, downloaded unless it is there and readable."""
    cached = artifact.cached_path
    # An interrupted download leaves the beginning of a file, which would be taken for all of it.
    if cached is not None and cached.exists() and not zipfile.is_zipfile(cached):
        cached.unlink()
    jar = Path(artifact.resolve())
    if not zipfile.is_zipfile(jar):
        raise OSError(f"{jar} is not a readable jar")
    return jar


def download_bar(console: Console) -> Progress:
    return Progress(
        TextColumn("fetching"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("[dim]{task.description}"),
        TimeElapsedColumn(),
        console=console,
    )


def missing_jars(error: Exception) -> str:
    reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else repr(error)
    return (
        f"Apache Kafka {KAFKA_VERSION} is not on this machine and could not be fetched.\n"
        f"  missing: the jars of {KAFKA}\n"
        f"  reason:  {type(error).__name__}: {reason}\n"
        "Connect to the network and run the command again (a proxy is read from https_proxy),\n"
        "or use a Kafka broker that already runs:\n"
        "  export PLEDGER_BROKER=kafka://host:9092"
    )
