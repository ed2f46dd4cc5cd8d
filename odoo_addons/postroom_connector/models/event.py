"""Events for Postroom: written in the transaction of what happened, posted by a cron until they are taken."""

import json
import logging
import time
import uuid
from datetime import timedelta

import requests
from odoo import _, api, fields, models

from ..exceptions import NotAllowed
from ..signing import signature
from . import compat, facts

BATCH = 50
TIMEOUT = (5, 20)
"""Seconds to connect, and for an answer."""
PATIENCE = timedelta(days=7)
LONGEST_WAIT = timedelta(minutes=15)
STINT = 45
"""Seconds of one run of the cron."""
KEPT = timedelta(days=30)
OWN_FAULTS = (400, 409, 413, 415, 422)
"""Answers about the event itself: it is refused. With any other it waits, for it may be right tomorrow."""
MOST_FAILURES = 10
"""Times that Postroom may fail (500) at one event, before those behind it are let by."""
TOLD_AFTER = 5
"""Attempts at the first that waits, before the administrator hears of it."""

_logger = logging.getLogger(__name__)


class Event(models.Model):
    """One thing that Postroom is to hear of, once."""

    _name = "postroom.event"
    _description = "Event for Postroom"
    _order = "id"
    _rec_name = "key"

    key = fields.Char(required=True, readonly=True, help="Names the event for ever: a repeat is the same event again")
    type = fields.Char(required=True, readonly=True)
    data = fields.Text(required=True, readonly=True)
    model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="model", readonly=True, string="Record")
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    happened_at = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    state = fields.Selection(
        [("waiting", "Waiting"), ("taken", "Taken"), ("refused", "Refused"), ("dead", "Given up")],
        default="waiting",
        required=True,
        readonly=True,
        index=True,
    )
    attempts = fields.Integer(readonly=True)
    next_at = fields.Datetime(default=fields.Datetime.now, readonly=True)
    answer = fields.Char(readonly=True, help="What Postroom said last")

    def init(self):
        """What makes an event once."""
        compat.unique_index(self, "key")

    # Writing --------------------------------------------------------------------------------------------------------

    @api.model
    def emit(self, event_type, key, data, record=None):
        """Write an event down, once for each key; it is rolled back with what happened.

        For server code and automations, as `env["postroom.event"].sudo().emit(...)`: without sudo() it is refused, or
        whoever may log in could have Postroom write to anybody.

        :param str event_type: as in odoo.approval.requested; Postroom's /docs lists them
        :param str key: derived from the record, never from the clock
        :param dict data: company, recipient and the facts of the type
        :returns: the event; empty where nothing is to be told, or it was told before
        """
        if not self.env.su:
            raise NotAllowed(_("Events are Odoo's own to tell; in an automation, write env['postroom.event'].sudo()."))
        if not self._is_on() or self.search_count([("key", "=", key)], limit=1):
            return self.browse()
        made = self.create(
            {
                "key": key,
                "type": event_type,
                "data": json.dumps(data, ensure_ascii=False, sort_keys=True),
                "model": record._name if record is not None else False,
                "res_id": record.id if record is not None else False,
                "company_id": facts.company_id(record),
            }
        )
        self._wake()
        return made

    def _wake(self):
        """The cron, as soon as this is committed."""
        cron = self.env.ref("postroom_connector.cron_post", raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger()

    @api.model
    def _is_on(self):
        get = self.env["ir.config_parameter"].sudo().get_param
        return get("postroom_connector.active") == "True" and bool(get("postroom_connector.url"))

    # Posting --------------------------------------------------------------------------------------------------------

    @api.model
    def _post_waiting(self):
        """The cron: in order, until nothing waits; what is down keeps everything waiting, and loses nothing."""
        until = time.monotonic() + STINT
        more = True
        while more and self._is_on() and time.monotonic() < until:
            more = self._post_batch()
            self.env.cr.commit()  # what Postroom took is taken, whatever becomes of the others

    def _post_batch(self):
        """Post some in order, up to the first that nobody takes. Returns whether there may be more."""
        events = self._claim()
        return bool(events) and all(event._post() for event in events)

    def _claim(self):
        """The oldest that wait. Where the first of them is not due, nobody is: they go in order."""
        self.env.cr.execute(
            "select id from postroom_event where state = 'waiting' order by id limit %s for update skip locked",
            (BATCH,),
        )
        events = self.browse([row[0] for row in self.env.cr.fetchall()])
        return events if events and events[0].next_at <= fields.Datetime.now() else self.browse()

    def _post(self):
        """Post one. Returns whether Postroom gave a verdict on it."""
        try:
            answer = self._send(self._body())
        except requests.RequestException as error:
            return self._wait(_("Postroom cannot be reached (%s).", type(error).__name__))
        except ValueError as error:
            return self._wait(_("The secret of events is none: %s.", error))
        words = _words(answer)
        if answer.status_code == 202:
            return self._end("taken", words)
        hopeless = answer.status_code == 500 and self.attempts + 1 >= MOST_FAILURES
        if answer.status_code not in OWN_FAULTS and not hopeless:
            return self._wait(words, _seconds(answer))
        self._tell(_("Postroom refused the event %(key)s: %(words)s", key=self.key, words=words))
        return self._end("refused", words)

    def _end(self, state, words):
        self.write({"state": state, "answer": words, "attempts": self.attempts + 1})
        return True

    def _send(self, body):
        get = self.env["ir.config_parameter"].sudo().get_param
        timestamp = int(time.time())
        secret = (get("postroom_connector.event_secret") or "").split()
        return requests.post(
            f"{get('postroom_connector.url').rstrip('/')}/v1/events",
            data=body.encode(),
            headers={
                "Content-Type": "application/cloudevents+json",
                "webhook-id": self.key,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": signature(secret[0] if secret else "", self.key, timestamp, body),
            },
            timeout=TIMEOUT,
            allow_redirects=False,
        )

    def _body(self):
        get = self.env["ir.config_parameter"].sudo().get_param
        event = {
            "specversion": "1.0",
            "id": self.key,
            "source": f"/{get('postroom_connector.source') or 'odoo'}",
            "type": self.type,
            "time": self.happened_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "odoodatabase": get("database.uuid"),
            "data": json.loads(self.data),
        }
        if self.model and self.res_id:
            event["subject"] = f"{self.model}:{self.res_id}"
        return json.dumps(event, ensure_ascii=False, sort_keys=True)

    def _wait(self, words, seconds=None):
        """Nobody, or nobody who could say: it stays the first of those that wait."""
        waited = min(timedelta(seconds=2 ** min(self.attempts, 12)), LONGEST_WAIT)
        wait = timedelta(seconds=seconds) if seconds is not None else waited
        values = {"attempts": self.attempts + 1, "answer": words, "next_at": fields.Datetime.now() + wait}
        if values["attempts"] == TOLD_AFTER:
            self._tell(_("Postroom takes no events; they wait in Odoo. It says: %s", words))
        if fields.Datetime.now() - self.create_date > PATIENCE:
            values["state"] = "dead"
            self._tell(_("Postroom took no events for a week; the event %s was given up.", self.key))
        self.write(values)
        return False

    def _tell(self, words):
        """The administrator hears of what nobody will mend by itself; one word an hour, the list has them all."""
        _logger.warning("postroom: %s", words)
        recently = [
            ("state", "in", ("refused", "dead")),
            ("write_date", ">", fields.Datetime.now() - timedelta(hours=1)),
        ]
        admin = self.env.ref("base.user_admin", raise_if_not_found=False)
        if admin and admin.active and not self.search_count([*recently, ("id", "!=", self.id)], limit=1):
            admin.partner_id.message_notify(partner_ids=admin.partner_id.ids, subject="Postroom", body=words)

    def action_again(self):
        """Post again what was refused or given up."""
        self.write({"state": "waiting", "attempts": 0, "next_at": fields.Datetime.now()})
        self._wake()

    # Trying ---------------------------------------------------------------------------------------------------------

    @api.model
    def _try(self):
        """Post a signed event that says nothing, and tell in words what came back."""
        probe = self.new(
            {
                "key": f"postroom-test-{uuid.uuid4()}",
                "type": "postroom.test",
                "data": "{}",
                "happened_at": fields.Datetime.now(),
            }
        )
        try:
            answer = probe._send(probe._body())
        except requests.RequestException as error:
            return False, _("Postroom cannot be reached (%s).", type(error).__name__)
        except ValueError as error:
            return False, _("The secret of events is none: %s.", error)
        if answer.status_code == 422 and "/type" in answer.text:
            # It read our signature and our database, and knows no such type: everything but the event is right.
            return True, _("Postroom answers, and believes this database.")
        return answer.status_code == 202, _words(answer)

    @api.autovacuum
    def _gc(self):
        """What was taken is Postroom's to keep: here only its key stays, by which it is not told again."""
        before = fields.Datetime.now() - KEPT
        old = [("state", "=", "taken"), ("create_date", "<", before), ("data", "!=", "{}")]
        self.sudo().search(old, limit=10000).write({"data": "{}"})


def _words(answer):
    """What Postroom said: the title, and every fault with its remedy."""
    try:
        told = answer.json()
    except ValueError:
        return f"{answer.status_code} {answer.reason}"
    if not isinstance(told, dict):
        return f"{answer.status_code} {answer.reason}"
    if answer.status_code == 202:
        return f"taken as {told.get('id')}"
    faults = "; ".join(_fault(fault) for fault in told.get("errors", ()))
    title = f"{answer.status_code} {told.get('title', '')}".strip()
    return ": ".join(filter(None, (title, faults or told.get("detail"))))


def _fault(fault):
    """Where, what, and what to do."""
    said = f"{fault.get('pointer', '')} {fault.get('detail', '')}".strip().rstrip(".")
    return f"{said}. {fault['remedy']}" if fault.get("remedy") else said


def _seconds(answer):
    wait = answer.headers.get("Retry-After", "")
    return min(int(wait), 3600) if wait.isdecimal() else None
