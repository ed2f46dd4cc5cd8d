"""companies.yaml: read whole or refused whole."""

import json
from dataclasses import replace

import pytest

from config.companies import COMPANIES_FILE, load_companies, read_companies
from config.companies_schema import SCHEMA_FILE, companies_schema
from config.faults import ConfigRefused
from postroom.domain.channels import ChannelName
from postroom.domain.companies import Companies

DEFAULT = "version: 1\ndefault: {timezone: UTC, hours: {mon-sat: 09:00-18:00}}\n"


def read(companies: str = "{}", default: str = DEFAULT) -> Companies:
    return read_companies(f"{default}companies:{companies}", file="companies.yaml")


def faults_of(source: str) -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        read_companies(source, file="companies.yaml")
    return [str(fault) for fault in refused.value.faults]


def test_the_shipped_file_is_read_and_its_hours_lie_inside_the_narrowest_that_a_law_asks() -> None:
    practice = load_companies().default
    assert [str(window) for day in practice.hours.week for window in day] == ["09:00-18:00"] * 6
    assert practice.opt_in_required == {ChannelName.WHATSAPP}


def test_a_company_has_what_it_says_and_the_rest_from_the_default() -> None:
    companies = read("\n  1: {name: Acme, timezone: Europe/Madrid, holidays: [ES], team_chat: teams}")
    acme, default = companies.of("1"), companies.default
    assert (acme.name, acme.team_chat, acme.hours.zone, acme.hours.holidays) == (
        "Acme",
        "teams",
        "Europe/Madrid",
        ("ES",),
    )
    assert acme.hours.week == default.hours.week
    assert replace(acme, name=None, team_chat=default.team_chat, hours=default.hours) == default
    assert companies.of("2") == default


def test_days_may_be_spans_and_have_several_windows_until_midnight() -> None:
    week = read('\n  1: {hours: {mon-thu: "09:00-13:00, 15:00-24:00", sun: 10:00-12:00}}').of("1").hours.week
    assert [[str(window) for window in day] for day in week] == [
        *[["09:00-13:00", "15:00-24:00"]] * 4, [], [], ["10:00-12:00"]
    ]  # fmt: skip


def test_an_operator_has_his_addresses_in_their_one_spelling() -> None:
    companies = read('\n  1: {operators: [{name: Ann, phone: "+34 600 111 222", email: A@B.COM, language: es}]}')
    (ann,) = companies.of("1").operators
    assert (ann.phone, ann.email, ann.slack, ann.language) == ("+34600111222", "A@b.com", None, "es")


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        pytest.param("timezone: Mars/Base", "'Mars/Base' is not a time zone. Use a name of the IANA", id="zone"),
        pytest.param("timezone: CEST", "'CEST' is not a time zone", id="an abbreviation"),
        pytest.param("hours: {}", "must say at least one day", id="no day"),
        pytest.param("hours: {mo: 09:00-18:00}", "'mo' is neither a day nor a span of days", id="day"),
        pytest.param("hours: {fri-mon: 09:00-18:00}", "'fri-mon' is neither a day", id="backwards"),
        pytest.param("hours: {mon-fri: 09:00-18:00, tue: 10:00-11:00}", "says tue twice", id="twice"),
        pytest.param("hours: {mon: 18:00-09:00}", "'18:00-09:00' does not open before it closes", id="at night"),
        pytest.param("hours: {mon: 25:00-26:00}", "does not open before it closes", id="no time"),
        pytest.param("hours: {mon: 9-18}", "'9-18' is not a span of hours. Write it as", id="no span"),
        pytest.param('hours: {mon: "09:00-12:00, 11:00-14:00"}', "begins before 09:00-12:00 ends", id="overlap"),
        pytest.param("holidays: [Spain]", "no calendar of holidays is known for 'Spain'", id="country"),
        pytest.param("holidays: [DE-XX]", "DE has no part 'XX'", id="part"),
        pytest.param("team_chat: discord", "'discord' is not a chat of teams. Known: slack, teams", id="chat"),
        pytest.param("opt_in_required: [wattsapp]", "wattsapp. Did you mean whatsapp?", id="channel"),
        pytest.param("sms_segments_per_day: many", "'many' is not a number of segments", id="segments"),
        pytest.param("hours_in_sandbox: maybe", "'maybe' is neither true nor false", id="truth"),
        pytest.param("operators: [{name: Ann}]", "cannot be reached. Give an email", id="unreachable operator"),
        pytest.param("operators: [{name: Ann, email: ann}]", "Write it as ops@example.com", id="operator's address"),
        pytest.param("quiet: true", "'quiet' is not a key of this place", id="key"),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_place_and_remedy(entry: str, fault: str) -> None:
    faults = faults_of(f"{DEFAULT}companies:\n  7: {{{entry}}}")
    assert any(fault in each for each in faults), faults
    assert all(each.startswith("companies.yaml:4:") and "companies.7" in each for each in faults)


def test_all_faults_of_a_file_are_told_at_once() -> None:
    faults = faults_of("version: 2\ndefault: {timezone: X, name: ''}\ncompanies: {1: {team_chat: x}, 2: []}")
    assert len(faults) == 6, faults


def test_the_default_must_say_what_every_other_company_builds_on() -> None:
    assert any(
        "'hours' is missing" in each for each in faults_of("version: 1\ndefault: {timezone: UTC}\ncompanies: {}")
    )


def test_the_published_schema_is_the_one_that_is_made() -> None:
    assert json.loads(SCHEMA_FILE.read_text("utf-8")) == companies_schema()
    assert f"$schema={SCHEMA_FILE.name}" in COMPANIES_FILE.read_text("utf-8")
