"""`python -m bench.soak --minutes N`: a house under faults for a while, then the promise held against the witness.

Events come through the door at a steady pace; a quarter of them goes to numbers that make the sandbox misbehave, and
every half minute a process is killed or Redis is lost. At the end everything that is still under way may come to rest,
and then the invariants of `tests/faults` must hold. Ends with 1 and the violations when they do not.
"""

import argparse
import itertools
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import requests
from rich.console import Console
from rich.table import Table

from bench.memory import held
from tests.faults import invariants
from tests.faults.news import News, order_confirmation, payment_reminder
from tests.faults.scene import Scene, running_scene

SETTINGS = {
    "LEASE_SECONDS": "20",
    "ATTEMPT_DEADLINE_SECONDS": "10",
    "UNKNOWN_WINDOW_SECONDS": "20",
    "HOURLY_CEILING": "1000000",
    "SEND_RATES": "whatsapp=100000 email=100000",
    "SANDBOX_RECEIPT_DELAY_MS": "50-400",
}
"""Shorter than in production, so that what a fault left behind is settled while the soak still runs."""

ENDINGS = (
    *("9901", "9902", "9904", "9905", "9906", "9907", "9908", "9909", "9914", "9915", "9916", "9917", "9918"),
    *("9919", "9920", "9921", "9922", "9923", "9924"),
)
"""Numbers that misbehave (docs/sandbox.md), without those that stop our sender for everybody."""
MISBEHAVING = 0.25
REPEATED = 0.05
"""The share of events that Odoo posts again."""
STRIKE_EVERY = 30.0
REST = 180.0
"""Seconds in which everything must have come to rest."""
PATIENCE = 60.0
"""Seconds for which an event is posted again to a door that does not answer."""

console = Console(soft_wrap=True)


@dataclass(slots=True)
class Told:
    """What was done to the house."""

    posted: int = 0
    repeated: int = 0
    refused: int = 0
    """Posts that had to be made again, since the door or its database was away."""
    strikes: list[str] = field(default_factory=list)


def soak(scene: Scene, minutes: float, pace: float, luck: random.Random) -> Told:
    """Post events at a pace, a second; strike now and then; for so many minutes."""
    told = Told()
    strikes = _strikes(scene)
    began = time.monotonic()
    ends, strike_at = began + minutes * 60, began + STRIKE_EVERY / 2
    for number in itertools.count():
        now = time.monotonic()
        if now >= ends:
            return told
        if now >= strike_at:
            told.strikes.append(next(strikes)())
            strike_at += STRIKE_EVERY
        news = _news(luck)
        _post(scene, news, told)
        if luck.random() < REPEATED:
            _post(scene, news, told)
            told.repeated += 1
        time.sleep(max(0.0, began + (number + 1) / pace - time.monotonic()))
    raise AssertionError("count() has no end")


def _news(luck: random.Random) -> News:
    make = luck.choice((order_confirmation, payment_reminder))
    return make(luck.choice(ENDINGS) if luck.random() < MISBEHAVING else "")


def _post(scene: Scene, news: News, told: Told) -> None:
    """As Odoo does it: the same event again, until it is answered."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            scene.post(news)
        except (requests.RequestException, AssertionError):
            if time.monotonic() > deadline:
                raise
            told.refused += 1
            time.sleep(0.5)
        else:
            told.posted += 1
            return


def _strikes(scene: Scene) -> Iterator[Callable[[], str]]:
    """What is done to the house, in turn and for ever."""

    def killed(name: str) -> Callable[[], str]:
        def strike() -> str:
            with suppress(ProcessLookupError):  # it is on its way up again since the last time
                scene.kill(name)
            return f"kill -9 {name}"

        return strike

    def without_memory() -> str:
        scene.lose_redis()
        return "Redis lost with all that it held"

    names = ("whatsapp", "core", "ticker", "email", "web")
    return itertools.cycle((*map(killed, names), without_memory))


def _show(scene: Scene, told: Told, before: dict[str, float]) -> None:
    table = Table("channel", "state", "reason", "messages", title="Where the messages are", title_justify="left")
    for row in scene.ask(
        "select channel, state, coalesce(reason, '') as reason, count(*) as n from message_log "
        "group by 1, 2, 3 order by 1, 2, 3"
    ):
        table.add_row(row.channel, row.state, row.reason, str(row.n))
    console.print(table)
    memory = Table("process", "restarts", "MiB at the start", "MiB at the end")
    for name, size in _memory(scene).items():
        memory.add_row(name, str(scene.house.process(name).restarts), f"{before.get(name, 0):.0f}", f"{size:.0f}")
    console.print(memory)
    console.print(
        f"{told.posted} posts taken ({told.repeated} of them repeats), {told.refused} made again; the provider saw "
        f"{scene.witness.count()} requests. Struck: {', '.join(told.strikes) or 'nothing'}."
    )


def _memory(scene: Scene) -> dict[str, float]:
    house = scene.house
    return {name: held(house.process(name).pid)["resident"] for name in house.processes if house.process(name).lives}


def _judged(scene: Scene) -> str:
    """Empty, or what does not hold."""
    try:
        invariants.check(scene, within=REST)
    except AssertionError as violated:
        return str(violated)
    return ""


def main() -> int:
    """Soak, show, judge."""
    asked = _asked()
    with running_scene(SETTINGS, {}) as scene:
        before = _memory(scene)
        console.print(f"Soaking for {asked.minutes:g} minutes at {asked.pace:g} events a second; seed {asked.seed}.")
        told = soak(scene, asked.minutes, asked.pace, random.Random(asked.seed))
        violations = _judged(scene)
        _show(scene, told, before)
    console.print(violations or "Every promise held.", style="bold red" if violations else "bold green")
    return 1 if violations else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description="A house under faults for a while.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--pace", type=float, default=5.0, help="events a second (default 5)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="repeats a run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
