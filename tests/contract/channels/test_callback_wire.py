"""What a receiver of status callbacks sees on the wire, and what a bad one can do to us."""

import base64
import json
import socket
from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import pytest
from standardwebhooks import Webhook

from postroom.domain.callbacks import refusal_of
from postroom.domain.channels import Verdict
from tests.contract.channels.callback_bench import CALLBACK_ID, MASTER, NEW_MASTER, CallbackBench
from tests.contract.channels.stands import MetaServer, Reply
from workers.channels.base import ChannelError
from workers.channels.callback import CallbackConfig
from workers.channels.callback.signing import receiver_secret
from workers.channels.http import Sessions, WrongPlace

Fail = Callable[[Any], ChannelError]


def secret_for(master: str, url: str) -> str:
    return receiver_secret(base64.b64decode(master), url)


def believed(secret: str, headers: dict[str, str], body: str) -> bool:
    try:
        Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})
    except Exception:  # noqa: BLE001 - the package raises whatever it meets
        return False
    return True


def test_the_receivers_own_library_believes_what_we_sign(callback: CallbackBench, meta: MetaServer, key: UUID) -> None:
    callback.channel.send(callback.material, callback.to, key)
    [(path, headers, body, _)] = meta.requests
    assert path == "/postroom?token=of-the-receiver"
    assert body == json.loads(callback.material.text)
    assert believed(secret_for(MASTER, callback.to), headers, callback.material.text)
    assert not believed(secret_for(MASTER, callback.to + "&other"), headers, callback.material.text)


def test_while_the_master_is_replaced_both_secrets_open_a_callback(
    callback: CallbackBench, meta: MetaServer, key: UUID
) -> None:
    callback.rebuild(secrets=(NEW_MASTER, MASTER)).send(callback.material, callback.to, key)
    [(_, headers, _, _)] = meta.requests
    for master in (NEW_MASTER, MASTER):
        assert believed(secret_for(master, callback.to), headers, callback.material.text)
    assert len(headers["webhook-signature"].split()) == 2


def test_every_try_bears_the_same_id_and_its_own_time_and_attempt(callback: CallbackBench, meta: MetaServer) -> None:
    attempts = [uuid4(), uuid4()]
    for attempt in attempts:
        callback.channel.send(callback.material, callback.to, attempt)
    headers = [headers for _, headers, _, _ in meta.requests]
    assert [each["webhook-id"] for each in headers] == [CALLBACK_ID] * 2
    assert [each["X-Postroom-Attempt"] for each in headers] == [str(attempt) for attempt in attempts]
    assert headers[0]["Content-Type"] == "application/cloudevents+json"


def test_a_kept_alive_line_serves_the_next_callback(callback: CallbackBench, meta: MetaServer, key: UUID) -> None:
    for _ in range(3):
        callback.channel.send(callback.material, callback.to, key)
    assert len({address for _, _, _, address in meta.requests}) == 1


def test_a_redirect_is_not_followed(callback: CallbackBench, meta: MetaServer, fail: Fail) -> None:
    callback.scenarios["http_3xx"]()
    assert fail(callback).fault.code == "http_302"
    assert [path for path, _, _, _ in meta.requests] == ["/postroom?token=of-the-receiver"]


@pytest.mark.parametrize(("asked", "kept"), [("0", 5), ("90", 90), ("99999999", 86_400)])
def test_retry_after_is_kept_within_reason(
    callback: CallbackBench, meta: MetaServer, fail: Fail, asked: str, kept: int
) -> None:
    meta.replies.append(Reply(503, raw=b"", headers={"Retry-After": asked}))
    assert fail(callback).fault.retry_after == timedelta(seconds=kept)


def test_the_receivers_words_are_told_without_addresses(callback: CallbackBench, meta: MetaServer, fail: Fail) -> None:
    meta.replies.append(Reply(500, raw=b"no row for marta@example.net in table x"))
    assert fail(callback).fault.detail.endswith("(HTTP 500): no row for <address> in table x")


@pytest.mark.timeout(20)
def test_an_endless_answer_is_not_read_to_its_end(callback: CallbackBench, key: UUID) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=_answer_for_ever, args=(server,), daemon=True).start()
        started = monotonic()
        receipt = callback.rebuild(answer_timeout=5.0).send(
            callback.material, f"http://127.0.0.1:{server.getsockname()[1]}/", key
        )
    assert receipt.provider_id == str(key)
    assert monotonic() - started < 4.5  # of the five that it may take


def _answer_for_ever(server: socket.socket) -> None:
    line, _ = server.accept()
    with line:
        line.recv(65_536)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        try:
            while True:
                line.sendall(b"x" * 65_536)
        except OSError:
            return


# Where no callback may go ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "100.100.100.200",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
    ],
)
def test_addresses_of_clouds_and_of_no_machine_are_refused(address: str) -> None:
    assert refusal_of(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.7", "192.168.1.5", "fd12::7", "8.8.8.8", "2a00:1::1"])
def test_machines_beside_us_and_in_the_world_may_be_told(address: str) -> None:
    assert refusal_of(address) is None


def test_a_name_that_leads_to_the_wrong_place_is_hung_up_on_before_a_byte_leaves(meta: MetaServer) -> None:
    session = Sessions(refuse=lambda address: f"is {address}").current()
    with pytest.raises(WrongPlace, match=r"it is 127\.0\.0\.1"):
        session.post(f"http://localhost:{meta.server_port}/", data=b"secret", timeout=2)
    assert meta.requests == []


# The sandbox's wire ---------------------------------------------------------------------------------------------------


def test_in_the_sandbox_the_stand_in_gets_it_signed_for_the_receiver(meta: MetaServer, key: UUID) -> None:
    bench = CallbackBench(meta)
    channel = bench.rebuild(relay_url=f"http://127.0.0.1:{meta.server_port}/callback")
    channel.send(bench.material, "https://erp.example.com/hook?a=1&b=2", key)
    [(path, headers, _, _)] = meta.requests
    assert path == "/callback?to=https%3A%2F%2Ferp.example.com%2Fhook%3Fa%3D1%26b%3D2"
    assert believed(secret_for(MASTER, "https://erp.example.com/hook?a=1&b=2"), headers, bench.material.text)
    channel.close()


# Configuration --------------------------------------------------------------------------------------------------------


def test_every_fault_of_the_configuration_is_named_at_once_and_no_secret() -> None:
    with pytest.raises(ValueError, match="Callbacks are not configured") as caught:
        CallbackConfig(("hush!", "hush!", "hush!"), relay_url="ftp://x", answer_timeout=0)
    assert all(part in str(caught.value) for part in ("two while one", "base64", "relay_url", "timeouts"))
    assert "hush" not in str(caught.value) + repr(CallbackConfig((MASTER,)))
    assert MASTER not in repr(CallbackConfig((MASTER,)))


def test_only_410_ends_a_receiver(callback: CallbackBench, meta: MetaServer, fail: Fail) -> None:
    for status in (400, 401, 403, 404, 405, 413, 429, 500, 503):
        meta.replies.append(Reply(status, raw=b""))
        assert fail(callback).fault.verdict is Verdict.TRANSIENT, status
    meta.replies.append(Reply(410, raw=b""))
    assert fail(callback).fault.verdict is Verdict.FALLBACK
