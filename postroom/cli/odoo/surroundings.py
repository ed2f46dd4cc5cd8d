"""What is around our user: clocks, documents, mail, and whether this Odoo is a copy that was silenced."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests

from postroom.cli.connect.checked import Told, Unasked, bad, doubtful, good
from postroom.odoo.client import Odoo
from postroom.odoo.documents import Named, portal_path
from workers.channels.base import ChannelError
from workers.documents import check_pdf

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 30.0
APART, TOO_FAR = timedelta(seconds=30), timedelta(minutes=4)
"""The add-on believes commands that are not five minutes old."""
SOON = timedelta(days=30)
NEUTRALISED = "oe_neutralize_banner"
"""What Odoo shows on every page of a database that was neutralised (17 to 19)."""
PAPERS = (
    ("account.move", [["move_type", "=", "out_invoice"], ["state", "=", "posted"]]),
    ("sale.order", [["state", "in", ["sent", "sale"]]]),
)


def clock(url: str) -> Told:
    """How far Odoo's clock is from ours, to the second."""
    before = datetime.now(UTC)
    told = _get(f"{url}/web/login").headers.get("Date")
    if told is None:
        return doubtful("Odoo's answers carry no date", "See that no proxy drops it.")
    apart = abs(parsedate_to_datetime(told) - before)
    words = f"{apart.total_seconds():.0f} s apart"
    if apart > TOO_FAR:
        return bad(f"{words}: commands would be too old", "Let both machines ask a time server (NTP).")
    if apart > APART:
        return doubtful(words, "Let both machines ask a time server (NTP).")
    return good(words)


def neutralised(url: str) -> Told:
    """A neutralised database is somebody's copy for tests."""
    if NEUTRALISED in _get(f"{url}/web/login").text:
        return doubtful("yes: this is a copy for tests, and silent", "Set ODOO_DB to the real one before going live.")
    return good("no")


def portal_pdf(erp: Odoo, url: str) -> Told:
    """The newest invoice as its customer gets it: the portal answers, and wkhtmltopdf works."""
    record = _paper(erp)
    if record is None:
        return doubtful("no invoice and no order to try it on", "Run this again when there is one.")
    path = portal_path(erp, record, pdf=True)
    began = datetime.now(UTC)
    answer = _get(f"{url}{path}")
    spent = (datetime.now(UTC) - began).total_seconds()
    if not answer.ok or not answer.content.startswith(b"%PDF"):
        words = f"status {answer.status_code}, {answer.headers.get('Content-Type', 'no type')}"
        return bad(f"{words}: no PDF", "Is wkhtmltopdf installed on Odoo's machine? Its log says why.")
    try:
        check_pdf(answer.content)
    except ChannelError as error:
        return bad(f"a PDF that cannot be opened: {error.fault.detail}", "Open the document in Odoo and print it.")
    return good(f"{record.model} {record.id}: {len(answer.content) // 1024} kB in {spent:.1f} s, by wkhtmltopdf")


def _paper(erp: Odoo) -> Named | None:
    for model, domain in PAPERS:
        found = erp.search_read(model, domain, ["id"], limit=1, order="id desc") if erp.has_model(model) else []
        if found:
            return Named(model, found[0]["id"])
    return None


def outgoing_mail(admin: Odoo) -> Told:
    """Whether Odoo itself writes to people; only an administrator may ask."""
    servers = admin.count("ir.mail_server", [["active", "=", True]])
    if not servers:
        return doubtful("no mail server in Odoo: its mails go by its configuration, or stay", "See that this is meant.")
    return good(f"{servers} mail servers")


def key_age(erp: Odoo) -> Told:
    """How long our keys live; Odoo 17 lets them live for ever."""
    if "expiration_date" not in erp.fields("res.users.apikeys"):
        return good("lives for ever in this version; make a new one from time to time")
    rows = erp.search_read("res.users.apikeys", [["user_id", "=", erp.uid]], ["expiration_date"])
    ends = [row["expiration_date"] for row in rows]
    if not ends or not all(ends):
        return good("lives for ever; make a new one from time to time")
    last = datetime.fromisoformat(max(ends)).replace(tzinfo=UTC)
    left = last - datetime.now(UTC)
    words = f"the last of {len(ends)} ends on {last:%Y-%m-%d}, in {left.days} days"
    return good(words) if left > SOON else doubtful(words, "postroom odoo setup --make-key")


def _get(url: str) -> requests.Response:
    try:
        return requests.get(url, timeout=(CONNECT_SECONDS, ANSWER_SECONDS), allow_redirects=False)
    except requests.RequestException as error:
        words = f"{url.partition('?')[0]} does not answer ({type(error).__name__})"
        raise Unasked(bad(words, "See that this machine may reach it: firewall, proxy, name servers.")) from error
