"""cadences.yaml: what it may say, and how its faults are told."""

import json
from datetime import timedelta
from decimal import Decimal

import jsonschema_rs
import pytest
import yaml

from config.cadences import CADENCES_FILE, load_cadences, read_cadences
from config.cadences_schema import SCHEMA_FILE, cadences_schema
from config.faults import ConfigRefused
from config.rules import load_routing
from config.template_files import load_templates

SHORT = """\
version: 1
companies: {1: calm}
cadences:
  calm:
    levels:
      friendly: {after: 1d, tone: friendly, by: payment_statement}
      formal: {after: 30d, tone: formal, by: payment_notice, approval: true}
    windows:
      default: {mon-fri: 09:00-18:00}
"""


def faults_of(source: str, **more: object) -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        read_cadences(source, file="c.yaml", **more)  # type: ignore[arg-type]
    return [str(fault) for fault in refused.value.faults]


def test_our_own_file_names_rules_that_exist_and_asks_nobody_unasked() -> None:
    rules = [rule.message_type for rule in load_routing(templates=load_templates()).rules]
    assert load_cadences(rules=rules).by_company == {}


def test_a_company_goes_by_the_cadence_that_it_names_and_by_no_other() -> None:
    cadences = read_cadences(SHORT, file="c.yaml")
    calm = cadences.of("1")
    assert calm is not None
    assert [(level.name, level.after, level.grave) for level in calm.levels] == [
        ("friendly", 1, False),
        ("formal", 30, True),
    ]
    assert (calm.min_interval, calm.tolerance) == (timedelta(days=5), Decimal(1))
    assert cadences.of("2") is None


def test_every_fault_is_told_at_once_with_its_place_and_remedy() -> None:
    told = faults_of(
        SHORT.replace("calm}", "clam}")
        .replace("after: 1d", "after: soon")
        .replace("by: payment_notice", "by: payment_notise")
        .replace("default: {mon-fri: 09:00-18:00}", "Spain: {mon-fri: 18:00-09:00}"),
        rules=["payment_statement", "payment_notice"],
    )
    assert len(told) == 5
    assert all(line.startswith("c.yaml:") for line in told)
    assert any("'clam' is not a cadence of this file. Did you mean calm?" in line for line in told)
    assert any("'soon' is not a number of days. Write 7d, or -3d" in line for line in told)
    assert any("Did you mean payment_notice?" in line for line in told)
    assert any("'Spain' is no country" in line for line in told)
    assert any("does not open before it closes" in line for line in told)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param(("after: 30d", "after: 1d"), "each later than the one before it", id="two on one day"),
        pytest.param(("by: payment_notice", "hand_over: true"), "hands over and writes", id="approval of a hand-over"),
        pytest.param(
            ("tone: friendly, by", "approval: true, tone: friendly, by"), "somebody must have been warned", id="grave"
        ),
        pytest.param(("default:", "ES:"), "says not when countries are written to", id="no default hours"),
        pytest.param(("    windows", "    stale_from: firm\n    windows"), "is not a level of this", id="no level"),
        pytest.param(("    windows", "    strategic: [acme]\n    windows"), "not a customer: acme", id="customer"),
        pytest.param(("    windows", "    tolerance: -1\n    windows"), "is not an amount", id="amount"),
        pytest.param(("    windows", "    min_interval: 90m\n    windows"), "is not whole days", id="days"),
    ],
)
def test_what_would_treat_a_customer_badly_is_refused(changed: tuple[str, str], words: str) -> None:
    told = faults_of(SHORT.replace(*changed))
    assert any(words in line for line in told), told


def test_the_published_schema_is_that_of_the_reader() -> None:
    assert json.loads(SCHEMA_FILE.read_text("utf-8")) == cadences_schema()


def test_the_shipped_file_fits_its_schema() -> None:
    jsonschema_rs.validator_for(cadences_schema()).validate(yaml.safe_load(CADENCES_FILE.read_text("utf-8")))
