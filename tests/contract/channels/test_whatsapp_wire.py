"""WhatsApp's requests and answers as they go over the wire."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jsonschema_rs
import pytest

from postroom.domain.channels import Button, ChannelName, ProviderTemplate, Rendered, Verdict
from workers.channels.base import ChannelError
from workers.channels.whatsapp import webhook
from workers.channels.whatsapp.payload import request_body
from workers.channels.whatsapp.verdicts import SPANS, VERDICTS

Fail = Callable[[Any], ChannelError]
TO = "+34600111222"
LINK = Button("View Invoice", url="https://erp.example.com/my/invoices/88?access_token=a")
SUFFIX = Button("View Invoice", url="https://erp.example.com/my/invoices/88", url_suffix="my/invoices/88")
HELP = Button("Contact Us", payload="contact_us")


def _free(text: str = "We received your payment.", *buttons: Button) -> Rendered:
    return Rendered(ChannelName.WHATSAPP, "en", text, buttons=buttons)


def _template(*buttons: Button, body: tuple[tuple[str, str], ...] = (("amount", "€ 5"),)) -> Rendered:
    template = ProviderTemplate("payment_reminder_v1", "pt_BR", body)
    return Rendered(ChannelName.WHATSAPP, "pt_BR", "text", buttons=buttons, template=template)


SENDABLE = {
    "text": _free(),
    "text with links": _free("Hello", LINK, Button("Pay Now", url="https://pay.example.com/1")),
    "one link": _free("Hello", LINK),
    "reply buttons": _free("Hello", HELP, Button("Paid", payload="paid")),
    "reply button and link": _free("Hello", HELP, LINK),
    "template": _template(),
    "template without values": _template(body=()),
    "template with a fixed link": _template(LINK),
    "template with link suffix and quick reply": _template(SUFFIX, LINK, HELP),
    "template with a value of several lines": _template(body=(("name", "Marta\r\n\tRuiz      SL"),)),
}


@pytest.mark.parametrize("name", SENDABLE)
@pytest.mark.parametrize("to", [TO, "34600111222", "ES.10000000000000000001", "US.ENT.118157992128868"])
def test_every_request_keeps_metas_schema(shared: Path, name: str, to: str) -> None:
    schema = json.loads((shared / "contracts/whatsapp/send_message.schema.json").read_text())
    jsonschema_rs.validator_for(schema).validate(request_body(SENDABLE[name], to, uuid4()))


def test_a_template_is_posted_with_named_values_and_the_attempts_id(whatsapp: Any, key: UUID) -> None:
    whatsapp.channel.send(_template(SUFFIX, HELP), TO, key)
    path, headers, body, _ = whatsapp.meta.requests[0]
    assert path == "/v23.0/100000000000001/messages"
    assert headers["Authorization"] == "Bearer a-token-nobody-should-see"
    assert body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": TO,
        "biz_opaque_callback_data": str(key),
        "type": "template",
        "template": {
            "name": "payment_reminder_v1",
            "language": {"code": "pt_BR"},
            "components": [
                {"type": "body", "parameters": [{"type": "text", "parameter_name": "amount", "text": "€ 5"}]},
                {
                    "type": "button",
                    "sub_type": "url",
                    "index": "0",
                    "parameters": [{"type": "text", "text": "my/invoices/88"}],
                },
                {
                    "type": "button",
                    "sub_type": "quick_reply",
                    "index": "1",
                    "parameters": [{"type": "payload", "payload": "contact_us"}],
                },
            ],
        },
    }


def test_a_fixed_link_is_no_component_but_keeps_its_place(whatsapp: Any, key: UUID) -> None:
    whatsapp.channel.send(_template(LINK, HELP), TO, key)
    components = whatsapp.meta.requests[0][2]["template"]["components"]
    assert [part.get("index") for part in components] == [None, "1"]


def test_links_beside_reply_buttons_become_lines_of_the_text(whatsapp: Any, key: UUID) -> None:
    whatsapp.channel.send(SENDABLE["reply button and link"], TO, key)
    interactive = whatsapp.meta.requests[0][2]["interactive"]
    assert interactive["body"]["text"] == f"Hello\nView Invoice: {LINK.url}"
    assert interactive["action"]["buttons"][0]["reply"] == {"id": "contact_us", "title": "Contact Us"}


@pytest.mark.parametrize(
    ("rendered", "says"),
    [
        pytest.param(_free("x" * 4097), "4097 characters", id="long text"),
        pytest.param(_free("x" * 1025, HELP), "1025 characters", id="long text over buttons"),
        pytest.param(_free("Hello", *[HELP] * 4), "4 reply buttons", id="four reply buttons"),
        pytest.param(_free("Hello", Button("x" * 21, payload="p")), "21 characters", id="long title"),
        pytest.param(_free("Hello", Button("Pay", payload=" p ")), "payload", id="blank around a payload"),
        pytest.param(_template(body=(("amount", " "),)), "'amount' is empty", id="empty value"),
    ],
)
def test_what_meta_would_refuse_never_leaves(whatsapp: Any, key: UUID, rendered: Rendered, says: str) -> None:
    with pytest.raises(ChannelError, match=says) as caught:
        whatsapp.channel.send(rendered, TO, key)
    assert caught.value.fault.verdict is Verdict.PERMANENT
    assert whatsapp.seen() == 0


@pytest.mark.parametrize("to", ["", "+", "0034600111222", "+34 600", "marta@example.net", "ES.", "+34600111222\n"])
def test_an_address_that_is_none_falls_back_and_never_leaves(whatsapp: Any, key: UUID, to: str) -> None:
    with pytest.raises(ChannelError) as caught:
        whatsapp.channel.send(_free(), to, key)
    assert caught.value.fault.verdict is Verdict.FALLBACK
    assert whatsapp.seen() == 0


# Answers ------------------------------------------------------------------------------------------------------------


def test_an_answer_that_drips_ends_at_the_deadline_as_unknown(whatsapp: Any, reply: Any, fail: Fail) -> None:
    whatsapp.meta.replies.append(reply(raw=b'{"messages": [{"id": "wamid.1"}]}' * 3, drip=0.1))
    fault = fail(whatsapp).fault
    assert (fault.verdict, fault.code) == (Verdict.UNKNOWN, "read_timeout")


def test_headers_that_drip_end_at_the_deadline_too(whatsapp: Any, fail: Fail) -> None:
    with _dripping_server() as port:
        whatsapp.point_at(port)
        started = time.monotonic()
        assert fail(whatsapp).fault.verdict is Verdict.UNKNOWN
    assert time.monotonic() - started < 15


class _dripping_server:  # noqa: N801 - read as a verb
    """Accepts, reads, then sends one byte of a header every 0.1 s."""

    def __enter__(self) -> int:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._drip, daemon=True)
        self._thread.start()
        return int(self._socket.getsockname()[1])

    def _drip(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            connection.recv(65536)
            try:
                for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 200:
                    connection.sendall(bytes([byte]))
                    time.sleep(0.05)
            except OSError:
                return

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._thread.join(5)


def test_metas_other_spelling_of_a_number_is_kept(whatsapp: Any, reply: Any, key: UUID) -> None:
    body = {"contacts": [{"input": "+5511987654321", "wa_id": "551187654321"}], "messages": [{"id": "wamid.1"}]}
    whatsapp.meta.replies.append(reply(body=body))
    assert whatsapp.channel.send(_free(), "+5511987654321", key).address == "+551187654321"


def test_the_same_spelling_is_not_repeated(whatsapp: Any, key: UUID) -> None:
    assert whatsapp.channel.send(_free(), TO, key).address is None


@pytest.mark.parametrize("status", ["held_for_quality_assessment", "paused"])
def test_a_held_message_is_accepted_and_says_so(whatsapp: Any, reply: Any, key: UUID, status: str) -> None:
    whatsapp.meta.replies.append(reply(body={"messages": [{"id": "wamid.1", "message_status": status}]}))
    assert whatsapp.channel.send(_free(), TO, key).note == status


def test_an_accepted_message_has_no_note(whatsapp: Any, key: UUID) -> None:
    assert whatsapp.channel.send(_free(), TO, key).note is None


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        pytest.param("7", 7, 7, id="seconds"),
        pytest.param("0", 0, 0, id="now"),
        pytest.param("99999999", 86400, 86400, id="at most a day"),
        pytest.param(timedelta(seconds=600), 500, 600, id="a date"),
        pytest.param(timedelta(days=-1), 0, 0, id="a date gone by"),
    ],
)
def test_retry_after_is_honoured_beside_a_code(
    whatsapp: Any, reply: Any, fail: Fail, header: str | timedelta, least: int, most: int
) -> None:
    body = {"error": {"message": "(#130429) Rate limit hit", "code": 130429}}
    if isinstance(header, timedelta):  # A date is counted from now, and now begins with the test.
        header = format_datetime(datetime.now(UTC) + header, usegmt=True)
    whatsapp.meta.replies.append(reply(429, body, {"Retry-After": header}))
    fault = fail(whatsapp).fault
    assert fault.code == "130429"
    assert fault.retry_after is not None
    assert timedelta(seconds=least) <= fault.retry_after <= timedelta(seconds=most)


@pytest.mark.parametrize("header", ["soon", "-1", "1e3", "٧", "Tue, 99 Foo 2026"])
def test_a_retry_after_that_cannot_be_read_is_none(whatsapp: Any, reply: Any, fail: Fail, header: str) -> None:
    whatsapp.meta.replies.append(reply(503, {"error": {"code": 2}}, {"Retry-After": header.encode().decode("latin-1")}))
    assert fail(whatsapp).fault.retry_after is None


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        pytest.param({"code": 100, "message": "Invalid parameter"}, Verdict.PERMANENT, id="our parameter"),
        pytest.param(
            {"code": 100, "error_data": {"details": "Recipient is not a valid WhatsApp user"}},
            Verdict.FALLBACK,
            id="the recipient",
        ),
        pytest.param({"code": 100, "error_subcode": 33}, Verdict.SENDER_STOPPED, id="our phone number id"),
        pytest.param({"code": "131026"}, Verdict.FALLBACK, id="a code in a string"),
        pytest.param({"code": 424242}, Verdict.TRANSIENT, id="a code that nobody foresaw"),
        pytest.param({"code": True}, Verdict.UNKNOWN, id="no code at all, status 500"),
        pytest.param({"message": "?"}, Verdict.UNKNOWN, id="words without a code, status 500"),
    ],
)
def test_an_error_is_judged_by_its_code(
    whatsapp: Any, reply: Any, fail: Fail, error: dict[str, object], verdict: Verdict
) -> None:
    whatsapp.meta.replies.append(reply(500, {"error": error}))
    assert fail(whatsapp).fault.verdict is verdict


def test_a_code_that_nobody_foresaw_is_kept_and_named_unknown(whatsapp: Any, reply: Any, fail: Fail) -> None:
    whatsapp.meta.replies.append(reply(400, {"error": {"code": 424242, "message": "Brand new"}}))
    fault = fail(whatsapp).fault
    assert fault.code == "424242"
    assert fault.detail == "unknown code: Brand new"


def test_a_redirect_is_not_followed_with_our_token(whatsapp: Any, fail: Fail) -> None:
    whatsapp.scenarios["http_3xx"]()
    assert fail(whatsapp).fault.verdict is Verdict.SENDER_STOPPED
    assert [path for path, *_ in whatsapp.meta.requests] == ["/v23.0/100000000000001/messages"]


def test_the_token_is_in_no_error_and_no_repr(whatsapp: Any, fail: Fail) -> None:
    for name in whatsapp.scenarios:
        whatsapp.heal()
        whatsapp.scenarios[name]()
        error = fail(whatsapp)
        assert "nobody-should-see" not in f"{error} {error.__cause__} {error.fault} {whatsapp.config!r}"


# Connections --------------------------------------------------------------------------------------------------------


def test_one_thread_keeps_one_connection(whatsapp: Any, key: UUID) -> None:
    for _ in range(3):
        whatsapp.channel.send(_free(), TO, key)
    assert len({peer for *_, peer in whatsapp.meta.requests}) == 1


def test_a_refusal_does_not_cost_the_connection(whatsapp: Any, fail: Fail, key: UUID) -> None:
    whatsapp.refuse("131026")
    fail(whatsapp)
    whatsapp.channel.send(_free(), TO, key)
    assert len({peer for *_, peer in whatsapp.meta.requests}) == 1


def test_a_connection_that_the_provider_closed_meanwhile_is_not_unknown(whatsapp: Any, reply: Any, key: UUID) -> None:
    """The commonest trap of keep-alive: an idle connection that ended must not turn a message *unknown*."""
    whatsapp.meta.replies.append(reply(body={"messages": [{"id": "wamid.1"}]}, then_close=True))
    whatsapp.channel.send(_free(), TO, key)
    time.sleep(0.1)
    assert whatsapp.channel.send(_free(), TO, key).provider_id
    assert len({peer for *_, peer in whatsapp.meta.requests}) == 2


def test_threads_share_the_channel_and_no_connection(whatsapp: Any) -> None:
    barrier = threading.Barrier(4)

    def send(_: int) -> str:
        barrier.wait(5)
        receipt = whatsapp.channel.send(_free(), TO, uuid4())
        whatsapp.channel.close()
        return str(receipt.provider_id)

    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(send, range(4)))) == 4
    assert len({peer for *_, peer in whatsapp.meta.requests}) == 4


def test_proxies_and_netrc_of_the_environment_are_left_alone(
    whatsapp: Any, key: UUID, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    whatsapp.channel.send(_free(), TO, key)
    assert whatsapp.meta.requests[0][1]["Authorization"].startswith("Bearer ")


# The handshake ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        pytest.param(
            {"hub.mode": "subscribe", "hub.verify_token": "verify-me", "hub.challenge": "42"}, "42", id="Meta"
        ),
        pytest.param({"hub.mode": "subscribe", "hub.verify_token": "Verify-me", "hub.challenge": "42"}, None, id="not"),
        pytest.param({"hub.mode": "other", "hub.verify_token": "verify-me", "hub.challenge": "42"}, None, id="mode"),
        pytest.param({"hub.verify_token": "é"}, None, id="odd"),
        pytest.param({}, None, id="empty"),
    ],
)
def test_a_subscription_is_confirmed_only_to_who_knows_the_token(
    whatsapp: Any, query: dict[str, str], answer: str | None
) -> None:
    assert whatsapp.channel.handshake(query) == answer


# Beside the repository: the provider's own words --------------------------------------------------------------------


def _cases(shared: Path) -> Iterator[tuple[str, str, bytes]]:
    for path in sorted((shared / "fixtures/whatsapp").glob("*.json")):
        content = json.loads(path.read_text())
        for case, payload in [("", content)] if "entry" in content else content.items():
            yield path.stem, case, json.dumps(payload).encode()


NAMED = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
    "with_tracker": "sent",
    "button": "pressed",
    "quick_reply": "pressed",
    "quick_reply_without_context": "pressed",
}
WITHDRAWN = ("unreaction_empty", "unreaction_no_emoji", "group")


def test_real_payloads_are_read_as_they_are_named(shared: Path) -> None:
    for stem, case, raw in _cases(shared):
        parsed = webhook.parse(raw)
        kinds = [event.kind.value for event in parsed.events]
        if stem in ("message", "message_status", "callback_button", "bsuid_only_message"):
            assert kinds == ([] if case in WITHDRAWN else [NAMED.get(case, "replied")]), (stem, case)
        else:
            assert (kinds, len(parsed.ignored), parsed.unknown) == ([], 1, ()), (stem, case)


def test_every_code_that_meta_lists_has_a_row(shared: Path) -> None:
    listed = json.loads((shared / "contracts/whatsapp/error_codes.json").read_text())
    for code in listed:
        first = code.split("-")[0]
        assert first in VERDICTS or any(span.covers(first) for span in SPANS), code
