"""JSON-2, which came with Odoo 19: a path for each method, named arguments, a bearer key, real statuses."""

import inspect
import json
from collections.abc import Mapping
from typing import Any

from sandbox.http1 import Request, Response, json_response
from sandbox.odoo import calling
from sandbox.odoo.answering import answer
from sandbox.odoo.calling import Wanted
from sandbox.odoo.carrying import Speech, stand
from sandbox.odoo.models import Method
from sandbox.odoo.raised import Raised
from sandbox.odoo.records import Env, Server
from sandbox.odoo.rpc import described, page
from sandbox.odoo.servers import DATABASE, server_at
from sandbox.odoo.users import whose
from sandbox.rooms import Rooms

NO_KEY = "User not authenticated, use an API Key with a Bearer Authorization header."


async def call(rooms: Rooms, request: Request, version: str, model: str, name: str) -> Response:
    """POST /odoo/json/2/<model>/<method>."""
    server = server_at(rooms, version)
    if not server.edition.json2:
        return page(404, "Page not found")
    if request.header("x-odoo-database") not in ("", DATABASE):
        return page(404, "No database is selected and the requested URL was not found in the server-wide controllers.")
    if "json" not in request.header("content-type"):
        return page(415, "Please verify the Content-Type request header")
    try:
        return await _answered(rooms, server, request, model, name)
    except Raised as exception:
        return raised(exception)


async def misled(rooms: Rooms, _request: Request, version: str, _rest: str) -> Response:
    """GET of a method, or a path that is none."""
    if not server_at(rooms, version).edition.json2:
        return page(404, "Page not found")
    return raised(Raised("werkzeug.exceptions.NotFound", "Did you mean POST /json/2/<model>/<method>?"))


async def told_version(rooms: Rooms, _request: Request, version: str) -> Response:
    """GET /odoo/json/version and /odoo/web/version."""
    edition = server_at(rooms, version).edition
    if not edition.json2:
        return page(404, "Page not found")
    if struck := await stand(rooms, SPEECH):
        return struck
    return json_response({"version_info": [edition.number, 0, 0, "final", 0, ""], "version": edition.serie})


def raised(exception: Raised) -> Response:
    """The answer to a call that raised: a status of its own."""
    headers = {"WWW-Authenticate": "Bearer"} if exception.words == NO_KEY else {}
    return json_response(described(exception), exception.status, headers)


SPEECH = Speech(json_response, raised)


async def _answered(rooms: Rooms, server: Server, request: Request, model: str, name: str) -> Response:
    env = _entered(server, request)
    body = _body(request)
    env = env.with_context(**(body.pop("context", None) or {}))
    ids = body.pop("ids", None) or ()
    method = _find(env, model, name)
    if method.on_model and ids:
        raise _unprocessable(f"cannot call {model}.{name} with ids")
    _check(method, body)
    wanted = Wanted(model, name, list(ids), (), body)
    return await answer(rooms, env, method, wanted, SPEECH, request.header("x-request-id"))


def _entered(server: Server, request: Request) -> Env:
    scheme, _, key = request.header("authorization").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Raised("werkzeug.exceptions.Unauthorized", NO_KEY)
    env = whose(server, key.strip())
    if env is None:
        raise Raised("werkzeug.exceptions.Unauthorized", "Invalid apikey")
    return env


def _body(request: Request) -> dict[str, Any]:
    """The named arguments; what is no object counts as none."""
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError as error:
        words = f"could not parse the body as json: {error}"
        raise Raised("werkzeug.exceptions.BadRequest", words) from error
    return body if isinstance(body, dict) else {}


def _find(env: Env, model: str, name: str) -> Method:
    if model not in env.server.models:
        raise Raised("werkzeug.exceptions.NotFound", f"the model '{model}' does not exist")
    try:
        return calling.find(env, model, name)
    except Raised as exception:
        if exception.name == "builtins.AttributeError":
            raise Raised("werkzeug.exceptions.NotFound", exception.words) from exception
        raise


def _check(method: Method, names: Mapping[str, Any]) -> None:
    try:
        inspect.signature(method.call).bind(None, **names)
    except TypeError as error:
        raise _unprocessable(str(error)) from error


def _unprocessable(words: str) -> Raised:
    return Raised("werkzeug.exceptions.UnprocessableEntity", words)
