"""Email's conversations with a relay as they go over the wire."""

import datetime as dt
import gc
import ipaddress
import json
import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook

from postroom.domain.channels import Attachment, EventKind, Pace, Verdict
from workers.channels.base import ChannelError
from workers.channels.email import EmailConfig, Security, inbound

Fail = Callable[[Any], ChannelError]


def _letter(email: Any) -> EmailMessage:
    message = message_from_bytes(_unstuffed(email.relay.letters[-1]), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _unstuffed(content: bytes) -> bytes:
    return b"\r\n".join(line.removeprefix(b".") for line in content.split(b"\r\n"))


# The letter ---------------------------------------------------------------------------------------------------------


def test_the_envelope_names_the_attempt_and_so_does_the_letter(email: Any, key: UUID) -> None:
    receipt = email.channel.send(email.material, email.to, key)
    assert f"mail from:<bounce+{key.hex}@bounces.example.com>" in email.relay.lines[1].lower()
    assert email.relay.lines[2].lower() == "rcpt to:<marta@example.net>"
    letter = _letter(email)
    assert letter["Message-ID"] == f"<{key}@bounces.example.com>" == receipt.provider_id
    assert letter["X-Postroom-Attempt"] == str(key)
    assert letter["Reply-To"] == f"Postroom <reply+{key.hex}@bounces.example.com>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["From"] == "Postroom <postroom@example.com>"
    assert letter["Subject"] == email.material.subject
    assert abs(letter["Date"].datetime - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert letter["List-Unsubscribe"] is None


def test_a_link_to_unsubscribe_by_one_click_stays_whole_however_long_it_is(email: Any, key: UUID) -> None:
    link = f"https://door.example.com/unsubscribe/{'A' * 250}"
    email.channel.send(replace(email.material, unsubscribe=link), email.to, key)
    raw = _unstuffed(email.relay.letters[-1])
    assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_text_and_html_are_alternatives_and_arrive_as_written(email: Any, key: UUID) -> None:
    email.channel.send(email.material, email.to, key)
    letter = _letter(email)
    assert letter.get_content_type() == "multipart/alternative"
    parts = {part.get_content_type(): part.get_content() for part in letter.iter_parts()}
    assert parts["text/plain"].replace("\r\n", "\n") == email.material.text  # with its line that begins with a dot
    assert parts["text/html"].strip() == email.material.html


def test_a_letter_passes_relays_that_know_only_seven_bits(email: Any, key: UUID) -> None:
    email.channel.send(replace(email.material, text="Grüße, 你好, €"), email.to, key)
    assert email.relay.letters[0].isascii()
    assert all(len(line) <= 998 for line in email.relay.letters[0].split(b"\r\n"))


def test_a_letter_without_html_is_plain(email: Any, key: UUID) -> None:
    email.channel.send(replace(email.material, html=None), email.to, key)
    assert _letter(email).get_content_type() == "text/plain"


def test_a_fixed_reply_address_is_used_where_one_is_set(email: Any, key: UUID) -> None:
    email.rebuild(reply_to="Accounts <accounts@erp.example.com>")
    email.channel.send(email.material, email.to, key)
    assert _letter(email)["Reply-To"] == "Accounts <accounts@erp.example.com>"


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r"])
def test_a_subject_cannot_smuggle_a_header(email: Any, fail: Fail, break_: str) -> None:
    email.material = replace(email.material, subject=f"Invoice{break_}Bcc: eve@example.net")
    assert fail(email).fault.verdict is Verdict.PERMANENT
    assert email.relay.lines == []


@pytest.mark.parametrize(
    "to",
    [
        "marta@example.net>\r\nRCPT TO:<eve@example.net",
        "marta@example.net\nBcc: eve@example.net",
        "a@b@example.net",
        "marta",
        "@example.net",
        "marta@",
        "ma rta@example.net",
        ".marta@example.net",
        "marta@exa mple.net",
        "marta@-example.net",
        '"x"@example.net',
        "marta,eve@example.net",
    ],
)
def test_an_address_that_is_none_never_reaches_the_relay(email: Any, fail: Fail, to: str) -> None:
    email.to = to
    fault = fail(email).fault
    assert (fault.verdict, fault.code) == (Verdict.FALLBACK, "bad_address")
    assert email.relay.lines == []


@pytest.mark.parametrize(
    ("to", "rcpt"),
    [
        ("info@straße.example", "info@xn--strae-oqa.example"),
        ("info@bücher.example", "info@xn--bcher-kva.example"),
        ("o'neil+erp@Example.NET", "o'neil+erp@example.net"),
    ],
)
def test_a_domain_is_written_in_ascii_by_todays_rules(email: Any, key: UUID, to: str, rcpt: str) -> None:
    email.channel.send(email.material, to, key)
    assert email.relay.lines[2].lower() == f"rcpt to:<{rcpt}>"


def test_a_name_beyond_ascii_goes_to_relays_that_take_it(email: Any, key: UUID) -> None:
    email.say(extensions=("8BITMIME", "SMTPUTF8"))
    email.channel.send(email.material, "márta@example.net", key)
    assert email.relay.lines[1].upper().endswith("SMTPUTF8")
    assert email.relay.lines[2].lower() == "rcpt to:<márta@example.net>"


# What the relay says ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "verdict", "code", "pace"),
    [
        pytest.param({"greeting": "421 4.3.2 busy"}, Verdict.TRANSIENT, "4.3.2", Pace.GREYLIST, id="busy at the door"),
        pytest.param({"greeting": "554 5.7.1 blocked"}, Verdict.SENDER_STOPPED, "5.7.1", Pace.STANDARD, id="blocked"),
        pytest.param({"greeting": "554 no"}, Verdict.SENDER_STOPPED, "554", Pace.STANDARD, id="closed to us"),
        pytest.param({"greeting": "drop"}, Verdict.TRANSIENT, "connect", Pace.STANDARD, id="hangs up at once"),
        pytest.param({"greeting": "hang"}, Verdict.TRANSIENT, "connect", Pace.STANDARD, id="never greets"),
        pytest.param(
            {"mail": "550 who are you"}, Verdict.SENDER_STOPPED, "550", Pace.STANDARD, id="refuses our sender"
        ),
        pytest.param({"mail": "552 5.3.4 too big"}, Verdict.PERMANENT, "5.3.4", Pace.STANDARD, id="too big at MAIL"),
        pytest.param({"mail": "451 4.7.1 later"}, Verdict.TRANSIENT, "4.7.1", Pace.GREYLIST, id="MAIL greylisted"),
        pytest.param({"rcpt": "450 4.7.1 greylisted"}, Verdict.TRANSIENT, "4.7.1", Pace.GREYLIST, id="greylisted"),
        pytest.param({"rcpt": "550 4.7.1 contrary"}, Verdict.FALLBACK, "550", Pace.STANDARD, id="contradicts itself"),
        pytest.param({"rcpt": "drop"}, Verdict.TRANSIENT, "broken_before_end", Pace.STANDARD, id="hangs up at RCPT"),
        pytest.param({"rcpt": "hang"}, Verdict.TRANSIENT, "broken_before_end", Pace.STANDARD, id="silent at RCPT"),
        pytest.param({"rcpt": "nonsense"}, Verdict.TRANSIENT, "broken_before_end", Pace.STANDARD, id="no SMTP"),
        pytest.param({"data": "554 5.6.0 no"}, Verdict.PERMANENT, "5.6.0", Pace.STANDARD, id="refuses the content"),
        pytest.param({"dot": "drop before"}, Verdict.TRANSIENT, "broken_before_end", Pace.STANDARD, id="breaks within"),
        pytest.param({"dot": "drop"}, Verdict.UNKNOWN, "no_answer_to_data", Pace.STANDARD, id="breaks after the dot"),
        pytest.param({"dot": "hang"}, Verdict.UNKNOWN, "no_answer_to_data", Pace.STANDARD, id="silent after the dot"),
        pytest.param({"dot": "nonsense"}, Verdict.UNKNOWN, "no_answer_to_data", Pace.STANDARD, id="no SMTP after"),
        pytest.param({"dot": "354 more"}, Verdict.UNKNOWN, "no_answer_to_data", Pace.STANDARD, id="odd after the dot"),
        pytest.param({"dot": "drip 250 " + "x" * 90}, Verdict.UNKNOWN, "no_answer_to_data", Pace.STANDARD, id="drips"),
        pytest.param({"dot": "554 5.7.26 no DKIM"}, Verdict.SENDER_STOPPED, "5.7.26", Pace.STANDARD, id="no DKIM"),
        pytest.param({"dot": "451 4.3.0 try again"}, Verdict.TRANSIENT, "4.3.0", Pace.GREYLIST, id="no, at the dot"),
    ],
)
def test_each_step_has_its_own_meaning(
    email: Any, fail: Fail, words: dict[str, str], verdict: Verdict, code: str, pace: Pace
) -> None:
    if words.get("dot") == "drop before":  # more than the kernel takes, or all of it might have left before the break
        scan = Attachment("scan.pdf", "application/pdf", "https://erp.example.com/x", bytes(8_000_000))
        email.material = replace(email.material, attachments=(scan,))
    email.say(**words)
    fault = fail(email).fault
    assert (fault.verdict, fault.code, fault.pace) == (verdict, code, pace)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("535 5.7.8 Username and Password not accepted", Verdict.SENDER_STOPPED),
        ("534 5.7.9 Application-specific password required", Verdict.SENDER_STOPPED),
        ("454 4.7.0 Temporary authentication failure", Verdict.TRANSIENT),
    ],
)
def test_a_refused_login_stops_the_sender_unless_it_passes(
    email: Any, fail: Fail, answer: str, verdict: Verdict
) -> None:
    email.rebuild(user="u", password="p")
    email.say(extensions=("AUTH PLAIN",), auth=answer)
    assert fail(email).fault.verdict is verdict
    assert email.seen() == 0


