"""Asking a channel's own directory, politely, which of its members the users of Odoo are."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from uuid import UUID

import structlog

from postroom.domain.channels import ChannelName, Fault, Verdict
from postroom.domain.people import STANDINGS, How, Member, Person, Standing, step_after
from postroom.domain.safety import Wire
from postroom.store.census import Asked, note_lookup, still, to_ask_for
from postroom.store.engine import Connection, Engine
from postroom.store.notices import close_notice, raise_notice
from postroom.store.people import Taken, link, parted_by_hand, remove_accounts
from postroom.store.sealing import Sealer
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
    return "; ".join(ask_here(rooms(), ChannelName(channel)))


def ask_here(rooms: Rooms, channel: ChannelName) -> list[str]:
    """Ask on every wire that the channel has; what a stint leaves is for the next one."""
    rooms.hints.clear("recognise", channel.value)
    told: list[str] = []
    for wire in (Wire.LIVE, Wire.SANDBOX):
        directory = rooms.channels.at(channel, wire)
        if isinstance(directory, Knowing):
            heard = ask_around(Post(rooms.engine, rooms.sealer, channel, wire, directory), stint=STINT)
            told.append(f"{wire}: {heard}")
            if heard.more:
                rooms.hints.recognise(channel)
    return told


@dataclass(frozen=True, slots=True)
class Post:
    """Where somebody asks: one directory, and what is written down of it."""

    engine: Engine
    sealer: Sealer
    channel: ChannelName
    wire: Wire
    directory: Knowing


@dataclass(slots=True)
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
    post: Post,
    *,
    stint: timedelta = STINT,
    pause: Callable[[float], None] = time.sleep,
    watch: Callable[[Heard], None] = lambda _heard: None,
) -> Heard:
    """Ask until nobody is due, the directory says no more, or the stint is over."""
    heard, until = Heard(), time.monotonic() + stint.total_seconds()
    for asked in _due(post):
        if time.monotonic() > until:
            heard.more = True
            break
        if not _ask(post, asked, heard):
            break
        watch(heard)
        if post.wire is Wire.LIVE:
            pause(PACE[post.channel].total_seconds())
    return heard


def _due(post: Post) -> Iterator[Asked]:
    """Whoever was asked for is due no more, so each look brings the next ones; nobody comes twice in one stint."""
    seen: set[UUID] = set()
    while True:
        with post.engine.connect() as connection:
            batch = to_ask_for(connection, post.sealer, post.channel, post.wire, limit=BATCH)
        fresh = [each for each in batch if each.person.id not in seen]
        if not fresh:
            return
        seen |= {each.person.id for each in fresh}
        yield from fresh


def _ask(post: Post, asked: Asked, heard: Heard) -> bool:
    """Whether the next one may be asked for, too."""
    try:
        member = _member(post.directory, asked.person.email or "")
    except ChannelError as error:
        heard.fault = error.fault.code
        _tell_of(post, error.fault)
        return False
    with post.engine.begin() as connection:
        close_notice(connection, _silence(post))
        heard.found[settle(post, connection, asked, member)] += 1
    return True


def _member(directory: Knowing, email: str) -> Member:
    """What is wrong with one address is no reason to ask for nobody after it."""
    try:
        return directory.member_with(email)
    except ChannelError as error:
        if error.fault.verdict in (Verdict.FALLBACK, Verdict.PERMANENT):
            return Member(Standing.NOBODY)
        raise


def _tell_of(post: Post, fault: Fault) -> None:
    log.warning("directory_not_asked", channel=post.channel.value, wire=post.wire.value, code=fault.code)
    if fault.verdict is Verdict.SENDER_STOPPED:
        said = f"{fault.code}: {fault.detail}"
        words = f"{post.channel}'s directory cannot be asked who people are ({post.wire}): {said}"
        with post.engine.begin() as connection:
            raise_notice(connection, key=_silence(post), company="", kind="people", words=words)


def _silence(post: Post) -> str:
    return f"people:directory:{post.channel}:{post.wire}"


def settle(post: Post, connection: Connection, asked: Asked, member: Member) -> Standing:
    """Write down what a directory said of somebody, and what follows from it. Returns how he stands now."""
    person, standing = asked.person, member.standing
    if not still(connection, post.sealer, person):
        return standing
    step = step_after(asked.account, member)
    if step.part and asked.account_id is not None:
        why = f"{post.channel} knows another account by his email address" if step.join else STANDINGS[standing]
        remove_accounts(connection, [asked.account_id], why)
    if step.join:
        standing = _join(post, connection, person, step.join)
    note_lookup(connection, person, post.channel, standing)
    return standing


def _join(post: Post, connection: Connection, person: Person, account: str) -> Standing:
    """He is known by the account, unless that is another's, or an operator said that it is not his."""
    if parted_by_hand(connection, post.sealer, person, post.channel, account):
        return Standing.PARTED
    key = f"people:taken:{post.channel}:{post.wire}:{person.user_id}"
    try:
        link(connection, post.sealer, person, post.channel, account, how=How.EMAIL)
    except Taken as taken:
        words = (
            f"{post.channel} says that the account of user {taken.holder.user_id} belongs to the email address of "
            f"user {person.user_id} ({post.wire}): postroom people show {person.user_id}"
        )
        raise_notice(connection, key=key, company=person.company, kind="people", words=words)
        return Standing.TAKEN
    close_notice(connection, key)
    return Standing.FOUND
