"""A decision in Odoo: carried out in the decider's name, and its presser told what came of it."""

import json
from datetime import UTC, datetime
from uuid import UUID

import structlog

from postroom.domain.approval_words import SECOND, told
from postroom.domain.approvals import Result
from postroom.domain.writings import REFUSED, Ending, Writing
from postroom.odoo.client import Odoo
from postroom.odoo.deciding import AddOn, Hand, Himself
from postroom.odoo.errors import OdooError
from postroom.odoo.writing import decision
from postroom.store.inbox import Conflict, NewEvent, keep_events
from postroom.store.notices import raise_notice
from postroom.store.people import api_key_of, person_by_id
from workers.wiring import Rooms

SOURCE = "/postroom/decision"
TYPE = "postroom.approval.settled"

log = structlog.get_logger()


def execute(rooms: Rooms, odoo: Odoo, writing: Writing) -> Ending:
    """Do in Odoo what was decided, and tell him; what was refused when it was heard is only told."""
    payload = writing.payload
    if "refusal" in payload:
        return _only_told(rooms, writing, payload["refusal"])
    if "second" in payload:
        return _only_told(rooms, writing, SECOND, payload["second"])
    settled, ending = decision.write(odoo, _hand(rooms, odoo, writing), writing, rooms.ways)
    if settled.result is Result.IN_ODOO_ONLY:
        _tell_operators(rooms, writing, settled.words)
    _tell(rooms, writing, settled.result.value, settled.words)
    return ending


def _tell_operators(rooms: Rooms, writing: Writing, words: str) -> None:
    """He can decide in Odoo; that he cannot decide here is for the operators to mend."""
    model = str(writing.payload["model"])
    why = (
        words
        or f"neither the add-on nor a key of his own lets user {writing.payload['uid']} decide {model} from a chat"
    )
    remedy = "See: postroom odoo check, postroom people check"
    with rooms.engine.begin() as connection:
        key = f"decision:{model}:{writing.payload['uid']}"
        raise_notice(connection, key=key, company=writing.company, kind="decision", words=f"{why}. {remedy}")


def _only_told(rooms: Rooms, writing: Writing, code: str, words: str = "") -> Ending:
    _tell(rooms, writing, code, words)
    return Ending(REFUSED, code)


def _hand(rooms: Rooms, odoo: Odoo, writing: Writing) -> Hand | None:
    """Who acts in his name: the add-on on our signature, else he himself by his own key; never our own user."""
    secret = rooms.erp.command_secret(writing.wire)
    if secret and odoo.has_addon():
        return AddOn(odoo, secret, rooms.erp.database(writing.wire), datetime.now(UTC))
    with rooms.engine.connect() as connection:
        person = person_by_id(connection, rooms.sealer, UUID(writing.payload["person"]))
        key = api_key_of(connection, rooms.sealer, person.id) if person else None
    if person is None or not key:
        return None
    try:
        return Himself(odoo.as_person(person.login, key))
    except OdooError as error:
        log.warning("own_key_refused", user_id=person.user_id, code=error.fault.code)
        return None


# Told ----------------------------------------------------------------------------------------------------------------


def _tell(rooms: Rooms, writing: Writing, code: str, words: str) -> None:
    """An event to ourselves, which routing takes to him; once for each writing, whatever is done twice."""
    teller = writing.payload["teller"]
    approval = dict(teller["approval"])
    number = approval.setdefault("document_number", writing.subject or "-")
    approval.setdefault("id", 1)
    approval.setdefault("model", "approval.request")
    title, explanation = told(code, teller["recipient"].get("language"), number, words[:1000])
    body = {
        "specversion": "1.0",
        "id": writing.key,
        "source": SOURCE,
        "type": TYPE,
        "time": teller["at"],
        "data": {
            "company": teller["company"],
            "recipient": teller["recipient"],
            "approval": {**approval, "outcome": code, "title": title, "explanation": explanation},
        },
    }
    raw = json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
    event = NewEvent(writing.company, SOURCE, writing.key, TYPE, raw)
    try:
        keep_events(rooms.engine, rooms.sealer, source="decision", headers={}, body=raw, events=[event])
    except Conflict:
        return  # he was told before the outbox could note it
    rooms.hints.route()
