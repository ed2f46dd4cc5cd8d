"""Copies of a database are refused: they hold the same secret and the same customers."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.contract.door.senders import Sender
from webhooks.app import create_app
from webhooks.door import Door
from webhooks.origins import ATTRIBUTE, Origins, origins_from

OURS = "0a4e6d44-53c9-11f1-9d3e-0242ac120002"
A_COPY = "0a4e6d44-53c9-11f1-9d3e-0242ac12ffff"


@pytest.fixture
def particular(door: Door) -> Sender:
    """Posts to a door that works for one database."""
    return Sender(create_app(replace(door, origins=origins_from(OURS))).test_client())


def test_an_event_of_our_database_is_taken(particular: Sender, reminder: dict[str, Any]) -> None:
    assert particular.post({**reminder, ATTRIBUTE: OURS}).status_code == 202


def test_the_uuid_may_be_spelled_in_capitals(particular: Sender, reminder: dict[str, Any]) -> None:
    assert particular.post({**reminder, ATTRIBUTE: OURS.upper()}).status_code == 202


def test_binary_mode_names_the_database_in_a_header(particular: Sender, reminder: dict[str, Any]) -> None:
    assert particular.binary({**reminder, ATTRIBUTE: OURS}).status_code == 202


@pytest.mark.parametrize(
    ("named", "words"), [({ATTRIBUTE: A_COPY}, "does not know"), ({}, "is missing"), ({ATTRIBUTE: 7}, "does not know")]
)
def test_an_event_from_elsewhere_is_refused_with_the_remedy(
    particular: Sender, reminder: dict[str, Any], named: dict[str, Any], words: str
) -> None:
    answer = particular.post({**reminder, **named})
    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["type"] == "/problems/foreign-database"
    (fault,) = answer.json["errors"]
    assert fault["pointer"] == f"/{ATTRIBUTE}"
    assert words in fault["detail"]
    assert fault["remedy"]


def test_one_foreign_event_refuses_its_whole_batch(
    particular: Sender, reminder: dict[str, Any], engine: Engine
) -> None:
    batch = [{**reminder, ATTRIBUTE: OURS}, {**reminder, "id": "evt-2", ATTRIBUTE: A_COPY}]
    answer = particular.post(batch, content_type="application/cloudevents-batch+json")
    assert answer.status_code == 403
    assert answer.json is not None
    assert [fault["pointer"] for fault in answer.json["errors"]] == [f"/1/{ATTRIBUTE}"]
    assert rows(engine, "select 1 from inbox") == []


def test_the_operators_hear_of_it_once(particular: Sender, reminder: dict[str, Any], engine: Engine) -> None:
    for number in range(3):
        particular.post({**reminder, "id": f"evt-{number}", ATTRIBUTE: A_COPY})
    told = rows(engine, "select key, times, text from notice where closed_at is null")
    assert [(key, times) for key, times, _ in told] == [("foreign-database:odoo", 3)]
    assert "ODOO_DATABASE_UUIDS" in told[0][2]


def test_what_did_not_happen_in_odoo_needs_no_database(particular: Sender, reminder: dict[str, Any]) -> None:
    answer = particular.post({**reminder, "type": "alert.unheard_of"})
    assert answer.status_code == 422  # its type is what is refused


def test_without_the_setting_any_database_is_taken(sender: Sender, reminder: dict[str, Any]) -> None:
    assert sender.post({**reminder, ATTRIBUTE: A_COPY}).status_code == 202


def test_uuids_are_separated_by_commas_or_spaces() -> None:
    assert origins_from(f"{OURS}, {A_COPY.upper()}") == Origins(frozenset({OURS, A_COPY}))


def test_every_uuid_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="'prod', '12'") as refused:
        origins_from(f"prod {OURS} 12")
    assert "postroom odoo check" in str(refused.value)


def rows(engine: Engine, statement: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(statement)).all())
