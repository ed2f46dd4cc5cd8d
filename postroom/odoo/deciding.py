"""A decision carried into Odoo in the decider's own name, step by step, each read again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from postroom.domain.approvals import NOTED, WAYS, Answer, Result, Settled, Step, Way, Ways, Wizard, moved, standing
from postroom.domain.channels import Verdict
from postroom.domain.commands import Command, signed
from postroom.odoo.calls import Call
from postroom.odoo.client import ADDON, Odoo
from postroom.odoo.errors import OdooError

CHANGED = "odoo.addons.postroom_connector.exceptions.RecordChanged"
GONE = "odoo.exceptions.MissingError"
MOST_STEPS = 3
REASON = "Rejected through Postroom"


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's answer about one document."""

    key: str
    answer: Answer
    model: str
    record_id: int
    uid: int
    expected_revision: str | None = None
    reason: str | None = None
    """Why he rejects it, where he said so."""
    language: str | None = None
    """His, in which Odoo names the state that it ended in."""


class Unseen(Exception):
    """Our own user may not read what somebody else may decide: a matter for the operator, not for him."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A document as it was read."""

    state: str
    revision: str
    requesters: frozenset[int]
    writer: int = 0
    """Who changed it last."""


class Hand(Protocol):
    """Acts in somebody's name. Raises OdooError."""

    def look(self, way: Way, model: str, record_id: int) -> Seen | None:
        """The document now; None where it is gone. Raises OdooError or Unseen where it may not be read."""

    def owner(self, model: str, record_id: int, name: str) -> int | None:
        """The record that a field names, 0 where it names none; None where the document is gone. Raises as `look`."""

    def act(self, way: Way, decision: Decision, step: Step, seen: str) -> tuple[str, str]:
        """The state before and after one step; `seen` is the one that it was chosen by."""

    def explain(self, way: Way, decision: Decision) -> None:
        """Have his reason stand on a document that he rejected, where no step has said it."""


def decide(odoo: Odoo, hand: Hand | None, decision: Decision, ways: Ways = WAYS) -> Settled:
    """Carry a decision. Raises OdooError where nobody knows what became of it, or Odoo is away."""
    way = ways.get(decision.model, {}).get(int(odoo.version))
    if hand is None or way is None:
        return Settled(Result.IN_ODOO_ONLY)
    settled = _settled(hand, decision, way)
    return replace(settled, label=_called(odoo, decision, way, settled.state)) if settled.state else settled


def _settled(hand: Hand, decision: Decision, way: Way) -> Settled:
    try:
        return _carried(hand, decision, way)
    except Unseen as error:
        return Settled(Result.IN_ODOO_ONLY, words=str(error))
    except OdooError as error:
        if error.fault.verdict is not Verdict.PERMANENT:
            raise
        return _refused(error)


def _refused(error: OdooError) -> Settled:
    fault = error.fault
    known = {CHANGED: Result.CHANGED, GONE: Result.GONE}
    return Settled(known.get(fault.code, Result.REFUSED), words="" if fault.code in known else fault.detail)


def _carried(hand: Hand, decision: Decision, way: Way) -> Settled:
    if way.through is not None:
        return _elsewhere(hand, decision, way)
    seen = hand.look(way, decision.model, decision.record_id)
    if seen is None:
        return Settled(Result.GONE)
    if decision.uid in seen.requesters:
        return Settled(Result.OWN_REQUEST, seen.state)
    settled = _stepped(hand, decision, way, seen)
    if settled.result is Result.REJECTED:
        with _unless_refused():
            hand.explain(way, decision)
    return settled


@contextmanager
def _unless_refused() -> Iterator[None]:
    """What is decided is decided, also where Odoo lets him write nothing beside it."""
    try:
        yield
    except OdooError as error:
        if error.fault.verdict is not Verdict.PERMANENT:
            raise


def _elsewhere(hand: Hand, decision: Decision, way: Way) -> Settled:
    """The document is decided by another one that it belongs to: an expense by its report."""
    name, model = way.through or ("", "")
    owner = hand.owner(decision.model, decision.record_id, name)
    if not owner:
        return Settled(Result.GONE if owner is None else Result.NOT_OPEN)
    # The revision that he saw was the expense's; its report has another.
    there = replace(decision, model=model, record_id=owner, expected_revision=None)
    return _carried(hand, there, replace(way, through=None))


def _stepped(hand: Hand, decision: Decision, way: Way, seen: Seen) -> Settled:
    steps, state, done = way.steps(decision.answer), seen.state, None
    his = seen.writer == decision.uid  # what he changed himself he knows; it may be this very answer, lost on its way
    if state not in steps:
        return Settled(standing(way, decision.answer, state, his=his), state)
    if his:
        decision = replace(decision, expected_revision=None)
    if decision.expected_revision and seen.revision and decision.expected_revision != seen.revision:
        return Settled(Result.CHANGED, state)
    for _ in range(MOST_STEPS):
        if state not in steps:
            break
        try:
            before, after = hand.act(way, decision, steps[state], state)
        except OdooError as error:
            if done is None or error.fault.verdict is not Verdict.PERMANENT:
                raise
            return done  # the second approval is another's to give
        done = Settled(moved(way, decision.answer, before, after), after)
        decision = replace(decision, expected_revision=None)  # what changed it since was he himself
        if after in (before, state) or done.result is not Result.FIRST_OF_TWO:
            return done
        state = after
    return done or Settled(Result.NOT_OPEN, state)


