"""The least rights that do: what is wanted in Odoo follows from one table, and never holds too much."""

import pytest
from pydantic import SecretStr

from config.settings import Settings
from postroom.cli.odoo.keeping import command_secret, to_keep
from postroom.cli.odoo.reaching import Target
from postroom.cli.odoo.wanted import (
    ADD_ON_GROUP,
    HIS_OWN,
    NOTHING,
    SEVERAL_COMPANIES,
    Bridge,
    Groups,
    Ref,
    Wanted,
    the_group,
    the_rights,
    the_user,
)
from postroom.domain.commands import secret_bytes
from postroom.odoo.rights import FORBIDDEN, RIGHTS, Right

MODELS = {right.model: number for number, right in enumerate(RIGHTS, 1)}
WANTED = list(the_rights(MODELS))
TARGET = Target("https://erp.example.com", "prod", "admin", "an-administrators-key")
UUID = "0a4e6d44-53c9-11f1-9d3e-0242ac120002"


def of(model: str, kind: str) -> list[Wanted]:
    return [each for each in WANTED if each.model == kind and each.values["model_id"] == MODELS[model]]


def test_every_record_has_a_name_of_its_own() -> None:
    assert len({each.name for each in WANTED}) == len(WANTED)


def test_nothing_may_be_deleted() -> None:
    assert not any(each.values["perm_unlink"] for each in WANTED if each.model == "ir.model.access")


@pytest.mark.parametrize("right", [right for right in RIGHTS if right.posts], ids=lambda right: right.model)
def test_the_right_to_post_reaches_no_record(right: Right) -> None:
    (access,) = of(right.model, "ir.model.access")
    (rule,) = of(right.model, "ir.rule")
    assert access.values["perm_write"]
    assert rule.values["domain_force"] == NOTHING
    assert rule.values["perm_write"]
    assert not rule.values["perm_read"]


@pytest.mark.parametrize("right", [right for right in RIGHTS if right.own], ids=lambda right: right.model)
def test_of_tickets_only_his_own_are_written(right: Right) -> None:
    (rule,) = of(right.model, "ir.rule")
    assert rule.values["domain_force"] == HIS_OWN


def test_what_is_only_read_cannot_be_written_at_all() -> None:
    for right in RIGHTS:
        (access,) = of(right.model, "ir.model.access")
        assert access.values["perm_write"] == (right.write or right.posts), right.model
        assert access.values["perm_create"] == right.create, right.model


def test_a_document_that_is_posted_beside_is_proven_to_be_unchangeable() -> None:
    changed = {each.model for each in FORBIDDEN if each.operation == "write"}
    assert {right.model for right in RIGHTS if right.posts} <= changed


def test_a_model_that_is_not_installed_is_passed_over() -> None:
    assert {each.values["model_id"] for each in the_rights({"sale.order": 7})} == {7}


def test_keys_live_a_year_where_odoo_wants_an_end() -> None:
    assert "api_key_duration" not in the_group(["name"]).values
    assert the_group(["name", "api_key_duration"]).values["api_key_duration"] == 365


@pytest.mark.parametrize(
    ("companies", "add_on", "more"),
    [((1,), False, set()), ((1, 2), False, {SEVERAL_COMPANIES}), ((1,), True, {ADD_ON_GROUP})],
    ids=["one company", "several", "with the add-on"],
)
def test_the_user_has_no_group_that_he_does_not_need(companies: tuple[int, ...], add_on: bool, more: set[str]) -> None:
    user = the_user(Bridge("bridge", "erp@example.com", companies, "group_ids", add_on))
    groups = user.values["group_ids"]
    assert isinstance(groups, Groups)
    least = {"base.group_user", "group_bridge", "mail.group_mail_notification_type_inbox"}
    assert set(groups.refs) == {Ref(name) for name in least | more}
    assert "password" not in {**user.values, **user.at_birth}


# What is kept ---------------------------------------------------------------------------------------------------------


def settings(**changes: object) -> Settings:
    return Settings.model_construct(**changes)  # type: ignore[arg-type]


def test_only_what_differs_is_kept() -> None:
    secret = "whsec_" + "A" * 44
    had = settings(
        odoo_url=TARGET.url,
        odoo_db="prod",
        odoo_login="bridge",
        odoo_api_key=SecretStr("key"),
        odoo_database_uuids=UUID,
        odoo_command_secret=SecretStr(secret),
    )
    assert to_keep(had, TARGET, login="bridge", key="", database=UUID, secret=secret) == {}
    assert to_keep(had, TARGET, login="bridge", key="new", database=UUID, secret=secret) == {"ODOO_API_KEY": "new"}


def test_without_a_key_the_login_stays_as_it_was() -> None:
    kept = to_keep(settings(odoo_login="old"), TARGET, login="bridge", key="", database=UUID, secret="s")
    assert set(kept) == {"ODOO_URL", "ODOO_DB", "ODOO_DATABASE_UUIDS", "ODOO_COMMAND_SECRET"}


def test_another_database_is_added_to_those_that_are_known() -> None:
    kept = to_keep(settings(odoo_database_uuids="b, a"), TARGET, login="bridge", key="k", database="C", secret="s")
    assert kept["ODOO_DATABASE_UUIDS"] == "b,a,c"


def test_the_administrators_key_is_never_kept() -> None:
    kept = to_keep(settings(), TARGET, login="bridge", key="his", database=UUID, secret="s")
    assert TARGET.api_key not in kept.values()
    assert TARGET.api_key not in repr(TARGET)


def test_a_command_secret_is_made_once_and_is_long_enough() -> None:
    made = command_secret(settings())
    assert len(secret_bytes(made)) == 32
    assert command_secret(settings(odoo_command_secret=SecretStr(f"{made} whsec_old"))) == made
