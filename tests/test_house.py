"""The rules of the house itself: what must fit together, whatever each room does."""

import importlib.metadata
import inspect
import re
import subprocess
from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from ruamel.yaml import YAML
from typer.main import get_command

from config.rules import load_routing
from config.settings import Settings
from config.template_files import load_templates
from postroom.cli.app import app as cli
from postroom.domain import cards, routing
from postroom.domain.addresses import NORMALISERS
from postroom.domain.channels import ChannelName
from postroom.domain.links import Links
from postroom.domain.messages import EDGES, FINAL, State
from postroom.domain.pacing import PACINGS
from postroom.domain.safe_text import CLEANERS
from postroom.store import retention, sweeps
from postroom.store.engine import connect
from postroom.store.schema import metadata
from postroom.store.tables import PARTITIONED
from sandbox.answers import ANSWERS
from sandbox.app import ROUTES
from sandbox.faults import KINDS
from scheduler.beat import TIMETABLE
from scheduler.ticker import HANDLERS
from tests.contract.channels.conftest import BENCHES
from tests.contract.door.senders import door_over
from webhooks.app import create_app
from webhooks.links import Desk
from workers.app import QUEUES, TASKS, app
from workers.channels.registry import CHANNELS, CONFIGS, capabilities, channel_class
from workers.queues import Queue, lane_queue
from workers.wires import SANDBOX_ACCOUNT_SID, SANDBOX_PHONE_NUMBER_ID

ROOT = Path(__file__).resolve().parent.parent
OURS = ("bench", "config", "postroom", "sandbox", "scheduler", "webhooks", "workers")


def procfile() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    return loaded


def consumed(commands: list[str]) -> set[str]:
    found = (re.search(r"-Q (\S+)", command) for command in commands)
    return {queue for match in found if match for queue in match[1].split(",")}


def sources(*packages: str) -> str:
    return "\n".join(path.read_text() for package in packages for path in (ROOT / package).rglob("*.py"))


# Names ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OURS)
def test_no_dependency_owns_one_of_our_names(name: str) -> None:
    owners = set(importlib.metadata.packages_distributions().get(name, ())) - {"postroom"}
    assert not owners, f"{', '.join(owners)} installs a package called {name}; ours would shadow it or be shadowed"


# Queues and tasks -----------------------------------------------------------------------------------------------------


def test_every_queue_is_consumed_in_the_procfile() -> None:
    assert consumed(list(procfile().values())) == {queue.value for queue in Queue}


def test_every_queue_is_consumed_in_compose() -> None:
    commands = [
        command if isinstance(command, str) else " ".join(command)
        for service in compose()["services"].values()
        if (command := service.get("command"))
    ]
    assert consumed(commands) == {queue.value for queue in Queue}


@pytest.mark.parametrize("channel", ChannelName)
def test_every_channel_has_a_queue_for_each_lane(channel: ChannelName) -> None:
    assert {lane_queue(channel, lane) for lane in ("urgent", "normal", "bulk")} <= set(Queue)  # type: ignore[arg-type]


NOWHERE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "EVENT_SECRETS": "odoo=whsec_AAAA",
    "SEALING_KEYS": "k1=" + "A" * 43 + "=",
    "BLIND_KEY": "blind",
}


@pytest.fixture(scope="module", autouse=True)
def _settings_that_lead_nowhere() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in NOWHERE.items():
            patch.setenv(name, value)
        yield


def our_tasks() -> dict[str, Any]:
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def test_every_task_has_a_name_of_its_own_and_goes_to_a_queue_that_exists() -> None:
    for name in our_tasks():
        assert "." not in name, f"{name}: give the task an explicit name"
        assert name in QUEUES, f"{name}: say in workers/app.py which queue it goes to"


def test_no_task_takes_anything_but_ids_and_lanes() -> None:
    allowed = {"channel", "lane", "queue"}
    for name, task in our_tasks().items():
        taken = set(inspect.signature(task.run).parameters)
        assert taken <= allowed, f"{name} takes {taken - allowed}; personal data must never be an argument"


def test_every_task_file_is_imported_by_the_app() -> None:
    files = {path.stem for path in (ROOT / "workers/tasks").glob("*.py") if "@app.task" in path.read_text()}
    assert files == set(TASKS)


def test_a_call_by_hand_finds_the_channels_own_worker() -> None:
    route = app.amqp.router.route({}, "deliver", ("whatsapp", "bulk"))
    assert route["queue"].name == "whatsapp.bulk"


def test_nothing_on_the_timetable_falls_due_between_23_and_24_utc() -> None:
    for name, entry in TIMETABLE.items():
        hours = getattr(entry["schedule"], "hour", set())
        assert 23 not in hours, f"{name}: two dates meet in that hour for most of Europe"


