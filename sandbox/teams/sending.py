"""The Bot Connector: opens conversations, takes cards or refuses them, changes them."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from sandbox.acting import GATEWAY, Part, Taken, act_out, strike
from sandbox.channels import Channel
from sandbox.http1 import Request, Response, json_response
from sandbox.messages import Message
from sandbox.rooms import Rooms
from sandbox.scripts import Script
from sandbox.teams.cards import attempt_in, shown
from sandbox.teams.checks import read
from sandbox.teams.errors import Refused, answer
from sandbox.teams.faults import Step
from sandbox.teams.names import Directory, conversation_with, person_in
from sandbox.teams.striking import script_at
from sandbox.teams.tokens import BOT_AUDIENCE, is_app_token
from sandbox.teams.webhooks import message_id, new_activity_id
from sandbox.witness import Outcome, Seen


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
    part = Part(_refusal, partial(_accept, rooms, seen, conversation, body))
    return await act_out(rooms, seen, part, script_at(rooms, Step.POST, seen.recipient))


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
    _, script = script_at(rooms, Step.POST, message.address)
    return await strike(script, Part(_refusal, partial(_change, rooms, message, body, activity_id)))


def _change(rooms: Rooms, message: Message, body: Mapping[str, Any], activity_id: str, _script: Script) -> Taken:
    changed = rooms.messages.put(replace(message.changed(rooms.now()), **shown(body), raw=body))
    return Taken(changed, json_response({"id": activity_id}))


def _authorise(request: Request) -> None:
    if not is_app_token(request.header("authorization"), BOT_AUDIENCE):
        raise Refused("Unauthorized", "Give a token for https://api.botframework.com/.default.")


def _refusal(script: Script) -> Response:
    return answer(Refused(str(script.error)), script.seconds)


def _accept(rooms: Rooms, seen: Seen, conversation: str, body: Mapping[str, Any], _script: Script) -> Taken:
    rooms.meet(Channel.TEAMS, seen.recipient)
    now = rooms.now()
    activity_id = new_activity_id(now)
    blank = Message(
        id=message_id(conversation, activity_id),
        channel=Channel.TEAMS,
        address=seen.recipient,
        at=now,
        text="",
        key=seen.key or attempt_in(body),
        receipts=False,
        raw=body,
    )
    return Taken(rooms.messages.put(replace(blank, **shown(body))), json_response({"id": activity_id}, 201))