# Connections --------------------------------------------------------------------------------------------------------


def test_letters_share_a_connection_even_after_a_refusal(email: Any, fail: Fail, key: UUID) -> None:
    email.channel.send(email.material, email.to, key)
    email.refuse("5.1.1")
    fail(email)
    email.heal()
    email.channel.send(email.material, email.to, key)
    assert email.relay.connections == 1
    assert [line for line in email.relay.lines if line.upper() == "RSET"]


def test_a_line_that_was_quiet_is_asked_before_it_is_trusted(
    email: Any, key: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    email.channel.send(email.material, email.to, key)
    monkeypatch.setattr("workers.channels.email.connection.IDLE_CHECK", 0.0)
    email.channel.send(email.material, email.to, key)
    assert [line.upper() for line in email.relay.lines].count("NOOP") == 1
    assert email.relay.connections == 1


def test_an_old_line_is_left_for_a_new_one(email: Any, key: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.channels.email.connection.MESSAGE_LIMIT", 2)
    for _ in range(5):
        email.channel.send(email.material, email.to, key)
    assert email.relay.connections == 3


# Privacy of the line, before a real server --------------------------------------------------------------------------


class _Mailbox:
    """An aiosmtpd handler that keeps what it is given."""

    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802
        self.letters.append(envelope)
        return "250 2.0.0 Ok"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay.test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "relay.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + certificate.public_bytes(pem))
    return path


@pytest.fixture
def mailbox(authority: Path) -> Iterator[tuple[_Mailbox, int]]:
    """aiosmtpd that insists on STARTTLS and a login."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority)
    kept = _Mailbox()
    controller = Controller(
        kept,
        hostname="127.0.0.1",
        port=_free_port(),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=lambda *_: AuthResult(success=True),
    )
    controller.start()
    yield kept, controller.port
    controller.stop()
    # asyncio leaves the server's half of an upgraded connection to the collector, which complains in a later test.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def test_a_letter_reaches_a_real_server_encrypted_and_logged_in(
    email: Any, mailbox: tuple[_Mailbox, int], authority: Path, key: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    kept, port = mailbox
    email.rebuild(port=port, security=Security.STARTTLS, user="u", password="p", answer_timeout=5)
    email.channel.send(email.material, email.to, key)
    [envelope] = kept.letters
    assert envelope.mail_from == f"bounce+{key.hex}@bounces.example.com"
    assert envelope.rcpt_tos == ["marta@example.net"]
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == email.material.text


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(
    email: Any, mailbox: tuple[_Mailbox, int], fail: Fail
) -> None:
    kept, port = mailbox
    email.rebuild(port=port, security=Security.STARTTLS, user="u", password="p", answer_timeout=5)
    fault = fail(email).fault
    assert (fault.verdict, fault.code) == (Verdict.TRANSIENT, "connect")
    assert kept.letters == []


# Configuration ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "host", "port", "security", "user"),
    [
        ("smtp://relay.example", "relay.example", 587, Security.STARTTLS, ""),
        ("smtp://u:p%40ss@relay.example:2525?starttls=required", "relay.example", 2525, Security.STARTTLS, "u"),
        ("smtp://127.0.0.1:8025?starttls=off", "127.0.0.1", 8025, Security.NONE, ""),
        ("smtps://u:p@relay.example", "relay.example", 465, Security.TLS, "u"),
    ],
)
def test_a_url_says_how_the_relay_is_reached(url: str, host: str, port: int, security: Security, user: str) -> None:
    config = EmailConfig.from_url(url, sender="P <p@example.com>", bounce_domain="b.example")
    assert (config.host, config.port, config.security, config.user) == (host, port, security, user)


def test_every_fault_of_a_configuration_is_named_at_once_and_no_password() -> None:
    with pytest.raises(ValueError) as caught:
        EmailConfig.from_url("smtp://u:hush@relay.example?starttls=off", sender="nobody", bounce_domain="")
    message = str(caught.value)
    assert all(part in message for part in ("sender 'nobody'", "bounce_domain", "in the clear"))
    assert "hush" not in message


@pytest.mark.parametrize("url", ["", "http://relay.example", "smtp://relay.example?starttls=maybe", "relay.example"])
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="Email is not configured"):
        EmailConfig.from_url(url, sender="P <p@example.com>", bounce_domain="b.example")


# Webhooks of the inbound relay --------------------------------------------------------------------------------------


def test_the_reference_implementations_signature_is_believed(email: Any) -> None:
    moment = dt.datetime.now(dt.UTC)
    signature = Webhook(email.config.inbound_secrets[0]).sign("msg_7", moment, "From: a\r\n\r\nhello")
    headers = {"webhook-id": "msg_7", "webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": signature}
    assert email.channel.verify(headers, b"From: a\r\n\r\nhello")
    assert email.channel.verify(
        {**headers, "webhook-signature": f"v1a,AAAA v1,xx {signature}"}, b"From: a\r\n\r\nhello"
    )


@pytest.mark.parametrize("off", [-301, 301])
def test_a_signature_of_another_time_is_not_believed(email: Any, off: int) -> None:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=off)
    signature = Webhook(email.config.inbound_secrets[0]).sign("msg_7", moment, "{}")
    headers = {"webhook-id": "msg_7", "webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": signature}
    assert not email.channel.verify(headers, b"{}")


def test_both_secrets_are_believed_while_one_replaces_the_other(email: Any) -> None:
    email.rebuild(inbound_secrets=("whsec_bmV3LW5ldy1uZXctbmV3", *email.config.inbound_secrets))
    assert email.channel.verify(email.signed(b"{}"), b"{}")


# Beside the repository: real bounces --------------------------------------------------------------------------------


def test_real_bounces_are_read_as_they_are_listed(shared: Path) -> None:
    folder = shared / "fixtures/email"
    to = f"bounce+{uuid4().hex}@b.example"
    for expected in json.loads((folder / "expected.json").read_text()):
        raw = (folder / expected["file"]).read_bytes()
        parsed = inbound.parse(raw, to, bounce_domain="b.example", account="p@example.com")
        failed = sorted(event.address or "" for event in parsed.events if event.kind is EventKind.FAILED)
        if expected["is_temporary"]:
            assert (failed, parsed.ignored) == ([], ("dsn:delayed",)), expected["file"]
        else:
            assert failed == sorted(expected["addresses"]), expected["file"]
            assert all(event.attempt_id for event in parsed.events), expected["file"]