def test_the_timetable_names_tasks_and_queues_that_exist() -> None:
    for name, entry in TIMETABLE.items():
        assert entry["task"] in our_tasks(), name
        assert QUEUES[entry["task"]](*entry.get("args", ())) in set(Queue), name


# States, timers, tables -----------------------------------------------------------------------------------------------

SWEEPERS = {
    State.QUEUED: "_DUE_LANES",
    State.HELD: "_RELEASE",
    State.CLAIMED: "_RECLAIM",
    State.SENDING: "_LOSE_SIGHT",
    State.UNKNOWN: "_CLOSED_WINDOWS",
}
GOOD_UNTIL_TOLD_OTHERWISE = {State.SENT}


def test_every_state_that_is_not_final_has_a_sweeper() -> None:
    assert set(SWEEPERS) | GOOD_UNTIL_TOLD_OTHERWISE | FINAL == set(EDGES)
    for state, name in SWEEPERS.items():
        assert f"'{state}'" in str(getattr(sweeps, name)), f"{name} does not look for {state}"


def test_every_kind_of_timer_has_a_handler() -> None:
    used = set(
        re.findall(r'set_timer\((?:[^()]|\([^()]*\))*?kind="(\w+)"', sources("workers", "scheduler", "postroom"))
    )
    assert used <= set(HANDLERS)
    assert used, "no timer is set anywhere"


def test_the_tables_are_what_the_migrations_make(database_url: str) -> None:
    engine = connect(database_url)
    partitions = re.compile(rf"({'|'.join(PARTITIONED)})_\d{{4}}_\d\d")

    def ours(thing: object, name: str | None, kind: str, *_: object) -> bool:
        return not (kind == "table" and name and partitions.fullmatch(name))

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_every_table_with_personal_data_has_a_retention_period() -> None:
    sealed = {table.name for table in metadata.tables.values() if any(_is_sealed(column) for column in table.columns)}
    kept_with_its_partition = set(PARTITIONED)
    set_by_an_operator = {"allowlist", "callback_receiver"}
    assert sealed <= set(retention.KEEP) | kept_with_its_partition | set_by_an_operator


def _is_sealed(column: Any) -> bool:
    return str(column.type) in {"BLOB", "BYTEA"} and not column.name.endswith(("sha256", "digest"))


def test_every_row_has_its_company() -> None:
    without = {"request", "message_template", "rulebook", "flow_version", "pause", "circuit", "heartbeat", "clock"}
    for table in metadata.tables.values():
        assert "company" in table.columns or table.name in without | {"leg_key"}, table.name


# Channels -------------------------------------------------------------------------------------------------------------

BY_CHANNEL: Mapping[str, Container[str]] = {
    "a title in domain/routing.TITLES": routing.TITLES,
    "words for an address that is gone in domain/routing.NOT_THERE": routing.NOT_THERE,
    "a pace in domain/pacing.PACINGS": PACINGS,
    "a normal form of its addresses in domain/addresses.NORMALISERS": NORMALISERS,
    "a configuration in workers/channels/registry.CONFIGS": CONFIGS,
    "a bench in tests/contract/channels/conftest.BENCHES": BENCHES,
    "faults in sandbox/faults.KINDS": KINDS,
    "answers in sandbox/answers.ANSWERS": ANSWERS,
}


@pytest.mark.parametrize("channel", ChannelName)
def test_every_channel_has_its_row_in_every_table(channel: ChannelName) -> None:
    missing = [row for row, table in BY_CHANNEL.items() if channel not in table]
    assert not missing, f"{channel} wants " + "; ".join(missing)


SENT_TO: Mapping[ChannelName, tuple[str, str]] = {
    ChannelName.WHATSAPP: ("sandbox.meta", f"/v23.0/{SANDBOX_PHONE_NUMBER_ID}/messages"),
    ChannelName.SLACK: ("sandbox.slack", "/slack/api/chat.postMessage"),
    ChannelName.TEAMS: ("sandbox.teams", "/teams/v3/conversations/a:1/activities"),
    ChannelName.SMS: ("sandbox.twilio", f"/twilio/2010-04-01/Accounts/{SANDBOX_ACCOUNT_SID}/Messages.json"),
    ChannelName.ODOO: ("sandbox.odoo", "/odoo/jsonrpc"),
    ChannelName.CALLBACK: ("sandbox.callback", "/callback/erp.example.com/postroom"),
}
"""Who stands in for each provider, and where a message is posted to. Mail does not travel by HTTP."""


@pytest.mark.parametrize("channel", [name for name in ChannelName if name is not ChannelName.EMAIL])
def test_every_channel_that_speaks_http_has_a_stand_in(channel: ChannelName) -> None:
    provider, path = SENT_TO[channel]
    [handler] = [taken for methods, pattern, taken in ROUTES if "POST" in methods and pattern.fullmatch(path)]
    assert handler.__module__.startswith(provider)


