"""SMS: Twilio's console, and what its API says of our account and sender."""

from collections.abc import Iterator, Mapping
from typing import Any

from requests.auth import _basic_auth_str

from config.settings import Settings
from postroom.cli.connect.asking import Answered, Caller
from postroom.cli.connect.checked import Checked, Told, Unasked, awaited, bad, doubtful, good, look
from postroom.cli.connect.guide import Ask, Guide, Step
from postroom.cli.connect.live import config_of
from postroom.domain.channels import ChannelName
from workers.channels.sms import SmsConfig
from workers.channels.sms.config import SERVICE

INBOUND = "/webhooks/twilio/inbound"


def checks(values: Settings) -> Iterator[Checked]:
    """What Twilio says of us."""
    config = config_of(values, ChannelName.SMS, SmsConfig)
    caller = Caller({"Authorization": _basic_auth_str(config.account_sid, config.auth_tokens[0])})
    account = f"{config.api_url.rstrip('/')}/2010-04-01/Accounts/{config.account_sid}"
    inbound = values.public_url.rstrip("/") + INBOUND
    yield look("account", f"GET {account}.json", lambda: _account(caller, account))
    if SERVICE.fullmatch(config.sender):
        service = f"{_messaging(config.api_url)}/v1/Services/{config.sender}"
        yield look("messaging service", f"GET {service}", lambda: _service(caller, service, inbound))
        yield look("its senders", f"GET {service}/PhoneNumbers", lambda: _senders(caller, service))
    elif config.sender.startswith("+"):
        numbers = f"{account}/IncomingPhoneNumbers.json"
        yield look("number", f"GET {numbers}", lambda: _number(caller, numbers, config.sender, inbound))
    else:
        yield look("sender's name", "nothing: Twilio has no question for it", lambda: _name(config.sender))


def _messaging(api_url: str) -> str:
    """Messaging services live on a host of their own; a stand-in has but one."""
    return api_url.rstrip("/").replace("://api.", "://messaging.")


def _good(answer: Answered, remedy: str) -> Mapping[str, Any]:
    if answer.good:
        return answer.body
    words = f"refused: {answer.body.get('code', answer.status)}, {answer.body.get('message', 'no words')}"
    raise Unasked(bad(words, remedy))


def _account(caller: Caller, url: str) -> Told:
    told = _good(caller.get(f"{url}.json"), "Copy Account SID and Auth Token from https://console.twilio.com.")
    status = str(told.get("status", "?"))
    if status != "active":
        return bad(f"is {status}", "See https://console.twilio.com: billing, or a suspension.")
    if told.get("type") == "Trial":
        return doubtful("is a trial: only verified numbers are written to", "Upgrade it before going live.")
    return good(f"{told.get('friendly_name', 'active')}, active")


def _number(caller: Caller, url: str, number: str, inbound: str) -> Told:
    remedy = "Take one of the account's own numbers: Phone Numbers > Manage > Active numbers."
    rows = _good(caller.get(url, PhoneNumber=number), remedy).get("incoming_phone_numbers") or ()
    if not rows:
        return bad("is none of this account's", remedy)
    if not (rows[0].get("capabilities") or {}).get("sms"):
        return bad("cannot send SMS", "Buy one that can: Phone Numbers > Buy a number > SMS.")
    return _hears(str(rows[0].get("sms_url") or ""), inbound, "A message comes in")


def _hears(found: str, inbound: str, where: str) -> Told:
    if found.rstrip("/") == inbound:
        return good("sends SMS, and its replies come to the door")
    words = f"sends SMS, but its replies go to {found or 'nobody'}"
    return doubtful(words, f"Set '{where}' to {inbound} (POST).")


def _service(caller: Caller, url: str, inbound: str) -> Told:
    told = _good(caller.get(url), "Copy the service's SID (MG…): Messaging > Services.")
    if told.get("us_app_to_person_registered") is False and told.get("usecase") not in (None, "undeclared"):
        return awaited("its brand or campaign is not registered for the USA yet", "Messaging > Regulatory compliance.")
    return _hears(str(told.get("inbound_request_url") or ""), inbound, "Integration > Send a webhook")


def _senders(caller: Caller, url: str) -> Told:
    remedy = "Messaging > Services > your service > Sender Pool > Add Senders."
    rows = _good(caller.get(f"{url}/PhoneNumbers"), remedy).get("phone_numbers") or ()
    return good(f"{len(rows)} numbers") if rows else bad("it has none", remedy)


def _name(name: str) -> Told:
    words = f"NOT CHECKED: some countries take no names, and nobody can answer {name}"
    return doubtful(words, "See Twilio's guidelines for alphanumeric senders by country.")


GUIDE = Guide(
    channel=ChannelName.SMS,
    steps=(
        Step(
            "Make an account",
            "https://console.twilio.com",
            ("Upgrade it: a trial writes to verified numbers only.", "Account info: copy Account SID and Auth Token."),
        ),
        Step(
            "Get a sender",
            "Phone Numbers > Manage > Buy a number",
            (
                "One number (SMS), or Messaging > Services for several.",
                "To the USA: register brand and campaign (A2P 10DLC) first, which takes days.",
                "Messaging > Settings > Geo permissions: tick every country that you write to.",
            ),
        ),
        Step(
            "Let Twilio call the door",
            "Phone Numbers > your number > Messaging (of a service: Integration > Send a webhook)",
            (
                "A message comes in: {public_url}/webhooks/twilio/inbound, HTTP POST",
                "What becomes of ours is told to {public_url}/webhooks/twilio/status: each message asks for it.",
            ),
        ),
    ),
    asks=(
        Ask("TWILIO_ACCOUNT_SID", "The Account SID (AC…)"),
        Ask("TWILIO_AUTH_TOKEN", "The Auth Token", secret=True),
        Ask("TWILIO_FROM", "Our number, as in +34911234567 (empty with a service)", optional=True),
        Ask("TWILIO_MESSAGING_SERVICE_SID", "The messaging service (MG…; empty with a number)", optional=True),
    ),
    checks=checks,
    to="your own mobile, as in +34600111222",
    slow=("the registration of brand and campaign (A2P 10DLC)",),
)
