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
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from deploy import DeployError

KAFKA_VERSION = "4.4.0"
KAFKA = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.5!"
"""Kafka logs through slf4j 1.7; without a binding on the class path it logs nothing. The `!`
keeps the versions that Kafka names: log4j's own list would bring an older Kafka client."""

Advance = Callable[[int], None]


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
    from jgo.maven import PythonResolver

    kept = GlobalSettings.load().repo_cache
    console.print(
        f"Looking for Apache Kafka {KAFKA_VERSION} (45 jars, about 45 MB); kept in {kept}",
        soft_wrap=True,
    )
    with download_progress(console) as callback:
        resolver = PythonResolver(progress_callback=callback)
        try:
            for _attempt in range(2):
                built = jgo.build(f"{KAFKA}+{LOGGING}", resolver=resolver)
                jars = sorted(Path(jar) for jar in built.all_jars)
                if not drop_torn(jars):
                    return jars
        # jgo lets through what its HTTP client, its parser or the disk raise.
        except Exception as error:
            raise DeployError(missing_jars(error)) from error
    raise DeployError(missing_jars(RuntimeError("the downloaded jars cannot be read")))


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


def drop_torn(jars: list[Path]) -> list[Path]:
    """Delete jars that an interrupted download left incomplete; returns them.

    The copy in the Maven repository goes as well, or it would be taken for whole.
    """
    torn = [jar for jar in jars if not zipfile.is_zipfile(jar)]
    for jar in torn:
        jar.resolve().unlink(missing_ok=True)
        jar.unlink(missing_ok=True)
    return torn


@contextmanager
def download_progress(
    console: Console,
) -> Iterator[Callable[[str, int], AbstractContextManager[Advance]]]:
    """One bar for all files: yields the callback that jgo calls for each download."""
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("reading the list of jars", total=None)
        known = 0

        @contextmanager
        def one_file(name: str, size: int) -> Iterator[Advance]:
            nonlocal known
            known += size
            progress.update(task, description=f"fetching {name}", total=known)
            yield lambda count: progress.update(task, advance=count)

        yield one_file
