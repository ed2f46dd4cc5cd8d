"""People who are asked in Slack and press buttons there, without an Odoo beside them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from postroom.domain.channels import ChannelEvent, ChannelName, EventKind
from postroom.domain.messages import Urgency
from postroom.domain.people import How, User
from postroom.domain.safety import Wire
from postroom.store.census import keep_users
from postroom.store.engine import Engine
from postroom.store.ids import new_id
from postroom.store.inbox import NewChannelEvent, keep_channel_events
from postroom.store.people import link, person_of_user
from postroom.store.sealing import Sealer
from tests.builders import SEALER, keep, of_type, query
from workers.tasks import deliver, observe, route
from workers.wiring import Rooms

SLACK = ChannelName.SLACK
DATABASE = "sandbox"


def account(user: int) -> str:
    """A user's id in Slack."""
    return f"U0PERSON{user}"


def recipient(user: int) -> dict[str, Any]:
    """A user as an event names him."""
    return {
        "partner_id": user + 100,
        "name": f"Person {user}",
        "user_id": user,
        "slack": account(user),
        "email": f"person{user}@example.com",
        "phone": None,
    }


def employ(engine: Engine, users: Iterable[int], sealer: Sealer = SEALER) -> None:
    """Make users of Odoo known, each by his account in Slack."""
    with engine.begin() as connection:
        employed = [
            User(user, user + 100, 1, (1,), f"Person {user}", f"person{user}", f"person{user}@example.com")
            for user in users
        ]
        keep_users(connection, sealer, Wire.SANDBOX, DATABASE, employed)
        for each in employed:
            person = person_of_user(connection, sealer, Wire.SANDBOX, each.user_id)
            assert person is not None
            link(connection, sealer, person, SLACK, account(each.user_id), how=How.LINK, by="test")


def question(user: int, document: int = 42, **approval: Any) -> dict[str, Any]:
    """The event that asks somebody about a purchase order."""
    event = of_type("odoo.approval.requested", **recipient(user))
    event["data"]["approval"] = {**event["data"]["approval"], "id": document, **approval}
    return event


def ask(rooms: Rooms, user: int, document: int = 42, **approval: Any) -> None:
    """Somebody is asked about a purchase order."""
    keep(rooms.engine, question(user, document, **approval))
    route.drain(rooms)


def send(rooms: Rooms) -> None:
    """Let everything go out that may."""
    for lane in Urgency:
        deliver.drain(rooms, SLACK, lane)


def press(rooms: Rooms, user: int, answer: str, document: int = 42) -> bool:
    """Press a button of the newest card about a document that somebody was sent. False: he has none."""
    found = query(
        rooms.engine,
        "select a.id from attempt a join message_log m on m.id = a.message_id join intent i on i.id = m.intent_id"
        " where i.recipient = :who and i.subject = :subject and i.run_id is not null and a.outcome = 'accepted'"
        " order by a.id desc limit 1",
        who=f"partner:{user + 100}",
        subject=f"purchase.order:{document}",
    )
    if not found:
        return False
    event = ChannelEvent(
        EventKind.PRESSED,
        str(new_id()),
        SLACK,
        "stub",
        datetime.now(UTC),
        text=answer.capitalize(),
        payload=answer,
        address=account(user),
        attempt_id=found[0].id,
    )
    _keep(rooms, event, user)
    observe.drain(rooms)
    return True


def _keep(rooms: Rooms, event: ChannelEvent, user: int) -> None:
    """As the door keeps what came by the sandbox's secret."""
    request_id = new_id()
    query(
        rooms.engine,
        "insert into request (id, source, sha256, headers, body, state)"
        " values (:id, 'slack', :sha, :headers, :body, 'parsed')",
        id=request_id,
        sha=request_id.bytes,
        headers=SEALER.seal_json({"x-postroom-wire": Wire.SANDBOX.value}, "request.headers"),
        body=SEALER.seal(b"{}", "request.body"),
    )
    with rooms.engine.begin() as connection:
        blind = SEALER.blind(SLACK, event.address or "")
        new = NewChannelEvent(request_id, "slack:stub", event.key, event.kind.value, event.to_json(), blind)
        keep_channel_events(connection, SEALER, [new])
