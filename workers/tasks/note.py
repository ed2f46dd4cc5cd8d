"""What somebody said goes into Odoo: written down in the transaction that keeps it, and carried there later."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from postroom.domain.channels import ChannelEvent, ChannelName, EventKind
from postroom.domain.heard import Heard
from postroom.domain.into_odoo import IntoOdoo, Replies
from postroom.domain.people import Recognised
from postroom.domain.safety import Wire
from postroom.domain.writings import Kind, Writing
from postroom.store.engine import Connection
from postroom.store.inbox import InboxRow
from postroom.store.outbox import add_writings
from postroom.store.people import who_is
from postroom.store.receipts import Correspondent
from postroom.store.sayings import Speaker, document_of, only_real_company, raw_of, speaker
from workers.channels.headers import WIRE, find_header
from workers.wiring import Rooms

CONTACT_US = "contact_us"
DECISIONS = frozenset({"approve", "reject", "acknowledge", "agree", "hold"})
"""Buttons of colleagues, whose effect is another's business: the record is no place for the press."""
LISTS: Mapping[ChannelName, str] = MappingProxyType(
    {ChannelName.SMS: "phone", ChannelName.WHATSAPP: "phone", ChannelName.EMAIL: "email"}
)
"""Odoo's blacklist for the addresses of a channel."""
CONSENTS: Mapping[EventKind, bool] = MappingProxyType({EventKind.OPTED_OUT: True, EventKind.OPTED_IN: False})
"""Whether the address is to be listed."""
NOBODY = Speaker("", "", "")


@dataclass(frozen=True, slots=True)
class _Said:
    """One thing that somebody said, and where it belongs."""

    row: InboxRow
    event: ChannelEvent
    who: Correspondent | None
    company: str
    wire: Wire
    document: str
    terms: IntoOdoo


def note(connection: Connection, rooms: Rooms, row: InboxRow, event: ChannelEvent, who: Correspondent | None) -> None:
    """Write down what of it belongs into Odoo."""
    wire = wire_of(connection, rooms, row, event)
    company = who.company if who else only_real_company(connection, ChannelName.ODOO) if wire is Wire.LIVE else ""
    document = document_of(connection, who.last_message_id) if who and who.last_message_id else ""
    said = _Said(row, event, who, company, wire, document, rooms.book.companies.of(company).odoo)
    if event.kind in CONSENTS:
        writings = list(_consent(rooms, said))
    else:
        writings = list(_words(connection, rooms, said)) if event.payload not in DECISIONS else []
    add_writings(connection, rooms.sealer, writings)


def wire_of(connection: Connection, rooms: Rooms, row: InboxRow, event: ChannelEvent) -> Wire:
    """Which wire it came by, told by the secret that signed it.

    Where the door did not say so, only an account that is the real one alone speaks for the real wire.
    """
    raw = raw_of(connection, rooms.sealer, row.id)
    marked = find_header(raw.headers, WIRE) if raw else ""
    if marked:
        return Wire(marked)
    live, sandbox = (rooms.channels.at(event.channel, wire) for wire in (Wire.LIVE, Wire.SANDBOX))
    real = live is not None and live.account == event.account and (sandbox is None or sandbox.account != event.account)
    return Wire.LIVE if real else Wire.SANDBOX


def presser(connection: Connection, rooms: Rooms, row: InboxRow, event: ChannelEvent) -> str | None:
    """Who acts through the account that it came from, as partner:7; None where nobody is known by it."""
    if not event.address:
        return None
    who = who_is(connection, rooms.sealer, event.channel, wire_of(connection, rooms, row, event), event.address)
    return f"partner:{who.person.partner_id}" if isinstance(who, Recognised) else None


def _consent(rooms: Rooms, said: _Said) -> Iterator[Writing]:
    event = said.event
    if not said.terms.opt_outs or event.channel not in LISTS or not event.address:
        return
    which = LISTS[event.channel]
    yield Writing(
        company=said.company,
        wire=said.wire,
        kind=Kind.BLACKLIST,
        key=f"{Kind.BLACKLIST}:{said.row.id}",
        # In turn for each address; the fingerprint tells nobody whose it is.
        subject=f"{which}.blacklist:{rooms.sealer.blind(event.channel, event.address).hex()[:16]}",
        payload={"list": which, "address": event.address, "listed": CONSENTS[event.kind]},
        message_id=said.who.last_message_id if said.who else None,
    )


def _words(connection: Connection, rooms: Rooms, said: _Said) -> Iterator[Writing]:
    heard = _heard(connection, rooms, said)
    answers_something = said.who is not None and said.who.last_message_id is not None
    if said.document and said.terms.replies is not Replies.NONE:
        yield _writing(said, heard, Kind.CHATTER, said.document)
    if not answers_something and said.terms.takes_tickets:
        yield _writing(said, heard, Kind.TICKET, f"conversation:{heard.conversation}")
    if said.event.payload == CONTACT_US and said.document and said.terms.contact_requests:
        yield _writing(said, heard, Kind.ACTIVITY, said.document)


def _heard(connection: Connection, rooms: Rooms, said: _Said) -> Heard:
    event, who = said.event, said.who
    known = speaker(connection, rooms.sealer, who.contact_point_id) if who else NOBODY
    # A mail may be answered by a colleague whom it was forwarded to: his words are not the customer's.
    himself = event.channel not in LISTS or not event.address or event.address == known.address
    stranger = rooms.sealer.blind(event.channel, event.address).hex()[:16] if event.address else str(said.row.id)
    return Heard(
        inbox_id=str(said.row.id),
        conversation=str(who.contact_point_id) if who else stranger,
        channel=event.channel,
        at=event.occurred_at,
        words=event.text or "",
        pressed=event.kind is EventKind.PRESSED,
        address=event.address or known.address,
        name=known.name if himself else "",
        partner=known.partner if himself else "",
        company=said.company,
        internal=said.terms.replies is Replies.NOTE,
        project=said.terms.project,
        team=said.terms.team,
        left_out="the file, which stays with its provider" if "media_id" in event.extra else "",
    )


def _writing(said: _Said, heard: Heard, kind: Kind, subject: str) -> Writing:
    return Writing(
        company=said.company,
        wire=said.wire,
        kind=kind,
        key=f"{kind}:{said.row.id}",
        subject=subject,
        payload=heard.to_json(),
        message_id=said.who.last_message_id if said.who else None,
    )
