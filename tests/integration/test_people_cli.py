"""postroom people, on the real database, against the sandbox's Odoo, Slack and Teams."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from postroom.cli.app import app
from postroom.cli.faults import Refused
from postroom.store.engine import connect
from sandbox.odoo.seed import key_of
from sandbox.testing import SECRET, Running, running_sandbox
from tests.builders import keep, of_type, query

ANA, PAT = "105", "104"

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running_sandbox() as started:
        yield started


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = connect(database_url)
    yield made
    made.dispose()


@pytest.fixture
def run(database_url: str, sandbox: Running) -> Run:
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EVENT_SECRETS": "odoo=whsec_AAAA",
        "SEALING_KEYS": "k1=" + "A" * 43 + "=",
        "BLIND_KEY": "blind",
        "SANDBOX_URL": sandbox.url,
        "SANDBOX_SECRET": SECRET,
        "COLUMNS": "220",
    }

    def invoke(*words: object, **more: str) -> Result:
        return CliRunner().invoke(app, ["people", *map(str, words)], env=environment | more)

    return invoke


def told(result: Result) -> Any:
    assert result.exception is None, result.exception
    return json.loads(result.stdout)


def refusal(result: Result) -> Refused:
    assert isinstance(result.exception, Refused), result.output
    return result.exception


def accounts(engine: Engine) -> list[tuple[Any, ...]]:
    rows = query(
        engine,
        """select p.user_id, a.channel, a.how, a.removed_at is null from person_account a
        join person p on p.id = a.person_id order by p.user_id, a.channel, a.verified_at""",
    )
    return [tuple(row) for row in rows]


# Sync -----------------------------------------------------------------------------------------------------------------


def test_a_sync_knows_users_by_their_accounts_in_slack_and_teams(run: Run, engine: Engine) -> None:
    done = told(run("sync", "--json"))
    assert done["ok"]
    assert done["odoo"] == {"new": 8, "changed": 0, "gone": 0, "as_before": 0}
    assert done["slack"]["found"] == done["teams"]["found"] == {"found": 8}
    assert len(accounts(engine)) == 16
    again = told(run("sync", "--json"))
    assert (again["odoo"]["as_before"], again["slack"]["found"]) == (8, {})


def test_a_dry_run_says_what_would_change_and_keeps_nothing(run: Run, engine: Engine) -> None:
    result = run("sync", "--dry-run")
    assert "8 new, 0 changed, 0 gone" in result.stdout
    assert query(engine, "select from person") == []


def test_an_odoo_that_does_not_answer_is_named_with_what_to_try(run: Run) -> None:
    refused = refusal(run("sync", SANDBOX_URL="http://127.0.0.1:1"))
    assert refused.attempt == "postroom odoo check"
    assert refused.code == 75


def test_an_odoo_without_credentials_is_named(run: Run) -> None:
    assert refusal(run("sync", "--wire", "live")).attempt == "postroom connect odoo"


# List and show --------------------------------------------------------------------------------------------------------


def test_people_are_listed_with_their_accounts_masked(run: Run) -> None:
    run("sync")
    listed = run("list").stdout
    assert "Ana Approver" in listed
    (ana,) = [each for each in told(run("list", "--json")) if each["user_id"] == int(ANA)]
    (slack,) = [each["address"] for each in ana["accounts"] if each["channel"] == "slack"]
    assert "•" in slack
    assert slack in listed
    assert ana["lacks"] == []
    assert run("list", "--unmapped").stdout == "Everybody is known.\n"


def test_only_those_of_a_company_are_listed(run: Run) -> None:
    run("sync")
    assert len(told(run("list", "--company", 1, "--json"))) == 8
    assert told(run("list", "--company", 999, "--json")) == []


@pytest.mark.parametrize("named", [ANA, f"user:{ANA}", "approver", "APPROVER@example.com"])
def test_somebody_is_named_by_id_login_or_address(run: Run, named: str) -> None:
    run("sync")
    shown = run("show", named).stdout
    assert "105 of the sandbox Odoo (partner 205, database " in shown
    assert "by his email address, since" in shown
    assert "approver@example.com" not in shown
    assert "approver@example.com" in run("show", named, "--reveal").stdout


def test_what_somebody_cannot_do_is_said_with_its_remedy(run: Run) -> None:
    run("link", ANA, "--slack", "U0ANA1234")
    run("unlink", ANA, "--slack", "U0ANA1234")
    shown = run("show", ANA).stdout
    assert "no account is known to be his. Try: postroom people link 105" in shown


def test_nobody_is_named_with_what_to_do(run: Run) -> None:
    assert refusal(run("show", "somebody")).attempt == "postroom people sync"


def test_a_wire_that_does_not_exist_is_named(run: Run) -> None:
    assert "'both' is none of sandbox, live" in str(refusal(run("list", "--wire", "both")))


# Link and unlink ------------------------------------------------------------------------------------------------------


def test_linking_asks_odoo_and_keeps_who_did_it(run: Run, engine: Engine) -> None:
    linked = run("link", ANA, "--slack", "U0ANA1234", "--whatsapp", "+34 600 111 222")
    assert "Ana Approver (user 105) is known by U0A•••234 on Slack." in linked.stdout
    assert accounts(engine) == [(105, "slack", "link", True), (105, "whatsapp", "link", True)]
    assert query(engine, "select distinct verified_by from person_account")[0].verified_by
    assert "was known by" in run("link", ANA, "--slack", "U0ANA1234").stdout


def test_what_can_be_no_account_is_refused_all_at_once(run: Run, engine: Engine) -> None:
    refused = refusal(run("link", ANA, "--slack", "ana@example.com", "--teams", "19:abc@thread", "--whatsapp", "12"))
    assert refused.code == 2
    assert all(f"--{channel}" in str(refused) for channel in ("slack", "teams", "whatsapp"))
    assert query(engine, "select from person") == []


def test_a_link_without_an_account_is_refused(run: Run) -> None:
    assert "No account is given: --slack or --teams or --whatsapp." in str(refusal(run("link", ANA)))


@pytest.mark.parametrize("named", ["4711", "109"], ids=["nobody", "portal"])
def test_whoever_is_no_internal_user_is_refused(run: Run, named: str) -> None:
    assert f"no internal user {named}" in str(refusal(run("link", named, "--slack", "U0ANA1234")))


def test_our_own_user_decides_nothing(run: Run) -> None:
    assert "is our own" in str(refusal(run("link", "2", "--slack", "U0ANA1234")))


def test_what_is_anothers_is_refused_with_the_commands_that_free_it_and_nothing_is_linked(
    run: Run, engine: Engine
) -> None:
    run("link", PAT, "--slack", "U0ANA1234", "--whatsapp", "+34600111222")
    teams = str(uuid4())
    refused = refusal(run("link", ANA, "--slack", "U0ANA1234", "--whatsapp", "+34600111222", "--teams", teams))
    assert str(refused).count("belongs to user 104 (Pat Purchase Manager)") == 2
    first, second = refused.attempt.split(" && ")
    assert first == "postroom people unlink 104 --slack U0ANA1234 --wire sandbox"
    assert [each for each in accounts(engine) if each[0] == 105] == []
    for command in (first, second):
        assert run(*command.split()[2:]).exit_code == 0
    assert run("link", ANA, "--slack", "U0ANA1234", "--teams", teams).exit_code == 0


def test_an_account_that_a_directory_gave_stays_away_once_it_is_unlinked(run: Run, engine: Engine) -> None:
    run("sync")
    (ana,) = [each for each in told(run("list", "--json", "--reveal")) if each["user_id"] == int(ANA)]
    (slack,) = [each["address"] for each in ana["accounts"] if each["channel"] == "slack"]
    run("unlink", ANA, "--slack", slack)
    query(engine, "update person_lookup set asked_at = asked_at - interval '2 days'")
    assert told(run("sync", "--json"))["slack"]["found"] == {"found": 7, "parted": 1}
    assert "an operator said that whoever has his email address there is not he" in run("show", ANA).stdout


def test_what_is_not_his_cannot_be_unlinked(run: Run) -> None:
    run("link", PAT, "--slack", "U0ANA1234")
    run("link", ANA, "--slack", "U0ANA5678")
    refused = refusal(run("unlink", ANA, "--slack", "U0ANA1234", "--whatsapp", "+34600111222"))
    assert str(refused) == "The Slack account is user 104's. The WhatsApp account is nobody's."


# Keys -----------------------------------------------------------------------------------------------------------------


def test_a_key_is_kept_sealed_once_odoo_knows_him_by_it(run: Run, engine: Engine) -> None:
    key = key_of(SECRET, "approver")
    assert told(run("key", ANA, "--json", ODOO_PERSON_KEY=key)) == {"ok": True, "user_id": 105, "own_key": True}
    (row,) = query(engine, "select api_key from person where user_id = 105")
    assert key.encode() not in row.api_key
    assert "given, sealed" in run("show", ANA).stdout
    run("key", ANA, "--remove")
    assert query(engine, "select api_key from person where user_id = 105")[0].api_key is None


@pytest.mark.parametrize("key", ["nonsense", key_of(SECRET, "pmanager")], ids=["wrong", "anothers"])
def test_a_key_that_is_not_his_is_not_kept(run: Run, engine: Engine, key: str) -> None:
    refused = refusal(run("key", ANA, ODOO_PERSON_KEY=key))
    assert refused.attempt == "postroom people key 105"
    assert key not in str(refused)
    assert query(engine, "select api_key from person where user_id = 105")[0].api_key is None


def test_a_key_is_never_asked_for_where_nobody_is(run: Run) -> None:
    refused = refusal(run("key", ANA))
    assert refused.code == 2
    assert refused.attempt == "ODOO_PERSON_KEY=… postroom people key 105"


# Check ----------------------------------------------------------------------------------------------------------------


def test_whoever_was_asked_and_cannot_decide_is_named(run: Run, engine: Engine) -> None:
    run("link", ANA, "--slack", "U0ANA1234")
    run("link", PAT, "--slack", "U0PAT1234")
    run("unlink", PAT, "--slack", "U0PAT1234")
    for partner in (205, 204, 4711):
        asked(engine, partner)
    result = run("check", "--json")
    rows = {row["partner_id"]: row for row in json.loads(result.stdout)["people"]}
    assert result.exit_code == 1
    assert rows[205]["remedies"] == []
    assert rows[204]["remedies"] == ["postroom people link 104"]
    assert rows[4711]["lacks"] == ["is no internal user of Odoo that is known here"]
    assert "1 of 3 who were asked can decide." in run("check").stderr


def test_where_nobody_was_asked_nothing_is_wrong(run: Run) -> None:
    result = run("check")
    assert result.exit_code == 0
    assert "Nobody was asked" in result.stdout


def asked(engine: Engine, partner: int) -> None:
    (event,) = keep(engine, of_type("odoo.approval.requested", partner))
    query(
        engine,
        """insert into intent (id, event_id, company, rule, recipient, urgency, subject, plan, facts, languages,
            config_sha256)
        values (:id, :event, '1', 'approval_request', :recipient, 'urgent', 'purchase.order:42', '{}', '', '[]', '')""",
        id=uuid4(),
        event=event,
        recipient=f"partner:{partner}",
    )


# Somebody in his place ------------------------------------------------------------------------------------------------


def test_somebody_is_let_decide_for_another_until_it_is_taken_back(run: Run) -> None:
    run("sync")
    made = run("delegate", ANA, "--to", PAT, "--until", "2099-01-06")
    assert f"is not asked: user {PAT} decides for him" in made.stdout
    assert told(run("delegate", ANA, "--to", PAT, "--from", "2098-12-21", "--json"))["delegate"] == int(PAT)
    assert "decides himself again" in run("delegate", ANA, "--remove").stdout
    assert "decided himself already" in run("delegate", ANA, "--remove").stdout

    kept = told(run("show", ANA, "--json"))["delegations"]
    assert [(each["to"], each["until"] is None, bool(each["ended_by"])) for each in kept] == [
        (int(PAT), True, True),
        (int(PAT), False, True),  # the newer one took its place
    ]
    assert "taken back by" in run("show", ANA).stdout


def test_a_delegation_that_could_not_be_is_refused_with_everything_that_is_wrong(run: Run) -> None:
    run("sync")
    wrong = refusal(run("delegate", ANA, "--to", PAT, "--from", "soon", "--until", "2026-02-30"))
    assert "--from 'soon' is no day and --until '2026-02-30' is no day" in str(wrong)
    assert "over before it begins" in str(refusal(run("delegate", ANA, "--to", PAT, "--until", "2020-01-01")))
    assert "in his own place" in str(refusal(run("delegate", ANA, "--to", ANA)))
    assert "or --remove it" in str(refusal(run("delegate", ANA)))
