"""How messages fare is told on their documents, for the companies that want it."""

from collections.abc import Sequence

from postroom.domain.callbacks import StatusChange
from postroom.domain.channels import ChannelName
from postroom.domain.routing import TITLES
from postroom.domain.safety import REAL, Mode, Wire
from postroom.domain.writings import Kind, Writing
from postroom.store.engine import Connection
from postroom.store.outbox import add_writings, tell_status_of
from postroom.store.safety import modes
from postroom.store.sayings import wires_of
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
ALL = "*"


class Wishes:
    """Tells the store, once, whose messages' moves are wanted."""

    def __init__(self) -> None:
        self._said = False

    def say(self, rooms: Rooms) -> None:
        """As the configuration has it; tried again as long as PostgreSQL is away."""
        if self._said:
            return
        companies = rooms.book.companies
        everybody = [ALL] if companies.default.odoo.status else []
        with rooms.engine.begin() as connection:
            tell_status_of(connection, everybody + [name for name, each in companies.named.items() if each.odoo.status])
        self._said = True


def note_statuses(connection: Connection, rooms: Rooms, changes: Sequence[StatusChange]) -> None:
    """Write down what of these changes belongs on a document, in the transaction that tells of them."""
    wanted = [change for change in changes if change.state in TOLD and _is_told(rooms, change)]
    if wanted:
        left_by, known = wires_of(connection, [change.message_id for change in wanted]), modes(connection)
        writings = [_writing(change, left_by.get(change.message_id) or _wire_now(known, change)) for change in wanted]
        add_writings(connection, rooms.sealer, writings)


def _is_told(rooms: Rooms, change: StatusChange) -> bool:
    return change.channel is not ChannelName.CALLBACK and rooms.book.companies.of(change.company).odoo.status


def _wire_now(known: dict[tuple[str, ChannelName], Mode], change: StatusChange) -> Wire:
    """Of a message that never left: where it would have gone."""
    real = known.get((change.company, change.channel), Mode.SANDBOX) in REAL
    return Wire.LIVE if real else Wire.SANDBOX


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
