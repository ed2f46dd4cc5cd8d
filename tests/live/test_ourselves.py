"""Our own user: made with the least rights that do, and found to have them; and who the people are that he sees."""

from pydantic import SecretStr

from config.settings import Settings
from postroom.cli.faults import Refused
from postroom.cli.findings import Health
from postroom.cli.odoo.check import examine
from postroom.cli.odoo.setup import Wishes, look_around, put_in_order
from postroom.cli.odoo.standing import Outcome, Site, Step
from postroom.odoo.client import Odoo
from postroom.odoo.users import user_at, users_of
from tests.live.place import Place
from tests.live.sheet import NotRun, Sheet


def test_a_second_set_up_changes_nothing(erp: Odoo, place: Place, sheet: Sheet) -> None:
    admin = place.as_role(erp, "admin")
    wishes = Wishes(place.access.login, "postroom@example.com", (), "")
    first = _set_up(admin, wishes)
    sheet.add("postroom odoo setup", _counted(first))
    second = _set_up(admin, wishes)
    sheet.add("the same again", _counted(second), _stands(admin))
    assert {step.outcome for step in second} == {Outcome.THERE}


def _set_up(admin: Odoo, wishes: Wishes) -> list[Step]:
    try:
        return list(put_in_order(Site(admin, dry=False), look_around(admin), wishes, with_secrets=False))
    except Refused as error:
        raise NotRun(error.words) from error


def _counted(steps: list[Step]) -> str:
    outcomes = [step.outcome for step in steps]
    return ", ".join(f"{outcomes.count(each)} {each}" for each in dict.fromkeys(outcomes))


def _stands(admin: Odoo) -> str:
    rows = admin.search_read("ir.model.data", [["module", "=", "__postroom__"]], ["model"])
    models = [row["model"] for row in rows]
    return ", ".join(f"{models.count(each)} {each}" for each in dict.fromkeys(models))


def test_what_he_can_and_cannot_is_proven(erp: Odoo, place: Place, sheet: Sheet) -> None:
    access = place.access
    values = Settings.model_construct(
        odoo_url=access.url,
        odoo_db=access.database,
        odoo_login=access.login,
        odoo_api_key=SecretStr(access.api_key),
        odoo_database_uuids="",
        odoo_timeout_seconds=60,
    )
    failed = []
    for row in examine(values):
        sheet.add(f"odoo check: {row.what}, {row.asked}", row.health, row.words)
        failed += [row.what] if row.health is Health.FAIL else []
    assert failed == []


def test_people_are_the_internal_users(erp: Odoo, place: Place, sheet: Sheet) -> None:
    people = [user for batch in users_of(erp) for user in batch]
    active = [user for user in people if user.active]
    sheet.add("users_of", f"{len(people)} people, {len(active)} active", ", ".join(user.login for user in active))
    assert erp.uid not in {user.user_id for user in people}
    buyer = place.as_role(erp, "buyer")
    found = user_at(erp, buyer.uid)
    assert found is not None
    sheet.add("user_at", f"user {found.user_id}", f"{found.login}, partner {found.partner_id}, {found.language}")
    assert found in people
