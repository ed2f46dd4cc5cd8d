"""How messages fare is told on their documents, for the companies that want it."""

from collections.abc import Sequence

from postroom.domain.callbacks import StatusChange
from postroom.domain.channels import ChannelName
from postroom.domain.routing import TITLES
from postroom.domain.safety import REAL, Mode, Wire
from postroom.domain.writings import Kind, Writing
from postroom.store.engine import Connection
from postroom.store.ids import made_at
from postroom.store.outbox import add_writings
from postroom.store.safety import cut_off, modes
from workers.wiring import Rooms

TOLD = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "failed": "not delivered",
    "expired": "not sent: it came too late",
    "suppressed": "not sent",
    "cancelled": "withdrawn",
    "unknown": "sent, and nobody knows whether it arrived",
}
"""The states that say something to whoever reads the document."""


def note_statuses(connection: Connection, rooms: Rooms, changes: Sequence[StatusChange]) -> None:
    """Write down what of these changes belongs on a document, in the transaction that tells of them."""
    wanted = [change for change in changes if change.state in TOLD and _is_told(rooms, change)]
    if wanted:
        known = modes(connection)
        writings = [_writing(change, _wire(connection, known, change)) for change in wanted]
        add_writings(connection, rooms.sealer, writings)


def _is_told(rooms: Rooms, change: StatusChange) -> bool:
    return change.channel is not ChannelName.CALLBACK and rooms.book.companies.of(change.company).odoo.status


def _wire(connection: Connection, known: dict[tuple[str, ChannelName], Mode], change: StatusChange) -> Wire:
    """The real one only for a message that was made while its channel was for real: it may have left by that wire."""
    if known.get((change.company, change.channel), Mode.SANDBOX) not in REAL:
        return Wire.SANDBOX
    since = cut_off(connection, change.company, change.channel)
    return Wire.LIVE if since is None or made_at(change.message_id) >= since else Wire.SANDBOX


def _writing(change: StatusChange, wire: Wire) -> Writing:
    name = change.message_type.replace("_", " ").capitalize()
    words = f"{name} by {TITLES[change.channel]}: {TOLD[change.state]}, {change.at:%Y-%m-%d %H:%M} UTC"
    return Writing(
        company=change.company,
        wire=wire,
        kind=Kind.STATUS,
        key=f"{Kind.STATUS}:{change.id}",
        subject=change.about,
        payload={
            "message_id": str(change.message_id),
            "message_type": change.message_type,
            "channel": change.channel.value,
            "state": change.state,
            "reason": change.reason,
            "at": change.at.isoformat(),
            "words": words + (f" ({change.reason})" if change.reason else ""),
        },
        message_id=change.message_id,
    )
