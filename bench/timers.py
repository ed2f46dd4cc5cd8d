"""How fast durable timers fire with a million of them waiting, how late, and what they cost while nothing is due."""

import contextlib
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import redis
from celery import Celery
from sqlalchemy import Engine, text

from bench.report import Row, say
from bench.stage import Stage
from config.escalations import read_chains
from postroom.domain import samples
from postroom.store.engine import connect
from postroom.store.inbox import NewEvent, keep_events, mark_done
from postroom.store.runs import keep_flow
from postroom.store.sealing import Sealer

PENDING = 1_000_000
FIRING = 30_000
"""Firings of one race: several seconds. Each run has three, of which each sets the timer of the next."""
EACH = 3
PROMISED = 1000.0
"""Firings per second that one ticker keeps up."""
PER_SECOND = 200
"""Firings, of a steady rate."""
SECONDS = 15.0
"""How long timers fall due at that rate, and how long an idle ticker is watched."""
PATIENCE = 120.0
SETTLING = 3.0
"""Seconds for the first rounds of a ticker, which plan and prepare more than those after."""
MESSAGES = 1_000
"""Celery messages whose size in Redis is the mean's."""

CHAIN = """\
version: 1
chains:
  bench:
    event: odoo.approval.requested
    owner: user:1
    steps:
      ask: {notify: asked, by: approval_request}
      tell: {after: 1h, operators: true}
      again: {after: 2h, operators: true}
      end: {after: 3h, give_up: true}
"""
"""Its steps tell operators: the run is locked, weighed, written down and its next timer set, without a provider.

Since nobody was ever reached, `again` and `end` are due at once.
"""

# Ids are in the order of time, as the product's.
_RUNS = text("""
    insert into run (id, flow_version_id, flow_key, company, subject, event_id, levels, cur_step, tz, began_at)
    select cast(lpad(to_hex(n), 12, '0') || '-' || right(cast(gen_random_uuid() as text), 22) as uuid),
        :flow, 'bench', '1', 'bench:' || n, :event, 1, 1, 'UTC', :began
    from generate_series(cast(:first as int), cast(:last as int)) n
""")
_TIMERS = text("""
    insert into timer (id, kind, dedupe_key, company, subject_id, step_no, iter, due_at)
    select gen_random_uuid(), 'step', 'step:' || r.id || ':1:0', '1', r.id, 1, 0,
        :due + make_interval(secs => :apart * (row_number() over (order by r.id) - 1))
    from run r where r.flow_key = 'bench' and split_part(r.subject, ':', 2)::int between :first and :last
""")
_FIRED = text("""
    select count(*) as n, extract(epoch from max(e.written_at) - min(e.written_at)) as took
    from step_exec e join run r on r.id = e.run_id
    where r.flow_key = 'bench' and split_part(r.subject, ':', 2)::int between :first and :last
""")
_LAGS = text("""
    select extract(epoch from e.written_at - t.due_at) as lag
    from step_exec e join run r on r.id = e.run_id
    join timer t on t.subject_id = r.id and t.step_no = e.step_no
    where e.step_no = 1 and r.flow_key = 'bench' and split_part(r.subject, ':', 2)::int between :first and :last
""")
_AT_WORK = text("select count(*) from pg_stat_activity where application_name like '%ticker%'")
_NAIVE = """
import sys, psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    while True:
        with connection.transaction():
            row = connection.execute(
                "select id from naive where not done and due_at <= clock_timestamp() order by due_at limit 1"
                " for update skip locked"
            ).fetchone()
            if row is None:
                break
            connection.execute("update naive set done = true, fired_at = clock_timestamp() where id = %s", row)
"""
_NAIVE_TABLE = "create table naive (id serial primary key, due_at timestamptz, done bool, fired_at timestamptz)"
_NAIVE_ROWS = "insert into naive (due_at, done) select :due, false from generate_series(1, cast(:count as int))"
_NAIVE_RESULT = "select count(fired_at) as n, extract(epoch from max(fired_at) - min(fired_at)) as took from naive"
NAIVE = "a table polled row by row"


@dataclass
class _Field:
    """The runs of this bench; each race has its own numbers."""

    engine: Engine
    stage: Stage
    flow: UUID
    event: UUID
    last: int = 0

    def plant(self, count: int, due: datetime, *, apart: float = 0.0) -> tuple[int, int]:
        """Runs whose next step is due then, so far apart; their first and last number."""
        first, self.last = self.last + 1, self.last + count
        span = {"first": first, "last": self.last}
        began = datetime.now(UTC) - timedelta(hours=2)
        with self.engine.begin() as connection:
            connection.execute(_RUNS, {"flow": self.flow, "event": self.event, "began": began, **span})
            connection.execute(_TIMERS, {"due": due, "apart": apart, **span})
        return first, self.last

    def wait_for(self, span: tuple[int, int]) -> float:
        """Seconds between the first and the last firing of these runs."""
        first, last = span
        wanted = EACH * (last - first + 1)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with self.engine.connect() as connection:
                row = connection.execute(_FIRED, {"first": first, "last": last}).one()
            if row.n == wanted:
                return float(row.took)
            time.sleep(0.5)
        raise AssertionError(f"{row.n} of {wanted} timers have fired in {PATIENCE:g} s")

    @contextlib.contextmanager
    def tickers(self, number: int) -> Iterator[list[int]]:
        """So many tickers, each past its start; their pids."""
        with contextlib.ExitStack() as stack:
            argv = (sys.executable, "-m", "scheduler.ticker")
            pids = [
                stack.enter_context(self.stage.running(f"ticker-{n}", *argv, **self.stage.environment)).pid
                for n in range(number)
            ]
            until = time.monotonic() + PATIENCE
            while self._at_work() < number:
                if time.monotonic() > until:
                    raise AssertionError(f"{number} tickers have not begun in {PATIENCE:g} s")
                time.sleep(0.1)
            time.sleep(SETTLING)
            yield pids

    def _at_work(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.scalar(_AT_WORK) or 0)


