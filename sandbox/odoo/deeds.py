"""The sandbox's own API to its Odoos: who is there, what was called, and records for a test."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sandbox.environment import ODOO_VERSIONS
from sandbox.odoo import values as writing
from sandbox.odoo.ledger import Ledger
from sandbox.odoo.raised import Raised
from sandbox.odoo.records import Records, Server
from sandbox.odoo.registry import SWITCHED
from sandbox.odoo.seed import command_secret, database_uuid, key_of
from sandbox.odoo.servers import DATABASE, Servers
from sandbox.rooms import Rooms
from sandbox.unfit import Unfit

Fields = Mapping[str, Any]
Deed = Callable[[Rooms, Fields], Awaitable[Any]]
ON, OFF = frozenset({"true", "1", "on", "yes", "True"}), frozenset({"false", "0", "off", "no", "False"})


async def show(rooms: Rooms, _fields: Fields) -> Any:
    """Both Odoos: where they are, who is in them with which key, what is installed."""
    return {str(number): _shown(rooms.shelf(Servers).at(rooms, number)) for number in ODOO_VERSIONS}


def _shown(server: Server) -> dict[str, Any]:
    users = server.root().with_context(active_test=False)["res.users"].search([], order="id")
    return {
        "url": server.base_url,
        "database": DATABASE,
        "database_uuid": database_uuid(server.edition.number),
        "command_secret": command_secret(server.secret),
        "modules": sorted(server.modules),
        "users": {user["login"]: _user(server, user) for user in users if user["active"]},
    }


def _user(server: Server, user: Records) -> dict[str, Any]:
    partner = user["partner_id"]
    key = key_of(server.secret, user["login"])
    return {"uid": user.id, "partner_id": partner.id, "name": partner["name"], "email": partner["email"], "key": key}


async def calls(rooms: Rooms, fields: Fields) -> Any:
    """The ledger: every call that may have changed something; by key, record (purchase.order:42) or method."""
    rows = rooms.shelf(Ledger).rows(*(str(fields.get(name, "")) for name in ("key", "record", "method")))
    done = [row for row in rows if row["outcome"] in ("done", "done_unsaid")]
    return {"count": len(rows), "done": len(done), "calls": rows}


async def read(rooms: Rooms, fields: Fields) -> Any:
    """One record with all its fields, whoever may see them."""
    record = _record(_server(rooms, fields), fields)
    return record.read()[0]


async def put(rooms: Rooms, fields: Fields) -> Any:
    """Make a record (with an id of its own where one is given) or change one, past every rule: model, id, values."""
    server = _server(rooms, fields)
    model, given = _model(server, fields), _values(fields)
    wanted = _id(fields) if fields.get("id") else None
    there = wanted is not None and server.database.row(model, wanted) is not None
    try:
        with server.database.transaction():
            if there:
                record = server.root().records(model, [wanted or 0])
                record.write(given)
            else:
                record = writing.create(server.root(), model, given, wanted)
    except Raised as exception:
        raise Unfit([f"/values: {exception.words}"]) from exception
    rooms.bell.ring()
    return record.read()[0]


async def remove(rooms: Rooms, fields: Fields) -> Any:
    """Take a record away, past every rule: model, id."""
    server = _server(rooms, fields)
    record = _record(server, fields)
    server.database.delete(record.model, record.id)
    rooms.bell.ring()
    return {"removed": f"{record.model}:{record.id}"}


async def begin_again(rooms: Rooms, fields: Fields) -> Any:
    """Give one Odoo, or both, the records that it had at first."""
    for number in [_version(fields)] if fields.get("version") else ODOO_VERSIONS:
        rooms.shelf(Servers).forget(number)
    if not fields.get("version"):
        rooms.shelf(Ledger).clear()
    rooms.bell.ring()
    return {"status": "ok"}


async def switch(rooms: Rooms, fields: Fields) -> Any:
    """Install a module or take it away: module, on."""
    module, on = str(fields.get("module") or ""), str(fields.get("on", "true"))
    reasons = (
        [] if module in SWITCHED else [f"/module: {module!r} cannot be switched; {', '.join(sorted(SWITCHED))} can."]
    )
    reasons += [] if on in ON | OFF else [f"/on: {on!r} is neither true nor false."]
    if reasons:
        raise Unfit(reasons)
    server = rooms.shelf(Servers).switch(rooms, _version(fields), module, on=on in ON)
    return _shown(server)


def _version(fields: Fields) -> int:
    written = str(fields.get("version") or "")
    if written.isdecimal() and int(written) in ODOO_VERSIONS:
        return int(written)
    raise Unfit([f"/version: {written!r} is no Odoo here. Known are {', '.join(map(str, ODOO_VERSIONS))}."])


def _server(rooms: Rooms, fields: Fields) -> Server:
    return rooms.shelf(Servers).at(rooms, _version(fields))


def _model(server: Server, fields: Fields) -> str:
    model = str(fields.get("model") or "")
    if model not in server.models:
        raise Unfit([f"/model: {model!r} is not here. Known are {', '.join(sorted(server.models))}."])
    return model


def _id(fields: Fields) -> int:
    written = str(fields.get("id") or "")
    if not written.isdecimal():
        raise Unfit([f"/id: {written!r} is no number."])
    return int(written)


def _record(server: Server, fields: Fields) -> Records:
    record = server.root().records(_model(server, fields), [_id(fields)])
    if not record.exists():
        raise Unfit([f"/id: there is no {record.model} {record.id}."], 404)
    return record


def _values(fields: Fields) -> dict[str, Any]:
    """An object, or its JSON in a form's field."""
    given = fields.get("values") or {}
    try:
        read_values = json.loads(given) if isinstance(given, str) else given
    except ValueError as error:
        raise Unfit([f"/values: is no JSON: {error}"]) from error
    if not isinstance(read_values, dict):
        raise Unfit(["/values: is no object."])
    return read_values


DEEDS: Mapping[tuple[str, str], Deed] = {
    ("GET", "odoo"): show,
    ("GET", "odoo_calls"): calls,
    ("GET", "odoo_record"): read,
    ("POST", "odoo_record"): put,
    ("DELETE", "odoo_record"): remove,
    ("POST", "odoo_reset"): begin_again,
    ("POST", "odoo_module"): switch,
}
