"""The Bot Connector: opens conversations, takes cards or refuses them, changes them."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.channels import Channel
from sandbox.http1 import Dropped, Request, Response, json_response
from sandbox.messages import Message
from sandbox.rooms import Rooms
from sandbox.scripts import Cut, Script
from sandbox.teams.cards import attempt_in, shown
from sandbox.teams.checks import read
from sandbox.teams.errors import Refused, answer
from sandbox.teams.faults import Step
from sandbox.teams.names import Directory, conversation_with, person_in
from sandbox.teams.striking import script_at
from sandbox.teams.tokens import BOT_AUDIENCE, is_app_token
from sandbox.teams.webhooks import message_id, new_activity_id
from sandbox.witness import Outcome, Seen

GATEWAY = Response(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", "text/html")


async def open_conversation(rooms: Rooms, request: Request) -> Response:
    """POST /v3/conversations: the one that exists, or a new one."""
    try:
        _authorise(request)
        body = read(request, "conversation")
    except Refused as refused:
        return answer(refused)
    address = rooms.shelf(Directory).address_of(body["members"][0]["id"])
    _, script = script_at(rooms, Step.OPEN, address)
    return GATEWAY if script.refuses else json_response({"id": conversation_with(address)}, 201)


async def send(rooms: Rooms, request: Request, conversation: str) -> Response:
    """POST /v3/conversations/{conversation}/activities."""
    address = person_in(conversation)
    seen = rooms.witness.arrived(Channel.TEAMS, request.header("x-ms-client-request-id"), address or "", rooms.now())
    try:
        _authorise(request)
        if address is None:
            raise Refused("ConversationNotFound")
        body = read(request, "activity")
    except Refused as refused:
        reasons = refused.reasons or (refused.details or refused.code,)
        rooms.witness.settle(seen, Outcome.REFUSED, status=refused.status, code=refused.code, reasons=reasons)
        return answer(refused)
    return await _perform(rooms, seen, conversation, body)


async def change(rooms: Rooms, request: Request, conversation: str, activity_id: str) -> Response:
    """PUT /v3/conversations/{conversation}/activities/{activity}: another card in place of the first."""
    try:
        _authorise(request)
        body = read(request, "activity")
        message = rooms.messages.get(message_id(conversation, activity_id))
        if message is None or message.from_person:
            raise Refused("ActivityNotFoundInConversation")
    except Refused as refused:
        return answer(refused)
    rooms.messages.put(replace(message, **shown(body), raw=body, edited=rooms.now()))
    return json_response({"id": activity_id})


def _authorise(request: Request) -> None:
    if not is_app_token(request.header("authorization"), BOT_AUDIENCE):
        raise Refused("Unauthorized", "Give a token for https://api.botframework.com/.default.")


async def _perform(rooms: Rooms, seen: Seen, conversation: str, body: Mapping[str, Any]) -> Response:
    """Act out the script that a fault asks for, or the usual one."""
    kind, script = script_at(rooms, Step.POST, seen.recipient)
    if script.refuses:
        return _refuse_on_demand(rooms, seen, kind, script)
    if script.cut is Cut.BEFORE:
        rooms.witness.settle(seen, Outcome.FAULTED, fault=kind)
        await asyncio.sleep(script.seconds or 0)
        raise Dropped
    message = _accept(rooms, seen, conversation, body)
    outcome = Outcome.DROPPED if script.cut else Outcome.ACCEPTED
    status = 0 if script.cut else 201
    rooms.witness.settle(seen, outcome, status=status, fault=kind, message_id=message.id)
    await asyncio.sleep(script.seconds or 0)
    if script.cut:
        raise Dropped
    return json_response({"id": message.id.rpartition(";")[2]}, 201)


def _refuse_on_demand(rooms: Rooms, seen: Seen, kind: str, script: Script) -> Response:
    if not script.error:
        rooms.witness.settle(seen, Outcome.FAULTED, fault=kind, status=GATEWAY.status)
        return GATEWAY
    refused = Refused(str(script.error))
    rooms.witness.settle(seen, Outcome.FAULTED, fault=kind, status=refused.status, code=refused.code)
    return answer(refused, script.seconds)


def _accept(rooms: Rooms, seen: Seen, conversation: str, body: Mapping[str, Any]) -> Message:
    rooms.meet(Channel.TEAMS, seen.recipient)
    now = rooms.now()
    blank = Message(
        id=message_id(conversation, new_activity_id(now)),
        channel=Channel.TEAMS,
        address=seen.recipient,
        at=now,
        text="",
        key=seen.key or attempt_in(body),
        receipts=False,
        raw=body,
    )
    return rooms.messages.put(replace(blank, **shown(body)))
