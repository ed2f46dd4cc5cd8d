"""The stand-in for receivers takes what our channel sends, refuses what is not signed for them, and fails on demand."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import requests

from postroom.domain.channels import ChannelName, Rendered, Verdict
from sandbox.faults import CALLBACK, Channel
from sandbox.testing import SECRET, Running
from workers.channels.base import ChannelError
from workers.channels.callback import CallbackConfig
from workers.channels.callback.channel import Callback

URL = "https://erp.example.com/postroom?token=t"
SAMPLE = Path(__file__).parents[2] / "fixtures" / "callback" / "malformed__a_callback_of_our_own.json"
BODY = json.loads(SAMPLE.read_text())

VERDICTS = {
    "failing": (Verdict.TRANSIENT, "http_500"),
    "unavailable": (Verdict.TRANSIENT, "http_503"),
    "throttled": (Verdict.TRANSIENT, "http_429"),
    "not_found": (Verdict.TRANSIENT, "http_404"),
    "moved": (Verdict.TRANSIENT, "http_302"),
    "gone": (Verdict.FALLBACK, "http_410"),
    "slow": (Verdict.TRANSIENT, "read_timeout"),
    "hang": (Verdict.TRANSIENT, "read_timeout"),
    "lost": (Verdict.TRANSIENT, "dropped"),
    "dropped": (Verdict.TRANSIENT, "dropped"),
}


@pytest.fixture
def channel(sandbox: Running) -> Iterator[Callback]:
    master = base64.b64encode(SECRET.encode()).decode()
    made = Callback(CallbackConfig((master,), relay_url=f"{sandbox.url}/callback", answer_timeout=1))
    yield made
    made.close()


def send(channel: Callback, url: str = URL, **changes: object) -> UUID:
    key = uuid4()
    channel.send(Rendered(ChannelName.CALLBACK, "en", json.dumps({**BODY, **changes})), url, key)
    return key


def test_a_callback_is_kept_as_its_receiver_would_see_it(sandbox: Running, channel: Callback) -> None:
    key = send(channel)
    [seen] = sandbox.get("requests", recipient=URL)["requests"]
    [message] = sandbox.get("messages", recipient=URL)["messages"]
    assert (seen["key"], seen["outcome"], seen["status"]) == (str(key), "accepted", 204)
    assert (message["channel"], message["raw"], message["title"]) == ("callback", BODY, "postroom.message.delivered")
    assert {"label": "sequence", "value": "42"} in message["fields"]


def test_a_repeat_is_seen_twice_and_kept_once(sandbox: Running, channel: Callback) -> None:
    send(channel)
    send(channel)
    assert sandbox.get("requests", recipient=URL)["count"] == 2
    assert sandbox.get("messages", recipient=URL)["count"] == 1


def test_what_is_signed_for_another_receiver_is_refused(sandbox: Running) -> None:
    other = base64.b64encode(b"another secret").decode()
    channel = Callback(CallbackConfig((other,), relay_url=f"{sandbox.url}/callback"))
    with pytest.raises(ChannelError) as caught:
        send(channel)
    assert caught.value.fault.code == "http_401"
    assert "none is made with this receiver" in caught.value.fault.detail
    assert sandbox.get("messages", recipient=URL)["count"] == 0


def test_a_bare_post_is_told_everything_that_is_wrong_with_it(sandbox: Running) -> None:
    answer = requests.post(f"{sandbox.url}/callback", params={"to": URL}, json={"id": "1"}, timeout=5)
    assert answer.status_code == 401
    places = [reason.partition(":")[0] for reason in answer.json()["errors"]]
    assert places == [
        "/source",
        "/type",
        "/time",
        "/sequence",
        "/data",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    ]


def test_every_fault_is_in_the_table_here() -> None:
    assert set(VERDICTS) == set(CALLBACK)


@pytest.mark.parametrize("kind", VERDICTS)
def test_a_fault_of_a_receiver_has_its_verdict(sandbox: Running, channel: Callback, kind: str) -> None:
    sandbox.post("faults", channel=Channel.CALLBACK, kind=kind, recipient=URL, times=1)
    with pytest.raises(ChannelError) as caught:
        send(channel)
    fault = caught.value.fault
    assert (fault.verdict, fault.code) == VERDICTS[kind]
    assert fault.retry_after == (timedelta(seconds=7) if kind in ("throttled", "unavailable") else None)
    send(channel)


def test_a_url_that_ends_in_a_fault_brings_it_about_every_second_time(sandbox: Running, channel: Callback) -> None:
    url = "https://erp.example.com/hooks/not-found"
    with pytest.raises(ChannelError):
        send(channel, url)
    send(channel, url)
    assert [seen["status"] for seen in sandbox.get("requests", recipient=url)["requests"]] == [404, 204]
