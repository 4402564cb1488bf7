"""Where the parts of a running ledger are found.

One ledger has one *home* directory (`PLEDGER_HOME`). The supervisor writes the
addresses of the parts it started to `run/endpoints.json` below it; every other
process of the ledger looks there, unless the environment says otherwise:

    PLEDGER_BROKER     kafka://host:port,host:port?security.protocol=SASL_SSL&sasl.username=…
                       (the query is passed to librdkafka as it is; plain host:port works too)
    PLEDGER_WAREHOUSE  clickhouse://user:password@host:port/database?secure=1
                       (http:// and https:// are understood as well)
    PLEDGER_GATEWAY    http://host:port
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

DEFAULT_BROKER_PORT = 9092
DEFAULT_WAREHOUSE_PORT = 8123
DEFAULT_GATEWAY_PORT = 8080
DEFAULT_DATABASE = "ledger"


class SettingsError(ValueError):
    """A setting that cannot be used; says which and what it should look like."""


@dataclass(frozen=True)
class Broker:
    """A Kafka cluster: its bootstrap servers and librdkafka's own settings."""

    servers: str
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, dsn: str) -> Broker:
        if "://" not in dsn:
            return cls(dsn)
        parts = urlsplit(dsn)
        if parts.scheme != "kafka" or not parts.netloc:
            raise SettingsError(
                f"PLEDGER_BROKER={dsn!r}: expected host:port or kafka://host:port?option=value"
            )
        return cls(parts.netloc, dict(parse_qsl(parts.query)))

    @property
    def dsn(self) -> str:
        """The text that `parse` understands, for the environment of another process."""
        return f"kafka://{self.servers}" + (f"?{urlencode(self.options)}" if self.options else "")

    def client(self, **settings: object) -> dict[str, object]:
        """Settings of a librdkafka client of this cluster; `settings` come last."""
        return {"bootstrap.servers": self.servers, **self.options, **settings}


@dataclass(frozen=True)
class Warehouse:
    """A ClickHouse server, or the embedded one that speaks its protocol."""

    host: str
    port: int
    database: str = DEFAULT_DATABASE
    username: str = "default"
    password: str = ""
    secure: bool = False

    @classmethod
    def parse(cls, dsn: str) -> Warehouse:
        parts = urlsplit(dsn if "://" in dsn else f"clickhouse://{dsn}")
        if parts.scheme not in {"clickhouse", "clickhouses", "http", "https"} or not parts.hostname:
            raise SettingsError(
                f"PLEDGER_WAREHOUSE={dsn!r}: expected clickhouse://user:password@host:port/database"
            )
        query = dict(parse_qsl(parts.query))
        secure = parts.scheme in {"https", "clickhouses"} or query.get("secure") in {"1", "true"}
        return cls(
            host=parts.hostname,
            port=parts.port or (8443 if secure else DEFAULT_WAREHOUSE_PORT),
            database=parts.path.strip("/") or DEFAULT_DATABASE,
            username=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            secure=secure,
        )


@dataclass(frozen=True)
class Settings:
    """Everything a process of the ledger needs to find the others."""

    home: Path
    broker: Broker
    warehouse: Warehouse
    gateway: str
    broker_is_external: bool
    warehouse_is_external: bool

    @property
    def keys(self) -> Path:
        """Directory of the click-signing keys (mode 0700)."""
        return self.home / "keys"

    @property
    def run(self) -> Path:
        """Directory of what is true only while parts run: addresses and heartbeats."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        """Directory of what the parts print."""
        return self.home / "logs"

    @property
    def state(self) -> Path:
        """Directory under which every worker keeps a directory of its own."""
        return self.home / "state"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment, then the running supervisor, then defaults."""
    env = os.environ if environ is None else environ
    home = Path(env.get("PLEDGER_HOME") or Path.home() / ".pledger").expanduser().absolute()
    running = read_endpoints(home)
    broker = env.get("PLEDGER_BROKER")
    warehouse = env.get("PLEDGER_WAREHOUSE")
    return Settings(
        home=home,
        broker=Broker.parse(broker or running.get("broker") or f"127.0.0.1:{DEFAULT_BROKER_PORT}"),
        warehouse=Warehouse.parse(
            warehouse or running.get("warehouse") or f"127.0.0.1:{DEFAULT_WAREHOUSE_PORT}"
        ),
        gateway=env.get("PLEDGER_GATEWAY")
        or running.get("gateway")
        or f"http://127.0.0.1:{DEFAULT_GATEWAY_PORT}",
        broker_is_external=bool(broker),
        warehouse_is_external=bool(warehouse),
    )


def endpoints_file(home: Path) -> Path:
    """Where the supervisor writes the addresses of the parts it started."""
    return home / "run" / "endpoints.json"


def read_endpoints(home: Path) -> dict[str, str]:
    """Addresses by part name, as the supervisor wrote them; empty when none runs."""
    try:
        found = json.loads(endpoints_file(home).read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return {str(part): str(address) for part, address in found.items()}


def write_endpoints(home: Path, endpoints: Mapping[str, str]) -> None:
    """Replace the file at once: a reader sees the old addresses or the new ones."""
    path = endpoints_file(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(dict(endpoints), indent=1))
    draft.replace(path)