def timers(stage: Stage) -> Iterator[Row]:
    """A million waiting, thousands due at once; then a steady rate; then nothing due."""
    engine = connect(stage.environment["DATABASE_URL"], process="bench")
    with stage.resting(stage.thinkers):
        field = _field(engine, stage)
        say(f"planting {PENDING} timers that wait ...")
        field.plant(PENDING, datetime.now(UTC) + timedelta(days=30), apart=1.0)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum analyze timer, run"))
        naive = _naive_rate(stage, engine)
        one = _race(field, tickers=1)
        two = _race(field, tickers=2)
        yield Row("timers", "firings with 1 ticker", one, "/s", NAIVE, naive)
        yield Row("timers", "firings with 1 ticker", one, "/s", "what is promised", PROMISED, goal=1.0)
        yield Row("timers", "firings with 2 tickers", two, "/s", "1 ticker", one, goal=1.5)
        yield _lag(field)
        yield _idle(field)
        yield _size(stage, engine)
    engine.dispose()


def _field(engine: Engine, stage: Stage) -> _Field:
    environment = stage.environment
    sealer = Sealer(environment["SEALING_KEYS"], environment["BLIND_KEY"])
    event = {
        "specversion": "1.0",
        "id": "bench-timers",
        "source": "/odoo/bench",
        "type": "odoo.approval.requested",
        "data": samples.APPROVAL_REQUESTED,
    }
    body = json.dumps(event).encode()
    new = NewEvent("1", "/odoo/bench", "bench-timers", "odoo.approval.requested", body)
    kept = keep_events(engine, sealer, source="odoo", headers={}, body=body, events=[new])
    (chain,) = read_chains(CHAIN, file="bench")
    with engine.begin() as connection:
        mark_done(connection, "inbox", kept.ids)
        return _Field(engine, stage, keep_flow(connection, chain), kept.ids[0])


def _race(field: _Field, *, tickers: int) -> float:
    with field.tickers(tickers):
        span = field.plant(FIRING // EACH, datetime.now(UTC) - timedelta(seconds=1))
        return FIRING / field.wait_for(span)


def _naive_rate(stage: Stage, engine: Engine) -> float:
    with engine.begin() as connection:
        connection.execute(text(_NAIVE_TABLE))
        connection.execute(text(_NAIVE_ROWS), {"due": datetime.now(UTC) + timedelta(days=30), "count": PENDING})
        connection.execute(text(_NAIVE_ROWS), {"due": datetime.now(UTC) - timedelta(seconds=1), "count": FIRING})
        connection.execute(text("create index on naive (due_at) where not done"))
    with stage.running("naive", sys.executable, "-c", _NAIVE, _plain(stage.environment["DATABASE_URL"])) as child:
        child.wait(PATIENCE)
    with engine.begin() as connection:
        row = connection.execute(text(_NAIVE_RESULT)).one()
        connection.execute(text("drop table naive"))
    if row.n != FIRING:
        raise AssertionError(f"the baseline fired {row.n} of {FIRING}")
    return float(row.n) / float(row.took)


def _plain(url: str) -> str:
    """As psycopg itself takes it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def _lag(field: _Field) -> Row:
    with field.tickers(1):
        count = int(PER_SECOND * SECONDS) // EACH
        first, last = field.plant(count, datetime.now(UTC) + timedelta(seconds=3), apart=EACH / PER_SECOND)
        field.wait_for((first, last))
    with field.engine.connect() as connection:
        lags = [float(row.lag) for row in connection.execute(_LAGS, {"first": first, "last": last})]
    p99 = statistics.quantiles(lags, n=100, method="inclusive")[98]
    return Row("timers", f"lag at {PER_SECOND}/s, p99", p99, "s", "the promised second", 1.0)


def _idle(field: _Field) -> Row:
    with field.tickers(1) as (pid,):
        before = _cpu(pid)
        time.sleep(SECONDS)
        share = (_cpu(pid) - before) / SECONDS
    return Row("timers", "CPU of an idle ticker, a million waiting", 100 * share, "%", "a whole core", 100.0)


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process has used, by Linux's own account."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        words = stat.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _size(stage: Stage, engine: Engine) -> Row:
    with engine.connect() as connection:
        rows = connection.scalar(text("select count(*) from timer")) or 1
        ours = connection.scalar(text("select pg_total_relation_size('timer')")) or 0
    app = Celery("bench-size", broker=stage.baseline_broker, set_as_current=False)
    with contextlib.closing(app), redis.Redis.from_url(stage.baseline_broker) as client:
        before = int(client.info("memory")["used_memory"])
        for _ in range(MESSAGES):
            app.send_task("sleep", args=("01a206ee-0929-7220-bef9-f3e3634fd3c4",), queue="size", countdown=86400)
        theirs = (int(client.info("memory")["used_memory"]) - before) / MESSAGES
        client.delete("size")
    return Row(
        "timers", "bytes per waiting timer, on disk", ours / rows, "B", "a Celery message with an ETA in Redis", theirs
    )
