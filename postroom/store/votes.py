"""Answers: who said what to a question, whom it was put to, and what was decided."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from postroom.domain.runs import RunStatus
from postroom.store.runs import Run, end_run


@dataclass(frozen=True, slots=True)
class Vote:
    """What somebody answered."""

    actor: str
    """partner:<id>, as an intent names him."""
    answer: str
    at: datetime
    via: str
    message_id: UUID | None = None


_VOTE = text("""
    insert into vote (run_id, level, iter, actor, company, answer, via, message_id, reason, at)
    values (:run_id, :level, :iter, :actor, :company, :answer, :via, :message_id, :reason, :at)
    on conflict do nothing returning actor
""")
_VOTES = text("""
    select actor, answer, at, via, message_id from vote
    where run_id = :run_id and level = :level and iter = :iter order by at, actor
""")
_ASKED_OF = text("""
    select distinct i.recipient from intent i
    where i.run_id = :run_id and i.step_no = :step_no and exists (select from leg_key k where k.intent_id = i.id)
""")
_DECIDE = text("""
    insert into decision (run_id, company, outcome, actor, decided_at) values (:run_id, :company, :outcome, :actor, :at)
    on conflict do nothing returning run_id
""")
_REOPEN = text("""
    update run set status = 'active', why = null, ended_at = null, cur_step = :place, iter = iter + 1,
        version = version + 1
    where id = :id and status = 'decided' returning id
""")


def cast_vote(connection: Connection, run: Run, level: int, vote: Vote, reason: bytes | None = None) -> bool:
    """Keep somebody's answer, in the run that the caller has locked, with his sealed reason. False: he had answered."""
    values = {name: getattr(vote, name) for name in Vote.__slots__}
    where = {"run_id": run.id, "level": level, "iter": run.iter, "company": run.company}
    return connection.scalar(_VOTE, {**where, **values, "reason": reason}) is not None


def votes_of(connection: Connection, run: Run, level: int) -> dict[str, Vote]:
    """The answers of a level, by person, the first of them first."""
    rows = connection.execute(_VOTES, {"run_id": run.id, "level": level, "iter": run.iter})
    return {row.actor: Vote(row.actor, row.answer, row.at, row.via, row.message_id) for row in rows}


def asked_at_place(connection: Connection, run: Run, place: int) -> frozenset[str]:
    """Whom a step of a run asked; nobody whom no channel reaches."""
    return frozenset(connection.scalars(_ASKED_OF, {"run_id": run.id, "step_no": place}))


def decide_run(connection: Connection, run: Run, outcome: str, actor: str, now: datetime) -> bool:
    """Write down what was decided, and end the run. False: somebody was first."""
    values = {"run_id": run.id, "company": run.company, "outcome": outcome, "actor": actor, "at": now}
    if connection.scalar(_DECIDE, values) is None:
        return False
    end_run(connection, run.id, RunStatus.DECIDED, outcome, now)
    return True


def reopen_run(connection: Connection, run: Run, place: int) -> bool:
    """Let a run go on whose decision Odoo did not carry out; its votes are history. False: it is not decided."""
    if connection.scalar(_REOPEN, {"id": run.id, "place": place}) is None:
        return False
    connection.execute(text("delete from decision where run_id = :id"), {"id": run.id})
    return True
