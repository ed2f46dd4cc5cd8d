"""Words that belong to no document: a ticket, or a task where Odoo has no helpdesk; one for each conversation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from postroom.domain.enclosures import Enclosed
from postroom.domain.heard import Heard
from postroom.domain.writings import DEAD, DONE, Ending, Writing
from postroom.odoo.client import Odoo
from postroom.odoo.writing.attachment import attach_all
from postroom.odoo.writing.authors import author_of
from postroom.odoo.writing.places import Place, not_there
from postroom.odoo.writing.telling import tell
from postroom.odoo.writing.wording import body_of, title_of


@dataclass(frozen=True, slots=True)
class Desk:
    """Where tickets are kept, and how one that is closed is told from one that is open."""

    model: str
    home: str
    """The model of the teams or projects."""
    home_field: str
    is_open: Sequence[Any]
    values: Mapping[str, Any]


HELPDESK = Desk("helpdesk.ticket", "helpdesk.team", "team_id", ["stage_id.fold", "=", False], {})
# Without the empty list of people Odoo gives the task to our own user.
TASKS = Desk(
    "project.task",
    "project.project",
    "project_id",
    ["state", "not in", ["1_done", "1_canceled"]],
    {"user_ids": [[6, 0, []]]},
)


def write(erp: Odoo, writing: Writing, enclosed: Enclosed) -> Ending:
    """Payload: Heard. A further word of the same conversation goes to the chatter of its open ticket."""
    heard = Heard.from_json(writing.payload)
    desk, name = (HELPDESK, heard.team) if heard.team and erp.has_model(HELPDESK.model) else (TASKS, heard.project)
    home = _home(erp, desk, name)
    if home is None:
        return Ending(DEAD, "no_project", f"Odoo has no {desk.home} {name!r}")
    ticket = _there(erp, desk, home, heard)
    if ticket is not None and not _began_with(erp, ticket, heard):
        return Ending(DONE, result=tell(erp, ticket, heard, enclosed))
    ticket = ticket or _open(erp, desk, home, heard, enclosed)
    attach_all(erp, ticket, enclosed.documents)
    return Ending(DONE, result={"record": str(ticket)})


def _home(erp: Odoo, desk: Desk, name: str) -> int | None:
    if not name or not erp.has_model(desk.home):
        return None
    found = erp.search(desk.home, [["name", "=", name]], limit=1)
    return found[0] if found else None


def _there(erp: Odoo, desk: Desk, home: int, heard: Heard) -> Place | None:
    domain = [[desk.home_field, "=", home], ["description", "ilike", _conversation(heard)], list(desk.is_open)]
    found = erp.search(desk.model, domain, limit=1)
    return Place(desk.model, found[0]) if found else None


def _began_with(erp: Odoo, ticket: Place, heard: Heard) -> bool:
    """Whether these very words opened it, and only our record of that was lost."""
    rows = erp.read(ticket.model, [ticket.id], ["description"])
    return bool(rows) and heard.inbox_id in (rows[0]["description"] or "")


def _open(erp: Odoo, desk: Desk, home: int, heard: Heard, enclosed: Enclosed) -> Place:
    author = author_of(erp, heard)
    body = body_of(heard, known=author is not None, left_out=enclosed.left_out)
    footer = f"<p><small>{escape(_conversation(heard))} {escape(heard.inbox_id)}</small></p>"
    values = {
        "name": title_of(heard),
        "description": body + footer,
        "partner_id": author or False,
        desk.home_field: home,
        **desk.values,
    }
    erp.create(desk.model, values)
    opened = _there(erp, desk, home, heard)
    if opened is None:
        raise not_there(f"the new {desk.model}")
    return opened


def _conversation(heard: Heard) -> str:
    return f"postroom:{heard.conversation}"
