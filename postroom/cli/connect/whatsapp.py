"""WhatsApp: Meta's consoles, and what the Cloud API says of our number, token, templates and subscription."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from config.settings import Settings
from config.template_files import load_templates
from postroom.cli.connect.asking import Answered, Caller
from postroom.cli.connect.checked import Checked, Told, Unasked, awaited, bad, doubtful, good, look
from postroom.cli.connect.guide import Ask, Guide, Step
from postroom.domain.channels import ChannelName
from postroom.domain.templates import WhatsAppWording

SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
FIELDS = (
    "messages, message_template_status_update, message_template_quality_update, "
    "message_template_components_update, template_category_update, account_update, user_preferences, "
    "phone_number_quality_update"
)
PAGES = 20
"""Of a hundred templates each; an account may have 6000 in the end, which nobody reads in a terminal."""

NAMES: Mapping[str, Callable[[str], Told]] = {
    "APPROVED": lambda name: good(f"{name}, approved"),
    "AVAILABLE_WITHOUT_REVIEW": lambda name: good(f"{name}, needs no review"),
    "PENDING_REVIEW": lambda name: awaited(f"{name} is under review", "Meta decides within some days; run this again."),
    "DECLINED": lambda name: bad(f"{name} was declined", "WhatsApp Manager > Phone numbers: ask for another name."),
    "EXPIRED": lambda name: bad(f"{name} has expired", "WhatsApp Manager > Phone numbers: register the name anew."),
}
"""What `name_status` means for us."""

QUALITY: Mapping[str, Callable[[], Told]] = {
    "YELLOW": lambda: doubtful("is medium: people block or report it", "Send less that nobody asked for."),
    "RED": lambda: bad("is low: Meta lowers its limit", "Stop campaigns until it has recovered."),
}


def checks(values: Settings) -> Iterator[Checked]:
    """What Meta says of us; the business account is found by the token's own scopes."""
    token = values.whatsapp_access_token.get_secret_value()
    base = f"{values.whatsapp_api_url.rstrip('/')}/{values.whatsapp_api_version}"
    caller = Caller({"Authorization": f"Bearer {token}"})
    number = f"{base}/{values.whatsapp_phone_number_id}"
    shown: dict[str, Any] = {}
    yield look("phone number", f"GET /{values.whatsapp_phone_number_id}", lambda: _number(caller, number, shown))
    if shown:
        yield look("display name", "its name_status", lambda: _name(shown))
        yield look("quality", "its quality_rating", lambda: _quality(shown))
    token_facts: dict[str, Any] = {}
    yield look("token", "GET /debug_token", lambda: _token(caller, base, token, token_facts))
    account = _account(token_facts)
    if account:
        yield look("templates", f"GET /{account}/message_templates", lambda: _templates(caller, f"{base}/{account}"))
        app = str(token_facts.get("app_id", ""))
        yield look("webhook", f"GET /{account}/subscribed_apps", lambda: _subscribed(caller, f"{base}/{account}", app))


def _good(answer: Answered, remedy: str) -> Mapping[str, Any]:
    """The body of an answer that is none of Meta's refusals. Raises Unasked with its words."""
    error = answer.body.get("error")
    if answer.good and not isinstance(error, Mapping):
        return answer.body
    told = error if isinstance(error, Mapping) else {}
    raise Unasked(bad(f"refused: {told.get('code', answer.status)}, {told.get('message', 'no words')}", remedy))


def _number(caller: Caller, url: str, shown: dict[str, Any]) -> Told:
    fields = "verified_name,display_phone_number,quality_rating,name_status,code_verification_status,status"
    remedy = "Copy the phone number ID (not the number) from App Dashboard > WhatsApp > API setup; see the token, too."
    shown |= _good(caller.get(url, fields=fields), remedy)
    return good(f"{shown.get('display_phone_number', '?')}")


def _name(shown: Mapping[str, Any]) -> Told:
    name, status = str(shown.get("verified_name", "?")), str(shown.get("name_status") or "AVAILABLE_WITHOUT_REVIEW")
    told = NAMES.get(status)
    return told(name) if told else doubtful(f"{name}: {status}", "See WhatsApp Manager > Phone numbers.")


def _quality(shown: Mapping[str, Any]) -> Told:
    rating = str(shown.get("quality_rating", "UNKNOWN"))
    return QUALITY[rating]() if rating in QUALITY else good(rating.lower())


