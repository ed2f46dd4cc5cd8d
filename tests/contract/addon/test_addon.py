"""What Odoo's add-on and Postroom must agree about, and what of it can be seen without an Odoo."""

import ast
import importlib.util
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest
from babel.messages.pofile import read_po
from standardwebhooks import Webhook

from postroom.domain.approvals import WAYS
from postroom.domain.commands import Command, signed
from webhooks.catalogue import open_catalogue

ROOT = Path(__file__).resolve().parents[3]
ADDON = ROOT / "odoo_addons" / "postroom_connector"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
COMMAND = Command(
    key="k-1", database="d", uid=7, model="purchase.order", id=42, method="button_approve", watch=("state",)
)


@pytest.fixture(scope="module")
def signing() -> ModuleType:
    """The add-on's module by its path: the package around it wants an Odoo."""
    spec = importlib.util.spec_from_file_location("addon_signing", ADDON / "signing.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    told: dict[str, Any] = ast.literal_eval((ADDON / "__manifest__.py").read_text())
    return told


def read(*names: str) -> str:
    return "\n".join((ADDON / name).read_text() for name in names)


# Signatures -----------------------------------------------------------------------------------------------------------


def command_believed(signing: ModuleType, secrets: str, at: datetime) -> bool:
    sent = signed(COMMAND, SECRET, at)
    believed: bool = signing.believed(secrets, COMMAND.key, sent["timestamp"], sent["body"], sent["signature"])
    return believed


@pytest.mark.parametrize("secrets", [SECRET, f"{OTHER} {SECRET}"], ids=["one secret", "while it is rotated"])
def test_the_add_on_believes_the_commands_that_postroom_signs(signing: ModuleType, secrets: str) -> None:
    assert command_believed(signing, secrets, datetime.now(UTC))


@pytest.mark.parametrize(
    ("secrets", "age"),
    [(OTHER, 0), ("", 0), ("whsec_short", 0), (SECRET, 360), (SECRET, -360)],
    ids=["another secret", "no secret", "a secret that is none", "six minutes old", "six minutes ahead"],
)
def test_the_add_on_believes_no_other_command(signing: ModuleType, secrets: str, age: int) -> None:
    assert not command_believed(signing, secrets, datetime.now(UTC) - timedelta(seconds=age))


def test_a_changed_body_is_not_believed(signing: ModuleType) -> None:
    sent = signed(COMMAND, SECRET, datetime.now(UTC))
    body = sent["body"].replace("42", "43")
    assert not signing.believed(SECRET, COMMAND.key, sent["timestamp"], body, sent["signature"])


def test_what_the_add_on_signs_is_a_standard_webhook(signing: ModuleType) -> None:
    secret, body, now = signing.new_secret(), '{"näme": 1}', int(datetime.now(UTC).timestamp())
    headers = {
        "webhook-id": "e-1",
        "webhook-timestamp": str(now),
        "webhook-signature": signing.signature(secret, "e-1", now, body),
    }
    assert Webhook(secret).verify(body.encode(), headers) == {"näme": 1}


def test_a_standard_webhook_is_what_the_add_on_believes(signing: ModuleType) -> None:
    now = datetime.now(UTC)
    signature = Webhook(SECRET).sign("e-1", now, "{}")
    assert signing.believed(SECRET, "e-1", int(now.timestamp()), "{}", signature)


@pytest.mark.parametrize("secret", ["whsec_%%%", "whsec_c2hvcnQ="], ids=["no base64", "too short"])
def test_a_secret_that_is_none_is_said_to_be_none(signing: ModuleType, secret: str) -> None:
    assert signing.fault_of(secret)
    assert signing.fault_of(signing.new_secret()) is None


# Files ----------------------------------------------------------------------------------------------------------------


def test_every_file_of_the_manifest_is_there(manifest: dict[str, Any]) -> None:
    assert manifest["license"] == "LGPL-3"
    assert [name for name in manifest["data"] if not (ADDON / name).is_file()] == []


def test_every_data_file_is_in_the_manifest(manifest: dict[str, Any]) -> None:
    there = {path.relative_to(ADDON).as_posix() for kind in ("*.xml", "*.csv") for path in ADDON.rglob(kind)}
    assert there == set(manifest["data"])


@pytest.mark.parametrize("path", sorted(ADDON.rglob("*.xml")), ids=lambda path: path.name)
def test_the_xml_is_well_formed(path: Path) -> None:
    assert ElementTree.parse(path).getroot().tag == "odoo"


def test_every_model_has_somebody_who_may_read_it() -> None:
    ruled = set(re.findall(r",model_(\w+),", read("security/ir.model.access.csv")))
    assert tables()
    assert ruled == {name.replace(".", "_") for name in tables()}


def test_nobody_sees_what_is_another_companys() -> None:
    ruled = set(re.findall(r'ref="model_(\w+)"', read("security/rules.xml")))
    assert ruled == {"postroom_event", "postroom_command", "postroom_message"}


def tables() -> set[str]:
    """The names of the add-on's own models that have a table."""
    return {
        name
        for file in python_files()
        for node in ast.walk(ast.parse(read(file)))
        if isinstance(node, ast.ClassDef) and ast.unparse(node.bases[0]) in ("models.Model", "models.TransientModel")
        for name in named(node)
    }


def named(node: ast.ClassDef) -> Iterator[str]:
    for line in node.body:
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "_name":
            assert isinstance(line.value, ast.Constant)
            yield str(line.value.value)


def python_files() -> Iterator[str]:
    return (path.relative_to(ADDON).as_posix() for path in ADDON.rglob("*.py") if "tests" not in path.parts)


def test_only_one_file_asks_which_odoo_it_is() -> None:
    assert [name for name in python_files() if "odoo.release" in read(name)] == ["models/compat.py"]


def test_a_neutralised_copy_keeps_no_secret_and_no_address() -> None:
    parameters = set(re.findall(r'config_parameter="([\w.]+)"', read("models/settings.py")))
    deleted = set(re.findall(r"'(postroom_connector\.\w+)'", read("data/neutralize.sql")))
    harmless = {"postroom_connector.source", "postroom_connector.reminders"}
    assert parameters - harmless == deleted


# Agreement ------------------------------------------------------------------------------------------------------------


def allowed() -> set[tuple[str, str]]:
    records = ElementTree.parse(ADDON / "data" / "allowed_methods.xml").getroot().findall("record")
    fields = [{field.get("name"): field.text for field in record} for record in records]
    return {(row["model"] or "", row["method"] or "") for row in fields}


def test_every_method_by_which_postroom_decides_is_allowed() -> None:
    called = {
        (way.through[1] if way.through else model, step.method)
        for model, versions in WAYS.items()
        for way in versions.values()
        for steps in (way.approve, way.reject)
        for step in steps.values()
    }
    assert called - allowed() == set()


def test_every_event_of_the_add_on_is_one_that_postroom_takes() -> None:
    told = set(re.findall(r'"(odoo\.[a-z_]+\.[a-z_]+)"', read("models/watch.py")))
    assert told
    assert told <= set(open_catalogue(ROOT / "config" / "events").schemas)


def test_the_facts_of_an_approval_are_those_of_its_schema() -> None:
    """The block is a literal: its keys are compared with the schema's, which takes no others."""
    schema = json.loads((ROOT / "config" / "events" / "odoo.approval.requested.json").read_text())
    block = schema["properties"]["approval"]
    keys = next(
        {key.value for key in value.keys if isinstance(key, ast.Constant)}
        for node in ast.walk(ast.parse(read("models/watch.py")))
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "approval" and isinstance(value, ast.Dict)
    )
    assert set(block["required"]) <= keys <= set(block["properties"])


# Words ----------------------------------------------------------------------------------------------------------------

LANGUAGES = ("es", "fr", "de")
PLACES = re.compile(r"%(?:\(\w+\))?s")


def words(name: str) -> dict[str, str]:
    with (ADDON / "i18n" / name).open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id}


