"""The block `odoo:` of companies.yaml."""

import pytest

from config.companies import read_companies
from config.faults import ConfigRefused
from postroom.domain.into_odoo import IntoOdoo, Replies

FILE = """
version: 1
default:
  timezone: UTC
  hours: {{mon-sat: 09:00-18:00}}
  odoo: {default}
companies:
  7:
    odoo: {company}
"""


def terms(default: str = "{}", company: str = "{}") -> IntoOdoo:
    source = FILE.format(default=default, company=company)
    return read_companies(source, file="companies.yaml").of("7").odoo


def test_a_company_changes_what_it_names_and_has_the_rest_from_the_default() -> None:
    assert terms() == IntoOdoo()
    assert terms("{project: Care, status: true}", "{replies: note, status: false}") == IntoOdoo(
        replies=Replies.NOTE, project="Care", status=False
    )


def test_every_fault_is_told_at_once_with_its_remedy() -> None:
    with pytest.raises(ConfigRefused) as refused:
        terms("{replies: comments, status: maybe, projekt: x}", '{project: "", contact_requests: 1}')
    told = [str(fault) for fault in refused.value.faults]
    assert len(told) == 5
    assert any("Did you mean comment?" in each for each in told)
    assert any("Did you mean project?" in each for each in told)
    assert any("'maybe' is neither true nor false" in each for each in told)
