"""routing.yaml as rules: read whole or refused whole."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from config.faults import ConfigFault, ConfigRefused
from config.located import Located, read_yaml
from config.reading import Field, Reading, Unreadable, duration, one_of, suggestion, truth
from postroom.domain.channels import ChannelName
from postroom.domain.event_types import EVENT_TYPES
from postroom.domain.languages import LAST_RESORT
from postroom.domain.messages import Urgency
from postroom.domain.routing import Needs, Rule, Stage
from postroom.domain.templates import TemplateSet, canonical

ROUTING_FILE = Path(__file__).parent / "routing.yaml"
VERSION = 1
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Routing:
    """The rules in force, and their one canonical text, whose hash stands on each message."""

    rules: tuple[Rule, ...]
    canonical: str
    """JSON, sorted, without comments; can itself be read as a routing.yaml."""
    sha256: bytes


def load_routing(path: Path = ROUTING_FILE, *, templates: TemplateSet) -> Routing:
    """The rules of a file. Raises ConfigRefused with every fault."""
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = ConfigFault(str(path), 1, 1, "", f"cannot be read: {error}", "Give the path of a UTF-8 file.")
        raise ConfigRefused([fault]) from error
    return read_routing(source, file=str(path), templates=templates)


def read_routing(source: str, *, file: str, templates: TemplateSet | None) -> Routing:
    """The rules in a text. Without templates (an old text, to compare with) what is written is not checked."""
    document = read_yaml(source, file)
    reading = _RoutingReading(document.faults)
    fields = reading.mapping(document.root, {"version": Field(_version), "rules": Field(lambda here: here)})
    entries = reading.entries(fields["rules"], "Add a rule as docs/routing.md shows.") if fields["rules"] else {}
    rules = [(here, reading.rule(name, here)) for name, here in entries.items()]
    if templates is not None:
        for here, rule in rules:
            if rule is not None:
                reading.wordings(here, rule, templates)
        reading.unheard(document.root.at("rules"), entries)
    reading.refuse_faults()
    made = tuple(sorted((rule for _, rule in rules if rule), key=lambda rule: rule.message_type))
    text = canonical(to_json(made))
    return Routing(made, text, hashlib.sha256(text.encode()).digest())


def to_json(rules: tuple[Rule, ...]) -> dict[str, Any]:
    """The rules in routing.yaml's own words."""
    return {"version": VERSION, "rules": {rule.message_type: _rule_json(rule) for rule in rules}}


class _RoutingReading(Reading):
    """Reads rules, and what holds between them and the templates."""

    def rule(self, name: str, here: Located) -> Rule | None:
        """One rule; None when something is wrong with it."""
        before = len(self.faults)
        if not NAME.fullmatch(name):
            self.fault(here, f"{name!r} cannot name a rule", "Use a-z, 0-9 and _, as in payment_reminder.")
        fields = self.mapping(here, RULE_FIELDS)
        primary = self._primary(here, fields)
        fallbacks = self._fallbacks(fields["fallbacks"])
        self._repeats(here)
        self._confirmed_in_time(here, fields)
        if len(self.faults) > before or primary is None:
            return None
        return Rule(
            message_type=name,
            event_type=fields["event"],
            primary=primary,
            fallbacks=fallbacks,
            urgency=Urgency(fields["urgency"]),
            not_after=fields["not_after"],
            mutable=fields["mutable"],
            confirm_within=fields["confirm_within"],
        )

    def _primary(self, here: Located, fields: Mapping[str, Any]) -> Stage | None:
        named = [needs for needs in Needs if isinstance(here.value, dict) and needs.value in here.value]
        if len(named) != 1:
            found = "both all_of and any_of" if named else "neither all_of nor any_of"
            self.fault(here, f"has {found}", "Give one: all_of uses every channel, any_of the first reachable one.")
            return None
        channels = fields[named[0].value]
        return Stage(named[0], channels) if channels else None

    def _fallbacks(self, here: Located | None) -> tuple[Stage, ...]:
        if here is None:
            return ()
        if not isinstance(here.value, list):
            self.fault(here, "must be a list", "Write it as [email].")
            return ()
        return tuple(stage for child in here.value if (stage := self._fallback(child)))

    def _fallback(self, here: Located) -> Stage | None:
        if not isinstance(here.value, dict):
            channel = self.value(here, _channel)
            return Stage(Needs.ANY_OF, (channel,)) if channel else None
        fields = self.mapping(here, STAGE_FIELDS)
        return self._primary(here, fields)

    def _repeats(self, here: Located) -> None:
        seen: dict[str, Located] = {}
        for child in _channel_places(here):
            if child.value in seen:
                first = seen[child.value]
                problem = f"{child.value} is tried already (line {first.line}, column {first.column})"
                self.fault(child, problem, "Remove one of the two: no channel is tried twice for one message.")
            seen.setdefault(child.value, child)

    def _confirmed_in_time(self, here: Located, fields: Mapping[str, Any]) -> None:
        within, stale = fields["confirm_within"], fields["not_after"]
        if within and stale and within >= stale:
            problem = "is not before not_after, when the message is stale"
            self.fault(here.at("confirm_within"), problem, "Shorten it, or lengthen not_after.")

    def wordings(self, here: Located, rule: Rule, templates: TemplateSet) -> None:
        """Every channel of a rule must have something to say, in the last resort's language at least."""
        for channel in rule.channels:
            versions = templates.matching(rule.message_type, channel)
            if not any(version.language == LAST_RESORT for version in versions):
                file = f"config/templates/{rule.message_type}.{LAST_RESORT}.yaml"
                problem = f"uses {channel}, for which nothing is written in {LAST_RESORT}"
                self.fault(here, problem, f"Add channels.{channel} to {file}, or drop the channel.")
            for event in sorted({version.event_type for version in versions} - {rule.event_type}):
                self.fault(here.at("event"), f"differs from its templates' event {event}", "Make the two the same.")

    def unheard(self, here: Located, entries: Mapping[str, Located]) -> None:
        """Every event that we take must lead somewhere."""
        heard = {str(entry.at("event").value) for entry in entries.values()}
        if not heard <= set(EVENT_TYPES):
            return  # a misspelt event is a fault already, and perhaps the one that is missing here
        for event_type in EVENT_TYPES:
            if event_type not in heard:
                self.fault(here, f"hold no rule for the event {event_type}", f"Add a rule with `event: {event_type}`.")


