"""Notifications: a message for one user, who reads it on the inbox page."""

import secrets
from collections.abc import Mapping
from functools import partial
from typing import Any

from sandbox.acting import Part, Taken, act_out
from sandbox.channels import Channel
from sandbox.faults import magic_kind
from sandbox.http1 import Response
from sandbox.messages import Message
from sandbox.odoo import calling
from sandbox.odoo.calling import Wanted
from sandbox.odoo.carrying import Speech, refusal
from sandbox.odoo.faults import UNKNOWN_USER
from sandbox.odoo.raised import value_error
from sandbox.odoo.records import Env, Server
from sandbox.rooms import Rooms
from sandbox.scripts import Script
from sandbox.witness import Seen

USERS_PARTNERS = 10**10
"""The partner of user 7, whom nobody has made, is this plus 7: above every id that an address can name."""
FORBIDDEN = frozenset({"message_id", "message_type", "parent_id"})

# Who is there -------------------------------------------------------------------------------------------------------


def walk_in(server: Server, wanted: Wanted) -> list[dict[str, Any]] | None:
    """Everybody whom an address can name has a user here, but those who stand for a missing one.

    None where the question is another, or the database knows better.
    """
    named = _named(wanted)
    if named is None:
        return None
    name, number = named
    if name == "id" and server.database.row("res.users", number):
        return None
    if name == "partner_id" and any(_partner_of(server, uid) == number for uid in server.database.ids("res.users")):
        return None
    address = f"user:{number}" if name == "id" else f"partner:{number}"
    partner = USERS_PARTNERS + number if name == "id" else number
    if magic_kind(Channel.ODOO, address) == UNKNOWN_USER:
        return []
    return [{"id": number, "partner_id": [partner, address]}]


def _named(wanted: Wanted) -> tuple[str, int] | None:
    """The field and the number of the domain's first condition, where somebody wants to notify one user."""
    if (wanted.model, wanted.method) != ("res.users", "search_read") or wanted.names.get("fields") != ["partner_id"]:
        return None
    domain = wanted.places[0] if wanted.places else wanted.names.get("domain")
    match domain:
        case [["id" | "partner_id" as name, "=", int(number)], *_]:
            return name, number
    return None


def _address_of(server: Server, partner: int) -> str:
    for uid in server.database.ids("res.users"):
        if _partner_of(server, uid) == partner:
            return f"user:{uid}"
    return f"user:{partner - USERS_PARTNERS}" if partner > USERS_PARTNERS else f"partner:{partner}"


def _partner_of(server: Server, uid: int) -> int | None:
    return (server.database.row("res.users", uid) or {}).get("partner_id")


# Telling them -------------------------------------------------------------------------------------------------------


async def notify(rooms: Rooms, env: Env, wanted: Wanted, speech: Speech, key: str) -> Response:
    """message_notify, of any record or of none."""
    partner = _checked(wanted.names)
    address = _address_of(env.server, partner)
    seen = rooms.witness.arrived(Channel.ODOO, key, address, rooms.now())
    part = Part(lambda script: refusal(script, speech), partial(_accept, rooms, env, seen, wanted, speech))
    return await act_out(rooms, seen, part)


def _checked(options: Mapping[str, Any]) -> int:
    """The one partner to notify; raises what `message_notify` raises."""
    if forbidden := FORBIDDEN & set(options):
        words = f"Those values are not supported when posting or notifying: {', '.join(sorted(forbidden))}"
        raise value_error(words)
    partners = options.get("partner_ids")
    if not isinstance(partners, list) or not partners or not all(isinstance(one, int) for one in partners):
        raise value_error(f"Notification should receive partners given as a list of IDs (received {partners!r})")
    partner: int = partners[0]
    return partner


def _accept(rooms: Rooms, env: Env, seen: Seen, wanted: Wanted, speech: Speech, _script: Script) -> Taken:
    number, result = _made(env, wanted)
    rooms.meet(Channel.ODOO, seen.recipient)
    message = rooms.messages.put(
        Message(
            id=f"mail.message:{number}",
            channel=Channel.ODOO,
            address=seen.recipient,
            at=rooms.now(),
            text=str(wanted.names.get("body") or ""),
            kind="notification",
            key=seen.key,
            title=str(wanted.names.get("subject") or ""),
            receipts=False,
            raw=wanted.names,
        )
    )
    return Taken(message, speech.returned(result))


def _made(env: Env, wanted: Wanted) -> tuple[int, Any]:
    """The message's id: of one beside its record, or of one that is nowhere but in the inbox.

    The latter is drawn by lot: it stays in the journal, and the numbers of a fresh database begin anew.
    """
    if wanted.ids:
        result = calling.run(env, wanted)
        return (result if isinstance(result, int) else result[0]), result
    number = 1 + secrets.randbelow(2**31 - 1)
    return number, number if env.edition.one_as_number else [number]
