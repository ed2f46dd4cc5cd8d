"""Asking a channel's own directory, politely, which of its members the users of Odoo are."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

import structlog

from postroom.domain.channels import ChannelName, Fault, Verdict
from postroom.domain.people import STANDINGS, How, Member, Standing, step_after
from postroom.domain.safety import Wire
from postroom.store.census import Asked, note_lookup, still, to_ask_for
from postroom.store.engine import Connection
from postroom.store.notices import close_notice, raise_notice
from postroom.store.people import Taken, link, remove_accounts
from workers.app import app
from workers.channels.base import ChannelError, Knowing
from workers.wiring import Rooms, rooms

STINT = timedelta(seconds=45)
"""A run hands on after this, far below the broker's visibility timeout."""
BATCH = 50
PACE: Mapping[ChannelName, timedelta] = MappingProxyType(
    {
        ChannelName.SLACK: timedelta(seconds=1.5),  # users.lookupByEmail is of tier 3: about 50 a minute
        ChannelName.TEAMS: timedelta(seconds=0.2),  # Graph: thousands in ten minutes, of which others have their part
    }
)
"""From one question to the next: what messages need of the same allowance stays theirs."""
log = structlog.get_logger()


@app.task(name="recognise")
def recognise(channel: str) -> str:
    """Ask one channel's directory for whoever is due; asking twice is harmless."""
    return str(ask_around(rooms(), ChannelName(channel)))


@dataclass
class Heard:
    """What a directory said, counted."""

    found: Counter[Standing] = field(default_factory=Counter)
    fault: str = ""
    """Why it was asked no further."""
    more: bool = False

    def __str__(self) -> str:
        told = ", ".join(f"{number} {standing}" for standing, number in sorted(self.found.items()))
        return "; ".join(filter(None, (told or "nobody was due", self.fault, "more wait" if self.more else "")))


def ask_around(
    rooms: Rooms,
    channel: ChannelName,
    *,
    stint: timedelta = STINT,
    pause: Callable[[float], None] = time.sleep,
    watch: Callable[[Heard], None] = lambda _heard: None,
) -> Heard:
    """Ask on every wire that the channel has, until nobody is due or the stint is over."""
    rooms.hints.clear("recognise", channel.value)
    heard, until = Heard(), time.monotonic() + stint.total_seconds()
    for wire in (Wire.LIVE, Wire.SANDBOX):
        directory = rooms.channels.at(channel, wire)
        if not isinstance(directory, Knowing):
            continue
        for asked in _due(rooms, channel, wire):
            if time.monotonic() > until:
                heard.more = True
                rooms.hints.recognise(channel)
                return heard
            if not _ask(rooms, directory, channel, asked, heard):
                break
            watch(heard)
            pause(PACE[channel].total_seconds())
    return heard


def _due(rooms: Rooms, channel: ChannelName, wire: Wire) -> Iterator[Asked]:
    """Whoever was asked for is due no more, so each look brings the next ones."""
    seen: set[object] = set()
    while True:
        with rooms.engine.connect() as connection:
            batch = to_ask_for(connection, rooms.sealer, channel, wire, limit=BATCH)
        fresh = [each for each in batch if each.person.id not in seen]
        if not fresh:
            return
        seen |= {each.person.id for each in fresh}
        yield from fresh


def _ask(rooms: Rooms, directory: Knowing, channel: ChannelName, asked: Asked, heard: Heard) -> bool:
    """Whether the next one may be asked for, too."""
    wire = asked.person.wire
    try:
        member = _member(directory, asked.person.email or "")
    except ChannelError as error:
        heard.fault = error.fault.code
        _tell_of(rooms, channel, wire, error.fault)
        return False
    with rooms.engine.begin() as connection:
        close_notice(connection, _silence(channel, wire))
        heard.found[settle(rooms, connection, channel, asked, member)] += 1
    return True


def _member(directory: Knowing, email: str) -> Member:
    """What is wrong with one address is no reason to ask for nobody after it."""
    try:
        return directory.member_with(email)
    except ChannelError as error:
        if error.fault.verdict in (Verdict.FALLBACK, Verdict.PERMANENT):
            return Member(Standing.NOBODY)
        raise


def _tell_of(rooms: Rooms, channel: ChannelName, wire: Wire, fault: Fault) -> None:
    log.warning("directory_not_asked", channel=channel.value, wire=wire.value, code=fault.code)
    if fault.verdict is Verdict.SENDER_STOPPED:
        words = f"{channel}'s directory cannot be asked who people are ({wire}): {fault.code}: {fault.detail}"
        with rooms.engine.begin() as connection:
            raise_notice(connection, key=_silence(channel, wire), company="", kind="people", words=words)


def _silence(channel: ChannelName, wire: Wire) -> str:
    return f"people:directory:{channel}:{wire}"


def settle(rooms: Rooms, connection: Connection, channel: ChannelName, asked: Asked, member: Member) -> Standing:
    """Write down what a directory said of somebody, and what follows from it. Returns how he stands now."""
    person, standing = asked.person, member.standing
    if not still(connection, rooms.sealer, person):
        return standing
    step = step_after(asked.account, member)
    if step.part and asked.account_id is not None:
        why = STANDINGS[standing] if not step.join else f"{channel} knows another account by his email address"
        remove_accounts(connection, [asked.account_id], why)
    key = f"people:taken:{channel}:{person.wire}:{person.user_id}"
    try:
        if step.join:
            link(connection, rooms.sealer, person, channel, step.join, how=How.EMAIL)
        close_notice(connection, key)
    except Taken as taken:
        standing = Standing.TAKEN
        words = (
            f"{channel} says that the account of user {taken.holder.user_id} belongs to the email address of "
            f"user {person.user_id} ({person.wire}): postroom people show {person.user_id}"
        )
        raise_notice(connection, key=key, company=person.company, kind="people", words=words)
    note_lookup(connection, person, channel, standing)
    return standing
