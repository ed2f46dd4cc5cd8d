"""What somebody said, seen from the document that it is about: who he is in Odoo, and by which wire it came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from postroom.domain.channels import ChannelName
from postroom.domain.safety import REAL, Wire
from postroom.store.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Speaker:
    """A contact point as Odoo knows it."""

    partner: str
    address: str
    name: str


@dataclass(frozen=True, slots=True)
class Raw:
    """The webhook that something came in by, as it was kept."""

    headers: Mapping[str, str]
    body: bytes


_SPEAKER = text("select partner, address, name from contact_point where id = :id")
_DOCUMENT = text("""
    select i.subject from message_log m join intent i on i.id = m.intent_id where m.id = :id
""")
_RAW = text("select r.headers, r.body from inbox i join request r on r.id = i.request_id where i.id = :id")
_WIRES = text("select id, wire from message_log where id = any(:ids) and wire is not null").bindparams(
    bindparam("ids", type_=ARRAY(Uuid))
)
_REAL_COMPANIES = text("""
    select company from sending_mode where channel = :channel and mode = any(:modes) and company <> 'postroom'
    order by company limit 2
""")


def speaker(connection: Connection, sealer: Sealer, contact_point_id: UUID) -> Speaker:
    """Who a contact point is."""
    row = connection.execute(_SPEAKER, {"id": contact_point_id}).one()
    name = "" if row.name is None else sealer.open_text(row.name, "contact_point.name")
    return Speaker(row.partner, sealer.open_text(row.address, "contact_point.address"), name)


def document_of(connection: Connection, message_id: UUID) -> str:
    """What a message was about, as in account.move:88; empty where it was about nothing."""
    return connection.scalar(_DOCUMENT, {"id": message_id}) or ""


def raw_of(connection: Connection, sealer: Sealer, inbox_id: UUID) -> Raw | None:
    """The webhook behind an event of the inbox; None once it has had its time."""
    row = connection.execute(_RAW, {"id": inbox_id}).one_or_none()
    if row is None or not row.headers:
        return None
    return Raw(sealer.open_json(row.headers, "request.headers"), sealer.open(row.body, "request.body"))


def wires_of(connection: Connection, message_ids: Sequence[UUID]) -> dict[UUID, Wire]:
    """By which wire messages left; those that have not are absent."""
    rows = connection.execute(_WIRES, {"ids": list(message_ids)})
    return {row.id: Wire(row.wire) for row in rows}


def only_real_company(connection: Connection, channel: ChannelName) -> str:
    """The one company whose channel is for real; empty where there is none or more than one."""
    values = {"channel": channel.value, "modes": [mode.value for mode in REAL]}
    found = list(connection.scalars(_REAL_COMPANIES, values))
    return found[0] if len(found) == 1 else ""
