"""Playing the demonstration: post the events, watch them, let a person answer."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from postroom.cli.demo.cases import (
    CASES,
    COMPANY,
    JOHN,
    LAURA,
    MARTA,
    NORA,
    PEOPLE,
    RECEIVER,
    Case,
    Messages,
    Repeat,
    Run,
)
from postroom.cli.demo.decision import OURSELVES, Ledger, ledger_of, make_known, watch_it_move
from postroom.cli.demo.judging import Outcome
from postroom.cli.demo.night import hurried, watch_cards_close, watch_it_escalate
from postroom.cli.demo.person import Stage
from postroom.cli.following import EVERY, Stories, follow
from postroom.cli.posting import Mailbox, secrets_by_source
from postroom.domain.approvals import Answer
from postroom.domain.event_types import APPROVAL_REQUESTED, ORDER_CONFIRMED, PAYMENT_REMINDER, SALE_FOLLOW_UP
from postroom.domain.preferences import Choice
from postroom.services.keyring import MAKERS
from postroom.store.callbacks import add_receiver
from postroom.store.engine import Engine, connect
from postroom.store.preferences import NewChoice, choose
from postroom.store.sealing import Sealer
from postroom.store.story import Story

PATIENCE = timedelta(seconds=60)
WORDS, CONTACT = "Gracias, pago mañana.", "contact_us"
ANSWERING = (MARTA, JOHN, LAURA)
LAID_OUT = (PAYMENT_REMINDER, ORDER_CONFIRMED, SALE_FOLLOW_UP, APPROVAL_REQUESTED)
"""What they answer; everything else is only read."""


@dataclass(frozen=True, slots=True)
class Theatre:
    """What a demonstration needs of a house."""

    mailbox: Mailbox
    source: str
    stage: Stage
    engine: Engine
    sealer: Sealer
    ledger: Ledger


Watch = Callable[[Sequence[Outcome]], object]


def theatre_of(told: Mapping[str, str]) -> Theatre:
    """What a demonstration needs, from what the house tells its processes."""
    secrets = secrets_by_source(told["EVENT_SECRETS"])
    source = "odoo" if "odoo" in secrets else next(iter(secrets))
    stage = Stage(told["SANDBOX_URL"])
    return Theatre(
        mailbox=Mailbox(f"http://127.0.0.1:{told['WEB_PORT']}", secrets[source]),
        source=f"/{source}/demo",
        stage=stage,
        engine=connect(told["DATABASE_URL"], process="postroom-demo", pool=2),
        sealer=Sealer(told["SEALING_KEYS"], told["BLIND_KEY"]),
        ledger=ledger_of(told["SANDBOX_URL"], told["SANDBOX_SECRET"], stage),
    )


def post(theatre: Theatre, run: Run) -> list[Outcome]:
    """Set the scene and post every event of the day, through the door only."""
    _set_scene(theatre, run)
    outcomes: list[Outcome] = []
    for case in CASES:
        outcomes.append(_post(theatre, run, case, _first(outcomes, case)))
    _lay_out(theatre, run, outcomes)
    return outcomes


def _lay_out(theatre: Theatre, run: Run, outcomes: Sequence[Outcome]) -> None:
    """The documents of those who will answer stand in the sandbox's Odoo, and Laura may decide hers."""
    theatre.ledger.employ(COMPANY, OURSELVES, run.user(LAURA) or 0, run.user(NORA) or 0)
    for outcome in outcomes:
        if outcome.case.person in ANSWERING and outcome.case.shape in LAID_OUT and outcome.answer.ids:
            theatre.ledger.lay_out(outcome, run.user(NORA) or 0)
    make_known(theatre.ledger, theatre.engine, theatre.sealer, run.user(LAURA) or 0, run.slack(LAURA) or "")


def _set_scene(theatre: Theatre, run: Run) -> None:
    """Who is who in the sandbox, what people have chosen, and the machine that wants to hear of it all."""
    company = str(COMPANY["id"])
    for person in PEOPLE:
        theatre.stage.introduce(person.name, run.addresses(person))
    with theatre.engine.begin() as connection:
        for person in PEOPLE:
            if person.prefers:
                choice = NewChoice("*", person.prefers.value, Choice.PREFERRED)
                choose(connection, company, f"partner:{run.partner(person)}", [choice], source="demo")
        add_receiver(connection, theatre.sealer, company, RECEIVER)


