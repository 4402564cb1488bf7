"""`python -m deploy.warehouse --path DIRECTORY [--port 8123] [--host 127.0.0.1]`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from deploy.warehouse.engine import DEFAULT_MAX_EXECUTION_SECONDS, Limits
from deploy.warehouse.errors import DirectoryInUse, UnsafeAddress
from deploy.warehouse.server import serve


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.warehouse", description=__doc__)
    parser.add_argument("--path", type=Path, required=True, help="directory of the tables")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=8123, help="0 picks a free one")
    parser.add_argument("--port-file", type=Path, help="where to write host, port and pid (JSON)")
    parser.add_argument(
        "--max-execution-seconds", type=int, default=DEFAULT_MAX_EXECUTION_SECONDS, metavar="N"
    )
    parser.add_argument(
        "--max-memory-bytes", type=int, default=0, metavar="N", help="of one query; 0: half of all"
    )
    options = parser.parse_args()

    def ready(host: str, port: int) -> None:
        if options.port_file:
            draft = options.port_file.with_suffix(".draft")
            draft.write_text(json.dumps({"host": host, "port": port, "pid": os.getpid()}))
            draft.replace(options.port_file)
        print(f"warehouse ready on http://{host}:{port} path={options.path}", flush=True)

    limits = Limits(options.max_execution_seconds, options.max_memory_bytes)
    try:
        serve(options.path, options.host, options.port, limits=limits, ready=ready)
    except (DirectoryInUse, UnsafeAddress, OSError, ValueError) as error:
        print(f"warehouse: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
