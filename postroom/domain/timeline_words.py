"""A timeline and its chain in sentences for operators."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from postroom.domain.approvals import Answer
from postroom.domain.channels import ChannelName
from postroom.domain.escalation import ALWAYS, Audience, Case, Chain, Condition, Level, Needs, Step, Waits, Whom
from postroom.domain.routing import TITLES, Rule, SettledStage, spelled
from postroom.domain.routing import Needs as Uses
from postroom.domain.run_words import By, deed_words, whom_words
from postroom.domain.timeline import Entry, Supposed, What

ASKED = (Audience(Whom.ASKED),)
SAID: Mapping[Answer, str] = {Answer.APPROVE: "approves", Answer.REJECT: "rejects"}
OUTCOME: Mapping[Answer, str] = {Answer.APPROVE: "approved", Answer.REJECT: "rejected"}
NEEDED: Mapping[Needs, str] = {Needs.ANY: "one of them decides", Needs.ALL: "all of them must agree"}


def carriers(rules: Mapping[str, Rule], team_chat: ChannelName) -> By:
    """How each rule is carried in a company, its fallbacks with it: Slack, else email."""

    def by(message_type: str) -> str:
        rule = rules.get(message_type)
        if rule is None:
            return message_type
        return ", else ".join(_stage(stage.settled(team_chat)) for stage in rule.stages)

    return by


def _stage(stage: SettledStage) -> str:
    joint = " and " if stage.needs is Uses.ALL_OF else " or "
    return joint.join(TITLES[channel] for channel in stage.channels)


def clock_words(at: datetime, zone: str) -> str:
    """A time on the clock of a zone: Tue 24 Nov 09:00 CET."""
    return f"{at.astimezone(ZoneInfo(zone)):%a %d %b %H:%M %Z}"


def step_words(chain: Chain, step: Step, level: Level, by: By) -> str:
    """What a step does, to the people of a bench."""
    to = level.to if step.to == ASKED else step.to
    return deed_words(chain, replace(step, to=to), by)


def level_words(level: Level) -> str:
    """Who is on a bench, and how many of them must agree."""
    whom = " and ".join(whom_words(each) for each in level.to)
    needed = NEEDED.get(level.needs) or f"{level.quorum} of them must agree"
    return f"{whom}; {needed}{_if(level.when)}"


def when_words(step: Step) -> str:
    """When a step is due: 4 hours after the question, and 2 times more every 2 hours."""
    if not step.after:
        return "at once"
    hours = " of business hours" if step.waits is Waits.BUSINESS else ""
    again = f", {step.times} times, every {spelled(step.every)}" if step.times > 1 else ""
    return f"{spelled(step.after)}{hours} after the question{again}{_if(step.when)}"


def _if(condition: Condition) -> str:
    return f", if {condition_words(condition)}" if condition != ALWAYS else ""


def condition_words(condition: Condition) -> str:
    """What must hold: the amount is over 5,000 EUR."""
    return " and ".join(words for words, _ in _parts(condition, None)) or "always"


def unmet_words(condition: Condition, case: Case) -> str:
    """Why a condition does not hold for a case."""
    return " and ".join(why for _, why in _parts(condition, case) if why) or "nothing hinders it"


def _parts(condition: Condition, case: Case | None) -> Iterator[tuple[str, str]]:
    """Each part in words, and why it does not hold."""
    if condition.over is not None:
        limit = money_words(condition.over, condition.currency)
        yield f"the amount is over {limit}", _not_over(condition, case, limit) if case else ""
    named = (("company", condition.companies, case and case.company), ("model", condition.models, case and case.model))
    for noun, among, actual in named:
        if among:
            listed = " or ".join(sorted(among))
            yield f"the {noun} is {listed}", "" if actual in among else f"the {noun} is {actual or 'not known'}"


def _not_over(condition: Condition, case: Case, limit: str) -> str:
    if case.amount is None:
        return f"no amount is known to be over {limit}"
    if condition.currency not in (None, case.currency):
        return f"{money_words(case.amount, case.currency)} cannot be compared with {limit}"
    over = case.amount > (condition.over or 0)
    return "" if over else f"{money_words(case.amount, case.currency)} is not over {limit}"


def money_words(amount: Decimal, currency: str | None) -> str:
    """An amount for an operator: 8,400 EUR."""
    return f"{amount:,f} {currency}" if currency else f"{amount:,f}"


# Entries --------------------------------------------------------------------------------------------------------------


class Teller:
    """Tells the entries of one timeline."""

    def __init__(self, chain: Chain, supposed: Supposed, by: By) -> None:
        self._chain, self._supposed, self._by = chain, supposed, by
        self._levels: Sequence[Level] = chain.levels_for(supposed.case)
        self._told: Mapping[What, Callable[[Entry], tuple[str, str]]] = {
            What.FIRED: self._fired,
            What.PASSED_OVER: lambda _: ("", "passed over: a later step was overdue as well"),
            What.LEFT_OUT: lambda entry: ("", f"left out: {unmet_words(self._step(entry).when, supposed.case)}"),
            What.HELD: self._held,
            What.ANSWERED: lambda entry: (f"somebody on the bench {SAID[_answer(entry)]}", ""),
            What.AGREED: self._agreed,
            What.DECIDED: lambda entry: (f"{OUTCOME[_answer(entry)]}: it ends here", "nothing more is sent"),
            What.UNENDED: lambda _: ("it waits on for an answer", "every step was taken"),
        }

    def tell(self, entry: Entry) -> tuple[str, str]:
        """What happens, and why."""
        return self._told[entry.what](entry)

    def name(self, entry: Entry) -> str:
        """The step that an entry is about, by its name and its turn."""
        if entry.place is None:
            return ""
        step, turn = self._step(entry), self._chain.moments[entry.place % len(self._chain.moments)].turn
        return f"{step.name} {turn + 1}/{step.times}" if step.times > 1 else step.name

    def _step(self, entry: Entry) -> Step:
        assert entry.place is not None
        return self._chain.step_at(entry.place)

    def _fired(self, entry: Entry) -> tuple[str, str]:
        return step_words(self._chain, self._step(entry), self._levels[entry.level], self._by), self._why(entry)

    def _why(self, entry: Entry) -> str:
        place = (entry.place or 0) % len(self._chain.moments)
        if place == 0:
            return f"bench {entry.level} has agreed" if entry.level else "at once"
        hours = " of business hours" if self._step(entry).waits is Waits.BUSINESS else ""
        due = f"{spelled(self._chain.offset(self._chain.moments[place]))}{hours} after the question without an answer"
        return f"{due}; {spelled(entry.late)} later, {self._cause(entry)}" if entry.late else due

    def _cause(self, entry: Entry) -> str:
        down = self._supposed.down
        if down is not None and entry.at == self._supposed.at + down.until:
            return "for the house was down"
        return "for it counts from when the step before reached somebody"

    def _held(self, entry: Entry) -> tuple[str, str]:
        assert entry.until is not None
        return f"its message waits until {clock_words(entry.until, self._supposed.calendar.zone)}", "quiet hours"

    def _agreed(self, entry: Entry) -> tuple[str, str]:
        return f"bench {entry.level + 1} of {len(self._levels)} has agreed", "the next one is asked"


def _answer(entry: Entry) -> Answer:
    assert entry.answer is not None
    return entry.answer
