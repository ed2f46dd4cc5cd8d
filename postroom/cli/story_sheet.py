"""A message's whole story on one sheet, for an ERP operator."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from postroom.cli.codes import meaning
from postroom.cli.outbox_words import written_json, written_words
from postroom.cli.showing import lasting, shown, styled, table, title, when
from postroom.cli.telling import Moment, attempt_words, next_step, reason_words
from postroom.domain import languages
from postroom.domain.channels import Button, Rendered
from postroom.domain.messages import Role
from postroom.domain.routing import Plan
from postroom.store.story import Happening, IntentStory, Leg, Story


def sheet(story: Story, moment: Moment, *, reveal: bool) -> RenderableType:
    """The event, the decision, and each message with all that happened to it."""
    parts: list[RenderableType] = [_event(story, moment)]
    for intent in story.intents:
        parts += [Text(), _intent(intent, moment)]
        for leg in intent.legs:
            parts += [Text(), *_leg(story, intent, leg, moment, reveal=reveal)]
    if not story.intents:
        parts += [Text(), Text(_without_intents(story))]
    return Group(*parts)


def language_words(story: Story, leg: Leg) -> str:
    """The language of a leg, and why it is that one."""
    if leg.language is None:
        return "no language: it was never written"
    asked = story.payload.get("data", {})
    wishes = [asked.get(whose, {}).get("language") for whose in ("recipient", "company")]
    return languages.explain(languages.chain(*wishes), leg.language)


def route_words(intent: IntentStory) -> tuple[str, ...]:
    """One line for every channel of the rule."""
    return Plan.from_json(intent.plan).explain()


def _event(story: Story, moment: Moment) -> RenderableType:
    sent = story.payload.get("time")
    return _facts(
        {
            "Event": f"[bold]{escape(story.type)}[/] {escape(story.key)} from {escape(story.source)}",
            "": f"ours {story.event_id}, company {escape(story.company)}",
            "Received": when(story.received_at, today=moment.now) + (f", happened {escape(sent)}" if sent else ""),
        }
    )


def _without_intents(story: Story) -> str:
    if story.state == "new":
        return "It waits to be routed." + (f" The last try failed: {story.error}" if story.error else "")
    if story.state == "dead":
        return f"It failed five times and is dead: {story.error}"
    return "No rule hears of it: postroom routes explain " + story.type


def _intent(intent: IntentStory, moment: Moment) -> RenderableType:
    stale = f", stale after {when(intent.not_after, today=moment.now)}" if intent.not_after else ""
    first, *others = route_words(intent) or ("nobody can be reached",)
    return _facts(
        {
            "Message": f"[bold]{escape(intent.rule)}[/] about {escape(intent.subject)} for {escape(intent.recipient)}",
            "Route": "\n".join(map(escape, (first, *others))),
            "Rules": f"version {intent.config_sha256.hex()[:12]}; urgency {intent.urgency}{stale}",
        }
    )


def _leg(story: Story, intent: IntentStory, leg: Leg, moment: Moment, *, reveal: bool) -> Iterator[RenderableType]:
    heading = f"[bold]{title(leg.channel)}[/] to {escape(shown(leg.address, reveal=reveal))}: {styled(leg.state)}"
    yield Rule(heading, align="left", style="dim")
    yield _facts(_leg_facts(story, leg))
    if leg.content is not None:
        yield Padding(_written(leg.content), (0, 0, 0, 10))
    if leg.attempts:
        yield _facts({"Attempts": ""})
        yield Padding(_attempts(leg, moment), (0, 0, 0, 10))
    if leg.happenings or leg.answers:
        yield _facts({"Then": ""})
        yield Padding(_events_after(leg, moment), (0, 0, 0, 10))
    if leg.written:
        yield _facts({"In Odoo": ""})
        yield Padding(_written_into_odoo(leg, moment), (0, 0, 0, 10))
    yield _facts({"Next": f"[bold]{escape(next_step(leg, intent, moment))}[/]"})


def _leg_facts(story: Story, leg: Leg) -> dict[str, str]:
    facts = {"Id": str(leg.id), "Why": escape(leg.why), "Mode": leg.mode}
    if leg.role is Role.FALLBACK:
        facts["Why"] += " [dim](it stands in)[/]"
    if leg.template:
        version = f"{leg.template.name}, version {leg.template.version} ({leg.template.sha256.hex()[:12]})"
        facts["Template"] = escape(version)
    facts["Language"] = escape(language_words(story, leg))
    if reason := reason_words(leg):
        facts["Reason"] = escape(reason)
    if leg.possible_duplicate:
        facts["Mind"] = "[yellow]the receiver may have heard this twice[/]"
    return facts


def _written(content: Rendered) -> RenderableType:
    lines: list[RenderableType] = [Text(content.text)]
    if content.template is not None:
        lines += [Text(_button(button), style="cyan") for button in content.buttons]
    return Panel(Group(*lines), title=escape(content.subject or ""), title_align="left", border_style="dim", width=76)


def _button(button: Button) -> str:
    return f"[ {button.title} ]"


def _attempts(leg: Leg, moment: Moment) -> Table:
    rows = [
        (
            f"{each.number}.",
            when(each.started_at, today=moment.now),
            escape(attempt_words(each, leg.channel))
            + (" [yellow](possible duplicate)[/]" if each.possible_duplicate else ""),
        )
        for each in leg.attempts
    ]
    return table("", "left at", "what became of it", rows=rows, keep_whole=2)


def _events_after(leg: Leg, moment: Moment) -> Table:
    told = [(each.heard_at or each.at, each.what, _happening(leg, each)) for each in leg.happenings]
    told += [(answer.at, _ANSWERED[answer.kind], f"“{escape(answer.words)}”") for answer in leg.answers]
    rows = [(when(at, today=moment.now), f"[bold]{escape(what)}[/]", words) for at, what, words in sorted(told)]
    return table("at", "what", "", rows=rows, keep_whole=2)


_ANSWERED: Mapping[str, str] = {"text": "replied", "button": "pressed"}


def _written_into_odoo(leg: Leg, moment: Moment) -> Table:
    rows = [
        (when(each.ended_at or each.created_at, today=moment.now), escape(each.kind), escape(written_words(each)))
        for each in leg.written
    ]
    return table("at", "what", "", rows=rows, keep_whole=2)


def _happening(leg: Leg, each: Happening) -> str:
    return escape("; ".join(filter(None, (each.detail, _after_it_left(leg, each)))))


def _after_it_left(leg: Leg, each: Happening) -> str:
    """How long after the last request; our clock alone is used, since a provider's may only know seconds."""
    if each.heard_at is None or not leg.attempts or each.heard_at < leg.attempts[-1].started_at:
        return ""
    return f"{lasting(each.heard_at - leg.attempts[-1].started_at)} after it left"


