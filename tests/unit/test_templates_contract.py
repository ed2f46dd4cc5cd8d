"""What the templates make is what the providers' own contracts and our stand-in accept."""

import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest

from config.template_files import load_templates
from postroom.domain.channels import ChannelName
from postroom.domain.event_types import EVENT_TYPES
from postroom.domain.meta_limits import LANGUAGES
from postroom.domain.meta_templates import meta_definition
from postroom.domain.own_links import SAMPLE, sample_facts
from postroom.domain.rendering import render
from postroom.domain.templates import TemplateVersion
from sandbox.meta.checks import check
from webhooks.event_schemas import read_schemas
from workers.channels.registry import channel_class
from workers.channels.whatsapp.payload import request_body

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("POSTROOM_SHARED", ROOT.parent / "shared"))
WHATSAPP = load_templates().matching(channel=ChannelName.WHATSAPP)


def contract(name: str) -> Any:
    file = SHARED / "contracts" / "whatsapp" / name
    if not file.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{file} is missing; set POSTROOM_SHARED")
        pytest.skip(f"{file} is missing; set POSTROOM_SHARED")
    return json.loads(file.read_text("utf-8"))


@pytest.mark.parametrize("version", WHATSAPP, ids=lambda version: version.title)
def test_every_whatsapp_message_satisfies_the_cloud_apis_contract(version: TemplateVersion):
    facts = sample_facts(version.event_type)
    capabilities = channel_class(ChannelName.WHATSAPP).capabilities
    rendered = render(version, facts, language=version.language, capabilities=capabilities)

    body = request_body(rendered, "+34600111222", UUID(int=1), media_id="4490709327384033")

    jsonschema_rs.validator_for(contract("send_message.schema.json")).validate(body)


@pytest.mark.parametrize("version", WHATSAPP, ids=lambda version: version.title)
def test_the_sandbox_takes_every_template_for_approval(version: TemplateVersion):
    check("create_template", meta_definition(version, SAMPLE.documents))


def test_the_language_codes_are_metas():
    codes = set(contract("template_languages.json").values()) - {"UNKNOWN"}

    assert codes == LANGUAGES


@pytest.mark.parametrize(("name", "schema"), read_schemas(ROOT / "config" / "events").items())
def test_the_samples_satisfy_the_schemas_of_the_door(name: str, schema: Any):
    jsonschema_rs.validator_for(schema).validate(json.loads(json.dumps(EVENT_TYPES[name].sample)))
