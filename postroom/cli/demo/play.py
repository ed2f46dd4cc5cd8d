"""Playing the demonstration: post the events, watch them, let a person answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from postroom.cli.demo.cases import CASES, JOHN, MARTA, Case, Messages, Repeat, Run
from postroom.cli.demo.judging import Outcome
from postroom.cli.demo.person import Stage
from postroom.cli.following import Stories, follow
from postroom.cli.posting import Mailbox, secrets_by_source
from postroom.services.keyring import MAKERS
from postroom.store.engine import Engine, connect
from postroom.store.sealing import Sealer
from postroom.store.story import Story

PATIENCE = timedelta(seconds=60)
WORDS = "Gracias, pago mañana."


@dataclass(frozen=True, slots=True)
class Theatre:
    """What a demonstration needs of a house."""

    mailbox: Mailbox
    source: str
    stage: Stage
    engine: Engine
    sealer: Sealer


Watch = Callable[[Sequence[Outcome]], object]


def theatre_of(told: Mapping[str, str]) -> Theatre:
    """What a demonstration needs, from what the house tells its processes."""
    secrets = secrets_by_source(told["EVENT_SECRETS"])
    source = "odoo" if "odoo" in secrets else next(iter(secrets))
    return Theatre(
        mailbox=Mailbox(f"http://127.0.0.1:{told['WEB_PORT']}", secrets[source]),
        source=f"/{source}/demo",
        stage=Stage(told["SANDBOX_URL"]),
        engine=connect(told["DATABASE_URL"], process="postroom-demo", pool=2),
        sealer=Sealer(told["SEALING_KEYS"], told["BLIND_KEY"]),
    )


def post(theatre: Theatre, run: Run) -> list[Outcome]:
    """Introduce the people and post every event, through the door only."""
    for person in dict.fromkeys(case.person for case in CASES):
        theatre.stage.introduce(person.name, run.phone(person), run.mail(person))
    outcomes: list[Outcome] = []
    for case in CASES:
        repeated = outcomes[0] if isinstance(case.expected, Repeat) else None
        outcomes.append(_post(theatre, run, case, repeated))
    return outcomes


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
    """Let one person reply and another press a button; what of it was not recorded, in words."""
    theatre.stage.reply(run.phone(MARTA) or "", WORDS)
    title = theatre.stage.press(run.phone(JOHN) or "")
    asked = [outcome for outcome in outcomes if outcome.case.person in {MARTA, JOHN} and outcome.legs]
    stories = _follow(theatre, asked, until=lambda story: any(leg.answers for leg in story.legs))
    heard = {answer.words for story in stories.values() for leg in story.legs for answer in leg.answers}
    return [f"“{words}” was said and not recorded" for words in (WORDS, title) if words not in heard]


def _follow(
    theatre: Theatre,
    outcomes: Sequence[Outcome],
    *,
    look: Callable[[Stories], object] = lambda _: None,
    until: Callable[[Story], bool] | None = None,
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