def _facts(facts: Mapping[str, str]) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="dim", width=9, no_wrap=True)
    grid.add_column(overflow="fold")
    for name, words in facts.items():
        grid.add_row(name, words)
    return grid


# For programs ---------------------------------------------------------------------------------------------------------


def story_json(story: Story, moment: Moment, *, reveal: bool) -> dict[str, Any]:
    """The same for programs; docs/cli.md lists its keys."""
    return {
        "event": {
            "id": story.event_id,
            "cloudevent_id": story.key,
            "source": story.source,
            "type": story.type,
            "time": story.payload.get("time"),
            "company": story.company,
            "state": story.state,
            "error": story.error,
            "received_at": story.received_at,
        },
        "messages": [
            leg_json(story, intent, leg, moment, reveal=reveal) for intent in story.intents for leg in intent.legs
        ],
        "routes": [
            {
                "intent_id": intent.id,
                "rule": intent.rule,
                "recipient": intent.recipient,
                "about": intent.subject,
                "urgency": intent.urgency,
                "why": list(route_words(intent)),
                "config_sha256": intent.config_sha256,
                "not_after": intent.not_after,
            }
            for intent in story.intents
        ],
    }


def leg_json(story: Story, intent: IntentStory, leg: Leg, moment: Moment, *, reveal: bool) -> dict[str, Any]:
    """One message with everything that happened to it."""
    content = leg.content
    return {
        "id": leg.id,
        "channel": leg.channel,
        "role": leg.role,
        "state": leg.state,
        "reason": leg.reason,
        "meaning": leg.reason and meaning(leg.channel, leg.reason),
        "why": leg.why,
        "next": next_step(leg, intent, moment),
        "to": shown(leg.address, reveal=reveal),
        "mode": leg.mode,
        "language": leg.language,
        "language_why": language_words(story, leg),
        "template": leg.template,
        "text": content and content.text,
        "subject": content and content.subject,
        "buttons": [button.title for button in content.buttons] if content else [],
        "possible_duplicate": leg.possible_duplicate,
        "next_at": leg.next_at,
        "sent_at": leg.sent_at,
        "delivered_at": leg.delivered_at,
        "read_at": leg.read_at,
        "attempts": leg.attempts,
        "happenings": leg.happenings,
        "answers": leg.answers,
        "odoo": [written_json(each) for each in leg.written],
    }
