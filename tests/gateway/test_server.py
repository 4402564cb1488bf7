"""The process: starting, stopping, a broker that stands still, who may call."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from deploy.kafka import EmbeddedBroker
from deploy.ports import LOOPBACK
from deploy.topics import create_topics
from events.settings import Broker, SettingsError
from events.topics import CLICKS, CONVERSIONS
from gateway.configuration import load_configuration
from gateway.server import refuse_taken
from tests.conftest import fresh_topics
from tests.gateway.conftest import BROWSER, RunningGateway

SIGNUP = {"type": "signup", "program": "acme", "customer": "c"}


def test_a_public_address_needs_a_token() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "gateway.example"):
        with pytest.raises(SettingsError, match="PLEDGER_API_TOKEN"):
            load_configuration(host, {})
        assert load_configuration(host, {"PLEDGER_API_TOKEN": "s"}).api_token == "s"
    for host in ("127.0.0.1", "::1", "localhost"):
        assert load_configuration(host, {}).api_token == ""
    with pytest.raises(SettingsError, match="PLEDGER_TRUSTED_PROXIES"):
        load_configuration("::1", {"PLEDGER_TRUSTED_PROXIES": "10.0.0.0/8,proxy"})


@pytest.mark.broker
def test_restart_loses_nothing_and_keeps_keys(broker: Broker, tmp_path: Path) -> None:
    fresh_topics(broker)
    gateway = RunningGateway(tmp_path / "home", broker).start()
    try:
        gateway.prepare()
        location = gateway.client.get("/c/spring").headers["location"]
        click_id = parse_qs(urlsplit(location).query)["click_id"][-1]
        assert gateway.stop() == 0

        gateway.start()
        assert gateway.client.get("/c/spring").status_code == 302
        deal = {**SIGNUP, "event_id": "s", "click_id": click_id}
        assert gateway.client.post("/v1/conversions", json=deal).json()["warnings"] == []
        gateway.process.send_signal(signal.SIGKILL)
        gateway.process.wait()

        gateway.start()
        assert gateway.client.get("/v1/programs/acme").json()["active"] is True
        assert len(gateway.log_of(CLICKS)) == 2
        assert len(gateway.log_of(CONVERSIONS)) == 1
    finally:
        gateway.kill()


@pytest.mark.broker
def test_every_redirect_is_in_the_log_though_stopped_amid_them(
    broker: Broker, tmp_path: Path
) -> None:
    fresh_topics(broker)
    gateway = RunningGateway(tmp_path / "home", broker).start()
    redirected: list[str] = []

    def follow() -> None:
        with httpx.Client(trust_env=False, headers={"user-agent": BROWSER}) as client:
            try:
                while True:
                    answer = client.get(gateway.address + "/c/spring")
                    if answer.status_code == 302:
                        redirected.append(answer.headers["location"])
            except httpx.TransportError:
                return  # the gateway has gone

    try:
        gateway.prepare()
        visitors = [threading.Thread(target=follow) for _ in range(8)]
        for visitor in visitors:
            visitor.start()
        time.sleep(1)
        assert gateway.stop() == 0
        for visitor in visitors:
            visitor.join(20)
        logged = {click.click_id for click in gateway.log_of(CLICKS)}
        promised = {parse_qs(urlsplit(found).query)["click_id"][-1] for found in redirected}
        assert len(promised) == len(redirected) > 50
        assert promised <= logged
    finally:
        gateway.kill()


@pytest.mark.broker
def test_a_broker_that_stands_still_gets_nobody_redirected(tmp_path: Path) -> None:
    embedded = EmbeddedBroker(tmp_path / "kafka")
    embedded.start()
    gateway = RunningGateway(tmp_path / "home", embedded.broker)
    try:
        embedded.wait_ready()
        create_topics(embedded.broker, partitions=2)
        gateway.start()
        gateway.prepare()
        assert gateway.client.get("/c/spring").status_code == 302
        assert embedded.process is not None
        os.kill(embedded.process.pid, signal.SIGSTOP)
        try:
            sent = {**SIGNUP, "event_id": "s"}
            with ThreadPoolExecutor() as threads:
                answers = [
                    threads.submit(gateway.client.get, "/c/spring"),
                    threads.submit(gateway.client.post, "/v1/conversions", json=sent),
                    threads.submit(gateway.client.get, "/healthz"),
                ]
            for answer in (asked.result() for asked in answers):
                assert answer.status_code == 503
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["retry-after"]
                assert "location" not in answer.headers
        finally:
            os.kill(embedded.process.pid, signal.SIGCONT)
        gateway.await_health()
        assert gateway.client.get("/c/spring").status_code == 302
        assert gateway.client.post("/v1/conversions", json=sent).status_code == 202
    finally:
        gateway.kill()
        embedded.stop()


@pytest.mark.broker
def test_with_a_token_only_links_health_and_docs_are_open(broker: Broker, tmp_path: Path) -> None:
    fresh_topics(broker)
    gateway = RunningGateway(tmp_path / "home", broker, PLEDGER_API_TOKEN="a secret").start()
    try:
        for path in ("/healthz", "/openapi.json", "/docs"):
            assert gateway.client.get(path).status_code == 200
        assert gateway.client.get("/c/none").status_code == 404
        for path in ("/v1/programs", "//v1/programs", "/v1/programs/", "/schema", "/x"):
            answer = gateway.client.get(path)
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"] == "Bearer"
            wrong = {"authorization": "Bearer a secre"}
            assert gateway.client.get(path, headers=wrong).status_code == 401
        gateway.client.headers["authorization"] = "Bearer a secret"
        gateway.prepare()
        assert gateway.client.get("/v1/programs").status_code == 200
    finally:
        gateway.kill()


@pytest.mark.broker
def test_trusted_proxies_say_who_came(broker: Broker, tmp_path: Path) -> None:
    fresh_topics(broker)
    gateway = RunningGateway(
        tmp_path / "home", broker, PLEDGER_TRUSTED_PROXIES="127.0.0.0/8"
    ).start()
    try:
        gateway.prepare()
        for address in ("203.0.113.9", "203.0.113.9", "198.51.100.1"):
            gateway.client.get("/c/spring", headers={"x-forwarded-for": address})
        hashes = [click.ip_hash for click in gateway.log_of(CLICKS)]
        assert hashes[0] == hashes[1] != hashes[2]
    finally:
        gateway.kill()


def test_a_taken_port_is_refused() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=str(port)):
            refuse_taken(LOOPBACK, port)
    refuse_taken(LOOPBACK, port)
