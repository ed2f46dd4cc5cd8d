"""The people that a scenario asks, and what opens their mail: in Slack, in a mailbox, and in Odoo."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import requests

from postroom.cli.demo.person import Stage
from postroom.store.sealing import Sealer
from tests.boardroom import account, employ, question
from tests.faults.news import News
from tests.faults.patience import eventually
from tests.faults.scene import Scene

MANAGER = 104
"""Who may approve in the stand-in's Odoo."""

UNTIL_REMINDED = timedelta(hours=4, minutes=1)
"""As config/escalations.yaml has it."""

SCANNERS = (
    lambda url: requests.get(url, timeout=10),
    lambda url: requests.head(url, timeout=10),
    lambda url: requests.get(url, params={"open": "1"}, timeout=10),
    lambda url: requests.get(url, headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"}, timeout=10),
)
"""What looks into a person's mail before he does: by its name, by its headers alone, and like a person."""


LAST_BEAT = "select at from heartbeat where name = 'ticker'"
_users = count(1000)


def somebody() -> int:
    """A user of Odoo whom no other scenario knows."""
    return next(_users)


def employed(scene: Scene, *users: int) -> None:
    """Users of Odoo whom the house knows, each by his account in Slack."""
    environment = scene.house.environment
    employ(scene.engine, users, Sealer(environment["SEALING_KEYS"], environment["BLIND_KEY"]))


def cards_of(scene: Scene, user: int) -> set[str]:
    """The messages in Slack that a person can answer."""
    return {
        str(each["id"])
        for each in messages(scene, account(user))
        if any(button["payload"] is not None for button in each["buttons"])
    }


def messages(scene: Scene, address: str) -> list[dict[str, Any]]:
    """All that came to an address, by the sandbox's own account."""
    url = f"{scene.house.environment['SANDBOX_URL']}/_sandbox/messages"
    found: list[dict[str, Any]] = requests.get(url, params={"recipient": address}, timeout=10).json()["messages"]
    return found


def press(scene: Scene, card: str, title: str) -> None:
    """As one can whose page still shows the button."""
    url = f"{scene.house.environment['SANDBOX_URL']}/_sandbox/press"
    requests.post(url, json={"message_id": card, "button": title}, timeout=10).raise_for_status()


def presses_heard(scene: Scene) -> int:
    """Presses that were drained, whatever came of them."""
    (row,) = scene.ask("select count(*) as n from inbox where type = 'pressed' and state = 'done'")
    return int(row.n)


def in_odoo(scene: Scene, model: str, domain: list[Any], *fields: str) -> list[dict[str, Any]]:
    """What the stand-in itself shows: the witness."""
    environment = scene.house.environment
    answer = requests.post(
        f"{environment['SANDBOX_URL']}/odoo/json/2/{model}/search_read",
        json={"domain": domain, "fields": fields},
        headers={"Authorization": f"bearer {environment['SANDBOX_SECRET']}", "X-Odoo-Database": "sandbox"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def link_for(scene: Scene, user: int) -> str | None:
    """The link in a person's mail by which he could decide."""
    mail = " ".join(each["text"] for each in messages(scene, f"person{user}@example.com"))
    found = re.search(r"\S+/a/\S+", mail)
    return found[0] if found else None


def put_into_odoo(scene: Scene, model: str, number: int, **values: Any) -> None:
    """As somebody does who works in Odoo itself."""
    Stage(scene.house.environment["SANDBOX_URL"]).put_into_odoo(model, number, values)


@contextmanager
def odoo_away(scene: Scene) -> Iterator[None]:
    """Odoo answers nothing but faults meanwhile."""
    url = f"{scene.house.environment['SANDBOX_URL']}/_sandbox/faults"
    fault = {"channel": "odoo", "kind": "server_error", "recipient": "server", "times": 100_000}
    requests.post(url, json=fault, timeout=10).raise_for_status()
    scene.note("Odoo away")
    try:
        yield
    finally:
        requests.delete(url, timeout=10).raise_for_status()
        scene.note("Odoo back")


def ask(scene: Scene, number: int) -> list[int]:
    """So many people are asked, each about a document of his own, and have the question in Slack."""
    users = [somebody() for _ in range(number)]
    employed(scene, *users)
    news = [News(question(user, user)) for user in users]
    scene.post(*news)
    eventually(lambda: scene.count(news, "sent", "delivered", channel="slack") == number, what="all have been asked")
    return users


def asked_again(scene: Scene, users: Sequence[int]) -> list[int]:
    """How often each of them was asked, by the provider's own count."""
    return [scene.witness.count(account(user)) for user in users]


def wait_until_reminded(scene: Scene, users: Sequence[int], within: float = 20.0) -> None:
    eventually(lambda: min(asked_again(scene, users)) == 2, within=within, what="all have been reminded")


def steps(scene: Scene, users: Sequence[int]) -> list[int]:
    """How many steps each run has taken."""
    rows = scene.ask(
        "select (select count(*) from step_exec e where e.run_id = r.id and e.outcome = 'fired') as n from run r "
        "where r.subject = any(:subjects)",
        subjects=[f"purchase.order:{user}" for user in users],
    )
    return [row.n for row in rows]


def status(scene: Scene, user: int) -> str:
    (run,) = scene.ask("select status from run where subject = :subject", subject=f"purchase.order:{user}")
    return str(run.status)


def is_asked_about(scene: Scene, document: int, user: int = MANAGER, **approval: str) -> str:
    """The card that he has in Slack."""
    employed(scene, user)
    known = cards_of(scene, user)
    scene.post(News(question(user, document, **approval)))
    (card,) = eventually(lambda: cards_of(scene, user) - known, what=f"user {user} has the question in Slack")
    return card


def order(scene: Scene, document: int) -> dict[str, Any]:
    """How it stands in Odoo."""
    (found,) = in_odoo(scene, "purchase.order", [["id", "=", document]], "state", "write_date")
    return found


def answers_about(scene: Scene, document: int) -> tuple[list[str], int]:
    """What was answered about a document, and how many decisions were to be carried into Odoo."""
    about = {"it": f"purchase.order:{document}"}
    votes = scene.ask("select v.answer from vote v join run r on r.id = v.run_id where r.subject = :it", **about)
    writings = scene.ask("select from outbox where kind = 'decision' and subject = :it", **about)
    return [row.answer for row in votes], len(writings)


def rounds_pass(scene: Scene) -> None:
    """Several rounds of the ticker, so that what is not to come had its time."""
    before = scene.ask(LAST_BEAT)[0].at + timedelta(seconds=3)
    eventually(lambda: scene.ask(LAST_BEAT)[0].at > before, what="the ticker has made a few rounds")