def test_the_channels_that_the_rules_expect_to_tell_are_those_that_declare_it() -> None:
    telling = {name for name in ChannelName if capabilities(name).delivered_receipts}
    assert telling - {ChannelName.CALLBACK} == routing.TELLING


def test_the_channels_whose_cards_are_changed_are_those_that_declare_it() -> None:
    assert {name for name in ChannelName if capabilities(name).edits} == cards.EDITED == set(cards.BOLD)
    assert all(hasattr(channel_class(name), "edit") is capabilities(name).edits for name in ChannelName)


LANGUAGES = ("en", "es", "fr", "de")


def test_every_channel_of_every_rule_has_its_words_in_every_language() -> None:
    templates = load_templates()
    written = {(each.name, each.channel, each.language) for each in templates}
    wanted = {
        (rule.message_type, channel, language)
        for rule in load_routing(templates=templates).rules
        for channel in rule.written_for()
        for language in LANGUAGES
    }
    assert not wanted - written
    assert {channel for _, channel, _ in wanted} <= set(CLEANERS), "whose facts would be written without a cleaner"


# The door -------------------------------------------------------------------------------------------------------------


class _Untouched:
    """Whoever touches it has believed something that nobody signed."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"an unsigned request came as far as {name}")


def test_every_address_that_takes_something_refuses_what_nobody_signed() -> None:
    links = Links("a secret for tests", "http://127.0.0.1:8080")
    desk = Desk(links, _Untouched(), lambda company: None)
    door = replace(door_over(_Untouched(), _Untouched(), _Untouched()), desk=desk)
    routes = [rule for rule in create_app(door).url_map.iter_rules() if "POST" in (rule.methods or ())]
    assert {"/v1/events", "/webhooks/meta", "/preferences/<token>", "/unsubscribe/<token>"} <= {r.rule for r in routes}
    client = create_app(door).test_client()
    for route in routes:
        path = re.sub("<[^>]+>", "bm9ib2R5.c2lnbmVk", route.rule)
        for media_type in ("application/json", "application/x-www-form-urlencoded", "message/rfc822"):
            answer = client.post(path, data=b"{}", content_type=media_type)
            assert 400 <= answer.status_code < 500, f"POST {route.rule} answered {answer.status_code}"


# Settings, documents, commands ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_stands_in_the_example(name: str) -> None:
    example = (ROOT / ".env.example").read_text()
    assert re.search(rf"^#? ?{name.upper()}=", example, re.MULTILINE), f"add {name.upper()}= to .env.example"


def test_the_example_names_no_setting_that_does_not_exist() -> None:
    named = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    known = {name.upper() for name in Settings.model_fields}
    process = {"SANDBOX_PORT", "SANDBOX_JOURNAL", "POSTROOM_DIR", "VALKEY_PORT", "VALKEY_PASSWORD", "POSTGRES_PASSWORD"}
    assert named <= known | process, named - known - process


@pytest.mark.parametrize("channel", ChannelName)
def test_every_channel_is_registered_documented_and_has_fixtures(channel: ChannelName) -> None:
    assert channel in CHANNELS
    assert re.search(rf"^#+ .*{channel}", (ROOT / "docs/channels.md").read_text(), re.MULTILINE | re.IGNORECASE)
    assert list((ROOT / "tests/fixtures" / channel.value).iterdir())


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"(?:^|`)make ([a-z]+)", (ROOT / "README.md").read_text(), re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"


def test_every_postroom_command_in_the_documents_exists() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    commands = {
        tuple(found.split())
        for page in pages
        for found in re.findall(r"^(?:\$ )?postroom ((?:[a-z]+ ?){1,2})", page.read_text(), re.MULTILINE)
    }
    assert commands
    known: dict[str, Any] = get_command(cli).commands  # type: ignore[attr-defined]
    for first, *rest in sorted(commands):
        assert first in known, f"postroom {first}"
        below = getattr(known[first], "commands", None)
        if below and rest and rest[0] not in VALUES:
            assert rest[0] in below, f"postroom {first} {rest[0]}"


VALUES = {"company", "channel", "class", "all"}
"""Words in examples that are arguments, not commands."""


def test_no_document_or_module_carries_a_path_of_somebodys_machine() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    ).stdout.split()
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".yml", ".yaml", ".json", ".lock", ".sh", ""} and path.is_file():
            text = path.read_text(errors="ignore")
            assert not re.search(
                r"/(?:home|Users)/[a-z]+/|/work/(?:main|shared)", text.replace("/home/postroom/", "")
            ), name
