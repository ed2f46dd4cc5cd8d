"""Takes a mail or refuses it, then lets what comes back follow."""

import asyncio
import email
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses, parseaddr

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.channels import Channel, address_of
from sandbox.mail.checks import faults_of
from sandbox.mail.letters import bounce, out_of_office
from sandbox.messages import Attachment, Mail, Message
from sandbox.rooms import Rooms
from sandbox.scripts import Cut, Script
from sandbox.witness import Outcome, Seen

BIGGEST_MAIL = 25 * 1024 * 1024


@dataclass(slots=True)
class Post:
    """The handler that aiosmtpd calls; its method names are aiosmtpd's."""

    rooms: Rooms

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """One mail, whole: refuse it, lose it, or take it."""
        raw = envelope.original_content or b""
        mail = email.message_from_bytes(raw, policy=default)
        assert isinstance(mail, EmailMessage)
        recipients = [address_of(Channel.EMAIL, address) for address in envelope.rcpt_tos]
        replies = [await self._take(server, mail, envelope.mail_from or "", to) for to in recipients]
        return max(replies)  # a mail for several people is refused where one of them refuses

    async def _take(self, server: SMTP, mail: EmailMessage, envelope_from: str, to: str) -> str:
        key = str(mail["Message-ID"] or "").strip()
        seen = self.rooms.witness.arrived(Channel.EMAIL, key, to, self.rooms.now())
        if faults := faults_of(mail, envelope_from):
            self.rooms.witness.settle(seen, Outcome.REFUSED, status=554, code="554 5.6.0", reasons=tuple(faults))
            return _lines(554, "5.6.0", faults)
        kind, script = self.rooms.faults.script_for(Channel.EMAIL, to)
        if script.error is not None:
            status = script.text.partition(" ")[0]
            code = f"{script.error} {status}"
            self.rooms.witness.settle(seen, Outcome.FAULTED, fault=kind, status=int(script.error), code=code)
            return f"{script.error} {script.text}"
        return await self._perform(server, seen, kind, script, kept(mail, envelope_from, to, self.rooms))

    async def _perform(self, server: SMTP, seen: Seen, kind: str, script: Script, message: Message) -> str:
        if script.cut is Cut.BEFORE:
            self.rooms.witness.settle(seen, Outcome.FAULTED, fault=kind)
            await asyncio.sleep(script.seconds or 0)
            return _hang_up(server)
        self.rooms.meet(Channel.EMAIL, message.address, _display_name(message))
        self.rooms.messages.put(message)
        outcome = Outcome.DROPPED if script.cut else Outcome.ACCEPTED
        status = 0 if script.cut else 250
        self.rooms.witness.settle(seen, outcome, status=status, fault=kind, message_id=message.id)
        if script.bounce or script.auto_reply:
            self.rooms.spawn(come_back(self.rooms, message, script))
        await asyncio.sleep(script.seconds or 0)
        return _hang_up(server) if script.cut else f"250 2.0.0 Ok: queued as {seen.number:08X}"


def _hang_up(server: SMTP) -> str:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()
    return "421 4.3.2 the connection is gone"


def _lines(code: int, status: str, faults: list[str]) -> str:
    """A reply of several lines, one per fault."""
    *first, last = [fault.encode("ascii", "replace").decode()[:400] for fault in faults]
    return "\r\n".join([*(f"{code}-{status} {fault}" for fault in first), f"{code} {status} {last}"])


def kept(mail: EmailMessage, envelope_from: str, to: str, rooms: Rooms) -> Message:
    """The mail as the person's mail program shows it."""
    return Message(
        id=str(mail["Message-ID"]).strip(),
        channel=Channel.EMAIL,
        address=to,
        at=rooms.now(),
        text=_part(mail, "plain"),
        kind="mail",
        key=str(mail["Message-ID"]).strip(),
        language=str(mail["Content-Language"] or ""),
        receipts=False,
        mail=Mail(
            subject=str(mail["Subject"]),
            sender=str(mail["From"]),
            envelope_from=envelope_from,
            html=_part(mail, "html"),
            headers=tuple((name, str(value)) for name, value in mail.items()),
            reply_to=str(mail["Reply-To"] or mail["From"]),
            references=str(mail["References"] or ""),
        ),
        attachments=tuple(_attachments(mail, rooms)),
    )


def _attachments(mail: EmailMessage, rooms: Rooms) -> Iterator[Attachment]:
    for part in mail.iter_attachments():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield rooms.files.keep(part.get_filename() or "attachment", part.get_content_type(), content)


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


def _display_name(message: Message) -> str:
    assert message.mail is not None
    to = next((value for name, value in message.mail.headers if name.lower() == "to"), "")
    names = {address.lower(): name for name, address in getaddresses([to])}
    return names.get(message.address, "")


async def come_back(rooms: Rooms, message: Message, script: Script) -> None:
    """Post the bounce or the automatic answer, after a pause."""
    pause: timedelta = rooms.environment.receipt_delay[1]
    await asyncio.sleep(pause.total_seconds())
    if script.bounce:
        await bounced(rooms, message, script.bounce)
        return
    person = rooms.people.behind(message.address)
    raw, to = out_of_office(message, person.name if person else "", rooms.now())
    await rooms.courier.post_mail(raw, to)


async def bounced(rooms: Rooms, message: Message, status: str) -> None:
    """Send a mail back to where it came from."""
    assert message.mail is not None
    raw = bounce(message, status, rooms.now())
    if await rooms.courier.post_mail(raw, parseaddr(message.mail.envelope_from)[1]) and status.startswith("5"):
        rooms.messages.bounce(message.id, status)


async def listen(rooms: Rooms) -> asyncio.Server:
    """Open the SMTP port."""
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(Post(rooms), data_size_limit=BIGGEST_MAIL, enable_SMTPUTF8=True, hostname="sandbox", loop=loop)

    return await loop.create_server(session, rooms.environment.host, rooms.environment.smtp_port)
