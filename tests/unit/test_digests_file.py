"""digests.yaml: read whole, or refused whole with every fault and its remedy."""

import json
from datetime import time

import pytest

from config.digests import load_digests, read_digests
from config.digests_schema import SCHEMA_FILE, digests_schema
from config.faults import ConfigRefused
from postroom.domain.digests import Days, Section
from postroom.domain.escalation import Audience

GOOD = """\
version: 1
companies: [1]
digests:
  sales:
    title: {en: Sales, de: Vertrieb}
    at: "07:30"
    days: every
    to: ["user:7", "role:sales_team.group_sale_manager"]
    email: [{address: Board@EXAMPLE.com, name: The board, language: de_DE, timezone: Europe/Berlin}]
    sections: [invoices, approvals]
"""


def test_a_digest_is_read_whole() -> None:
    (digest,) = read_digests(GOOD, file="digests.yaml")
    assert (digest.name, digest.at, digest.days, digest.companies) == ("sales", time(7, 30), Days.EVERY, ("1",))
    assert digest.sections == (Section.INVOICES, Section.APPROVALS)
    assert digest.readers == (Audience.parse("user:7"), Audience.parse("role:sales_team.group_sale_manager"))
    assert digest.outsiders[0].email == "Board@example.com"


def test_the_digests_that_we_ship_are_read_by_nobody_until_a_company_is_named() -> None:
    shipped = load_digests()
    assert {each.name for each in shipped} == {"sales", "purchasing", "finance", "management", "warehouse"}
    assert {each.companies for each in shipped} == {()}


def test_every_fault_is_told_with_its_line_and_remedy() -> None:
    bad = """\
version: 1
companies: [acme]
digests:
  sales:
    title: {de: Vertrieb}
    at: 7.30
    to: ["manager"]
    sections: [invoises]
  empty:
    title: {en: Empty}
    at: "08:00"
    sections: [invoices]
"""
    with pytest.raises(ConfigRefused) as refused:
        read_digests(bad, file="digests.yaml")
    told = {fault.line: f"{fault.problem} {fault.remedy}" for fault in refused.value.faults}
    words = {2: "no company: acme", 5: "no English title", 6: "not a time of the day", 7: "nobody who could read"}
    assert {line: word in told[line] for line, word in words.items()} == dict.fromkeys(words, True)
    assert "Did you mean invoices?" in told[8]
    assert any("has no readers" in each for each in told.values())


def test_the_published_schema_is_that_of_the_reader() -> None:
    assert json.loads(SCHEMA_FILE.read_text("utf-8")) == digests_schema()
