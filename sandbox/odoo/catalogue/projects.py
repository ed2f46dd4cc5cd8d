"""Projects, tasks, and the tickets of the Enterprise edition where they are switched on."""

from sandbox.odoo.fields import active, boolean, char, choice, date, html, integer, many, one
from sandbox.odoo.models import Model

TASK_STATES = {
    "01_in_progress": "In Progress",
    "02_changes_requested": "Changes Requested",
    "03_approved": "Approved",
    "1_done": "Done",
    "1_canceled": "Cancelled",
    "04_waiting_normal": "Waiting",
}
PRIORITIES = {"0": "Low", "1": "High"}
HELPDESK = "helpdesk"

PROJECT = Model(
    "project.project",
    "Project",
    {
        "name": char("Name", required=True),
        "partner_id": one("res.partner", "Customer"),
        "user_id": one("res.users", "Project Manager", default=lambda env: env.uid),
        "company_id": one("res.company", "Company"),
        "active": active(),
    },
    order="name, id",
    module="project",
    thread=True,
)
STAGE = Model(
    "project.task.type",
    "Task Stage",
    {"name": char("Name", required=True), "sequence": integer("Sequence"), "fold": boolean("Folded in Kanban")},
    order="sequence, id",
    module="project",
)
TASK = Model(
    "project.task",
    "Task",
    {
        "name": char("Title", required=True),
        "description": html("Description"),
        "project_id": one("project.project", "Project"),
        "stage_id": one(
            "project.task.type", "Stage", default=lambda env: env.ref("project.project_stage_new").id, tracked=True
        ),
        "state": choice("State", TASK_STATES, default="01_in_progress", required=True, tracked=True, copied=False),
        "priority": choice("Priority", PRIORITIES, default="0"),
        "user_ids": many("res.users", "Assignees", default=lambda env: [(6, 0, [env.uid])]),
        "partner_id": one("res.partner", "Customer"),
        "date_deadline": date("Deadline"),
        "company_id": one("res.company", "Company"),
        "active": active(),
    },
    order="priority desc, id desc",
    module="project",
    thread=True,
    posts_by_reading=True,
)

TEAM = Model(
    "helpdesk.team",
    "Helpdesk Team",
    {"name": char("Helpdesk Team", required=True), "company_id": one("res.company", "Company"), "active": active()},
    module=HELPDESK,
    thread=True,
)
TICKET_STAGE = Model(
    "helpdesk.stage",
    "Helpdesk Stage",
    {"name": char("Stage Name", required=True), "sequence": integer("Sequence"), "fold": boolean("Folded in Kanban")},
    order="sequence, id",
    module=HELPDESK,
)
TICKET = Model(
    "helpdesk.ticket",
    "Helpdesk Ticket",
    {
        "name": char("Subject", required=True),
        "description": html("Description"),
        "team_id": one("helpdesk.team", "Helpdesk Team"),
        "stage_id": one("helpdesk.stage", "Stage", default=lambda env: env.ref("helpdesk.stage_new").id, tracked=True),
        "priority": choice("Priority", {**PRIORITIES, "2": "Higher", "3": "Urgent"}, default="0"),
        "user_id": one("res.users", "Assigned to"),
        "partner_id": one("res.partner", "Customer"),
        "partner_name": char("Customer Name"),
        "partner_email": char("Customer Email"),
        "company_id": one("res.company", "Company", default=lambda env: env.company.id),
        "active": active(),
    },
    order="priority desc, id desc",
    module=HELPDESK,
    thread=True,
)

MODELS = (PROJECT, STAGE, TASK, TEAM, TICKET_STAGE, TICKET)
