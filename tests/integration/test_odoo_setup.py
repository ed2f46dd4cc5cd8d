"""postroom odoo setup and check, against the stand-in as 17 and as 19."""

import base64
import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from postroom.cli.faults import Refused
from postroom.cli.odoo import command
from postroom.odoo.access import Access
from postroom.odoo.client import Odoo
from postroom.odoo.connecting import connect
from sandbox.odoo.seed import command_secret
from sandbox.odoo.users import key_of
from sandbox.testing import SECRET, running_sandbox

LOGIN = "postroom"
Run = Callable[..., Result]


@pytest.fixture(params=["17", "19"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An Odoo of each version, fresh."""
    with running_sandbox() as sandbox:
        yield f"{sandbox.url}/odoo{request.param}"


@pytest.fixture
def admin(url: str) -> Odoo:
    return connect(Access(url, "sandbox", "admin", key_of(SECRET, "admin")))


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / "env"


@pytest.fixture
def run(url: str, env_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(command, "HOUSE", tmp_path / "house")
    places = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EVENT_SECRETS": "odoo=whsec_AAAA",
        "SEALING_KEYS": "k1=" + base64.b64encode(bytes(32)).decode(),
        "BLIND_KEY": "blind",
        "ODOO_URL": url,
        "ODOO_DB": "sandbox",
        "ODOO_LOGIN": LOGIN,
        "ODOO_API_KEY": SECRET,
        "ODOO_ADMIN_KEY": key_of(SECRET, "admin"),
    }

    def invoke(*words: str, **changes: str) -> Result:
        key = {"ODOO_ADMIN_KEY": ""} if words[0] == "check" else {}  # the stand-in has no mail servers to look at
        whole = {**places, **key, **changes}
        return CliRunner().invoke(command.app, [*words, "--env-file", str(env_file)], env=whole)

    return invoke


def told(ended: Result) -> dict[str, Any]:
    assert ended.exception is None, ended.output
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def outcomes(ended: Result) -> set[str]:
    return {step["outcome"] for step in told(ended)["steps"]}


def refused(ended: Result) -> str:
    assert isinstance(ended.exception, Refused), ended.output
    return ended.exception.words


SET_UP = ("setup", "--login", LOGIN, "--json")
CHECK = ("check", "--json")


def test_a_dry_run_says_what_would_be_made_and_makes_nothing(run: Run, admin: Odoo, env_file: Path) -> None:
    before = admin.count("ir.model.access", [])
    assert "would create" in outcomes(run(*SET_UP, "--dry-run"))
    assert admin.count("ir.model.access", []) == before
    assert not env_file.exists()


def test_a_second_run_changes_nothing_and_says_so(run: Run) -> None:
    assert "created" in outcomes(run(*SET_UP, "--yes"))
    assert outcomes(run(*SET_UP)) == {"already there"}
    assert "Nothing was changed" in run("setup", "--login", LOGIN).stdout


def test_nothing_is_made_where_nobody_agrees(run: Run, admin: Odoo) -> None:
    before = admin.count("ir.model.access", [])
    assert "agree" in refused(run(*SET_UP))
    assert admin.count("ir.model.access", []) == before


def test_the_settings_are_kept_closed_and_without_the_administrators_key(run: Run, env_file: Path) -> None:
    assert told(run(*SET_UP, "--yes"))["kept"]
    text = env_file.read_text()
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    assert "ODOO_DATABASE_UUIDS=" in text
    assert "ODOO_COMMAND_SECRET=" in text
    assert key_of(SECRET, "admin") not in text


def test_a_secret_that_the_add_on_believes_already_is_taken_over(run: Run, env_file: Path) -> None:
    run(*SET_UP, "--yes")
    assert f"ODOO_COMMAND_SECRET='{command_secret(SECRET)}'" in env_file.read_text()


def test_one_that_is_set_here_is_put_into_the_add_on(run: Run, admin: Odoo) -> None:
    ours = "whsec_" + base64.b64encode(bytes(32)).decode()
    run(*SET_UP, "--yes", ODOO_COMMAND_SECRET=ours)
    [row] = admin.search_read("ir.config_parameter", [["key", "=", "postroom_connector.command_secret"]], ["value"])
    assert row["value"] == ours


def test_what_was_changed_by_hand_is_put_right_with_the_difference(run: Run, admin: Odoo) -> None:
    run(*SET_UP, "--yes")
    (access,) = admin.search("ir.model.access", [["name", "=", "postroom account.move"]])
    admin.write("ir.model.access", [access], {"perm_write": True, "perm_unlink": True})
    steps = told(run(*SET_UP, "--yes"))["steps"]
    (changed,) = [step for step in steps if step["outcome"] == "changed"]
    assert changed["differences"] == ["perm_write: True → False", "perm_unlink: True → False"]
    assert outcomes(run(*SET_UP)) == {"already there"}


def test_what_was_renamed_is_found_again(run: Run, admin: Odoo) -> None:
    run(*SET_UP, "--yes")
    (group,) = admin.search("res.groups", [["name", "=", "Postroom bridge"]])
    admin.write("res.groups", [group], {"name": "Robots"})
    run(*SET_UP, "--yes")
    assert admin.search("res.groups", [["name", "=", "Postroom bridge"]]) == [group]


def test_a_right_that_is_no_longer_asked_for_is_taken_away(run: Run, admin: Odoo) -> None:
    run(*SET_UP, "--yes")
    (model,) = admin.search("ir.model", [["model", "=", "res.partner"]])
    old = admin.create("ir.model.access", {"name": "postroom res.partner", "model_id": model, "perm_write": True})
    name = {"module": "__postroom__", "name": "access_res_partner", "model": "ir.model.access", "res_id": old}
    admin.create("ir.model.data", name)
    assert outcomes(run(*SET_UP, "--yes")) == {"already there", "removed"}
    assert admin.read("ir.model.access", [old], ["id"]) == []


def test_a_group_that_he_was_given_is_taken_from_him_and_named(run: Run, admin: Odoo) -> None:
    run(*SET_UP, "--yes")
    (user,) = admin.search("res.users", [["login", "=", LOGIN]])
    [row] = admin.search_read("ir.model.data", [["name", "=", "group_account_manager"]], ["res_id"])
    field = "groups_id" if "groups_id" in admin.fields("res.users") else "group_ids"
    admin.write("res.users", [user], {field: [[4, row["res_id"]]]})
    steps = told(run(*SET_UP, "--yes"))["steps"]
    (changed,) = [step for step in steps if step["outcome"] == "changed"]
    assert (
        f"-{admin.read('res.groups', [row['res_id']], ['display_name'])[0]['display_name']}"
        in changed["differences"][0]
    )


@pytest.mark.parametrize("login", ["admin", "portal1"])
def test_who_has_power_or_is_a_customer_is_not_taken_over(run: Run, login: str) -> None:
    assert "not to be taken away" in refused(run("setup", "--login", login, "--yes"))


def test_who_is_no_administrator_makes_nothing(run: Run) -> None:
    ended = run("setup", "--admin-login", "buyer", "--yes", ODOO_ADMIN_KEY=key_of(SECRET, "buyer"))
    assert "no administrator" in refused(ended)


def test_a_company_that_odoo_does_not_have_is_named(run: Run) -> None:
    assert "no company 77" in refused(run(*SET_UP, "--company", "77"))


def test_all_that_is_missing_is_named_at_once(run: Run) -> None:
    words = refused(run("setup", ODOO_URL="", ODOO_DB="", ODOO_ADMIN_KEY=""))
    assert "--url, --db, ODOO_ADMIN_KEY" in words


def test_a_key_that_is_refused_is_told_with_odoos_words(run: Run) -> None:
    assert "Odoo: " in refused(run("setup", ODOO_ADMIN_KEY="wrong"))


def test_check_proves_what_he_can_and_what_he_cannot(run: Run) -> None:
    run(*SET_UP, "--yes")
    rows = {(row["what"], row["asked"]): row["health"] for row in told(run(*CHECK))["checks"]}
    assert rows["purchase.order", "read, post"] == "ok"
    assert rows["purchase.order", "must not write"] == "ok"
    assert rows["ir.config_parameter", "must not read"] == "ok"
    assert "fail" not in rows.values()


def test_check_fails_where_a_right_is_missing_and_names_the_remedy(run: Run, admin: Odoo) -> None:
    run(*SET_UP, "--yes")
    gone = admin.search("ir.model.access", [["name", "=", "postroom phone.blacklist"]])
    others = admin.search("ir.model.access", [["model_id.model", "=", "phone.blacklist"]])
    admin.unlink("ir.model.access", [*{*gone, *others}])
    ended = run(*CHECK)
    assert ended.exit_code == 1
    (row,) = [row for row in json.loads(ended.stdout)["checks"] if row["what"] == "phone.blacklist"]
    assert (row["health"], row["remedy"]) == ("fail", "postroom odoo setup")


def test_check_fails_where_he_may_do_too_much(run: Run, admin: Odoo) -> None:
    run(*SET_UP, "--yes")
    shut = admin.search("ir.rule", [["model_id.model", "=", "purchase.order"], ["perm_read", "=", False]])
    admin.unlink("ir.rule", shut)
    ended = run(*CHECK)
    assert ended.exit_code == 1
    failed = [row["what"] for row in json.loads(ended.stdout)["checks"] if row["health"] == "fail"]
    assert failed == ["purchase.order"]


def test_check_without_credentials_says_what_to_do(run: Run) -> None:
    ended = run("check", ODOO_API_KEY="")
    assert ended.exit_code == 1
    assert "postroom odoo setup" in ended.stdout
