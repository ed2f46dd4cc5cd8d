"""The template files as one set: read whole or refused whole, each fault with its line."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from config.faults import ConfigFault, ConfigRefused
from config.located import Located, read_yaml
from config.reading import Field, Reading, one_of, suggestion, text
from postroom.domain.channels import ChannelName
from postroom.domain.event_types import PATTERNS
from postroom.domain.languages import normal_tag
from postroom.domain.template_lint import lint, lint_set
from postroom.domain.templates import URL_VARIABLE, TemplateSet, TemplateVersion, template_from, template_set

TEMPLATES_FOLDER = Path(__file__).parent / "templates"


def load_templates(folder: Path = TEMPLATES_FOLDER) -> TemplateSet:
    """Every template of a folder. Raises ConfigRefused with every fault in every file."""
    faults: list[ConfigFault] = []
    written: dict[TemplateVersion, Located] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            written.update(read_template_file(path.read_text("utf-8"), file=str(path)))
        except ConfigRefused as error:
            faults.extend(error.faults)
        except (OSError, UnicodeDecodeError) as error:
            faults.append(ConfigFault(str(path), 1, 1, "", f"cannot be read: {error}", "Save it as UTF-8."))
    templates = template_set(written)
    if not written and not faults:
        faults.append(ConfigFault(str(folder), 1, 1, "", "holds no template", "Add one as docs/templates.md shows."))
    for found in lint_set(templates):
        faults.append(written[found.version].at(found.flaw.path).fault(found.flaw.problem, found.flaw.remedy))
    if faults:
        raise ConfigRefused(faults)
    return templates


@lru_cache(maxsize=256)
def read_template_file(source: str, *, file: str) -> Mapping[TemplateVersion, Located]:
    """The versions in one file, each with the place of its variant. Raises ConfigRefused.

    The same words are read once in a process: to read all files takes 0.8 s, and a command may want them twice.
    """
    document = read_yaml(source, file)
    reading = Reading(document.faults)
    head = reading.mapping(document.root, HEAD)
    _named_as_its_file(reading, document.root, head, Path(file).name)
    variants = reading.entries(head["channels"], "Add one, as in email.") if head["channels"] else {}
    written: dict[TemplateVersion, Located] = {}
    for channel, here in variants.items():
        if channel not in VARIANTS:
            reading.fault(here, f"{channel!r} is not a channel", suggestion(channel, VARIANTS))
            continue
        version = _variant(reading, here, head, ChannelName(channel))
        if version is not None:
            written[version] = here
    reading.refuse_faults()
    return MappingProxyType(written)


def _named_as_its_file(reading: Reading, document: Located, head: Mapping[str, Any], file: str) -> None:
    language = head["language"]
    if language and normal_tag(language) != language:
        remedy = f"Write {normal_tag(language) or 'a tag such as en or pt_BR'}."
        reading.fault(document.at("language"), f"{language!r} is not a language as we write them", remedy)
    expected = f"{head['name']}.{language}.yaml"
    if head["name"] and language and file != expected:
        reading.fault(document.at("name"), f"stands in the file {file}", f"Rename the file to {expected}.")


def _variant(reading: Reading, here: Located, head: Mapping[str, Any], channel: ChannelName) -> TemplateVersion | None:
    before = len(reading.faults)
    fields = reading.mapping(here, VARIANTS[channel])
    for key, inner in INNER.items():
        if fields.get(key) is not None:
            reading.mapping(fields[key], inner)
    for field in _list(reading, fields.get("fields")):
        reading.mapping(field, FIELD)
    for name in _list(reading, fields.get("attachments")):
        reading.value(name, text)
    for button in _list(reading, fields.get("buttons")):
        _button(reading, button, channel)
    if len(reading.faults) > before or not (head["name"] and head["language"] and head["event"]):
        return None
    spec = {"name": head["name"], "language": head["language"], "event": head["event"], "channel": channel.value}
    version = template_from({**here.plain(), **spec})
    for flaw in lint(version):
        reading.fault(here.at(flaw.path), flaw.problem, flaw.remedy)
    return version


def _list(reading: Reading, here: Located | None) -> list[Located]:
    if here is None:
        return []
    if isinstance(here.value, list):
        return here.value
    reading.fault(here, "must be a list", "Begin each entry with a dash.")
    return []


def _button(reading: Reading, here: Located, channel: ChannelName) -> None:
    """A button replies or opens a link; which keys it may have follows from that."""
    entries = reading.entries(here, "Give it a title, and a fact or a reply.")
    if not entries:
        return
    reading.mapping(here, (REPLY_BUTTONS if "reply" in entries else LINK_BUTTONS)[channel])
    url, fact = entries.get("url"), entries.get("fact")
    if url is None and fact is None and "reply" not in entries:
        reading.fault(here, "opens nothing", "Give it a fact, a url, or a reply.")
    if url is None or not isinstance(url.value, str):
        return
    if (fact is not None) != url.value.endswith(URL_VARIABLE):
        problem = "and `fact` belong together: the fact's link is what {{1}} stands for"
        reading.fault(url, problem, "Give both, as in https://erp.example.com/{{1}} with a fact; or neither.")


_ANY = Field(lambda here: here)
_SOME = Field(lambda here: here, required=False)
_TEXT = Field(text)
_WORDS = Field(text, required=False)
_STYLE = Field(one_of(("primary", "danger"), "a style of buttons"), required=False)

HEAD = {
    "name": _TEXT,
    "language": _TEXT,
    "event": Field(one_of(PATTERNS, "an event type of ours")),
    "channels": _ANY,
}
INNER = {
    "meta": {"name": _TEXT, "language": _TEXT, "category": _TEXT},
    "header": {"document": _TEXT},
}
"""The keys of a variant whose values have keys themselves."""
FIELD = {"label": _TEXT, "value": _TEXT}

_REPLY = {"title": _TEXT, "reply": _TEXT, "instead": _WORDS}
_LINK = {"title": _TEXT, "fact": _TEXT}
REPLY_BUTTONS: Mapping[ChannelName, Mapping[str, Field]] = {
    ChannelName.WHATSAPP: _REPLY,
    ChannelName.SLACK: {**_REPLY, "style": _STYLE, "reason": _WORDS},
    ChannelName.TEAMS: {**_REPLY, "style": _STYLE, "reason": _WORDS},
    ChannelName.EMAIL: _REPLY,
    ChannelName.ODOO: _REPLY,
}
LINK_BUTTONS: Mapping[ChannelName, Mapping[str, Field]] = {
    ChannelName.WHATSAPP: {"title": _TEXT, "url": _WORDS, "fact": _WORDS},
    ChannelName.SLACK: {**_LINK, "style": _STYLE},
    ChannelName.TEAMS: {**_LINK, "style": _STYLE},
    ChannelName.EMAIL: _LINK,
    ChannelName.ODOO: _LINK,
}

_CARD = {"title": _TEXT, "text": _TEXT, "fields": _SOME, "buttons": _SOME}
VARIANTS: Mapping[ChannelName, Mapping[str, Field]] = {
    ChannelName.WHATSAPP: {"meta": _ANY, "header": _SOME, "body": _TEXT, "footer": _WORDS, "buttons": _SOME},
    ChannelName.SLACK: _CARD,
    ChannelName.TEAMS: _CARD,
    ChannelName.SMS: {"text": _TEXT},
    ChannelName.EMAIL: {
        "subject": _TEXT,
        "preheader": _TEXT,
        "text": _TEXT,
        "html": _TEXT,
        "footer": _WORDS,
        "attachments": _SOME,
        "buttons": _SOME,
    },
    ChannelName.ODOO: {"title": _TEXT, "text": _TEXT, "buttons": _SOME},
}
"""The keys of each channel's variant; a new channel for people adds its row."""
