"""/healthz: the process is up. /readyz: everything that it needs is there, or which of it is not."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from flask import Blueprint, Response

from postroom.store.inbox import Unavailable
from webhooks.problem import Fault, Problem

Check = Callable[[], str | None]
"""Says what is missing and what to do, or None. May raise Unavailable."""

TICKER_SILENCE = timedelta(seconds=30)


def health(checks: Mapping[str, Check]) -> Blueprint:
    """The rooms that a supervisor and a load balancer ask."""
    room = Blueprint("health", __name__)

    @room.get("/healthz")
    def say_alive() -> Response:
        return Response('{"status": "ok"}', content_type="application/json")

    @room.get("/readyz")
    def say_ready() -> Response:
        missing = list(_missing(checks))
        if missing:
            names = ", ".join(fault.pointer.removeprefix("/") for fault in missing)
            raise Problem("not-ready", f"Not ready: {names}.", missing)
        answer = {"status": "ready", "checks": dict.fromkeys(checks, "ok")}
        return Response(json.dumps(answer), content_type="application/json")

    return room


def _missing(checks: Mapping[str, Check]) -> Iterator[Fault]:
    for name, check in checks.items():
        try:
            words = check()
        except Unavailable as error:
            words = f"{error}; see DATABASE_URL, or start it: postroom up"
        if words:
            detail, _, remedy = words.partition("; ")
            yield Fault(f"/{name}", detail, f"{remedy[:1].upper()}{remedy[1:]}." if remedy else None)


def ticker_check(ages: Callable[[], Mapping[str, timedelta]]) -> Check:
    """Whether a ticker beat lately: without one, timers stand still and lost hints stay lost."""

    def check() -> str | None:
        beats = [age for name, age in ages().items() if name.partition(":")[0] == "ticker"]
        if not beats:
            return "no ticker was ever seen; start one: python -m scheduler.ticker"
        if min(beats) > TICKER_SILENCE:
            return f"no ticker for {min(beats).total_seconds():.0f} s; start one: python -m scheduler.ticker"
        return None

    return check


def migration_check(current: Callable[[], str | None], head: str) -> Check:
    """Whether the database has the tables that this code knows."""

    def check() -> str | None:
        found = current()
        return None if found == head else f"the database is at {found or 'nothing'}, this code at {head}; " + MIGRATE

    return check


MIGRATE = "run: postroom migrate"
