"""Takes an SMS or refuses it, then lets the status callbacks follow."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from sandbox.acting import Part, Taken, act_out, pause
from sandbox.channels import Channel, address_of
from sandbox.courier import Written
from sandbox.http1 import Request, Response, json_response
from sandbox.messages import Message
from sandbox.rooms import Rooms
from sandbox.scripts import Script
from sandbox.twilio.checks import ACCOUNT_SID, NUMBER, check
from sandbox.twilio.consent import Stopped
from sandbox.twilio.errors import ERRORS, Refused, answer
from sandbox.twilio.segments import count
from sandbox.twilio.webhooks import VERSION, new_sid, status_form, written
from sandbox.witness import Outcome, Seen

PAUSES = (1, 4, 8)
"""Seconds between tries of a callback: with every retry that can be asked of it, Twilio gives up after 15 seconds."""

Form = Mapping[str, str]


async def send(rooms: Rooms, request: Request, account_sid: str) -> Response:
    """POST /2010-04-01/Accounts/{AccountSid}/Messages.json."""
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    to = address_of(Channel.SMS, form.get("To", ""))
    seen = rooms.witness.arrived(Channel.SMS, _key(form), to, rooms.now())
    try:
        authorise(rooms, request, account_sid)
        check(form)
        if rooms.shelf(Stopped).has(to):
            raise Refused(21610, f"+{to} wrote STOP to {NUMBER}")
    except Refused as refused:
        reasons = refused.reasons or (refused.details,)
        rooms.witness.settle(seen, Outcome.REFUSED, status=refused.status, code=str(refused.code), reasons=reasons)
        return answer(refused)
    return await act_out(rooms, seen, Part(_refusal, partial(_accept, rooms, seen, form), partial(follow, rooms)))


def _key(form: Form) -> str:
    """What the sender will know the message by again: Twilio has no field for it but the callback's address."""
    try:
        return parse_qs(urlsplit(form.get("StatusCallback", "")).query).get("attempt", [""])[0]
    except ValueError:
        return ""


def authorise(rooms: Rooms, request: Request, account_sid: str) -> None:
    """Raise Refused unless the account is ours and the token is right."""
    scheme, _, encoded = request.header("authorization").partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True) if scheme == "Basic" else b""
    except binascii.Error:
        given = b""
    if not hmac.compare_digest(given, f"{ACCOUNT_SID}:{rooms.environment.secret}".encode()):
        raise Refused(20003, f"give {ACCOUNT_SID} as the user and SANDBOX_SECRET as the password")
    if account_sid != ACCOUNT_SID:
        raise Refused(20404, f"/2010-04-01/Accounts/{account_sid}/Messages.json")


def _refusal(script: Script) -> Response:
    return answer(Refused(int(script.error or 0)), script.seconds)


def _accept(rooms: Rooms, seen: Seen, form: Form, script: Script) -> Taken:
    rooms.meet(Channel.SMS, seen.recipient)
    message = rooms.messages.put(
        Message(
            id=new_sid(),
            channel=Channel.SMS,
            address=seen.recipient,
            at=rooms.now(),
            text=form["Body"],
            key=seen.key,
            segments=count(form["Body"]),
            failure=script.failure,
            reason=ERRORS[int(script.failure)][1] if script.failure else "",
            receipts=bool(script.receipts) and "StatusCallback" in form,
            raw=form,
        )
    )
    return Taken(message, json_response(_resource(message, form), 201))


def _resource(message: Message, form: Form) -> dict[str, Any]:
    """The message as Twilio shows it; a messaging service has not chosen a sender yet."""
    service = form.get("MessagingServiceSid")
    uri = f"/{VERSION}/Accounts/{ACCOUNT_SID}/Messages/{message.id}"
    created = message.at.strftime("%a, %d %b %Y %H:%M:%S +0000")
    return {
        "account_sid": ACCOUNT_SID,
        "api_version": VERSION,
        "body": message.text,
        "date_created": created,
        "date_sent": None,
        "date_updated": created,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": form.get("From"),
        "messaging_service_sid": service,
        "num_media": "0",
        "num_segments": "0" if service else str(message.segments),
        "price": None,
        "price_unit": "USD",
        "sid": message.id,
        "status": "accepted" if service else "queued",
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": f"+{message.address}",
        "uri": f"{uri}.json",
    }


async def follow(rooms: Rooms, message: Message, script: Script) -> None:
    """Send the callbacks, one after the other, each after a pause; none where the sender asked for none."""
    callback = str((message.raw or {}).get("StatusCallback", ""))
    statuses = ("sent", "undelivered") if script.failure else script.receipts
    for status in statuses if callback else ():
        await pause(rooms, script)
        webhook = written(rooms.environment.secret, callback, status_form(message, status, rooms.now()))
        if await rooms.courier.post(partial(_same, webhook), PAUSES):
            rooms.messages.tell(message.id, "failed" if status == "undelivered" else status)


def _same(webhook: Written) -> Written:
    """Written once: nothing in Twilio's signature goes by the time."""
    return webhook
