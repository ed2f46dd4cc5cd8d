"""escalations.yaml: what it may say, how its faults are told, and what its schema knows."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import jsonschema_rs
import pytest
import typer
from ruamel.yaml import YAML
from typer.testing import CliRunner

from config.companies import load_companies, read_companies
from config.escalations import ESCALATIONS_FILE, load_chains, read_chains
from config.escalations_schema import SCHEMA_FILE, escalations_schema
from config.faults import ConfigRefused
from config.rules import load_routing
from config.template_files import load_templates
from postroom.cli import config
from postroom.domain.chain_json import from_json, to_json
from postroom.domain.escalation import Deed, Needs, OnLate, Waits

RULES = load_routing(templates=load_templates()).rules
WHOLE = """\
version: 1
chains:
  orders:
    event: odoo.approval.requested
    owner: role:purchase.group_purchase_manager
    when: {models: [purchase.order], companies: [1, "3"]}
    on_late: each
    min_interval: 30m
    levels:
      - {to: asked}
      - {to: [manager, "user:4"], needs: all, when: {over: 5000, currency: EUR}}
      - {to: role:account.group_account_manager, needs: quorum, quorum: 2, when: {over: "20000.50"}}
    steps:
      ask: {notify: asked, by: approval_request}
      remind: {after: 4h, remind: asked, by: approval_reminder, waits: business, times: 3, every: 2h}
      sms: {after: 24h, switch: asked, by: approval_escalation}
      boss: {after: 2d, escalate: [manager, owner], by: approval_request, when: {over: 100}}
      operators: {after: 3d, operators: true}
      give_up: {after: 7d, give_up: true}
