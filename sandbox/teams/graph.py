"""Graph's directory: everybody who is asked for works here, but for nobody@."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.channels import Channel, address_of
from sandbox.http1 import Request, Response, json_response, retry_header
from sandbox.rooms import Rooms
from sandbox.scripts import Script
from sandbox.teams.faults import Step
from sandbox.teams.names import Directory
from sandbox.teams.striking import script_at
from sandbox.teams.tokens import GRAPH_AUDIENCE, is_app_token

STATUSES: Mapping[str, int] = {
    "InvalidAuthenticationToken": 401,
    "Authorization_RequestDenied": 403,
    "Request_ResourceNotFound": 404,
    "Request_UnsupportedQuery": 400,
    "serviceNotAvailable": 503,
}
NOT_FOUND = "Request_ResourceNotFound"

_EQUALS = re.compile(r"(?:mail|userPrincipalName) eq '((?:[^']|'')*)'")
_FILTER = re.compile(rf"{_EQUALS.pattern}(?: or {_EQUALS.pattern})*")


async def users(rooms: Rooms, request: Request) -> Response:
    """GET /v1.0/users?$filter=."""
    asked = request.query.get("$filter", "")
    if refusal := _stranger(request):
        return refusal
    if not _FILTER.fullmatch(asked):
        return _refuse(
            "Request_UnsupportedQuery", f"$filter: {asked!r} is not understood: mail or userPrincipalName eq"
        )
    # The same address may be asked for as a mail and as a principal name: it is one person, and one fault.
    addresses = dict.fromkeys(address_of(Channel.TEAMS, each.replace("''", "'")) for each in _EQUALS.findall(asked))
    struck = {address: script for address in addresses if (script := _struck(rooms, address))}
    for script in struck.values():
        if script.error != NOT_FOUND:
            return _refuse(str(script.error), script.title, script.seconds)
    return json_response({"value": [_user(rooms, address) for address in addresses if address not in struck]})


async def user(rooms: Rooms, request: Request, name: str) -> Response:
    """GET /v1.0/users/{object id or principal name}."""
    if refusal := _stranger(request):
        return refusal
    address = rooms.shelf(Directory).address_of(address_of(Channel.TEAMS, name))
    if script := _struck(rooms, address):
        return _refuse(str(script.error), script.title, script.seconds)
    return json_response(_user(rooms, address))


def _struck(rooms: Rooms, address: str) -> Script | None:
    _, script = script_at(rooms, Step.LOOK_UP, address)
    return script if script.refuses else None


def _user(rooms: Rooms, address: str) -> dict[str, Any]:
    person = rooms.people.behind(address)
    return {
        "id": rooms.shelf(Directory).id_of(address),
        "displayName": person.name if person and person.name else address.partition("@")[0],
        "mail": address,
        "userPrincipalName": address,
        "accountEnabled": True,
        "userType": "Member",
    }


def _stranger(request: Request) -> Response | None:
    if is_app_token(request.header("authorization"), GRAPH_AUDIENCE):
        return None
    return _refuse("InvalidAuthenticationToken", "Give a token for https://graph.microsoft.com/.default.")


def _refuse(code: str, words: str, retry_after: float | None = None) -> Response:
    return json_response({"error": {"code": code, "message": words}}, STATUSES[code], retry_header(retry_after))
