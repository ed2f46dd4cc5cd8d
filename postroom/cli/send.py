"""postroom send: post one event as Odoo would, and watch what becomes of it."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import typer

from config.settings import Settings
from postroom.cli.desk import open_desk
from postroom.cli.events import tell_answer
from postroom.cli.faults import REFUSED, usage
from postroom.cli.finding import moment
from postroom.cli.following import Stories, follow, reached
from postroom.cli.making import data_of, event_of, event_type
from postroom.cli.posting import mailbox
from postroom.cli.showing import AsJson, Reveal, emit, out, said, shown, styled
from postroom.cli.story_sheet import story_json
from postroom.cli.telling import Moment, next_step
from postroom.domain.messages import State


def send(
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="payment_reminder, order_confirmed, or the full name.")],
    to: Annotated[list[str], typer.Option(help="A number (+34…) or an email address; give both for a fallback.")],
    name: Annotated[str, typer.Option(help="What the recipient is called.")] = "Marta Ruiz",
    language: Annotated[str | None, typer.Option(help="The recipient's language, as in es_ES.")] = None,
    partner: Annotated[int | None, typer.Option(help="The recipient's partner id in Odoo.")] = None,
    company: Annotated[str | None, typer.Option(help="The company's id in Odoo; its mode decides what leaves.")] = None,
    fact: Annotated[list[str] | None, typer.Option(help="As in amount_due=99.50; may be repeated.")] = None,
    url: Annotated[str | None, typer.Option(help="The door; else PUBLIC_URL.")] = None,
    wait: Annotated[bool, typer.Option(help="Follow it until it has come to rest.")] = True,
    within: Annotated[float, typer.Option(min=1, help="Seconds to follow it at most.")] = 120,
    reveal: Reveal = False,
    as_json: AsJson = False,
) -> None:
    """Post one event through the door, signed as Odoo signs it, and follow it. What leaves is up to the modes."""
    shape = event_type(type_)
    recipient = _recipient(to, name, language, partner)
    facts = [*(fact or ()), *([f"/company/id={company}"] if company else [])]
    event = event_of(shape, data_of(shape, recipient, facts))
    answer = mailbox(Settings(), url, "odoo").post(event)
    if not answer.taken or not wait:
        tell_answer(answer, as_json=as_json, attempt=f"postroom send {type_} --to +34600111222")
        return
    _follow(answer.ids[0], timedelta(seconds=within), reveal=reveal, as_json=as_json)


def _recipient(to: Sequence[str], name: str, language: str | None, partner: int | None) -> dict[str, object]:
    mails, phones = [each for each in to if "@" in each], [each for each in to if "@" not in each]
    if len(mails) > 1 or len(phones) > 1:
        raise usage("Give --to at most one number and one email address.", "postroom send --help")
    return {
        "partner_id": partner or secrets.randbelow(9_000) + 1_000,
        "name": name,
        "language": language,
        "phone": phones[0] if phones else None,
        "email": mails[0] if mails else None,
    }


def _follow(event_id: UUID, within: timedelta, *, reveal: bool, as_json: bool) -> None:
    with open_desk() as desk:
        teller = _Teller(reveal=reveal, silent=as_json)
        stories = follow(desk.engine, desk.sealer, [event_id], within=within, look=teller.look)
        with desk.engine.connect() as connection:
            now = moment(connection)
    story = stories[event_id]
    if as_json:
        emit(story_json(story, now, reveal=reveal))
    else:
        teller.end(stories, now)
    raise typer.Exit(0 if reached(story) else REFUSED)


class _Teller:
    """Says each change once, as it happens."""

    def __init__(self, *, reveal: bool, silent: bool) -> None:
        self._reveal = reveal
        self._silent = silent
        self._known: dict[UUID, State] = {}

    def look(self, stories: Stories) -> None:
        """Tell what is new."""
        for leg in (leg for story in stories.values() for leg in story.legs):
            if not self._silent and self._known.get(leg.id) is not leg.state:
                reason = f" ({leg.reason})" if leg.reason else ""
                to = said(shown(leg.address, reveal=self._reveal))
                out().print(f"{leg.channel:9} {to}  {styled(leg.state)}{said(reason)}")
            self._known[leg.id] = leg.state

    def end(self, stories: Stories, now: Moment) -> None:
        """Tell what is left to come, and where the story is."""
        for story in stories.values():
            for intent in story.intents:
                for leg in intent.legs[-1:]:
                    out().print(f"[dim]{said(next_step(leg, intent, now))}[/]", soft_wrap=True)
            if not story.legs:
                out().print("It has led to no message.")
            newest = story.legs[-1].id if story.legs else story.event_id
            command = "messages" if story.legs else "events"
            out().print(f"The story: [bold]postroom {command} show {newest}[/]")
