"""A decision in Odoo: carried out in the decider's name, and its presser told what came of it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from uuid import UUID

import structlog

from postroom.domain.approvals import UNDECIDED, Result
from postroom.domain.writings import DEAD, VOID, Ending, Writing
from postroom.odoo.client import Odoo
from postroom.odoo.deciding import AddOn, Hand, Himself
from postroom.odoo.errors import OdooError
from postroom.odoo.writing import decision
from postroom.store.notices import raise_notice
from postroom.store.people import api_key_of, person_by_id
from workers.tasks.escalate import go_on
from workers.tasks.tell import Outcome, tell
from workers.wiring import Rooms

UNDONE: Mapping[str, Result] = MappingProxyType({DEAD: Result.GIVEN_UP, VOID: Result.IN_ODOO_ONLY})
"""What he hears of a decision that was never carried out: given up, or his company's Odoo is not written to."""

log = structlog.get_logger()


def execute(rooms: Rooms, odoo: Odoo, writing: Writing) -> Ending:
    """Do in Odoo what was decided, and tell him."""
    settled, ending = decision.write(odoo, _hand(rooms, odoo, writing), writing, rooms.ways)
    if settled.result is Result.IN_ODOO_ONLY:
        _tell_operators(rooms, writing, settled.words)
    _tell(rooms, writing, writing.key, settled.result, words=settled.words, state=settled.label)
    if settled.result in UNDECIDED and "run" in writing.payload:
        _go_on(rooms, UUID(writing.payload["run"]), settled.result)
    return ending


def _go_on(rooms: Rooms, run_id: UUID, result: Result) -> None:
    """The document still waits for somebody: its run goes on with whoever comes next."""
    with rooms.engine.begin() as connection:
        go_on(connection, rooms, run_id, result.value)


def tell_if_undone(rooms: Rooms, writing: Writing, ending: Ending) -> None:
    """Whoever pressed hears it, too, where nothing was done."""
    if ending.state in UNDONE:
        # Under another key: what an operator has tried again is told as well.
        _tell(rooms, writing, f"{writing.key}:{ending.state}", UNDONE[ending.state])


def _tell(rooms: Rooms, writing: Writing, key: str, result: Result, **facts: str) -> None:
    outcome = Outcome(key, writing.company, result.value, writing.payload["teller"], facts)
    with rooms.engine.begin() as connection:
        tell(connection, rooms, outcome)
    rooms.hints.route()


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
