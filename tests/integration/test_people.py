"""Who decides in Odoo: by an account that is proven, of a user who is active, and by nothing else."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Connection

from postroom.domain.channels import ChannelName
from postroom.domain.people import How, Person, Recognised, Stranger, Unknown, User
from postroom.domain.safety import Wire
from postroom.store import people
from postroom.store.census import keep_users, retire, settle_database
from postroom.store.engine import connect
from tests.builders import SEALER

DATABASE = "4f0d9f5e-0000-4000-8000-000000000001"
ANA = User(11, 65, 1, (1, 2), "Ana Approver", "approver", "Ana.Approver@example.com", "es_ES", "Europe/Madrid")
PAT = User(10, 64, 1, (1,), "Pat Purchase Manager", "pmanager", "pat@example.com")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = connect(database_url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def known(connection: Connection, *users: User, wire: Wire = Wire.LIVE, database: str = DATABASE) -> list[Person]:
    keep_users(connection, SEALER, wire, database, users)
    found = (people.person_of_user(connection, SEALER, wire, each.user_id) for each in users)
    return [person for person in found if person is not None]


def by_slack(connection: Connection, address: str, wire: Wire = Wire.LIVE) -> Person | None:
    return people.person_of_account(connection, SEALER, ChannelName.SLACK, wire, address)


def test_a_linked_account_is_its_persons(connection: Connection) -> None:
    (ana,) = known(connection, ANA)
    assert people.link(connection, SEALER, ana, ChannelName.SLACK, "U0ANA1234", how=How.LINK, by="root")
    found = by_slack(connection, "U0ANA1234")
    assert found is not None
    assert (found.user_id, found.name, found.companies, found.language) == (11, "Ana Approver", (1, 2), "es_ES")


def test_an_account_that_nobody_linked_is_a_strangers(connection: Connection) -> None:
    known(connection, ANA)
    found = people.who_is(connection, SEALER, ChannelName.SLACK, Wire.LIVE, "U0NOBODY1")
    assert found == Stranger(Unknown.NO_ACCOUNT)


def test_an_account_of_the_sandbox_gives_no_power_in_the_real_odoo(connection: Connection) -> None:
    (ana,) = known(connection, ANA, wire=Wire.SANDBOX)
    people.link(connection, SEALER, ana, ChannelName.SLACK, "U0ANA1234", how=How.LINK)
    assert by_slack(connection, "U0ANA1234") is None
    assert by_slack(connection, "U0ANA1234", Wire.SANDBOX) is not None


def test_a_deactivated_user_loses_his_accounts_power_at_once(connection: Connection) -> None:
    (ana,) = known(connection, ANA)
    people.link(connection, SEALER, ana, ChannelName.SLACK, "U0ANA1234", how=How.LINK)
    known(connection, replace(ANA, active=False))
    found = people.who_is(connection, SEALER, ChannelName.SLACK, Wire.LIVE, "U0ANA1234")
    assert found == Stranger(Unknown.DEACTIVATED)


def test_a_manager_roles_and_leave_are_kept_and_what_is_the_same_is_no_change(connection: Connection) -> None:
    back = datetime.now(UTC) + timedelta(days=3)
    placed = replace(ANA, manager_id=10, roles=("purchase.group_purchase_manager",), away=True, away_until=back)
    (ana,) = known(connection, placed)
    assert (ana.manager_id, ana.roles, ana.away_until) == (10, ("purchase.group_purchase_manager",), back)
    assert ana.is_away(datetime.now(UTC))
    assert not ana.is_away(back)
    assert keep_users(connection, SEALER, Wire.LIVE, DATABASE, [placed]).same == 1

    (again,) = known(connection, replace(placed, away_until=None))
    assert again.away_from == ana.away_from  # he has been away since then
    (ana,) = known(connection, ANA)
    assert (ana.manager_id, ana.roles, ana.away_from) == (None, (), None)


def test_of_a_role_are_its_active_users_who_see_the_company(connection: Connection) -> None:
    role = "purchase.group_purchase_manager"
    known(connection, replace(ANA, roles=(role,)), replace(PAT, roles=(role,)))
    found = [people.people_with_role(connection, SEALER, Wire.LIVE, company, role) for company in ("1", "2", "acme")]
    assert [[each.user_id for each in some] for some in found] == [[10, 11], [11], []]


def test_whoever_odoo_no_longer_names_loses_his_power(connection: Connection) -> None:
    ana, _pat = known(connection, ANA, PAT)
    people.link(connection, SEALER, ana, ChannelName.SLACK, "U0ANA1234", how=How.LINK)
    begun = datetime.now(UTC) + timedelta(seconds=1)
    assert retire(connection, Wire.LIVE, DATABASE, begun) == 2
    assert by_slack(connection, "U0ANA1234") is None


def test_the_users_of_a_database_that_was_replaced_lose_their_power(connection: Connection) -> None:
    known(connection, ANA)
    assert retire(connection, Wire.LIVE, "another", datetime.now(UTC) - timedelta(days=1)) == 1


def test_people_stay_who_they_are_when_the_uuid_of_their_database_becomes_known_or_is_hidden(
    connection: Connection,
) -> None:
    place = "https://erp.example.com/acme"
    (ana,) = known(connection, ANA, database=settle_database(connection, Wire.LIVE, place))
    for told in (place, DATABASE, place, DATABASE):
        name = settle_database(connection, Wire.LIVE, told)
        keep_users(connection, SEALER, Wire.LIVE, name, [ANA])
        found = people.person_of_user(connection, SEALER, Wire.LIVE, ANA.user_id)
        assert found is not None
        assert found.id == ana.id
    assert found.database == DATABASE
    assert settle_database(connection, Wire.SANDBOX, "sandbox") == "sandbox"


def test_another_uuid_is_another_database(connection: Connection) -> None:
    known(connection, ANA)
    other = "4f0d9f5e-0000-4000-8000-000000000002"
    assert settle_database(connection, Wire.LIVE, other) == other


def test_an_account_is_one_persons_at_a_time(connection: Connection) -> None:
    ana, pat = known(connection, ANA, PAT)
    people.link(connection, SEALER, ana, ChannelName.SLACK, "U0ANA1234", how=How.LINK)
    with pytest.raises(people.Taken) as taken:
        people.link(connection, SEALER, pat, ChannelName.SLACK, "U0ANA1234", how=How.LINK)
    assert taken.value.holder.user_id == ana.user_id


def test_an_account_of_somebody_who_left_can_be_given_to_another(connection: Connection) -> None:
    ana, pat = known(connection, ANA, PAT)
    people.link(connection, SEALER, ana, ChannelName.SLACK, "U0ANA1234", how=How.LINK)
    known(connection, replace(ANA, active=False))
    assert people.link(connection, SEALER, pat, ChannelName.SLACK, "U0ANA1234", how=How.LINK)
    (was,) = people.accounts_of(connection, SEALER, [ana.id])[ana.id]
    assert was.removed_at is not None
    assert was.removed_why == "given to user 10"


def test_of_two_who_link_one_account_at_once_one_is_told_that_it_is_taken(database_url: str) -> None:
    engine = connect(database_url)
    with engine.begin() as connection:
        both = known(connection, ANA, PAT)
    start = Barrier(2)

    def link(person: Person) -> str:
        start.wait()
        try:
            with engine.begin() as connection:
                people.link(connection, SEALER, person, ChannelName.SLACK, "U0BOTH123", how=How.LINK)
        except people.Taken:
            return "taken"
        return "linked"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(link, both)) == ["linked", "taken"]
    engine.dispose()


def test_unlinking_keeps_the_history(connection: Connection) -> None:
    (ana,) = known(connection, ANA)
    people.link(connection, SEALER, ana, ChannelName.WHATSAPP, "+34600111222", how=How.LINK, by="root")
    parted = people.unlink(connection, SEALER, ChannelName.WHATSAPP, Wire.LIVE, "+34 600 111 222", why="new phone")
    assert parted is not None
    (account,) = people.accounts_of(connection, SEALER, [ana.id])[ana.id]
    assert (account.address, account.verified_by, account.removed_why) == ("+34600111222", "root", "new phone")
    assert people.unlink(connection, SEALER, ChannelName.WHATSAPP, Wire.LIVE, "+34600111222", why="") is None


def test_an_operators_word_stands_above_a_directorys(connection: Connection) -> None:
    (ana,) = known(connection, ANA)
    people.link(connection, SEALER, ana, ChannelName.SLACK, "U0ANA1234", how=How.EMAIL)
    assert people.link(connection, SEALER, ana, ChannelName.SLACK, "U0ANA1234", how=How.LINK, by="root")
    assert not people.link(connection, SEALER, ana, ChannelName.SLACK, "U0ANA1234", how=How.EMAIL)
    (account,) = people.accounts_of(connection, SEALER, [ana.id])[ana.id]
    assert (account.how, account.verified_by) == (How.LINK, "root")


def test_another_email_address_takes_away_what_the_old_one_proved(connection: Connection) -> None:
    (ana,) = known(connection, ANA)
    people.link(connection, SEALER, ana, ChannelName.SLACK, "U0ANA1234", how=How.EMAIL)
    people.link(connection, SEALER, ana, ChannelName.WHATSAPP, "+34600111222", how=How.LINK)
    known(connection, replace(ANA, email="other@example.com"))
    assert by_slack(connection, "U0ANA1234") is None
    assert people.person_of_account(connection, SEALER, ChannelName.WHATSAPP, Wire.LIVE, "+34600111222") is not None


def test_what_is_personal_is_sealed(connection: Connection) -> None:
    (ana,) = known(connection, ANA)
    people.link(connection, SEALER, ana, ChannelName.SLACK, "U0ANA1234", how=How.LINK)
    people.set_api_key(connection, SEALER, ana.id, "a-key-of-his-own")
    kept = " ".join(
        str(connection.exec_driver_sql(f"select * from {table}").all()) for table in ("person", "person_account")
    )
    for secret in ("Ana", "approver", "example.com", "U0ANA1234", "a-key-of-his-own"):
        assert secret not in kept


def test_his_own_key_is_had_only_while_he_is_active(connection: Connection) -> None:
    (ana,) = known(connection, ANA)
    people.set_api_key(connection, SEALER, ana.id, "a-key-of-his-own")
    assert people.api_key_of(connection, SEALER, ana.id) == "a-key-of-his-own"
    known(connection, replace(ANA, active=False))
    assert people.api_key_of(connection, SEALER, ana.id) is None


def test_people_are_found_by_email_whatever_its_case(connection: Connection) -> None:
    known(connection, ANA)
    (found,) = people.people_with_email(connection, SEALER, "ana.approver@EXAMPLE.com")
    assert found.user_id == 11


def test_an_address_that_is_none_is_a_strangers(connection: Connection) -> None:
    known(connection, ANA)
    found = people.who_is(connection, SEALER, ChannelName.TEAMS, Wire.LIVE, "29:1AbC")
    assert not isinstance(found, Recognised)
