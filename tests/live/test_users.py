"""Who decides: the users of this Odoo, as they come and go, and keys of their own."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from postroom.cli.faults import Refused
from postroom.cli.people.keys import proven
from postroom.domain.channels import ChannelName
from postroom.domain.people import How, Person
from postroom.domain.safety import Wire
from postroom.odoo.client import Odoo
from postroom.store import people
from postroom.store.engine import connect
from tests.builders import SEALER
from tests.live.place import Place
from tests.live.sheet import NotRun, Sheet
from workers.tasks.sync_people import call_roll

DATABASE = "live"
ACCOUNT = "U0LIVE1234"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = connect(database_url)
    yield made
    made.dispose()


def person(engine: Engine, user_id: int) -> Person:
    with engine.connect() as connection:
        found = people.person_of_user(connection, SEALER, Wire.LIVE, user_id)
    assert found is not None
    return found


def by_slack(engine: Engine) -> Person | None:
    with engine.connect() as connection:
        return people.person_of_account(connection, SEALER, ChannelName.SLACK, Wire.LIVE, ACCOUNT)


def test_whoever_is_deactivated_in_odoo_decides_no_longer(
    erp: Odoo, place: Place, sheet: Sheet, engine: Engine
) -> None:
    admin = place.as_role(erp, "admin")
    login = f"people_{uuid4().hex[:12]}"
    user_id = admin.create("res.users", {"name": "Live Trial", "login": login, "email": f"{login}@example.com"})
    try:
        first = call_roll(engine, SEALER, erp, Wire.LIVE, DATABASE)
        sheet.add("call_roll", str(first), f"user {user_id} is known")
        with engine.begin() as connection:
            known = person(engine, user_id)
            people.link(connection, SEALER, known, ChannelName.SLACK, ACCOUNT, how=How.LINK)
        assert by_slack(engine) is not None
        sheet.add("the same again", str(call_roll(engine, SEALER, erp, Wire.LIVE, DATABASE)))
    finally:
        admin.write("res.users", [user_id], {"active": False})
    last = call_roll(engine, SEALER, erp, Wire.LIVE, DATABASE)
    sheet.add("once he is deactivated", str(last), f"active: {person(engine, user_id).active}")
    assert (first.deactivated, last.added, last.deactivated) == (0, 0, 1)
    assert by_slack(engine) is None


def test_a_key_is_taken_only_from_whose_it_is(erp: Odoo, place: Place, sheet: Sheet, engine: Engine) -> None:
    role = next((each for each in place.users if each != "admin"), None)
    if role is None:
        raise NotRun("nobody gave a key but the administrator")
    his = place.users[role]
    user_id = place.as_role(erp, role).uid
    call_roll(engine, SEALER, erp, Wire.LIVE, DATABASE)
    him = person(engine, user_id)
    assert proven(erp, him, his["key"]) == his["key"]
    sheet.add(f"the key of {role}", "is his", f"user {user_id}")
    for key, whose in ((place.access.api_key, "ours"), ("0" * 40, "nobody's")):
        with pytest.raises(Refused) as refused:
            proven(erp, him, key)
        sheet.add(f"a key that is {whose}", refused.value.words)
