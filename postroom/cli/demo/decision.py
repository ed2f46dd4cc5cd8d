"""Laura's decision: a purchase order in the sandbox's Odoo that moves when she presses a button in Slack."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from postroom.cli.demo.judging import Outcome
from postroom.cli.demo.person import Stage
from postroom.cli.following import EVERY
from postroom.domain.channels import ChannelName
from postroom.domain.people import How
from postroom.domain.safety import Wire
from postroom.odoo.access import Access
from postroom.odoo.client import Odoo
from postroom.odoo.connecting import connect
from postroom.store.engine import Engine
from postroom.store.people import link, person_of_user
from postroom.store.sealing import Sealer
from workers.tasks.sync_people import call_roll

ORDER = "purchase.order"
WAITING, MOVED = "to approve", "purchase"
DATABASE = "sandbox"
OURSELVES = 2
"""Our own user in the sandbox's Odoo."""
DOCUMENTS: Mapping[str, Mapping[str, str]] = {
    ORDER: {"state": WAITING},
    "sale.order": {"state": "sale"},
    "account.move": {"state": "posted", "move_type": "out_invoice"},
}
"""What makes a record the document of an event."""
RESPONSIBLE = {"account.move": "invoice_user_id"}
NUMBERS = ("number", "document_number")


@dataclass(frozen=True, slots=True)
class Ledger:
    """The sandbox's Odoo, as the demonstration looks at it."""

    odoo: Odoo
    stage: Stage

    def lay_out(self, outcome: Outcome, responsible: int) -> None:
        """Put the document that somebody hears of where people's answers look for it, and its customer."""
        data = outcome.event["data"]
        recipient = data["recipient"]
        customer = {name: recipient.get(name) or False for name in ("name", "email", "phone")}
        self.stage.put_into_odoo("res.partner", recipient["partner_id"], customer)
        model, _, number = str(outcome.event["subject"]).partition(":")
        facts = {"partner_id": recipient["partner_id"], "company_id": data["company"]["id"], "currency_id": 1}
        facts[RESPONSIBLE.get(model, "user_id")] = responsible
        self.stage.put_into_odoo(model, int(number), {**facts, "name": _name_of(data), **DOCUMENTS[model]})

    def employ(self, company: Mapping[str, Any], *users: int) -> None:
        """Open a company and let people work for it, as an administrator of Odoo would."""
        self.stage.put_into_odoo("res.company", company["id"], {"name": company["name"]})
        for user in users:
            self.stage.put_into_odoo("res.users", user, {"company_ids": [[4, company["id"]]]})

    def state_of(self, outcome: Outcome) -> str:
        """How the order stands now."""
        (row,) = self.odoo.read(ORDER, [outcome.event["data"]["approval"]["id"]], ["state"])
        return str(row["state"])


def _name_of(data: Mapping[str, Any]) -> str:
    """What the event calls its document."""
    blocks = (block for block in data.values() if isinstance(block, Mapping))
    return next(str(block[name]) for block in blocks for name in NUMBERS if name in block)


def ledger_of(sandbox_url: str, secret: str, stage: Stage) -> Ledger:
    """The sandbox's Odoo, in the name of our own user there."""
    return Ledger(connect(Access(f"{sandbox_url}/odoo", DATABASE, "postroom", secret)), stage)


def make_known(ledger: Ledger, engine: Engine, sealer: Sealer, user_id: int, slack: str) -> None:
    """Call the roll of Odoo's users, and link one of them to his account in Slack: as `postroom people` does."""
    call_roll(engine, sealer, ledger.odoo, Wire.SANDBOX, DATABASE)
    with engine.begin() as connection:
        person = person_of_user(connection, sealer, Wire.SANDBOX, user_id)
        if person is not None:
            link(connection, sealer, person, ChannelName.SLACK, slack, how=How.LINK, by="demo")


def watch_it_move(ledger: Ledger, outcome: Outcome, slack: str, patience: timedelta) -> list[str]:
    """What did not come of a press in time: the order moves, and she who pressed is told so."""
    number = str(outcome.event["data"]["approval"]["document_number"])
    until = time.monotonic() + patience.total_seconds()
    while time.monotonic() < until:
        if ledger.state_of(outcome) == MOVED and ledger.stage.was_told(slack, f"{number} está aprobado"):
            return []
        time.sleep(EVERY)
    return [f"{number} was approved in Slack, and is {ledger.state_of(outcome)!r} in Odoo"]
