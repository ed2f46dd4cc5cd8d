"""Takes calls of JSON-RPC: logs in, finds users, notifies them."""

import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from sandbox.acting import Part, Taken, act_out
from sandbox.channels import Channel
from sandbox.faults import magic_kind
from sandbox.http1 import Request, Response
from sandbox.messages import Message
from sandbox.odoo.faults import UNKNOWN_USER
from sandbox.odoo.rpc import Call, Raised, page, raised, read_call, returned
from sandbox.rooms import Rooms
from sandbox.scripts import Script
from sandbox.witness import Seen

DATABASE = "sandbox"
UID = 2
USERS_PARTNERS = 10**10
"""The partner of user 7 is this plus 7: above every id that an address can name."""
VERSION = MappingProxyType({"server_version": "19.0", "server_serie": "19.0", "protocol_version": 1})

Options = Mapping[str, Any]


async def jsonrpc(rooms: Rooms, request: Request) -> Response:
    """POST /odoo/jsonrpc."""
    call = read_call(request.body)
    if call is None:
        return page(400, "Invalid JSON data")
    try:
        return await _SERVICES.get((call.service, call.method), _unknown_service)(rooms, call)
    except Raised as exception:
        return raised(call, exception)


async def _version(_rooms: Rooms, call: Call) -> Response:
    return returned(call, dict(VERSION))


async def _authenticate(rooms: Rooms, call: Call) -> Response:
    database, _login, key = _taken(call, 3)
    _check_database(database)
    return returned(call, UID if _is_key(rooms, key) else False)


async def _execute_kw(rooms: Rooms, call: Call) -> Response:
    database, uid, key, model, method, args = _taken(call, 6)
    options = call.args[6] if len(call.args) > 6 else {}
    _check_database(database)
    if uid != UID or not _is_key(rooms, key):
        raise Raised("odoo.exceptions.AccessDenied", "Access Denied")
    if (model, method) == ("mail.thread", "message_notify"):
        return await _notify(rooms, call, options)
    if (model, method) not in _METHODS:
        raise Raised("builtins.AttributeError", f"The method '{model}.{method}' does not exist")
    return returned(call, _METHODS[model, method](args, options))


async def _unknown_service(_rooms: Rooms, call: Call) -> Response:
    raise Raised("builtins.NameError", f"Method not available {call.service}.{call.method}")


def _taken(call: Call, count: int) -> Sequence[Any]:
    if len(call.args) < count:
        raise Raised("builtins.TypeError", f"{call.method}() takes {count} arguments, {len(call.args)} were given")
    return call.args[:count]


def _check_database(database: object) -> None:
    if database != DATABASE:
        words = (
            f'connection to server on socket "/run/.s.PGSQL.5432" failed: FATAL:  database "{database}" does not exist'
        )
        raise Raised("psycopg2.OperationalError", words)


def _is_key(rooms: Rooms, given: object) -> bool:
    return hmac.compare_digest(str(given).encode(), rooms.environment.secret.encode())


_SERVICES = MappingProxyType(
    {
        ("common", "version"): _version,
        ("common", "authenticate"): _authenticate,
        ("object", "execute_kw"): _execute_kw,
    }
)

# Who is there -------------------------------------------------------------------------------------------------------


def _search_users(args: Sequence[Any], _options: Options) -> list[dict[str, Any]]:
    """Everybody whom an address can name has a user here, but those who stand for a missing one."""
    name, number = _wanted(args)
    address = f"user:{number}" if name == "id" else f"partner:{number}"
    partner = USERS_PARTNERS + number if name == "id" else number
    if magic_kind(Channel.ODOO, address) == UNKNOWN_USER:
        return []
    return [{"id": number, "partner_id": [partner, address]}]


def _wanted(args: Sequence[Any]) -> tuple[str, int]:
    """The field and the number of the domain's first condition."""
    match args:
        case [[["id" | "partner_id" as name, "=", int(number)], *_], *_]:
            return name, number
    raise Raised("builtins.ValueError", f"Invalid domain {args!r}: the sandbox searches users by id or by partner_id")


_METHODS: Mapping[tuple[str, str], Callable[[Sequence[Any], Options], Any]] = MappingProxyType(
    {("res.users", "search_read"): _search_users}
)


def _address_of(partner: int) -> str:
    return f"user:{partner - USERS_PARTNERS}" if partner > USERS_PARTNERS else f"partner:{partner}"


# Notifications ------------------------------------------------------------------------------------------------------


async def _notify(rooms: Rooms, call: Call, options: Options) -> Response:
    partner = _checked(options)
    seen = rooms.witness.arrived(Channel.ODOO, call.id, _address_of(partner), rooms.now())
    part = Part(partial(_refusal, call), partial(_accept, rooms, seen, call, options))
    return await act_out(rooms, seen, part)


def _checked(options: Options) -> int:
    """The one partner to notify; raises what `message_notify` raises."""
    if forbidden := {"message_id", "message_type", "parent_id"} & set(options):
        words = f"Those values are not supported when posting or notifying: {', '.join(sorted(forbidden))}"
        raise Raised("builtins.ValueError", words)
    partners = options.get("partner_ids")
    if not isinstance(partners, list) or not partners or not all(isinstance(one, int) for one in partners):
        words = f"Notification should receive partners given as a list of IDs (received {partners!r})"
        raise Raised("builtins.ValueError", words)
    partner: int = partners[0]
    return partner


def _refusal(call: Call, script: Script) -> Response:
    if isinstance(script.error, int):
        return page(script.error, "Not what you asked for")
    return raised(call, Raised(str(script.error), script.text))


def _accept(rooms: Rooms, seen: Seen, call: Call, options: Options, _script: Script) -> Taken:
    number = 1 + secrets.randbelow(2**31 - 1)
    rooms.meet(Channel.ODOO, seen.recipient)
    message = rooms.messages.put(
        Message(
            id=f"mail.message:{number}",
            channel=Channel.ODOO,
            address=seen.recipient,
            at=rooms.now(),
            text=str(options.get("body") or ""),
            kind="notification",
            key=seen.key,
            title=str(options.get("subject") or ""),
            receipts=False,
            raw=options,
        )
    )
    return Taken(message, returned(call, [number]))
