"""Fetch what a fresh machine lacks to run the broker: Kafka's jars, and a Java.

`python -m deploy.setup` is the last step of `make setup`. When all is there it reads
one small file and says so.
"""

from __future__ import annotations

import sys

from rich.console import Console

from deploy import DeployError
from deploy.jars import KAFKA_VERSION, class_path
from deploy.java import find_java, java_version


def main() -> int:
    console = Console(stderr=True)
    try:
        java = find_java()
        jars = class_path(console)
    except DeployError as error:
        console.print(f"[red]error:[/] {error}", highlight=False, soft_wrap=True)
        return 1
    console.print(
        f"Apache Kafka {KAFKA_VERSION} ({len(jars)} jars), Java {java_version(java)} ({java})",
        highlight=False,
        soft_wrap=True,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
