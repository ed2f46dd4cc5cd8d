"""Who somebody is to Odoo: the rules."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from postroom.domain.channels import ChannelName
from postroom.domain.people import (
    DIRECTORIES,
    LACKS,
    LINKABLE,
    STANDINGS,
    UNKNOWN,
    UNPROVEN,
    Account,
    How,
    Lack,
    Member,
    Person,
    Recognised,
    Standing,
    Step,
    Stranger,
    Unknown,
    User,
    clash_words,
    lacks,
    moved,
    recognised,
    same,
    step_after,
)
from postroom.domain.safety import Wire

ANA = Person(
    id=UUID(int=1),
    wire=Wire.LIVE,
    database="d",
    user_id=11,
    partner_id=65,
    company="1",
    companies=(1, 2),
    name="Ana",
    login="ana",
    email="ana@example.com",
)
AS_USER = User(11, 65, 1, (1, 2), "Ana", "ana", "ana@example.com")
HERS = Account(UUID(int=2), ChannelName.SLACK, Wire.LIVE, "U0ANA1234", How.EMAIL, datetime(2026, 11, 23, tzinfo=UTC))
REMOVED = replace(HERS, removed_at=datetime(2026, 11, 24, tzinfo=UTC))
FOUND = Member(Standing.FOUND, "U0ANA1234")


@pytest.mark.parametrize(
    ("channel", "holder", "found"),
    [
        pytest.param(ChannelName.SLACK, ANA, Recognised(ANA), id="hers"),
        pytest.param(ChannelName.WHATSAPP, ANA, Recognised(ANA), id="a-number-that-meta-names"),
        pytest.param(ChannelName.SLACK, None, Stranger(Unknown.NO_ACCOUNT), id="nobodys"),
        pytest.param(
            ChannelName.SLACK, replace(ANA, active=False), Stranger(Unknown.DEACTIVATED), id="of-one-who-has-left"
        ),
        pytest.param(
            ChannelName.SLACK, replace(ANA, wire=Wire.SANDBOX), Stranger(Unknown.OTHER_ODOO), id="of-the-sandbox"
        ),
        pytest.param(ChannelName.EMAIL, ANA, Stranger(Unknown.UNPROVEN), id="a-from-line"),
        pytest.param(ChannelName.SMS, ANA, Stranger(Unknown.UNPROVEN), id="a-senders-number"),
    ],
)
def test_only_an_active_user_of_the_same_odoo_is_recognised(
    channel: ChannelName, holder: Person | None, found: Recognised | Stranger
) -> None:
    assert recognised(channel, Wire.LIVE, holder) == found


@pytest.mark.parametrize(
    ("held", "member", "step"),
    [
        pytest.param(None, FOUND, Step(join="U0ANA1234"), id="found-for-the-first-time"),
        pytest.param("U0ANA1234", FOUND, Step(), id="as-before"),
        pytest.param("U0OLD1234", FOUND, Step(part=True, join="U0ANA1234"), id="another-account"),
        pytest.param("U0ANA1234", Member(Standing.GUEST), Step(part=True), id="a-guest-now"),
        pytest.param(None, Member(Standing.NOBODY), Step(), id="still-nobody"),
    ],
)
def test_a_directorys_word_is_followed(held: str | None, member: Member, step: Step) -> None:
    assert step_after(held, member) == step


@pytest.mark.parametrize(
    ("person", "accounts", "clash", "add_on", "expected"),
    [
        pytest.param(ANA, [HERS], False, True, (), id="may"),
        pytest.param(ANA, [HERS], False, None, (), id="odoo-was-not-asked"),
        pytest.param(ANA, [HERS], False, False, (Lack.NO_KEY,), id="no-add-on"),
        pytest.param(replace(ANA, has_key=True), [HERS], False, False, (), id="no-add-on-but-a-key"),
        pytest.param(ANA, [], False, True, (Lack.NO_ACCOUNT,), id="no-account"),
        pytest.param(ANA, [REMOVED], False, True, (Lack.NO_ACCOUNT,), id="no-account-any-more"),
        pytest.param(ANA, [], True, True, (Lack.NO_ACCOUNT, Lack.CLASH), id="namesake"),
        pytest.param(ANA, [HERS], True, True, (), id="known-in-spite-of-a-namesake"),
        pytest.param(replace(ANA, email=None), [], False, True, (Lack.NO_ACCOUNT, Lack.NO_EMAIL), id="no-address"),
        pytest.param(replace(ANA, active=False), [], True, False, (Lack.DEACTIVATED,), id="left"),
    ],
)
def test_what_keeps_somebody_from_deciding(
    person: Person, accounts: list[Account], clash: bool, add_on: bool | None, expected: tuple[Lack, ...]
) -> None:
    assert lacks(person, accounts, clash=clash, add_on=add_on) == expected


def test_a_user_of_whom_odoo_says_nothing_new_is_the_same() -> None:
    assert same(AS_USER, ANA)
    for name, value in {"name": "Anna", "companies": (1,), "active": False, "language": "es_ES", "company": 2}.items():
        assert not same(replace(AS_USER, **{name: value}), ANA), name


def test_the_case_of_an_address_is_no_other_address() -> None:
    assert not moved(replace(AS_USER, email="ANA@example.com"), ANA)
    assert moved(replace(AS_USER, email="anna@example.com"), ANA)
    assert moved(replace(AS_USER, email=None), ANA)


def test_no_secret_and_no_address_shows_in_a_log() -> None:
    for value in (ANA, AS_USER, HERS, FOUND, Step(join="U0ANA1234")):
        assert "ana@example.com" not in repr(value)
        assert "U0ANA1234" not in repr(value)


def test_a_clash_names_users_and_no_addresses() -> None:
    told = clash_words(Wire.LIVE, [(10, 11), (12, 13, 14)])
    assert "users 10 and 11; users 12 and 13 and 14" in told


def test_everything_is_told_in_words() -> None:
    assert set(STANDINGS) == set(Standing)
    assert set(UNKNOWN) == set(Unknown)
    assert set(LACKS) == set(Lack)


def test_nobody_is_linked_by_what_proves_nobody() -> None:
    assert set(DIRECTORIES) <= set(LINKABLE)
    assert not UNPROVEN & set(LINKABLE)
