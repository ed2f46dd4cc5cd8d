"""routing.yaml as rules: read whole or refused whole."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from config.faults import ConfigFault, ConfigRefused
from config.located import Located, read_yaml
from config.reading import Field, Reading, Unreadable, duration, one_of, suggestion, truth
from postroom.domain.channels import ChannelName
from postroom.domain.event_types import EVENT_TYPES, PATTERNS, matches
from postroom.domain.events import ContactRole
from postroom.domain.languages import LAST_RESORT
from postroom.domain.messages import Urgency
from postroom.domain.routing import TEAM_CHATS, Needs, Rule, Slot, Stage
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


def load_routing(path: Path = ROUTING_FILE, *, templates: TemplateSet | None = None) -> Routing:
    """The rules of a file, which `templates` must fit where they are given. Raises ConfigRefused with every fault."""
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = ConfigFault(str(path), 1, 1, "", f"cannot be read: {error}", "Give the path of a UTF-8 file.")
        raise ConfigRefused([fault]) from error
    return read_routing(source, file=str(path), templates=templates)


def read_routing(
    source: str, *, file: str, templates: TemplateSet | None, taken: Iterable[str] = tuple(EVENT_TYPES)
) -> Routing:
    """The rules in a text; every event type that is `taken` must lead somewhere.

    Without templates (an old text, to compare with) neither that nor what is written is checked.
    """
    document = read_yaml(source, file)
    reading = _RoutingReading(document.faults)
    fields = reading.mapping(document.root, HEAD)
    entries = reading.entries(fields["rules"], "Add a rule as docs/routing.md shows.") if fields["rules"] else {}
    rules = [(here, reading.rule(name, here)) for name, here in entries.items()]
    sms_for = frozenset(fields["sms_for"] or ())
    for here, rule in rules:
        if rule is not None:
            reading.allowed_by_sms(here, rule, sms_for)
    if templates is not None:
        for here, rule in rules:
            if rule is not None:
                reading.wordings(here, rule, templates)
        reading.unheard(document.root.at("rules"), entries, taken)
    reading.refuse_faults()
    made = tuple(sorted((rule for _, rule in rules if rule), key=lambda rule: rule.message_type))
    text = canonical(to_json(made, sms_for))
    return Routing(made, text, hashlib.sha256(text.encode()).digest())


def to_json(rules: tuple[Rule, ...], sms_for: Iterable[str] = ()) -> dict[str, Any]:
    """The rules in routing.yaml's own words."""
    listed = {"sms_for": sorted(sms_for)} if sms_for else {}
    return {"version": VERSION, **listed, "rules": {rule.message_type: _rule_json(rule) for rule in rules}}


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
            contact=ContactRole(fields["contact"]) if fields["contact"] else None,
            quiet_hours=bool(fields["quiet_hours"]),
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
            channel = self.value(here, _place)
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
        chats = [child for child in _channel_places(here) if child.value in tuple(TEAM_CHATS)]
        if Slot.TEAM_CHAT.value in seen:
            for child in chats:
                problem = f"{child.value} stands beside team_chat, which is slack or teams"
                self.fault(child, problem, "Keep one of the two: a company with the other would be told twice.")

    def allowed_by_sms(self, here: Located, rule: Rule, sms_for: frozenset[str]) -> None:
        """SMS costs by the piece, so only the classes that are listed for it may use it."""
        if ChannelName.SMS in rule.channels and rule.message_type not in sms_for:
            remedy = f"Drop sms from the rule, or add {rule.message_type} to sms_for at the top of the file."
            self.fault(here, "uses sms without being listed for it", remedy)

    def _confirmed_in_time(self, here: Located, fields: Mapping[str, Any]) -> None:
        within, stale = fields["confirm_within"], fields["not_after"]
        if within and stale and within >= stale:
            problem = "is not before not_after, when the message is stale"
            self.fault(here.at("confirm_within"), problem, "Shorten it, or lengthen not_after.")

    def wordings(self, here: Located, rule: Rule, templates: TemplateSet) -> None:
        """Every channel of a rule must have something to say, in the last resort's language at least."""
        for channel in rule.written_for():
            versions = templates.matching(rule.message_type, channel)
            if not any(version.language == LAST_RESORT for version in versions):
                file = f"config/templates/{rule.message_type}.{LAST_RESORT}.yaml"
                problem = f"uses {channel}, for which nothing is written in {LAST_RESORT}"
                self.fault(here, problem, f"Add channels.{channel} to {file}, or drop the channel.")
            for event in sorted({version.event_type for version in versions} - {rule.event_type}):
                self.fault(here.at("event"), f"differs from its templates' event {event}", "Make the two the same.")

    def unheard(self, here: Located, entries: Mapping[str, Located], taken: Iterable[str]) -> None:
        """Every event that we take must lead somewhere."""
        heard = {str(entry.at("event").value) for entry in entries.values()}
        if not heard <= set(PATTERNS):
            return  # a misspelt event is a fault already, and perhaps the one that is missing here
        for event_type in taken:
            if not any(matches(pattern, event_type) for pattern in heard):
                self.fault(here, f"hold no rule for the event {event_type}", f"Add a rule with `event: {event_type}`.")


def _version(here: Located) -> int:
    if here.value != VERSION or isinstance(here.value, bool):
        raise Unreadable(f"{here.value!r} is not a version of this file that we know", f"Write version: {VERSION}.")
    return VERSION


PLACES: Mapping[str, ChannelName | Slot] = {
    **{channel.value: channel for channel in ChannelName if channel is not ChannelName.CALLBACK},
    Slot.TEAM_CHAT.value: Slot.TEAM_CHAT,
}
"""What a stage may hold. Callbacks go to machines that asked for them and are no matter of rules."""


def _place(here: Located) -> ChannelName | Slot:
    return PLACES[one_of(PLACES, "a channel")(here)]


def _places(here: Located) -> tuple[ChannelName | Slot, ...]:
    if not isinstance(here.value, list) or not here.value:
        raise Unreadable("must be a list with at least one channel", "Write it as [whatsapp].")
    unknown = [str(child.value) for child in here.value if child.value not in tuple(PLACES)]
    if unknown:
        remedy = " ".join(dict.fromkeys(suggestion(word, PLACES) for word in unknown))
        raise Unreadable(f"holds what is not a channel: {', '.join(unknown)}", remedy)
    return tuple(PLACES[child.value] for child in here.value)


def _names(here: Located) -> tuple[str, ...]:
    if not isinstance(here.value, list) or not all(NAME.fullmatch(str(child.value)) for child in here.value):
        raise Unreadable("must be a list of message types", "Write it as [critical_alert, delivery_update].")
    return tuple(str(child.value) for child in here.value)


HEAD = {
    "version": Field(_version),
    "sms_for": Field(_names, required=False),
    "rules": Field(lambda here: here),
}


STAGE_FIELDS = {
    Needs.ALL_OF.value: Field(_places, required=False),
    Needs.ANY_OF.value: Field(_places, required=False),
}

RULE_FIELDS = {
    "event": Field(one_of(PATTERNS, "an event type of ours")),
    **STAGE_FIELDS,
    "fallbacks": Field(lambda here: here, required=False),
    "urgency": Field(one_of(Urgency, "an urgency")),
    "not_after": Field(duration),
    "mutable": Field(truth),
    "confirm_within": Field(duration, required=False),
    "contact": Field(one_of(ContactRole, "a contact's role"), required=False),
    "quiet_hours": Field(truth, required=False),
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
    if rule.contact:
        written["contact"] = rule.contact.value
    if rule.quiet_hours:
        written["quiet_hours"] = True
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
