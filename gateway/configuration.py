"""What the gateway is told by its environment, and what it refuses to do without.

PLEDGER_API_TOKEN         bearer token of /v1; required unless only loopback is served, or only
                          API keys open it
PLEDGER_API_ACCESS        `keys`: only API keys open /v1, each of a person; the token does not
PLEDGER_TRUSTED_PROXIES   addresses or networks whose X-Forwarded-For is believed,
                          for example 10.0.0.0/8,192.0.2.7
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass

from events.settings import SettingsError
from gateway.visitors import Network

KEYS = "keys"


@dataclass(frozen=True)
class Configuration:
    api_token: str
    """Empty: the API is open, to this machine only."""
    trusted_proxies: tuple[Network, ...]
    keys_only: bool = False
    """Only API keys open the API: whatever it decides is then decided by a known person."""


def load_configuration(host: str, environ: Mapping[str, str] | None = None) -> Configuration:
    """The configuration for serving on `host`; raises SettingsError where it cannot be used."""
    env = os.environ if environ is None else environ
    token = env.get("PLEDGER_API_TOKEN", "").strip()
    access = env.get("PLEDGER_API_ACCESS", "").strip()
    if access not in {"", KEYS}:
        raise SettingsError(f"PLEDGER_API_ACCESS={access!r}: expected {KEYS!r}, or nothing")
    if access != KEYS and not token and not is_loopback(host):
        raise SettingsError(
            f"the gateway would serve its API on {host} to everybody: set PLEDGER_API_TOKEN "
            "to a secret that callers send as `Authorization: Bearer …`, or PLEDGER_API_ACCESS="
            "keys to let in the holders of API keys only, or serve 127.0.0.1"
        )
    return Configuration(
        "" if access == KEYS else token,
        tuple(_networks(env.get("PLEDGER_TRUSTED_PROXIES", ""))),
        access == KEYS,
    )


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _networks(text: str) -> list[Network]:
    try:
        return [ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()]
    except ValueError as problem:
        raise SettingsError(
            f"PLEDGER_TRUSTED_PROXIES={text!r}: {problem}; expected addresses or networks "
            "separated by commas, for example 10.0.0.0/8,192.0.2.7"
        ) from problem
