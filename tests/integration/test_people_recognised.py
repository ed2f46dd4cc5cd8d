"""The roll of Odoo's users, and what channels' directories say of them: idempotent, polite, and never generous."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from postroom.domain.channels import ChannelName, Fault, Verdict
from postroom.domain.people import How, Member, Person, Standing
from postroom.domain.safety import Wire
from postroom.odoo.access import Access
from postroom.odoo.connecting import connect
from postroom.store import people
from tests.builders import StubChannel, query
from tests.integration.small_odoo import Row, SmallOdoo, html, refusing, running
from workers.channels.base import ChannelError
from workers.erp import Erp
from workers.tasks import recognise, sync_people
from workers.tasks.recognise import Post, ask_around
from workers.tasks.sync_people import call_roll
from workers.wiring import Rooms

OURSELVES = 2
ANA, PAT, PORTAL = 11, 10, 15


class Staff(SmallOdoo):
    """An Odoo with users; the newest part of a domain that it knows is a border of ids."""

    def __init__(self) -> None:
        super().__init__()
        self.rows["res.users"].clear()
        self.asked = 0
        self.hire(OURSELVES, "Postroom", "bridge")
        self.hire(ANA, "Ana Approver", "approver")
        self.hire(PAT, "Pat Purchase Manager", "pmanager")
        self.hire(PORTAL, "Cliente", "portal", share=True)

    def hire(self, number: int, name: str, login: str, **values: Any) -> None:
        row = {
            "id": number,
            "name": name,
            "login": login,
            "email": f"{login}@example.com",
            "partner_id": [50 + number, name],
            "company_id": [1, "Acme"],
            "company_ids": [2, 1],
            "lang": "es_ES",
            "tz": "Europe/Madrid",
            "active": True,
            "share": False,
        }
        self.rows["res.users"][number] = {**row, **values}

    def change(self, number: int, **values: Any) -> None:
        self.rows["res.users"][number].update(values)

    def _found(self, model: str, named: Row) -> list[Row]:
        self.asked += 1
        after = max((wanted for name, operator, wanted in named["domain"] if operator == ">"), default=0)
        domain = [term for term in named["domain"] if term[1] != ">"]
        found = super()._found(model, {**named, "domain": domain, "limit": None})
        return sorted((row for row in found if row["id"] > after), key=lambda row: row["id"])[
            : named.get("limit") or None
        ]


class Directory(StubChannel):
    """A channel whose directory answers as a test says."""

    def __init__(self, name: ChannelName = ChannelName.SLACK) -> None:
        super().__init__(name)
        self.members: dict[str, Member | Fault] = {}
        self.asked: list[str] = []

    def member_with(self, email: str) -> Member:
        self.asked.append(email)
        found = self.members.get(email, Member(Standing.NOBODY))
        if isinstance(found, Fault):
            raise ChannelError(found)
        return found


@pytest.fixture
def odoo() -> Staff:
    return Staff()


@pytest.fixture
def erp(odoo: Staff) -> Iterator[Erp]:
    with running(odoo) as url:
        access = Access(url, "db", "bridge", "key", version="17", answer_timeout=1.0)
        yield Erp({Wire.LIVE: lambda: connect(access)}, databases={Wire.LIVE: "a-database"})


@pytest.fixture
def slack() -> Directory:
    return Directory()


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], erp: Erp, slack: Directory) -> Rooms:
    return make_rooms(slack, Directory(ChannelName.TEAMS), erp=erp)


def sync(rooms: Rooms) -> str:
    return sync_people._called(rooms, Wire.LIVE)


def ask(rooms: Rooms) -> str:
    slack: Any = rooms.channels.at(ChannelName.SLACK, Wire.LIVE)
    post = Post(rooms.engine, rooms.sealer, ChannelName.SLACK, Wire.LIVE, slack)
    return str(ask_around(post, pause=lambda _seconds: None))


def person(rooms: Rooms, user_id: int) -> Person:
    with rooms.engine.connect() as connection:
        found = people.person_of_user(connection, rooms.sealer, Wire.LIVE, user_id)
    assert found is not None
    return found


def by_slack(rooms: Rooms, address: str) -> int | None:
    with rooms.engine.connect() as connection:
        found = people.person_of_account(connection, rooms.sealer, ChannelName.SLACK, Wire.LIVE, address)
    return found.user_id if found else None


def notices(rooms: Rooms) -> dict[str, str]:
    return {row.key: row.text for row in query(rooms.engine, "select key, text from notice where closed_at is null")}


def forget_answers(rooms: Rooms) -> None:
    query(rooms.engine, "update person_lookup set asked_at = asked_at - interval '2 days'")


# The roll -------------------------------------------------------------------------------------------------------------


def test_internal_users_are_people_and_portal_users_and_ourselves_are_not(rooms: Rooms) -> None:
    assert sync(rooms) == "live: 2 new, 0 changed, 0 gone, 0 as before"
    known = query(rooms.engine, "select user_id from person order by user_id")
    assert [row.user_id for row in known] == [PAT, ANA]
    ana = person(rooms, ANA)
    assert (ana.partner_id, ana.companies, ana.timezone, ana.database) == (61, (1, 2), "Europe/Madrid", "a-database")


def test_a_second_roll_changes_nothing(rooms: Rooms) -> None:
    sync(rooms)
    before = query(rooms.engine, "select id, login, name, email from person order by id")
    assert sync(rooms) == "live: 0 new, 0 changed, 0 gone, 2 as before"
    assert query(rooms.engine, "select id, login, name, email from person order by id") == before


def test_users_beyond_one_batch_are_all_read(rooms: Rooms, odoo: Staff) -> None:
    for number in range(100, 600):
        odoo.hire(number, f"User {number}", f"user{number}")
    assert sync(rooms).startswith("live: 502 new")


@pytest.mark.parametrize("leaving", ["deactivated", "deleted", "made a portal user"])
def test_whoever_leaves_odoo_decides_no_longer(rooms: Rooms, odoo: Staff, slack: Directory, leaving: str) -> None:
    sync(rooms)
    slack.members["approver@example.com"] = Member(Standing.FOUND, "U0ANA1234")
    ask(rooms)
    assert by_slack(rooms, "U0ANA1234") == ANA
    if leaving == "deleted":
        del odoo.rows["res.users"][ANA]
    else:
        odoo.change(ANA, **({"active": False} if leaving == "deactivated" else {"share": True}))
    assert "1 gone" in sync(rooms)
    assert by_slack(rooms, "U0ANA1234") is None


def test_whoever_comes_back_decides_again(rooms: Rooms, odoo: Staff, slack: Directory) -> None:
    sync(rooms)
    slack.members["approver@example.com"] = Member(Standing.FOUND, "U0ANA1234")
    ask(rooms)
    odoo.change(ANA, active=False)
    sync(rooms)
    odoo.change(ANA, active=True)
    sync(rooms)
    assert by_slack(rooms, "U0ANA1234") == ANA


def test_a_roll_that_does_not_name_ourselves_retires_nobody(rooms: Rooms, odoo: Staff) -> None:
    sync(rooms)
    odoo.rows["res.users"].clear()
    assert sync(rooms) == "live: roll_incomplete"
    assert person(rooms, ANA).active
    assert "roll_incomplete" in notices(rooms)["people:sync:live"]


@pytest.mark.parametrize("fault", [html, refusing("odoo.exceptions.AccessError")], ids=["html", "refused"])
def test_an_odoo_that_cannot_be_read_retires_nobody_and_is_told_of(rooms: Rooms, odoo: Staff, fault: Any) -> None:
    sync(rooms)
    odoo.fault = fault
    sync(rooms)
    assert person(rooms, ANA).active
    assert "people:sync:live" in notices(rooms)
    odoo.fault = None
    sync(rooms)
    assert "people:sync:live" not in notices(rooms)


def test_without_credentials_there_is_nothing_to_ask(make_rooms: Callable[..., Rooms]) -> None:
    assert sync_people._called(make_rooms(), Wire.LIVE) == "live: no credentials"


def test_a_login_that_is_an_address_stands_in_for_one(rooms: Rooms, odoo: Staff) -> None:
    odoo.change(ANA, email=False, login="Ana@Example.COM")
    odoo.change(PAT, email="Pat <pat@example.com>")
    sync(rooms)
    assert person(rooms, ANA).email == "Ana@example.com"
    assert person(rooms, PAT).email is None


def test_each_batch_is_told_of(rooms: Rooms, erp: Erp) -> None:
    told: list[str] = []
    client = erp.at(Wire.LIVE)
    assert client is not None
    call_roll(rooms.engine, rooms.sealer, client, Wire.LIVE, "d", lambda each: told.append(str(each)))
    assert told == ["2 new, 0 changed, 0 gone, 0 as before"]


# Directories ----------------------------------------------------------------------------------------------------------


def test_a_confirmed_member_is_known_and_everybody_is_asked_for_once_a_day(rooms: Rooms, slack: Directory) -> None:
    sync(rooms)
    slack.members["approver@example.com"] = Member(Standing.FOUND, "U0ANA1234")
    assert ask(rooms) == "1 found, 1 nobody"
    assert by_slack(rooms, "U0ANA1234") == ANA
    assert ask(rooms) == "nobody was due"
    assert sorted(slack.asked) == ["approver@example.com", "pmanager@example.com"]
    forget_answers(rooms)
    assert ask(rooms) == "1 found, 1 nobody"


OF_OURS = {Standing.FOUND, Standing.TAKEN, Standing.PARTED}


@pytest.mark.parametrize("standing", [each for each in Standing if each not in OF_OURS])
def test_nobody_else_is_known(rooms: Rooms, slack: Directory, standing: Standing) -> None:
    sync(rooms)
    slack.members["approver@example.com"] = Member(standing)
    ask(rooms)
    assert query(rooms.engine, "select from person_account") == []


def test_two_users_with_one_address_are_not_asked_for_and_the_operator_is_told(
    rooms: Rooms, odoo: Staff, slack: Directory
) -> None:
    odoo.change(PAT, email="APPROVER@example.com")
    sync(rooms)
    assert ask(rooms) == "nobody was due"
    assert slack.asked == []
    told = notices(rooms)["people:clash:live"]
    assert "users 10 and 11" in told
    assert "@" not in told
    odoo.change(PAT, email="pmanager@example.com")
    sync(rooms)
    assert "people:clash:live" not in notices(rooms)
    assert ask(rooms) == "2 nobody"


def test_a_directory_that_changes_its_mind_is_believed(rooms: Rooms, slack: Directory) -> None:
    sync(rooms)
    slack.members["approver@example.com"] = Member(Standing.FOUND, "U0ANA1234")
    ask(rooms)
    slack.members["approver@example.com"] = Member(Standing.FOUND, "U0ANA5678")
    forget_answers(rooms)
    ask(rooms)
    assert (by_slack(rooms, "U0ANA1234"), by_slack(rooms, "U0ANA5678")) == (None, ANA)
    slack.members["approver@example.com"] = Member(Standing.DEACTIVATED)
    forget_answers(rooms)
    ask(rooms)
    assert by_slack(rooms, "U0ANA5678") is None


def test_a_link_by_hand_is_not_asked_about(rooms: Rooms, slack: Directory) -> None:
    sync(rooms)
    with rooms.engine.begin() as connection:
        people.link(connection, rooms.sealer, person(rooms, ANA), ChannelName.SLACK, "U0HAND123", how=How.LINK)
    ask(rooms)
    assert slack.asked == ["pmanager@example.com"]
    assert by_slack(rooms, "U0HAND123") == ANA


def test_what_a_directory_said_is_asked_about_still_where_an_operator_added_another(
    rooms: Rooms, slack: Directory
) -> None:
    sync(rooms)
    slack.members["approver@example.com"] = Member(Standing.FOUND, "U0ANA1234")
    ask(rooms)
    with rooms.engine.begin() as connection:
        people.link(connection, rooms.sealer, person(rooms, ANA), ChannelName.SLACK, "U0HAND123", how=How.LINK)
    slack.members["approver@example.com"] = Member(Standing.DEACTIVATED)
    forget_answers(rooms)
    ask(rooms)
    assert (by_slack(rooms, "U0ANA1234"), by_slack(rooms, "U0HAND123")) == (None, ANA)


def test_what_an_operator_parted_no_directory_joins_again(rooms: Rooms, slack: Directory) -> None:
    sync(rooms)
    slack.members["approver@example.com"] = Member(Standing.FOUND, "U0ANA1234")
    ask(rooms)
    with rooms.engine.begin() as connection:
        why = f"{people.BY_HAND}root"
        people.unlink(connection, rooms.sealer, ChannelName.SLACK, Wire.LIVE, "U0ANA1234", why=why)
    forget_answers(rooms)
    assert ask(rooms) == "1 nobody, 1 parted"
    assert by_slack(rooms, "U0ANA1234") is None


def test_an_account_that_is_anothers_stays_his_and_the_operator_is_told(rooms: Rooms, slack: Directory) -> None:
    sync(rooms)
    with rooms.engine.begin() as connection:
        people.link(connection, rooms.sealer, person(rooms, PAT), ChannelName.SLACK, "U0ANA1234", how=How.LINK)
    slack.members["approver@example.com"] = Member(Standing.FOUND, "U0ANA1234")
    assert ask(rooms) == "1 taken"
    assert by_slack(rooms, "U0ANA1234") == PAT
    assert "people:taken:slack:live:11" in notices(rooms)


def test_a_directory_that_is_busy_is_asked_no_further(rooms: Rooms, slack: Directory) -> None:
    sync(rooms)
    slack.members["pmanager@example.com"] = Fault(Verdict.TRANSIENT, "ratelimited", "")
    assert ask(rooms) == "nobody was due; ratelimited"
    assert slack.asked == ["pmanager@example.com"]
    assert notices(rooms) == {}


def test_a_directory_that_refuses_us_is_told_of_until_it_answers(rooms: Rooms, slack: Directory) -> None:
    sync(rooms)
    slack.members["pmanager@example.com"] = Fault(Verdict.SENDER_STOPPED, "missing_scope", "needed: users:read.email")
    ask(rooms)
    assert "users:read.email" in notices(rooms)["people:directory:slack:live"]
    del slack.members["pmanager@example.com"]
    ask(rooms)
    assert notices(rooms) == {}


def test_one_address_that_is_refused_keeps_nobody_else_waiting(rooms: Rooms, slack: Directory) -> None:
    sync(rooms)
    slack.members["pmanager@example.com"] = Fault(Verdict.PERMANENT, "invalid_arguments", "")
    slack.members["approver@example.com"] = Member(Standing.FOUND, "U0ANA1234")
    ask(rooms)
    assert by_slack(rooms, "U0ANA1234") == ANA


def test_a_run_that_takes_long_hands_on(rooms: Rooms, slack: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    sync(rooms)
    monkeypatch.setattr(recognise, "STINT", timedelta(seconds=-1))
    assert recognise.ask_here(rooms, ChannelName.SLACK)[0] == "live: nobody was due; more wait"
    assert slack.asked == []
    published: Any = rooms.hints.published  # type: ignore[attr-defined]
    assert published.messages[-1] == ("recognise", ("slack",), "slack.bulk")


def test_an_answer_that_comes_after_the_address_changed_proves_nothing(
    rooms: Rooms, odoo: Staff, slack: Directory
) -> None:
    sync(rooms)

    class Late(Directory):
        def member_with(self, email: str) -> Member:
            if email == "approver@example.com":
                odoo.change(ANA, email="other@example.com")
                sync(rooms)
                return Member(Standing.FOUND, "U0ANA1234")
            return Member(Standing.NOBODY)

    rooms.channels._channels[ChannelName.SLACK] = Late()  # type: ignore[attr-defined]
    ask(rooms)
    assert by_slack(rooms, "U0ANA1234") is None