class Himself:
    """He calls Odoo with an API key of his own."""

    def __init__(self, person: Odoo) -> None:
        self._odoo = person

    def look(self, way: Way, model: str, record_id: int) -> Seen | None:
        return look(self._odoo, way, model, record_id)

    def owner(self, model: str, record_id: int, name: str) -> int | None:
        return owner(self._odoo, model, record_id, name)

    def act(self, way: Way, decision: Decision, step: Step, seen: str) -> tuple[str, str]:
        if step.wizard is None:
            self._odoo.act(decision.model, [decision.record_id], step.method, step.arguments)
        else:
            self._ask_wizard(decision, step.wizard)
        return seen, self._state(way, decision)

    def explain(self, way: Way, decision: Decision) -> None:
        """Once, by its reference: the rejection is done by now, and this may be another try."""
        reason = next(filter(None, (_note(decision, step) for step in way.steps(decision.answer).values())), None)
        reference = f"<postroom-{decision.key}@postroom>"
        if reason and not self._odoo.search_read("mail.message", [["message_id", "=", reference]], ["id"], limit=1):
            said = {"body": reason, "message_id": reference}
            self._odoo.act(decision.model, [decision.record_id], "message_post", said)

    def _ask_wizard(self, decision: Decision, wizard: Wizard) -> None:
        ids = [decision.record_id]
        context = {"active_model": decision.model, "active_ids": ids, "active_id": ids[0]}
        fields = self._odoo.fields(wizard.model)
        values: dict[str, Any] = {wizard.reason: decision.reason or REASON}
        if wizard.records in fields:
            values[wizard.records] = [[6, 0, ids]]
        made = self._odoo.create(wizard.model, values, context=context)
        self._odoo.act(wizard.model, [made], wizard.method, context=context)

    def _state(self, way: Way, decision: Decision) -> str:
        seen = look(self._odoo, way, decision.model, decision.record_id)
        return seen.state if seen else ""


class AddOn:
    """The add-on acts in his name, on a command that we sign; both in one transaction."""

    def __init__(self, odoo: Odoo, secret: str, database: str, now: datetime) -> None:
        self._odoo = odoo
        self._secret = secret
        self._database = database
        self._now = now

    def look(self, way: Way, model: str, record_id: int) -> Seen | None:
        with _as_we_see(model):
            return look(self._odoo, way, model, record_id)

    def owner(self, model: str, record_id: int, name: str) -> int | None:
        with _as_we_see(model):
            return owner(self._odoo, model, record_id, name)

    def act(self, way: Way, decision: Decision, step: Step, seen: str) -> tuple[str, str]:
        told = self._odoo.call(
            Call(ADDON, "execute_as", None, self._command(way, decision, step, seen), repeatable=True)
        )
        return str(told["before"].get(way.state, "")), str(told["after"].get(way.state, ""))

    def explain(self, way: Way, decision: Decision) -> None:
        """The add-on said it in the transaction of the step."""

    def _command(self, way: Way, decision: Decision, step: Step, seen: str) -> dict[str, Any]:
        reason = _reason(decision, step)
        command = Command(
            key=f"{decision.key}:{seen}",
            database=self._database,
            uid=decision.uid,
            model=decision.model,
            id=decision.record_id,
            method=step.method,
            arguments={**step.arguments, **({"reason": reason} if reason else {})},
            expected_revision=decision.expected_revision,
            watch=(way.state,),
        )
        return signed(command, self._secret, self._now)


def _reason(decision: Decision, step: Step) -> str | None:
    """What goes with a step in the add-on: a window asks for it always, a note is written only of what was said."""
    return decision.reason or REASON if step.wizard else _note(decision, step)


def _note(decision: Decision, step: Step) -> str | None:
    """His reason, where the step itself takes none."""
    return decision.reason if (decision.model, step.method) in NOTED else None


@contextmanager
def _as_we_see(model: str) -> Iterator[None]:
    """What our own user is refused is no refusal of his."""
    try:
        yield
    except OdooError as error:
        if error.fault.verdict is not Verdict.PERMANENT:
            raise
        raise Unseen(f"our user may not read {model} in Odoo") from error


def look(odoo: Odoo, way: Way, model: str, record_id: int) -> Seen | None:
    """A document as this user reads it; None where it is gone."""
    names = [way.state, "write_date", "write_uid", *(name for name in way.requester if name in odoo.fields(model))]
    rows = odoo.read(model, [record_id], names)
    if not rows:
        return None
    (row,) = rows
    named = frozenset(row[name][0] for name in way.requester if row.get(name))
    writer = row["write_uid"][0] if row.get("write_uid") else 0
    return Seen(str(row[way.state]), str(row["write_date"] or "")[:19], named, writer)


def owner(odoo: Odoo, model: str, record_id: int, name: str) -> int | None:
    """The record that a field of another names, as this user reads it."""
    rows = odoo.read(model, [record_id], [name])
    if not rows:
        return None
    named = rows[0][name]
    return int(named[0]) if named else 0


def _called(odoo: Odoo, decision: Decision, way: Way, state: str) -> str:
    """What Odoo's people call a state; empty where it does not say, for he can be told without."""
    model = way.through[1] if way.through else decision.model
    context = {"lang": decision.language} if decision.language else None
    wanted = {"allfields": [way.state], "attributes": ["selection"]}
    try:
        found = odoo.ask(model, "fields_get", wanted, context=context)
    except OdooError:
        return ""
    return str(dict(found.get(way.state, {}).get("selection") or ()).get(state, ""))