def _token(caller: Caller, base: str, token: str, facts: dict[str, Any]) -> Told:
    remedy = "Business settings > System users > Generate token: your app, never expires, both scopes."
    facts |= _good(caller.get(f"{base}/debug_token", input_token=token), remedy).get("data") or {}
    if not facts.get("is_valid"):
        return bad("is not valid any more", remedy)
    lacking = sorted(set(SCOPES) - set(facts.get("scopes") or ()))
    if lacking:
        return bad(f"lacks {', '.join(lacking)}", remedy)
    if facts.get("expires_at"):
        return doubtful("is good for some hours only", remedy)
    return good("never expires, and has both scopes")


def _account(facts: Mapping[str, Any]) -> str:
    """The business account that the token may manage; Meta tells it nowhere else."""
    for granted in facts.get("granular_scopes") or ():
        if granted.get("scope") == SCOPES[0] and granted.get("target_ids"):
            return str(granted["target_ids"][0])
    return ""


def _templates(caller: Caller, account: str) -> Told:
    wanted = {
        (version.wording.meta_name, version.wording.meta_language)
        for version in load_templates().matching(channel=ChannelName.WHATSAPP)
        if isinstance(version.wording, WhatsAppWording)
    }
    known = _statuses(caller, f"{account}/message_templates")
    lacking = Counter(known.get(each, "MISSING") for each in wanted)
    approved = lacking.pop("APPROVED", 0)
    if not lacking:
        return good(f"all {len(wanted)} are approved")
    words = ", ".join(f"{number} {status.lower()}" for status, number in sorted(lacking.items()))
    told = awaited if set(lacking) <= {"PENDING", "IN_APPEAL"} else doubtful
    remedy = "Put them before Meta; postroom templates show NAME --provider prints each."
    return told(f"{approved} of {len(wanted)} are approved; {words}", remedy)


def _statuses(caller: Caller, url: str) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    after: dict[str, str] = {}
    for _ in range(PAGES):
        asked = {"fields": "name,language,status", "limit": "100", **after}
        page = _good(caller.get(url, **asked), "Give the token both scopes.")
        rows = page.get("data") or ()
        found |= {(row["name"], row["language"]): row["status"] for row in rows}
        if len(rows) < 100:
            break
        after = {"after": page["paging"]["cursors"]["after"]}
    return found


def _subscribed(caller: Caller, account: str, app: str) -> Told:
    rows = _good(caller.get(f"{account}/subscribed_apps"), "Give the token both scopes.").get("data") or ()
    ids = {str((row.get("whatsapp_business_api_data") or {}).get("id", "")) for row in rows}
    if app in ids:
        return good("our app hears of this account")
    remedy = f"POST {account}/subscribed_apps with the token; without it no receipt and no reply ever comes."
    return bad(f"our app is not subscribed to the account ({len(rows)} others are)", remedy)


GUIDE = Guide(
    channel=ChannelName.WHATSAPP,
    steps=(
        Step(
            "Make a business app",
            "https://developers.facebook.com/apps",
            ("Create app > Connect with customers through WhatsApp; choose your business portfolio.",),
        ),
        Step(
            "Register your number",
            "App Dashboard > WhatsApp > API setup",
            (
                "Add phone number: one that no WhatsApp app uses. Its display name is reviewed.",
                "Copy the phone number ID that stands below it.",
            ),
        ),
        Step(
            "Make a token that lasts",
            "https://business.facebook.com/settings/system-users",
            (
                "Add a system user (Admin), assign it the app and the WhatsApp account with full control.",
                f"Generate token > Never > {', '.join(SCOPES)}.",
            ),
        ),
        Step(
            "Let Meta call the door",
            "App Dashboard > WhatsApp > Configuration > Webhook > Edit",
            (
                "Callback URL: {public_url}/webhooks/meta",
                "Verify token: {WHATSAPP_VERIFY_TOKEN}",
                f"Then Manage > subscribe: {FIELDS}.",
                "Meta asks the door at once: do this after the house was started again with these settings.",
            ),
        ),
    ),
    asks=(
        Ask("WHATSAPP_PHONE_NUMBER_ID", "The phone number ID"),
        Ask("WHATSAPP_ACCESS_TOKEN", "The system user's token", secret=True),
        Ask("WHATSAPP_APP_SECRET", "The app secret (App settings > Basic)", secret=True),
        # Typed over into Meta's form: a password among machines, shown to whoever stands at this terminal.
        Ask("WHATSAPP_VERIFY_TOKEN", "The verify token", make=lambda: secrets.token_urlsafe(24)),
    ),
    checks=checks,
    to="your own number, as in +34600111222",
    slow=("the display name's review", "the business verification", "the templates' approval"),
)
