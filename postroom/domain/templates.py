"""Templates as values: the wording of one message in one language for one channel, immutable and known by its hash."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from postroom.domain.channels import ChannelName

PLACEHOLDER = re.compile(r"\{\{([a-z][a-z0-9_]*)\}\}")
"""A flat placeholder, as Meta's named parameters are written."""
URL_VARIABLE = "{{1}}"
"""Meta's name for the variable end of a button's link."""


@dataclass(frozen=True, slots=True)
class LinkButton:
    """Opens a link that the event carries, or (without a fact) always the same one."""

    title: str
    fact: str | None
    prefix: str | None = None
    """The fixed beginning that the provider approved; the fact's link must begin with it.

    None with a fact, where a provider approves beginnings: a link of our own, whose beginning is the same for all.
    """
    style: str | None = None


@dataclass(frozen=True, slots=True)
class ReplyButton:
    """Answers us with a payload."""

    title: str
    payload: str
    instead: str | None = None
    """What is written where a channel has no reply buttons and we have no address to answer to."""
    style: str | None = None
    reason: str | None = None
    """The label of a field whose words go with the answer, on channels whose messages have fields."""


ButtonSpec = LinkButton | ReplyButton


@dataclass(frozen=True, slots=True)
class WhatsAppWording:
    """A template as Meta approves it: flat placeholders, nothing else."""

    meta_name: str
    meta_language: str
    category: str
    header: str | None
    """The fact whose document stands over the body."""
    body: str
    footer: str | None
    buttons: tuple[ButtonSpec, ...]


@dataclass(frozen=True, slots=True)
class EmailWording:
    """The parts of an email, each in Jinja's strict sandbox; the layout around them is shared."""

    subject: str
    preheader: str
    text: str
    html: str
    footer: str | None
    buttons: tuple[ButtonSpec, ...]
    attachments: tuple[str, ...] = ()
    """The facts whose documents go with it."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A label, and the value beside it in Jinja; a value that comes out empty takes its label with it."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class CardWording:
    """A message of the places where teams work (Slack, Teams, Odoo), in Jinja's strict sandbox."""

    title: str
    text: str
    fields: tuple[FieldSpec, ...]
    buttons: tuple[ButtonSpec, ...]


@dataclass(frozen=True, slots=True)
class SmsWording:
    """One text in Jinja's strict sandbox; its link is part of it."""

    text: str
    buttons: tuple[ButtonSpec, ...] = ()


Wording = WhatsAppWording | EmailWording | CardWording | SmsWording


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """One wording that never changes; a changed file is another version with another hash."""

    name: str
    language: str
    channel: ChannelName
    event_type: str
    sha256: bytes
    spec: Mapping[str, Any] = field(compare=False)
    """Plain JSON from which `template_from` makes the same version again."""
    wording: Wording

    @property
    def title(self) -> str:
        """As people and errors name it: payment_reminder/en/whatsapp."""
        return f"{self.name}/{self.language}/{self.channel}"


class TemplateMissing(LookupError):
    """Nothing is written for this message on this channel in any language that was asked for."""


@dataclass(frozen=True, slots=True)
class TemplateSet:
    """Every template that this house has."""

    versions: tuple[TemplateVersion, ...]

    def __iter__(self) -> Iterator[TemplateVersion]:
        """In the order of name, language, channel."""
        return iter(self.versions)

    def find(self, name: str, languages: Sequence[str], channel: ChannelName) -> TemplateVersion:
        """The version in the first of the languages that has one. Raises TemplateMissing."""
        written = {version.language: version for version in self.matching(name, channel)}
        for language in languages:
            if language in written:
                return written[language]
        there = f"It is written in {', '.join(sorted(written))}." if written else "It is written in no language."
        raise TemplateMissing(
            f"Template {name!r} has no {channel} variant in {', '.join(languages)}. {there} "
            f"Add config/templates/{name}.{languages[-1] if languages else 'en'}.yaml with channels.{channel}."
        )

    def matching(self, name: str | None = None, channel: ChannelName | None = None) -> tuple[TemplateVersion, ...]:
        """Those of this name and channel; None means any."""
        return tuple(
            version for version in self.versions if name in (None, version.name) and channel in (None, version.channel)
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Every message type that something is written for."""
        return tuple(dict.fromkeys(version.name for version in self.versions))


def template_set(versions: Iterable[TemplateVersion]) -> TemplateSet:
    """The versions in order."""
    return TemplateSet(tuple(sorted(versions, key=lambda version: (version.name, version.language, version.channel))))


def template_from(spec: Mapping[str, Any]) -> TemplateVersion:
    """The version that this JSON describes; the same JSON, whatever its order, is the same version."""
    channel = ChannelName(spec["channel"])
    return TemplateVersion(
        name=spec["name"],
        language=spec["language"],
        channel=channel,
        event_type=spec["event"],
        sha256=hashlib.sha256(canonical(spec).encode()).digest(),
        spec=dict(spec),
        wording=WORDINGS[channel](spec),
    )


def canonical(value: Any) -> str:
    """JSON in its one spelling: sorted keys, no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _whatsapp(spec: Mapping[str, Any]) -> WhatsAppWording:
    meta = spec["meta"]
    return WhatsAppWording(
        meta_name=meta["name"],
        meta_language=meta["language"],
        category=meta["category"],
        header=spec.get("header", {}).get("document"),
        body=spec["body"],
        footer=spec.get("footer"),
        buttons=_buttons(spec),
    )


def _email(spec: Mapping[str, Any]) -> EmailWording:
    return EmailWording(
        subject=spec["subject"],
        preheader=spec["preheader"],
        text=spec["text"],
        html=spec["html"],
        footer=spec.get("footer"),
        buttons=_buttons(spec),
        attachments=tuple(spec.get("attachments", ())),
    )


def _card(spec: Mapping[str, Any]) -> CardWording:
    fields = tuple(FieldSpec(each["label"], each["value"]) for each in spec.get("fields", ()))
    return CardWording(spec["title"], spec["text"], fields, _buttons(spec))


def _sms(spec: Mapping[str, Any]) -> SmsWording:
    return SmsWording(spec["text"])


WORDINGS: Mapping[ChannelName, Callable[[Mapping[str, Any]], Wording]] = MappingProxyType(
    {
        ChannelName.WHATSAPP: _whatsapp,
        ChannelName.SLACK: _card,
        ChannelName.TEAMS: _card,
        ChannelName.SMS: _sms,
        ChannelName.EMAIL: _email,
        ChannelName.ODOO: _card,
    }
)
"""How each channel's variant is read; a new channel for people adds its row."""


def _buttons(spec: Mapping[str, Any]) -> tuple[ButtonSpec, ...]:
    return tuple(_button(button) for button in spec.get("buttons", ()))


def _button(raw: Mapping[str, Any]) -> ButtonSpec:
    if "reply" in raw:
        return ReplyButton(raw["title"], raw["reply"], raw.get("instead"), raw.get("style"), raw.get("reason"))
    prefix = raw["url"].removesuffix(URL_VARIABLE) if "url" in raw else None
    return LinkButton(raw["title"], raw.get("fact"), prefix, raw.get("style"))
