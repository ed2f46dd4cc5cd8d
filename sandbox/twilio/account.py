"""What Twilio tells of an account and of its numbers."""

from sandbox.http1 import Request, Response, json_response
from sandbox.rooms import Rooms
from sandbox.twilio.checks import ACCOUNT_SID, NUMBER
from sandbox.twilio.errors import Refused, answer
from sandbox.twilio.sending import authorise


async def account(rooms: Rooms, request: Request, account_sid: str) -> Response:
    """GET /2010-04-01/Accounts/{AccountSid}.json."""
    try:
        authorise(rooms, request, account_sid)
    except Refused as refused:
        return answer(refused)
    return json_response({"sid": ACCOUNT_SID, "friendly_name": "Sandbox", "status": "active", "type": "Full"})


async def numbers(rooms: Rooms, request: Request, account_sid: str) -> Response:
    """GET /2010-04-01/Accounts/{AccountSid}/IncomingPhoneNumbers.json, narrowed by PhoneNumber."""
    try:
        authorise(rooms, request, account_sid)
    except Refused as refused:
        return answer(refused)
    number = {
        "phone_number": NUMBER,
        "capabilities": {"sms": True, "mms": False, "voice": False},
        "sms_url": f"{rooms.environment.webhook_url.rstrip('/')}/webhooks/twilio/inbound",
        "sms_method": "POST",
    }
    wanted = request.query.get("PhoneNumber", NUMBER)
    return json_response({"incoming_phone_numbers": [number] if wanted == NUMBER else []})