def said() -> set[str]:
    """What the source tells people: the texts given to _()."""
    return {
        str(node.args[0].value)
        for file in python_files()
        for node in ast.walk(ast.parse(read(file)))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "_" and isinstance(node.args[0], ast.Constant)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_it_says_is_said_in_each_language(language: str) -> None:
    translated = words(f"{language}.po")
    assert said()
    assert said() - {text for text, words in translated.items() if words} == set()


def test_nothing_is_said_where_odoo_cannot_tell_the_language() -> None:
    """_() finds it by the `self` around it; a plain function would speak English to everybody."""
    plain = {
        f"{file}: {function.name}"
        for file in python_files()
        for function in ast.walk(ast.parse(read(file)))
        if isinstance(function, ast.FunctionDef) and not (function.args.args and function.args.args[0].arg == "self")
        if any(isinstance(call, ast.Call) and ast.unparse(call.func) == "_" for call in ast.walk(function))
    }
    assert plain == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_have_the_places_of_what_they_translate(language: str) -> None:
    odd = [text for text, told in words(f"{language}.po").items() if PLACES.findall(text) != PLACES.findall(told)]
    assert odd == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_translated_that_is_said_no_more(language: str) -> None:
    assert set(words(f"{language}.po")) - set(words("postroom_connector.pot")) == set()
