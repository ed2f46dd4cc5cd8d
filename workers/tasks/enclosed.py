"""The files that came with somebody's words, read again from the webhook that we keep."""

from uuid import UUID

from postroom.domain.channels import ChannelName
from postroom.domain.enclosures import Enclosed, enclosed_in
from postroom.domain.writings import Writing
from postroom.store.sayings import raw_of
from workers.wiring import Rooms


def enclosed(rooms: Rooms, writing: Writing) -> Enclosed:
    """The files of a mail; the other channels' files stay with their provider, and the words say so."""
    if writing.payload["channel"] != ChannelName.EMAIL:
        return Enclosed()
    with rooms.engine.connect() as connection:
        raw = raw_of(connection, rooms.sealer, UUID(writing.payload["inbox_id"]))
    return Enclosed(left_out=("files, whose mail is kept no longer",)) if raw is None else enclosed_in(raw.body)