def _version(here: Located) -> int:
    if here.value != VERSION or isinstance(here.value, bool):
        raise Unreadable(f"{here.value!r} is not a version of this file that we know", f"Write version: {VERSION}.")
    return VERSION


def _channel(here: Located) -> ChannelName:
    return ChannelName(one_of(ChannelName, "a channel")(here))


def _channels(here: Located) -> tuple[ChannelName, ...]:
    if not isinstance(here.value, list) or not here.value:
        raise Unreadable("must be a list with at least one channel", "Write it as [whatsapp].")
    unknown = [str(child.value) for child in here.value if child.value not in tuple(ChannelName)]
    if unknown:
        remedy = " ".join(dict.fromkeys(suggestion(word, ChannelName) for word in unknown))
        raise Unreadable(f"holds what is not a channel: {', '.join(unknown)}", remedy)
    return tuple(ChannelName(child.value) for child in here.value)


STAGE_FIELDS = {
    Needs.ALL_OF.value: Field(_channels, required=False),
    Needs.ANY_OF.value: Field(_channels, required=False),
}

RULE_FIELDS = {
    "event": Field(one_of(EVENT_TYPES, "an event type of ours")),
    **STAGE_FIELDS,
    "fallbacks": Field(lambda here: here, required=False),
    "urgency": Field(one_of(Urgency, "an urgency")),
    "not_after": Field(duration),
    "mutable": Field(truth),
    "confirm_within": Field(duration, required=False),
}


def _channel_places(here: Located) -> list[Located]:
    """Every channel of a rule where it stands, in the order in which it is tried."""
    stages = [here.at("any_of"), here.at("all_of"), here.at("fallbacks")]
    found: list[Located] = []
    for stage in stages:
        if stage is not here and isinstance(stage.value, list):
            for child in stage.value:
                found += _channel_places(child) if isinstance(child.value, dict) else [child]
    return found


def _rule_json(rule: Rule) -> dict[str, Any]:
    written: dict[str, Any] = {
        "event": rule.event_type,
        rule.primary.needs.value: list(rule.primary.channels),
        "fallbacks": [_stage_json(stage) for stage in rule.fallbacks],
        "urgency": rule.urgency.value,
        "not_after": span(rule.not_after),
        "mutable": rule.mutable,
    }
    if rule.confirm_within:
        written["confirm_within"] = span(rule.confirm_within)
    return written


def _stage_json(stage: Stage) -> Any:
    if len(stage.channels) == 1:
        return stage.channels[0].value
    return {stage.needs.value: list(stage.channels)}


def span(length: timedelta) -> str:
    """A duration in the largest unit that it is a whole number of: 3d."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
