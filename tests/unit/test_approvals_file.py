"""approvals.yaml: what it may say, and how its faults are told."""

import json

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from config.approvals import APPROVALS_FILE, load_ways, read_ways
from config.approvals_schema import SCHEMA_FILE, approvals_schema
from config.faults import ConfigRefused
from postroom.domain.approvals import WAYS, Answer, Step

GOOD = """\
version: 1
models:
  account.move:
    approve: {draft: action_post}
    reject: {draft: {method: write, arguments: {vals: {state: cancel}}}}
    approved: [posted]
    rejected: [cancel]
    requester: [invoice_user_id, create_uid]
    versions: [19]
"""
WHOLE = {
    "approve": "{draft: action_post}",
    "reject": "{draft: button_cancel}",
    "approved": "[posted]",
    "rejected": "[cancel]",
}


def faults_of(source: str) -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        read_ways(source, file="approvals.yaml")
    return [str(fault) for fault in refused.value.faults]


def entry(**changed: str) -> str:
    lines = [f"    {key}: {value}" for key, value in {**WHOLE, **changed}.items() if value]
    return "\n".join(["version: 1", "models:", "  account.move:", *lines])


def test_what_is_shipped_adds_nothing_to_what_is_known() -> None:
    assert load_ways() == WAYS


def test_a_model_that_nobody_knew_is_decided_as_the_file_says() -> None:
    ways = read_ways(GOOD, file="approvals.yaml")
    assert set(ways) == {*WAYS, "account.move"}
    (way,) = ways["account.move"].values()
    assert way.steps(Answer.APPROVE) == {"draft": Step("action_post")}
    assert way.steps(Answer.REJECT)["draft"].arguments == {"vals": {"state": "cancel"}}
    assert (way.approved, way.rejected, way.state) == ({"posted"}, {"cancel"}, "state")
    assert way.requester == ("invoice_user_id", "create_uid")


def test_a_model_that_is_known_is_decided_otherwise_in_the_versions_that_are_named() -> None:
    ways = read_ways(GOOD.replace("account.move", "sale.order"), file="approvals.yaml")
    assert ways["sale.order"][17] == WAYS["sale.order"][17]
    assert ways["sale.order"][19].approved == {"posted"}


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        pytest.param({"approve": ""}, "'approve' is missing", id="no way to approve"),
        pytest.param({"approve": "{}"}, "must say what is called in which state", id="nothing is called"),
        pytest.param({"approve": "{draft: _post}"}, "'_post' is not a public method", id="private"),
        pytest.param({"approve": "{draft: unlink}"}, "'unlink' decides nothing", id="not a decision"),
        pytest.param({"reject": "{draft: {call: x}}"}, "is no step", id="no step"),
        pytest.param({"reject": "{draft: {method: write, arguments: [1]}}"}, "arguments have no names", id="list"),
        pytest.param({"approved": "[]"}, "must be a list with something in it", id="empty"),
        pytest.param({"approved": "[1]"}, "holds what is not a word", id="number"),
        pytest.param({"approved": "[draft, posted]"}, "'draft' is also what it leads to", id="open and approved"),
        pytest.param({"rejected": "[posted]"}, "'posted' is also in approved", id="both"),
        pytest.param({"requester": "[Create Uid]"}, "'Create Uid' is not a field", id="field"),
        pytest.param({"versions": "[16]"}, "holds a version that is not spoken", id="version"),
        pytest.param({"aproved": "[x]"}, "Did you mean approved?", id="key"),
    ],
)
def test_each_fault_is_told_with_its_place_and_remedy(changed: dict[str, str], fault: str) -> None:
    faults = faults_of(entry(**changed))
    assert any(fault in each for each in faults), faults
    assert all(each.startswith("approvals.yaml:") and "models.account.move" in each for each in faults)


def test_all_faults_of_a_file_are_told_at_once() -> None:
    source = "version: 2\nmodels:\n  Sale Order: {approve: 1, reject: {a: _b}, approved: [], rejected: [x], more: 1}"
    assert len(faults_of(source)) == 6


def test_the_published_schema_is_the_one_that_is_made() -> None:
    assert json.loads(SCHEMA_FILE.read_text("utf-8")) == approvals_schema()
    assert f"$schema={SCHEMA_FILE.name}" in APPROVALS_FILE.read_text("utf-8")


@pytest.mark.parametrize("text", [GOOD, APPROVALS_FILE.read_text("utf-8")], ids=["an example", "what is shipped"])
def test_the_schema_takes_what_the_file_takes(text: str) -> None:
    jsonschema_rs.validator_for(approvals_schema()).validate(YAML(typ="safe", pure=True).load(text))


@pytest.mark.parametrize("changed", [{"approve": "{draft: unlink}"}, {"approved": "[]"}, {"versions": "[16]"}])
def test_the_schema_refuses_what_the_file_refuses(changed: dict[str, str]) -> None:
    document = YAML(typ="safe", pure=True).load(entry(**changed))
    assert not jsonschema_rs.validator_for(approvals_schema()).is_valid(document)