def _first(outcomes: Sequence[Outcome], case: Case) -> Outcome | None:
    """What became of the same event before, for a case that repeats it."""
    if not isinstance(case.expected, Repeat):
        return None
    return next(each for each in outcomes if (each.case.shape, each.case.person) == (case.shape, case.person))


def _post(theatre: Theatre, run: Run, case: Case, repeated: Outcome | None) -> Outcome:
    event = repeated.event if repeated else run.event(case, theatre.source)
    stranger = None if case.signed else MAKERS["EMAIL_INBOUND_SECRET"]()  # a well-made secret that is not ours
    answer = theatre.mailbox.post(event, secret=stranger)
    return Outcome(case, event, answer, repeated.answer if repeated else None)


def watch(theatre: Theatre, outcomes: Sequence[Outcome], look: Watch) -> list[Outcome]:
    """Follow the messages until they rest; `look` is shown each state of things."""
    stories = _follow(theatre, outcomes, look=lambda found: look(_joined(outcomes, found)))
    return _joined(outcomes, stories)


def answer(theatre: Theatre, run: Run, outcomes: Sequence[Outcome]) -> list[str]:
    """Let one person reply and two others press buttons; what of it was not recorded or did not move, in words."""
    purchase = next(one for one in outcomes if one.case.shape is APPROVAL_REQUESTED and one.case.person is LAURA)
    theatre.stage.reply(run.phone(MARTA) or "", WORDS)
    wanted_of = {run.phone(JOHN): CONTACT, run.slack(LAURA): Answer.APPROVE}
    pressed = [theatre.stage.press(address, wanted) for address, wanted in wanted_of.items() if address]
    asked = [outcome for outcome in outcomes if outcome.case.person in ANSWERING and outcome.legs]
    wanted = {WORDS, *pressed}
    stories = _follow(theatre, asked, until=lambda found: wanted <= _heard_of(found.values()))
    heard = _heard_of(stories.values())
    unheard = [f"“{words}” was said and not recorded" for words in (WORDS, *pressed) if words not in heard]
    return unheard + watch_it_move(theatre.ledger, purchase, run.slack(LAURA) or "", PATIENCE)


def pass_the_night(theatre: Theatre, run: Run) -> list[str]:
    """A day passes in seconds: Nora answers nothing, and Laura, who has, is asked no more; what is wrong, in words."""
    return let_a_day_pass(theatre, run) + watch_cards_close(theatre.stage, run.slack(LAURA) or "", PATIENCE)


def let_a_day_pass(theatre: Theatre, run: Run) -> list[str]:
    """In seconds, until what nobody answers has been reminded of and has come by SMS; what is wrong, in words."""
    with hurried(theatre.engine):
        return watch_it_escalate(theatre.stage, run.teams(NORA) or "", run.phone(NORA) or "", PATIENCE)


def _heard_of(stories: Iterable[Story]) -> set[str]:
    return {answer.words for story in stories for leg in story.legs for answer in leg.answers}


def told(theatre: Theatre, outcomes: Sequence[Outcome]) -> list[str]:
    """What is wrong with what the machine was told: it must hear of every message, each thing once and in order."""
    wanted = {str(leg.id) for outcome in outcomes for leg in outcome.legs}
    heard: Sequence[Mapping[str, Any]] = []
    until = time.monotonic() + PATIENCE.total_seconds()
    while time.monotonic() < until and not wanted <= {each["data"]["message_id"] for each in heard}:
        time.sleep(EVERY)
        heard = theatre.stage.callbacks(RECEIVER)
    missing = wanted - {each["data"]["message_id"] for each in heard}
    if missing:
        return [f"the receiver of status callbacks was not told of {len(missing)} of {len(wanted)} messages"]
    numbers = [each["sequence"] for each in heard]
    return [] if numbers == sorted(set(numbers)) else [f"callbacks came in the order {numbers}"]


def _follow(
    theatre: Theatre,
    outcomes: Sequence[Outcome],
    *,
    look: Callable[[Stories], object] = lambda _: None,
    until: Callable[[Stories], bool] | None = None,
) -> Stories:
    ids = [
        outcome.answer.ids[0]
        for outcome in outcomes
        if isinstance(outcome.case.expected, Messages) and outcome.answer.ids
    ]
    chosen = {} if until is None else {"until": until}
    return follow(theatre.engine, theatre.sealer, ids, within=PATIENCE, look=look, **chosen)


def _joined(outcomes: Sequence[Outcome], stories: Stories) -> list[Outcome]:
    return [
        replace(outcome, story=stories.get(outcome.answer.ids[0])) if outcome.answer.ids else outcome
        for outcome in outcomes
    ]
