"""People who are asked for an approval by email, and who answer in a browser by the link and a code from Slack."""

import json
import re
from dataclasses import replace
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config.escalations import read_chains
from postroom.domain.channels import ChannelName
from postroom.domain.escalation import Chain
from postroom.domain.messages import Urgency
from postroom.store.schema import metadata
from tests.boardroom import employ, question
from tests.builders import SEALER, StubChannel, keep, query
from tests.contract.door.senders import Recorder, door_over
from webhooks.app import create_app
from webhooks.deciding import DecisionDesk
from workers.tasks import deliver, route
from workers.wiring import Rooms

SLACK, EMAIL = ChannelName.SLACK, ChannelName.EMAIL
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"}
LAURA, PABLO = 7, 8
CHAIN = """\
version: 1
chains:
  approval:
    event: odoo.approval.requested
    owner: user:9
    levels: [{to: asked, needs: %s}]
    steps:
      ask: {notify: asked, by: approval_request}
      give_up: {after: 72h, give_up: true}
"""


def chains(needs: str = "any") -> tuple[Chain, ...]:
    """Whoever is asked decides; or all of them, or some."""
    return read_chains(CHAIN % needs, file="chains.yaml")


class Office:
    """A house whose people know an approval by email, and what they then do in a browser."""

    def __init__(self, rooms: Rooms, slack: StubChannel, email: StubChannel) -> None:
        self.rooms, self.slack, self.email = rooms, slack, email
        assert rooms.links is not None
        self.public_url = rooms.links.public_url
        desk = DecisionDesk(rooms.links, lambda: rooms, lambda company: "Acme Iberia SL")
        self.app: Flask = create_app(replace(door_over(None, Recorder(), None), decision_desk=desk))
        self.client: FlaskClient = self.app.test_client()
        self.marks: dict[str, str] = {}
        employ(rooms.engine, (LAURA, PABLO))

    def ask(self, user: int = LAURA, *, language: str = "en_GB", document: int = 42, **approval: Any) -> str:
        """Ask somebody by email; returns the address of his link."""
        event = question(user, document, **approval)
        event["data"]["recipient"] |= {"language": language, "name": f"Person {user}"}
        for name in ("slack", "user_id"):
            event["data"]["recipient"].pop(name)
        keep(self.rooms.engine, event)
        return self.mail()

    def mail(self) -> str:
        """Let everything go out; returns the address of the link that went out last."""
        route.drain(self.rooms)
        for channel in (SLACK, EMAIL):
            for lane in Urgency:
                deliver.drain(self.rooms, channel, lane)
        (link,) = (each.url for each in self.email.sent[-1][0].buttons if each.url and "/a/" in each.url)
        assert link.startswith(f"{self.public_url}/a/")
        return link.removeprefix(self.public_url)

    def open(self, link: str, **headers: str) -> TestResponse:
        return self.client.get(link, headers={**BROWSER, **headers})

    def submit(self, link: str, **form: str) -> TestResponse:
        """Fill in the form of the page."""
        return self.client.post(link, data={"mark": self.mark_of(link), **form}, headers=BROWSER)

    def mark_of(self, link: str) -> str:
        """What the page's form carries, or did when there was one."""
        found = re.search(r'name="mark" value="([^"]+)"', self.open(link).text)
        if found:
            self.marks[link] = found[1]
        return self.marks.get(link, "")

    def ask_for_code(self, link: str) -> str:
        """Have a code sent; returns what Slack brought."""
        answer = self.submit(link, do="code:slack")
        assert answer.status_code == 303, words(answer)
        before = len(self.slack.sent)
        self.mail()
        assert len(self.slack.sent) == before + 1
        return self.code()

    def code(self) -> str:
        """The code that Slack brought last."""
        (code,) = re.findall(r"\d{6}", self.slack.sent[-1][0].subject or "")
        return str(code)

    def decide(self, link: str, answer: str, **form: str) -> TestResponse:
        """Prove and answer."""
        return self.submit(link, do=answer, code=self.ask_for_code(link), **form)

    def trail(self) -> list[str]:
        return [row.what for row in query(self.rooms.engine, "select what from run_event order by id")]

    def votes(self) -> list[tuple[str, str, str]]:
        rows = query(self.rooms.engine, "select actor, answer, via from vote order by at")
        return [(row.actor, row.answer, row.via) for row in rows]

    def writings(self) -> list[dict[str, Any]]:
        rows = query(self.rooms.engine, "select payload from outbox where kind = 'decision'")
        return [json.loads(SEALER.open_text(row.payload, "outbox.payload")) for row in rows]

    def everything(self) -> dict[str, str]:
        """What stands in every table."""
        return {
            name: query(self.rooms.engine, f"select md5(string_agg(t::text, ' ' order by t::text)) from {name} t")[0][0]
            for name in metadata.tables
        }


def words(answer: TestResponse) -> str:
    """What a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