"""
ASK = "ask: {notify: asked, by: approval_request}"


def faults_of(source: str, **known: object) -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        read_chains(source, file="escalations.yaml", **known)  # type: ignore[arg-type]
    return [str(fault) for fault in refused.value.faults]


def chain(*steps: str, name: str = "one", more: str = "") -> str:
    """The lines of one chain."""
    lines = [f"  {name}:", "    event: odoo.approval.requested", "    owner: manager", *more.splitlines(), "    steps:"]
    return "\n".join([*lines, *(f"      {step}" for step in steps)]) + "\n"


def file_of(*chains: str) -> str:
    return "version: 1\nchains:\n" + "".join(chains)


def test_what_is_shipped_fits_the_rules_and_the_hours_that_are_shipped() -> None:
    chains = load_chains(rules=RULES, practices=load_companies())
    assert [each.key for each in chains] == ["approval", "alert"]


def test_every_word_of_the_file_comes_into_the_chain_and_is_kept_with_it() -> None:
    (made,) = read_chains(WHOLE, file="escalations.yaml", rules=RULES)

    assert (made.on_late, made.min_interval) == (OnLate.EACH, timedelta(minutes=30))
    assert made.when.companies == {"1", "3"}
    assert made.when.models == {"purchase.order"}
    assert [level.needs for level in made.levels] == [Needs.ANY, Needs.ALL, Needs.QUORUM]
    assert (made.levels[2].quorum, made.levels[2].when.over) == (2, Decimal("20000.50"))
    remind = made.steps[1]
    assert (remind.waits, remind.times, remind.every) == (Waits.BUSINESS, 3, timedelta(hours=2))
    assert [str(each) for each in made.steps[3].to] == ["manager", "owner"]
    assert [step.deed for step in made.steps] == [
        Deed.NOTIFY,
        Deed.REMIND,
        Deed.SWITCH,
        Deed.ESCALATE,
        Deed.OPERATORS,
        Deed.GIVE_UP,
    ]
    assert from_json(json.loads(json.dumps(to_json(made)))) == made


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        pytest.param("{after: 0h, remind: asked, by: x}", "is no time at all", id="zero"),
        pytest.param("{after: -4h, remind: asked, by: x}", "'-4h' is not a duration", id="negative"),
        pytest.param("{after: 4, remind: asked, by: x}", "4 is not a duration", id="no unit"),
        pytest.param("{after: 999999999999d, remind: asked, by: x}", "longer than a year", id="overflow"),
        pytest.param("{after: 367d, remind: asked, by: x}", "longer than a year", id="too long"),
        pytest.param("{remind: asked, by: x}", "is not later than ask, which is done after no time", id="no time"),
        pytest.param("{after: 5m, remind: asked, by: x}", "comes 5m after ask, and between two steps there", id="soon"),
        pytest.param("{after: 4h, by: x}", "does nothing", id="no deed"),
        pytest.param("{after: 4h, remind: asked, escalate: owner, by: x}", "does remind and escalate", id="two deeds"),
        pytest.param("{after: 4h, remind: asked}", "does not say which message it sends", id="no rule"),
        pytest.param("{after: 4h, remind: asked, by: 7}", "7 is not a rule", id="odd rule"),
        pytest.param("{after: 4h, remind: [], by: x}", "must be a list with something in it", id="nobody"),
        pytest.param("{after: 4h, remind: boss, by: x}", "'boss' names nobody", id="unknown audience"),
        pytest.param("{after: 4h, remind: role, by: x}", "'role' names nobody", id="role without a name"),
        pytest.param("{after: 4h, remind: 'role:Managers', by: x}", "'role:Managers' names no group", id="no group"),
        pytest.param("{after: 4h, remind: 'user:0', by: x}", "'user:0' is no user of Odoo", id="no user"),
        pytest.param("{after: 4h, remind: 'user:9999999999', by: x}", "is no user of Odoo", id="user out of bounds"),
        pytest.param("{after: 4h, remind: [asked, asked], by: x}", "'asked' stands twice", id="twice"),
        pytest.param("{after: 4h, operators: false}", "False is not true", id="not done"),
        pytest.param("{after: 4h, operators: true, by: x}", "operators sends nothing", id="operators by a rule"),
        pytest.param("{after: 4h, give_up: true, times: 2}", "give_up is done once", id="given up twice"),
        pytest.param("{after: 4h, remind: asked, by: x, times: 3}", "stands without `every:`", id="times alone"),
        pytest.param("{after: 4h, remind: asked, by: x, every: 3h}", "stands without `times:`", id="every alone"),
        pytest.param("{after: 4h, remind: asked, by: x, times: 51, every: 1h}", "51 is not a number", id="too often"),
        pytest.param("{after: 4h, remind: asked, by: x, times: 0, every: 1h}", "0 is not a number", id="never"),
        pytest.param("{after: 4h, remind: asked, by: x, times: 2, every: 9m}", "shorter than the 15m", id="in a burst"),
        pytest.param("{after: 9d, remind: asked, by: x, times: 50, every: 9d}", "after more than a year", id="endless"),
        pytest.param("{after: 11d, waits: business, remind: asked, by: x}", "more open hours than some", id="business"),
        pytest.param("{after: 4h, waits: bisness, remind: asked, by: x}", "Did you mean business?", id="clock"),
        pytest.param("{after: 4h, remind: asked, by: x, when: {}}", "says nothing", id="empty condition"),
        pytest.param("{after: 4h, remind: asked, by: x, when: {over: -1}}", "-1 is not an amount", id="amount"),
        pytest.param("{after: 4h, remind: asked, by: x, when: {over: .nan}}", "is not an amount", id="no number"),
        pytest.param("{after: 4h, remind: asked, by: x, when: {currency: EUR}}", "without an amount", id="currency"),
        pytest.param(
            "{after: 4h, remind: asked, by: x, when: {over: 1, currency: EUX}}", "'EUX' is not a currency", id="money"
        ),
        pytest.param("{after: 4h, remind: asked, by: x, when: {companies: 1}}", "must be a list", id="no list"),
        pytest.param(
            "{after: 4h, remind: asked, by: x, when: {models: [Order]}}", "'Order' is not a model", id="model"
        ),
        pytest.param("{after: 4h, remnid: asked, by: x}", "Did you mean remind?", id="key"),
    ],
)
def test_a_step_that_cannot_be_meant_is_refused_at_its_line_with_a_remedy(step: str, fault: str) -> None:
    found = faults_of(file_of(chain(ASK, f"again: {step}")))
    assert any(fault in each for each in found), found
    assert all(each.startswith("escalations.yaml:8:") for each in found)


@pytest.mark.parametrize(
    ("first", "fault"),
    [
        ("{after: 1h, notify: asked, by: x}", "makes the question wait"),
        ("{waits: business, notify: asked, by: x}", "makes the question wait"),
        ("{remind: asked, by: x}", "is the first step and asks nobody"),
        ("{operators: true}", "is the first step and asks nobody"),
        ("{notify: asked, by: x, when: {over: 5}}", "makes the question itself depend on something"),
    ],
)
def test_the_first_step_puts_the_question_at_once_and_to_people(first: str, fault: str) -> None:
    assert any(fault in each for each in faults_of(file_of(chain(f"ask: {first}"))))


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("    levels: []", "must be a list with something in it"),
        ("    levels: {to: asked}", "must be a list with something in it"),
        ("    levels: [{needs: all}]", "'to' is missing"),
        ("    levels: [{to: asked, needs: most}]", "'most' is not a way to agree"),
        ("    levels: [{to: asked, needs: quorum}]", "needs: quorum and its number go together"),
        ("    levels: [{to: asked, quorum: 2}]", "needs: quorum and its number go together"),
        ("    levels: [{to: asked, needs: quorum, quorum: 1}]", "1 is not a number that fits here"),
        ("    levels: [" + "{to: asked}, " * 11 + "]", "has 11 levels"),
        ("    min_interval: 10s", "'10s' is out of bounds"),
        ("    on_late: all", "'all' is not a way to be late"),
    ],
)
def test_a_chain_that_cannot_be_meant_is_refused(more: str, fault: str) -> None:
    assert any(fault in each for each in faults_of(file_of(chain(ASK, more=more))))


def test_all_faults_are_told_at_once() -> None:
    source = file_of(
        chain("ask: {notify: boss, by: approval_request}", "again: {after: 0h, operators: true}", name="Bad"),
        "  two: {event: odoo.order, owner: asked}\n",
    )

    told = "\n".join(faults_of(source))

    for fault in ("'Bad' cannot be", "'boss' names nobody", "is no time", "'odoo.order' is not", "names nobody else"):
        assert fault in told
    assert "'steps' is missing" in told
    assert told.count("\n") == 5  # and nothing that only follows from these


def test_only_what_somebody_can_answer_begins_a_chain() -> None:
    source = file_of(chain(ASK)).replace("odoo.approval.requested", "postroom.approval.settled")
    assert "is not an event that somebody can answer" in faults_of(source)[0]


def test_nothing_stands_after_the_step_that_ends_the_chain() -> None:
    late = "operators: {after: 5h, operators: true}"
    assert "which ends the chain" in faults_of(file_of(chain(ASK, "end: {after: 4h, give_up: true}", late)))[0]
    assert read_chains(file_of(chain(ASK, "end: {after: 4h, give_up: true, when: {over: 5}}", late)), file="x")


@pytest.mark.parametrize(
    ("first", "second", "told_apart"),
    [
        ("", "", False),
        ("", "when: {over: 5}", False),
        ("when: {over: 5}", "", True),
        ("when: {over: 5}", "when: {over: 9, currency: EUR}", False),
        ("when: {over: 5, currency: EUR}", "when: {over: 9}", True),
        ("when: {over: 5, currency: EUR}", "when: {over: 9, currency: USD}", True),
        ("when: {companies: [1, 2]}", "when: {companies: [2]}", False),
        ("when: {companies: [1, 2]}", "when: {companies: [2, 3]}", True),
        ("when: {models: [hr.leave]}", "when: {companies: [1]}", True),
        ("when: {models: [hr.leave]}", "when: {models: [hr.leave], over: 1}", False),
    ],
)
def test_a_chain_that_another_always_comes_before_is_refused(first: str, second: str, told_apart: bool) -> None:
    source = file_of(chain(ASK, more=f"    {first}"), chain(ASK, name="two", more=f"    {second}"))
    if told_apart:
        assert len(read_chains(source, file="x")) == 2
    else:
        assert "two: is never followed, for one before it takes all" in faults_of(source)[0]


def test_a_family_of_events_is_taken_when_each_of_its_types_is() -> None:
    kinds = ("stock_out", "fraud", "risk", "anomaly", "system")
    each = [chain(ASK, name=kind).replace("odoo.approval.requested", f"alert.{kind}") for kind in kinds]
    family = chain(ASK, name="rest").replace("odoo.approval.requested", '"alert.*"')

    assert len(read_chains(file_of(*each[1:], family), file="x")) == 5
    assert "rest: is never followed, for stock_out and fraud and" in faults_of(file_of(*each, family))[0]


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        (["ask: {notify: asked, by: approval_requst}"], "Did you mean approval_request?"),
        (["ask: {notify: asked, by: approval_reminder}"], "Write one of approval_request."),
        ([ASK, "then: {after: 4h, remind: asked, by: critical_alert}"], "critical_alert tells of alert.*"),
        ([ASK, "then: {after: 4h, remind: asked, by: approval_outcome}"], "tells of postroom.approval.settled"),
    ],
)
def test_a_step_is_carried_by_a_rule_that_knows_what_the_event_tells(steps: list[str], fault: str) -> None:
    (told,) = faults_of(file_of(chain(*steps)), rules=RULES)
    assert fault in told
    assert f"escalations.yaml:{6 + len(steps)}:" in told


def test_open_hours_that_a_company_does_not_have_in_a_year_are_not_waited_for() -> None:
    head = 'version: 1\ndefault: {timezone: Europe/Madrid, hours: {mon: "09:00-10:00"}}\ncompanies: {}\n'
    late = "late: {after: 2d, waits: business, operators: true}"
    (told,) = faults_of(file_of(chain(ASK, late)), practices=read_companies(head, file="companies.yaml"))
    assert "waits for more open hours than a year has by default" in told
    assert read_chains(file_of(chain(ASK, late)), file="x", practices=load_companies())


def test_the_published_schema_is_the_one_that_is_made() -> None:
    assert json.loads(SCHEMA_FILE.read_text("utf-8")) == escalations_schema()


@pytest.mark.parametrize("source", [WHOLE, ESCALATIONS_FILE.read_text("utf-8")])
def test_the_schema_takes_what_is_good(source: str) -> None:
    jsonschema_rs.validator_for(escalations_schema()).validate(YAML(typ="safe").load(source))


@pytest.mark.parametrize(
    "step",
    [
        "{after: 4, operators: true}",
        "{after: 4h}",
        "{after: 4h, remind: asked}",
        "{after: 4h, remind: boss, by: x}",
        "{after: 4h, remind: asked, operators: true, by: x}",
        "{after: 4h, operators: true, when: {}}",
        "{after: 4h, operators: true, often: 3}",
    ],
)
def test_the_schema_refuses_what_an_editor_can_know(step: str) -> None:
    document = YAML(typ="safe").load(file_of(chain(ASK, f"again: {step}")))
    assert not jsonschema_rs.validator_for(escalations_schema()).is_valid(document)


def test_every_example_of_the_manual_is_good_and_does_what_it_says() -> None:
    manual = (ESCALATIONS_FILE.parent.parent / "docs" / "escalations.md").read_text("utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", manual, re.DOTALL)
    assert len(examples) == 5
    for example in examples:
        assert read_chains(example, file="docs/escalations.md", rules=RULES, practices=load_companies())


def test_config_check_tells_the_faults_of_the_chains_with_those_of_the_rest(tmp_path: Path) -> None:
    root = typer.Typer()
    root.add_typer(config.app, name="config")
    file = tmp_path / "escalations.yaml"
    file.write_text(file_of(chain("ask: {notify: asked, by: approval_requst}")), "utf-8")

    result = CliRunner().invoke(root, ["config", "check", "--escalations", str(file), "--json"])

    (fault,) = json.loads(result.stdout)["faults"]
    assert (result.exit_code, fault["path"]) == (1, "chains.one.steps.ask.by")
    assert "Did you mean approval_request?" in fault["remedy"]
