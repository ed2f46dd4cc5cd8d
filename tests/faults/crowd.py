"""The people that a scenario asks, and what opens their mail: in Slack, in a mailbox, and in Odoo."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from postroom.cli.demo.person import Stage
from postroom.store.sealing import Sealer
from tests.boardroom import account, employ
from tests.faults.scene import Scene

SCANNERS = (
    lambda url: requests.get(url, timeout=10),
    lambda url: requests.head(url, timeout=10),
    lambda url: requests.get(url, params={"open": "1"}, timeout=10),
    lambda url: requests.get(url, headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"}, timeout=10),
)
"""What looks into a person's mail before he does: by its name, by its headers alone, and like a person."""


def employed(scene: Scene, *users: int) -> None:
    """Users of Odoo whom the house knows, each by his account in Slack."""
    environment = scene.house.environment
    employ(scene.engine, users, Sealer(environment["SEALING_KEYS"], environment["BLIND_KEY"]))


def cards_of(scene: Scene, user: int) -> set[str]:
    """The messages in Slack that a person can answer."""
    return {str(each["id"]) for each in messages(scene, account(user)) if each["buttons"]}


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
