"""postroom config, templates and routes: what they print and how they end."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from config.rules import ROUTING_FILE, load_routing
from config.template_files import TEMPLATES_FOLDER, load_templates
from postroom.cli import config, routes, templates
from postroom.domain.event_types import ORDER_CONFIRMED, PAYMENT_REMINDER
from postroom.domain.messages import Urgency

ROOT = typer.Typer()
for name, room in (("config", config), ("templates", templates), ("routes", routes)):
    ROOT.add_typer(room.app, name=name)


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(ROOT, [str(word) for word in words], env={"COLUMNS": "200"})


@pytest.fixture
def bad_routing(tmp_path: Path) -> Path:
    file = tmp_path / "routing.yaml"
    text = ROUTING_FILE.read_text("utf-8").replace("[email]", "[emial]")
    file.write_text(text, "utf-8")
    return file


def test_config_check_passes_the_shipped_configuration():
    result = run("config", "check")

    assert result.exit_code == 0
    assert f"{len(load_routing(templates=load_templates()).rules)} rules" in result.output


def test_config_check_lists_faults_with_remedy_and_ends_with_the_command_to_try(bad_routing: Path):
    result = run("config", "check", "--routing", bad_routing)

    assert result.exit_code == 1
    assert f"{bad_routing}:14:17" in result.output
    assert "Did you mean email?" in result.output
    assert result.output.rstrip().endswith("Mend and run: postroom config check")


def test_config_check_shows_the_faults_of_rules_and_templates_together(bad_routing: Path, tmp_path: Path):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "x.en.yaml").write_text("name: x", "utf-8")

    result = run("config", "check", "--routing", bad_routing, "--templates", folder, "--json")

    files = {Path(fault["file"]).name for fault in json.loads(result.stdout)["faults"]}
    assert files == {"routing.yaml", "x.en.yaml"}
    assert result.exit_code == 1


def test_config_diff_reads_what_config_show_printed(tmp_path: Path):
    kept = tmp_path / "old.json"
    kept.write_text(run("config", "show").stdout, "utf-8")
    changed = tmp_path / "new.yaml"
    changed.write_text(ROUTING_FILE.read_text("utf-8").replace("urgency: bulk", "urgency: urgent"), "utf-8")

    same = run("config", "diff", "--against", kept)
    other = run("config", "diff", "--against", kept, "--routing", changed)

    assert (same.exit_code, other.exit_code) == (0, 1)
    bulk = [
        rule.message_type for rule in load_routing(templates=load_templates()).rules if rule.urgency is Urgency.BULK
    ]
    assert other.stdout.splitlines() == [f"{name}: urgency bulk -> urgent" for name in sorted(bulk)]
    assert "payment_reminder" in bulk


def test_config_diff_against_nothing_ends_with_the_command_to_try(tmp_path: Path):
    result = run("config", "diff", "--against", tmp_path / "absent")

    assert result.exit_code == 2
    assert "Try: postroom config show" in result.output


def test_config_diff_against_a_bad_file_is_no_difference(bad_routing: Path):
    assert run("config", "diff", "--against", bad_routing).exit_code == 2


def test_config_schema_prints_a_json_schema():
    assert json.loads(run("config", "schema").stdout)["title"] == "Postroom routing"


def test_templates_list_holds_every_version_with_its_hash():
    listed = json.loads(run("templates", "list", "--json").stdout)

    shipped = load_templates()
    assert len(listed) == len(list(shipped))
    assert all(len(each["sha256"]) == 64 for each in listed)
    assert "payment_reminder" in run("templates", "list").stdout


def test_templates_show_prints_metas_definition():
    result = run("templates", "show", "payment_reminder", "--channel", "whatsapp", "--provider")

    shown = json.loads(result.stdout)
    assert shown["parameter_format"] == "NAMED"
    assert [each["type"] for each in shown["components"]] == ["BODY", "BUTTONS"]


def test_templates_preview_shows_the_message_in_the_nearest_language(tmp_path: Path):
    page = tmp_path / "page.html"

    result = run("templates", "preview", "payment_reminder", "--language", "es_MX", "--html", page)

    assert result.exit_code == 0
    assert "Hola, Marta Ruiz" in result.stdout
    assert "[Contactar]" in result.stdout
    assert page.read_text("utf-8").startswith("<!doctype html>")


def test_templates_preview_of_a_hostile_event_shows_it_and_obeys_nothing(tmp_path: Path):
    data = {
        **PAYMENT_REMINDER.sample,
        "recipient": {**PAYMENT_REMINDER.sample["recipient"], "name": "[bold]Eve[/bold]"},
    }
    file = tmp_path / "event.json"
    file.write_text(json.dumps({"id": "1", "source": "/odoo/x", "type": PAYMENT_REMINDER.name, "data": data}), "utf-8")

    assert "[bold]Eve[/bold]" in run("templates", "preview", "payment_reminder", "--event", file).stdout


@pytest.mark.parametrize(
    "words",
    [
        ("templates", "preview", "nope"),
        ("templates", "show", "nope"),
        ("templates", "show", "payment_reminder", "--channel", "email", "--provider"),
        ("templates", "preview", "payment_reminder", "--event", "absent.json"),
        ("templates", "preview", "payment_reminder", "--channel", "whatsapp", "--html", "x.html"),
        ("routes", "explain", "nope"),
    ],
    ids=" ".join,
)
def test_a_wrong_word_ends_with_the_command_to_try(words: tuple[str, ...]):
    result = run(*words)

    assert result.exit_code == 2
    assert "Try: postroom " in result.output


def test_templates_lint_finds_what_meta_refuses(tmp_path: Path):
    for source in TEMPLATES_FOLDER.glob("*.yaml"):
        text = source.read_text("utf-8").replace(" Thank you for your business.", "")
        (tmp_path / source.name).write_text(text, "utf-8")

    result = run("templates", "lint", tmp_path)

    assert result.exit_code == 1
    assert "ends with a placeholder (Meta 2388299" in result.output
    assert run("templates", "lint").exit_code == 0


def test_routes_explain_tells_each_channel_and_the_language():
    result = run("routes", "explain", PAYMENT_REMINDER.name)

    assert result.exit_code == 0
    assert "1. WhatsApp: rule payment_reminder" in result.stdout
    assert "2. email: fallback, when WhatsApp fails" in result.stdout
    assert "es: the recipient's language es_ES without its region (nothing written in es_ES)" in result.stdout


def test_routes_explain_supposes_what_it_is_told_to():
    words = ("routes", "explain", ORDER_CONFIRMED.name, "--unreachable", "whatsapp", "--muted", "email", "--json")

    told = json.loads(run(*words).stdout)["messages"][0]

    assert told["stages"] == []
    assert [skip["channel"] for skip in told["skipped"]] == ["whatsapp", "email"]
