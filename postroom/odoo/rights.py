"""What our user needs in Odoo, what he is given for it, and what he must never see: one table of each.

Tried on 17 and 19. Whoever follows a record may write in its chatter, yet Odoo 17 asks first whether he may write such
records at all. So where only writers may post, he is given the right to write and a rule by which it reaches no record:
his words can stand beside a document, and he can change none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from postroom.odoo.calls import Call
from postroom.odoo.client import Odoo
from postroom.odoo.errors import OdooError
from postroom.odoo.versions import ACCESS_QUESTIONS


@dataclass(frozen=True, slots=True)
class Right:
    """What is granted on one model, and what for."""

    model: str
    why: str
    write: bool = False
    create: bool = False
    posts: bool = False
    """He writes in its chatter; where Odoo asks for the right to write, it reaches no record."""
    everyones: bool = False
    """An employee sees only his own: a rule shows him all of his companies'."""
    own: bool = False
    """He writes only what he made himself."""
    field: str = "display_name"
    """What is read to prove it."""


RIGHTS: tuple[Right, ...] = (
    Right("account.move", "invoices: what is owed, their links and PDFs, replies beside them"),
    Right("account.payment", "payments that are matched with no invoice yet: nobody is asked for what he paid"),
    Right("account.bank.statement.line", "how old the bank feed is, and what came in by it", field="payment_ref"),
    Right("sale.order", "quotations and orders: their links, replies beside them", posts=True),
    Right("crm.lead", "digests: open opportunities, counted and added up there"),
    Right("purchase.order", "what is to be approved, and what became of it", posts=True),
    Right("stock.picking", "deliveries, and replies beside them", posts=True),
    Right("hr.leave", "time off to be approved, and what became of it", everyones=True, field="state"),
    Right("hr.expense", "expenses to be approved, and what became of them", everyones=True, field="state"),
    Right("hr.expense.sheet", "reports of expenses, until Odoo 18", everyones=True, field="state"),
    Right("project.project", "where tickets are kept"),
    Right("project.task", "tickets of replies that answer nothing", write=True, create=True, own=True),
    Right("helpdesk.team", "where tickets are kept"),
    Right("helpdesk.ticket", "tickets of replies that answer nothing", write=True, create=True, own=True),
    Right("phone.blacklist", "who said STOP by SMS or WhatsApp", write=True, create=True, field="number"),
    Right("mail.blacklist", "who unsubscribed from email", write=True, create=True, field="email"),
)
"""Models that this Odoo does not have are passed over."""


@dataclass(frozen=True, slots=True)
class Given:
    """What every internal user has, and we rely on."""

    model: str
    why: str
    create: bool = False


GIVEN: tuple[Given, ...] = (  # models that this Odoo does not have are passed over
    Given("res.users", "who people are"),
    Given("res.groups", "what roles people have"),
    Given("hr.employee.public", "whom people answer to, and who is on leave"),
    Given("res.partner", "whose words they are"),
    Given("res.company", "which companies there are"),
    Given("mail.message", "words in the chatter", create=True),
    Given("mail.activity", "somebody asks to be contacted", create=True),
    Given("ir.attachment", "what came with a reply", create=True),
)


@dataclass(frozen=True, slots=True)
class Forbidden:
    """What must not be possible, and why it would be too much."""

    model: str
    operation: str
    why: str
    field: str = "display_name"
    """What is read to prove it."""
    own: str = ""
    """The field that names whose it is: one's own may be seen."""


FORBIDDEN: tuple[Forbidden, ...] = (
    Forbidden("ir.config_parameter", "read", "every secret of this Odoo stands there", field="value"),
    Forbidden("res.users.apikeys", "read", "the keys of others", own="user_id"),
    Forbidden("account.move.line", "read", "every entry of the books; so his links to pay lead by the portal"),
    Forbidden("ir.mail_server", "read", "the passwords of mail servers", field="smtp_user"),
    Forbidden("payment.provider", "read", "the keys of payment providers", field="state"),
    Forbidden("hr.employee", "read", "private addresses and contracts", field="identification_id"),
    Forbidden("hr.payslip", "read", "wages"),
    Forbidden("res.users", "write", "he could make himself anybody"),
    Forbidden("res.groups", "write", "he could give himself any right"),
    Forbidden("ir.model.access", "write", "he could give himself any right"),
    Forbidden("account.move", "write", "he only reads invoices"),
    Forbidden("sale.order", "write", "he only writes beside orders"),
    Forbidden("purchase.order", "write", "only people approve, in their own name"),
    Forbidden("stock.picking", "write", "he only writes beside deliveries"),
    Forbidden("project.task", "write", "he only writes the tickets that he made"),
    Forbidden("account.move", "unlink", "he deletes nothing"),
)


ACCESS_ERROR = "odoo.exceptions.AccessError"


def may(erp: Odoo, model: str, operation: str, ids: Sequence[int] = ()) -> bool:
    """Whether Odoo lets our user do this: to such records at all, or to these. Raises OdooError."""
    if ids and not may(erp, model, operation):
        return False
    question = ACCESS_QUESTIONS[erp.version]
    asked = {"operation": operation}
    if ids:
        call = Call(model, question.on_records, tuple(ids), asked, repeatable=True)
    else:
        call = Call(model, question.method, question.ids, {**asked, **question.arguments}, repeatable=True)
    try:
        return erp.call(call) is not False
    except OdooError as error:
        if error.fault.code == ACCESS_ERROR:
            return False
        raise
