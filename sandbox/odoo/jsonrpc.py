"""The services of JSON-RPC: common, object and db."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from sandbox.http1 import Request, Response
from sandbox.odoo import calling
from sandbox.odoo.answering import answer
from sandbox.odoo.calling import Wanted
from sandbox.odoo.carrying import Speech, stand
from sandbox.odoo.raised import Raised, type_error
from sandbox.odoo.records import Server
from sandbox.odoo.rpc import Call, check_parameters, page, raised, read_call, returned
from sandbox.odoo.servers import DATABASE, server_at
from sandbox.odoo.users import enter, log_in
from sandbox.rooms import Rooms

Service = Callable[[Rooms, Server, Call], Awaitable[Response]]


async def jsonrpc(rooms: Rooms, request: Request, version: str) -> Response:
    """POST /odoo/jsonrpc."""
    server = server_at(rooms, version)
    call = read_call(request.body, server.edition)
    if isinstance(call, str):
        return page(400, call)
    try:
        check_parameters(request.body, call)
        return await _service(call)(rooms, server, call)
    except Raised as exception:
        return raised(call, exception)


def _service(call: Call) -> Service:
    if call.service not in _SERVICES:
        raise Raised("builtins.KeyError", call.service)
    if call.method not in _SERVICES[call.service]:
        raise Raised("builtins.Exception", f"Method not found: {call.method}")
    if call.service == "object":
        return _SERVICES[call.service][call.method]
    return partial(_standing, _SERVICES[call.service][call.method])


async def _standing(service: Service, rooms: Rooms, server: Server, call: Call) -> Response:
    """A service that any fault of the whole server strikes."""
    struck = await stand(rooms, _speech(call))
    return struck or await service(rooms, server, call)


def _speech(call: Call) -> Speech:
    return Speech(partial(returned, call), partial(raised, call))


# common and db ------------------------------------------------------------------------------------------------------


async def _version(_rooms: Rooms, server: Server, call: Call) -> Response:
    number, serie = server.edition.number, server.edition.serie
    told = {
        "server_version": serie,
        "server_version_info": [number, 0, 0, "final", 0, ""],
        "server_serie": serie,
        "protocol_version": 1,
    }
    return returned(call, told)


async def _about(_rooms: Rooms, _server: Server, call: Call) -> Response:
    return returned(call, "See http://openerp.com")


async def _authenticate(_rooms: Rooms, server: Server, call: Call) -> Response:
    needed = 3 if call.method == "login" else 4
    if len(call.args) < needed:
        name = ("db", "login", "password", "user_agent_env")[len(call.args)]
        raise type_error(f"exp_{call.method}() missing 1 required positional argument: '{name}'")
    _check_database(call.args[0])
    return returned(call, log_in(server, call.args[1], call.args[2]))


async def _databases(_rooms: Rooms, _server: Server, call: Call) -> Response:
    return returned(call, [DATABASE])


async def _serie(_rooms: Rooms, server: Server, call: Call) -> Response:
    return returned(call, server.edition.serie)


def _check_database(database: object) -> None:
    if database != DATABASE:
        words = f'connection to server at "127.0.0.1", port 5432 failed: FATAL:  database "{database}" does not exist\n'
        raise Raised("psycopg2.OperationalError", words)


# object -------------------------------------------------------------------------------------------------------------


async def _execute_kw(rooms: Rooms, server: Server, call: Call) -> Response:
    args = [*call.args]
    if len(args) < 5:
        edition = server.edition
        words = edition.short_call.format(given=len(args), missing=6 - len(args))
        raise Raised(edition.short_call_class, words)
    database, uid, key, model, method, *more = args
    places = more[0] if more else []
    names = dict(more[1] or {}) if len(more) > 1 else {}
    _check_database(database)
    return await _execute(rooms, server, call, (uid, key, model, method), list(places), names)


async def _execute_flat(rooms: Rooms, server: Server, call: Call) -> Response:
    if len(call.args) < 5:
        raise type_error("execute() missing required positional arguments")
    database, uid, key, model, method, *places = call.args
    _check_database(database)
    return await _execute(rooms, server, call, (uid, key, model, method), places, {})


async def _execute(
    rooms: Rooms,
    server: Server,
    call: Call,
    who_and_what: tuple[Any, Any, str, str],
    places: Sequence[Any],
    names: dict[str, Any],
) -> Response:
    uid, key, model, name = who_and_what
    env = enter(server, uid, key).with_context(**(names.pop("context", None) or {}))
    method = calling.find(env, model, name)
    ids: Sequence[int] = ()
    if not method.on_model:
        if not places:
            raise Raised("builtins.IndexError", env.edition.no_arguments)
        first, *places = places
        ids = [first] if isinstance(first, int) and not isinstance(first, bool) else list(first or [])
    calling.check(method, name, places, names)
    wanted = Wanted(model, name, ids, tuple(places), names)
    speech = Speech(partial(_made, call, wanted), partial(raised, call))
    return await answer(rooms, env, method, wanted, speech, call.key)


def _made(call: Call, wanted: Wanted, result: Any) -> Response:
    """create answers as it is asked: a list for a list, a number for one."""
    if wanted.method != "create":
        return returned(call, result)
    ids = result if isinstance(result, list) else [result]
    rows = wanted.places[0] if wanted.places else wanted.names.get("vals_list")
    return returned(call, ids if isinstance(rows, list) else ids[0])


_SERVICES: Mapping[str, Mapping[str, Service]] = MappingProxyType(
    {
        "common": {
            "version": _version,
            "about": _about,
            "login": _authenticate,
            "authenticate": _authenticate,
        },
        "db": {"list": _databases, "server_version": _serie},
        "object": {"execute_kw": _execute_kw, "execute": _execute_flat},
    }
)
