"""What our SMS channel says the stand-in takes, and what comes back the channel believes and can read."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from postroom.domain.channels import ChannelEvent, ChannelName, EventKind, Rendered, Verdict
from postroom.domain.sms_text import segments
from sandbox.testing import SECRET, Posted, Running, eventually
from sandbox.twilio.checks import ACCOUNT_SID, NUMBER, SERVICE_SID
from sandbox.twilio.faults import ENDINGS, KINDS
from workers.channels.base import ChannelError
from workers.channels.sms import SmsConfig
from workers.channels.sms.channel import Sms
from workers.channels.sms.verdicts import VERDICTS
from workers.wires import SANDBOX_ACCOUNT_SID, SANDBOX_NUMBER

TO = "+34600111222"
TEXT = Rendered(
    ChannelName.SMS, "es_ES", "ALERTA: se agotó «Cable 3 m» & 4 pedidos esperan. https://erp.example.com/r/a1"
)
ENDING = {kind: ending for ending, kind in ENDINGS.items()}
KEPT = ("x-twilio-signature", "content-type")


def _channel(running: Running, sender: str) -> Sms:
    return Sms(
        SmsConfig(
            api_url=f"{running.url}/twilio",
            account_sid=ACCOUNT_SID,
            sender=sender,
            status_url=f"{running.door.url}/webhooks/twilio",
            auth_tokens=(SECRET,),
            answer_timeout=1,
        )
    )


@pytest.fixture(params=[NUMBER, SERVICE_SID], ids=["number", "service"])
def sms(running: Running, request: pytest.FixtureRequest) -> Iterator[Sms]:
    channel = _channel(running, request.param)
    yield channel
    channel.close()


@pytest.fixture
def by_number(running: Running) -> Iterator[Sms]:
    channel = _channel(running, NUMBER)
    yield channel
    channel.close()


def _heard(sandbox: Running, channel: Sms) -> list[ChannelEvent]:
    return [event for one in tuple(sandbox.door.posted) for event in _read(sandbox, channel, one)]


def _read(sandbox: Running, channel: Sms, one: Posted) -> tuple[ChannelEvent, ...]:
    """As the door does it: verified over the address, then read."""
    headers = {name.lower(): value for name, value in one.headers.items() if name.lower() in KEPT}
    headers["x-postroom-url"] = sandbox.door.url + one.path
    assert channel.verify(headers, one.body)
    assert not channel.verify({**headers, "x-postroom-url": sandbox.door.url + "/elsewhere"}, one.body)
    return channel.parse(headers, one.body).events


def test_the_house_and_the_sandbox_name_the_same_account() -> None:
    assert (SANDBOX_ACCOUNT_SID, SANDBOX_NUMBER) == (ACCOUNT_SID, NUMBER)


def test_every_receipt_settles_its_attempt(sandbox: Running, sms: Sms) -> None:
    key = uuid4()

    receipt = sms.send(TEXT, TO, key)

    events = eventually(lambda: len(found := _heard(sandbox, sms)) == 2 and found, "both receipts")
    assert [event.kind for event in events] == [EventKind.SENT, EventKind.DELIVERED]
    assert {(event.attempt_id, event.provider_id, event.address) for event in events} == {
        (key, receipt.provider_id, TO)
    }
    assert {event.account for event in events} == {sms.account}


def test_both_count_the_same_segments(sandbox: Running, by_number: Sms) -> None:
    receipt = by_number.send(TEXT, TO, uuid4())

    assert receipt.segments == segments(TEXT.text).count == 2


@pytest.mark.parametrize("kind", [kind for kind, script in KINDS.items() if script.error])
def test_a_refusal_has_the_verdict_of_its_row(sandbox: Running, by_number: Sms, kind: str) -> None:
    code = str(KINDS[kind].error)

    with pytest.raises(ChannelError) as caught:
        by_number.send(TEXT, f"+3460011{ENDING[kind]}", uuid4())

    fault = caught.value.fault
    row = VERDICTS.get(code)
    assert fault.code == code
    assert fault.verdict is (row.verdict if row else Verdict.TRANSIENT)


def test_a_gateways_error_leaves_the_outcome_open(sandbox: Running, by_number: Sms) -> None:
    with pytest.raises(ChannelError) as caught:
        by_number.send(TEXT, f"+3460011{ENDING['server_error']}", uuid4())

    assert (caught.value.fault.verdict, caught.value.fault.code) == (Verdict.UNKNOWN, "http_502")


@pytest.mark.parametrize("kind", ["dropped", "slow"])
def test_what_a_lost_answer_leaves_open_the_callback_settles(sandbox: Running, by_number: Sms, kind: str) -> None:
    key: UUID = uuid4()

    with pytest.raises(ChannelError) as caught:
        by_number.send(TEXT, f"+3460011{ENDING[kind]}", key)

    assert caught.value.fault.verdict is Verdict.UNKNOWN
    events = eventually(lambda: len(found := _heard(sandbox, by_number)) == 2 and found, "both receipts")
    assert {event.attempt_id for event in events} == {key}


def test_a_failed_receipt_has_the_verdict_of_its_row(sandbox: Running, by_number: Sms) -> None:
    by_number.send(TEXT, f"+3460011{ENDING['unknown_handset']}", uuid4())

    *_, failed = eventually(lambda: len(found := _heard(sandbox, by_number)) == 2 and found, "both receipts")

    assert failed.fault is not None
    assert (failed.fault.verdict, failed.fault.code, failed.fault.unreachable) == (Verdict.FALLBACK, "30005", True)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("¿Cuándo llega? 😊", EventKind.REPLIED),
        ("STOP", EventKind.OPTED_OUT),
        ("BAJA", EventKind.OPTED_OUT),
        ("START", EventKind.OPTED_IN),
        ("YES", EventKind.REPLIED),
    ],
)
def test_what_a_person_writes_is_heard(sandbox: Running, by_number: Sms, text: str, kind: EventKind) -> None:
    sandbox.post("reply", channel="sms", recipient=TO, text=text)

    [event] = eventually(lambda: _heard(sandbox, by_number), "the reply")

    assert (event.kind, event.text, event.address, event.account) == (kind, text, TO, NUMBER)


def test_after_stop_twilio_refuses_and_we_know_why(sandbox: Running, by_number: Sms) -> None:
    sandbox.post("reply", channel="sms", recipient=TO, text="STOP")

    with pytest.raises(ChannelError) as caught:
        by_number.send(TEXT, TO, uuid4())

    assert (caught.value.fault.verdict, caught.value.fault.code) == (Verdict.OPT_OUT, "21610")
    assert TO not in caught.value.fault.detail
