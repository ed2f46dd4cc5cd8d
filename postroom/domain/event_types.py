"""Every type of event that Postroom takes, what it is about and which facts it carries."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from postroom.domain import samples
from postroom.domain.facts import FactSpec, Kind
from postroom.domain.links import Purpose
from postroom.domain.samples import Sample


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event. Adding one is adding a row here, a rule, and its templates."""

    name: str
    noun: str
    """What people call these events: 'order' in 'order events'."""
    model: str
    """The Odoo model of the document that it is about."""
    document: str
    """Where that document's id stands in the data."""
    facts: tuple[FactSpec, ...]
    sample: Sample
    """Made-up data, for previews and for the examples that Meta wants with a template."""
    model_at: str | None = None
    """Where the data names the document's model itself, since documents of any kind come this way."""

    def fact(self, name: str) -> FactSpec | None:
        """The fact of this name, if these events carry it."""
        return next((spec for spec in self.facts if spec.name == name), None)

    @property
    def fact_names(self) -> tuple[str, ...]:
        """Every name that a template may use."""
        return tuple(spec.name for spec in self.facts)


COMPANY = FactSpec("company_name", Kind.TEXT, "/company/name")
PEOPLE = (FactSpec("customer_name", Kind.TEXT, "/recipient/name"), COMPANY)


def _money(place: str, amount: str, shown: str) -> tuple[FactSpec, ...]:
    """An amount three ways: bare, its currency, and both together."""
    pointer, currency = f"{place}/{amount}", f"{place}/currency"
    return (
        FactSpec("amount", Kind.AMOUNT, pointer, currency=currency),
        FactSpec("currency", Kind.CURRENCY, currency),
        FactSpec(shown, Kind.MONEY, pointer, currency=currency),
    )


def _portal(place: str, *, required: bool = False) -> FactSpec:
    """Where a customer sees the document."""
    return FactSpec("portal_url", Kind.LINK, f"{place}/portal_url", required=required, opens=Purpose.VIEW)


def _record(place: str, *, required: bool = False) -> FactSpec:
    """Where a colleague sees the record."""
    return FactSpec("record_url", Kind.LINK, f"{place}/record_url", required=required, opens=Purpose.RECORD)


def _decision(place: str) -> FactSpec:
    """Where whoever is asked sees what about, and decides; where no links are made, he decides in Odoo."""
    return FactSpec("decide_url", Kind.LINK, f"{place}/record_url", required=False, opens=Purpose.DECIDE)


# Odoo's portal page is also where an invoice is paid, so it stands in for a payment link.
_PAYMENT_LINKS = (
    _portal("/invoice"),
    FactSpec(
        "payment_url",
        Kind.LINK,
        "/invoice/payment_url",
        required=False,
        instead="/invoice/portal_url",
        opens=Purpose.PAY,
    ),
)

PAYMENT_REMINDER = EventType(
    name="odoo.invoice.payment_reminder",
    noun="invoice",
    model="account.move",
    document="/invoice/id",
    facts=(
        *PEOPLE,
        FactSpec("invoice_number", Kind.TEXT, "/invoice/number"),
        *_money("/invoice", "amount_due", "amount_due"),
        FactSpec("due_date", Kind.DATE, "/invoice/due_date"),
        *_PAYMENT_LINKS,
    ),
    sample=samples.PAYMENT_REMINDER,
)

INVOICE_POSTED = EventType(
    name="odoo.invoice.posted",
    noun="posted invoice",
    model="account.move",
    document="/invoice/id",
    facts=(
        *PEOPLE,
        FactSpec("invoice_number", Kind.TEXT, "/invoice/number"),
        *_money("/invoice", "amount_total", "amount_total"),
        FactSpec("due_date", Kind.DATE, "/invoice/due_date"),
        *_PAYMENT_LINKS,
        FactSpec("pdf", Kind.DOCUMENT, "/invoice/pdf", required=False, named_after="/invoice/number"),
    ),
    sample=samples.INVOICE_POSTED,
)

ORDER_CONFIRMED = EventType(
    name="odoo.sale.order_confirmed",
    noun="order",
    model="sale.order",
    document="/order/id",
    facts=(
        *PEOPLE,
        FactSpec("order_number", Kind.TEXT, "/order/number"),
        *_money("/order", "amount_total", "amount_total"),
        FactSpec("expected_date", Kind.DATE, "/order/expected_date", required=False),
        _portal("/order"),
        FactSpec("lines", Kind.LINES, "/order/lines", required=False),
    ),
    sample=samples.ORDER_CONFIRMED,
)

SALE_FOLLOW_UP = EventType(
    name="odoo.sale.follow_up",
    noun="follow-up",
    model="sale.order",
    document="/order/id",
    facts=(
        *PEOPLE,
        FactSpec("order_number", Kind.TEXT, "/order/number"),
        FactSpec("salesperson", Kind.TEXT, "/order/salesperson"),
        *_money("/order", "amount_total", "amount_total"),
        FactSpec("valid_until", Kind.DATE, "/order/valid_until", required=False),
        _portal("/order"),
    ),
    sample=samples.SALE_FOLLOW_UP,
)

DELIVERY_UPDATED = EventType(
    name="odoo.delivery.updated",
    noun="delivery",
    model="stock.picking",
    document="/delivery/id",
    facts=(
        *PEOPLE,
        FactSpec("delivery_number", Kind.TEXT, "/delivery/number"),
        FactSpec("order_number", Kind.TEXT, "/delivery/order_number", required=False),
        FactSpec("status", Kind.TEXT, "/delivery/status"),
        FactSpec("expected_date", Kind.DATE, "/delivery/expected_date", required=False),
        FactSpec("carrier", Kind.TEXT, "/delivery/carrier", required=False),
        _portal("/delivery", required=True),
        # The carrier's page where there is one; the portal shows the delivery as well.
        FactSpec("tracking_url", Kind.LINK, "/delivery/tracking_url", instead="/delivery/portal_url"),
    ),
    sample=samples.DELIVERY_UPDATED,
)

APPROVAL_REQUESTED = EventType(
    name="odoo.approval.requested",
    noun="approval",
    model="approval.request",
    model_at="/approval/model",
    document="/approval/id",
    facts=(
        FactSpec("approver_name", Kind.TEXT, "/recipient/name"),
        COMPANY,
        FactSpec("document_type", Kind.TEXT, "/approval/document_type"),
        FactSpec("document_number", Kind.TEXT, "/approval/document_number"),
        FactSpec("requester", Kind.TEXT, "/approval/requester"),
        FactSpec("description", Kind.PROSE, "/approval/description"),
        *_money("/approval", "amount", "amount_total"),
        FactSpec("deadline", Kind.DATE, "/approval/deadline", required=False),
        _record("/approval", required=True),
        _decision("/approval"),
    ),
    sample=samples.APPROVAL_REQUESTED,
)

APPROVAL_REMINDER = replace(APPROVAL_REQUESTED, name="postroom.approval.reminder")
"""A run asks again. It tells what the event said that began it."""
APPROVAL_ESCALATED = replace(APPROVAL_REQUESTED, name="postroom.approval.escalated")
"""A run turns to another way, or to somebody else, after a long silence."""

APPROVAL_SETTLED = EventType(
    name="postroom.approval.settled",
    noun="settled approval",
    model="approval.request",
    model_at="/approval/model",
    document="/approval/id",
    facts=(
        FactSpec("approver_name", Kind.TEXT, "/recipient/name"),
        COMPANY,
        FactSpec("document_number", Kind.TEXT, "/approval/document_number"),
        FactSpec("title", Kind.TEXT, "/approval/title"),
        FactSpec("explanation", Kind.PROSE, "/approval/explanation"),
        _record("/approval"),
    ),
    sample=samples.APPROVAL_SETTLED,
)

DECISION_CODE = EventType(
    name="postroom.decision.code",
    noun="decision code",
    model="approval.request",
    model_at="/approval/model",
    document="/approval/id",
    facts=(
        FactSpec("approver_name", Kind.TEXT, "/recipient/name"),
        COMPANY,
        FactSpec("document_type", Kind.TEXT, "/approval/document_type"),
        FactSpec("document_number", Kind.TEXT, "/approval/document_number"),
        *_money("/approval", "amount", "amount_total"),
        FactSpec("code", Kind.TEXT, "/approval/code"),
        FactSpec("minutes", Kind.TEXT, "/approval/minutes"),
    ),
    sample=samples.DECISION_CODE,
)

COLLECTION_STATEMENT = EventType(
    name="postroom.collection.statement",
    noun="statement",
    model="account.move",
    document="/statement/id",
    facts=(
        *PEOPLE,
        FactSpec("tone", Kind.TEXT, "/statement/tone"),
        FactSpec("numbers", Kind.TEXT, "/statement/numbers"),
        *_money("/statement", "amount_due", "amount_due"),
        FactSpec("due_date", Kind.DATE, "/statement/due_date"),
        FactSpec("sections", Kind.SECTIONS, "/statement/sections"),
        # To the invoice that is due the longest, from whose page in the portal the others are reached.
        FactSpec("payment_url", Kind.LINK, "/statement/payment_url", required=False, opens=Purpose.PAY),
    ),
    sample=samples.COLLECTION_STATEMENT,
)

COLLECTION_TASK = EventType(
    name="postroom.collection.task",
    noun="collection task",
    model="account.move",
    document="/task/id",
    facts=(
        FactSpec("reader_name", Kind.TEXT, "/recipient/name"),
        COMPANY,
        FactSpec("title", Kind.TEXT, "/task/title"),
        FactSpec("explanation", Kind.PROSE, "/task/explanation"),
        _record("/task"),
    ),
    sample=samples.COLLECTION_TASK,
)

DAILY_DIGEST = EventType(
    name="odoo.digest.daily",
    noun="digest",
    model="digest.digest",
    document="/digest/id",
    facts=(
        FactSpec("reader_name", Kind.TEXT, "/recipient/name"),
        COMPANY,
        FactSpec("role", Kind.TEXT, "/digest/role"),
        FactSpec("date", Kind.DATE, "/digest/date"),
        FactSpec("summary", Kind.PROSE, "/digest/summary", required=False),
        FactSpec("sections", Kind.SECTIONS, "/digest/sections"),
        _record("/digest"),
    ),
    sample=samples.DAILY_DIGEST,
)

ALERT_FACTS = (
    FactSpec("reader_name", Kind.TEXT, "/recipient/name"),
    COMPANY,
    FactSpec("title", Kind.TEXT, "/alert/title"),
    FactSpec("detail", Kind.PROSE, "/alert/detail"),
    FactSpec("severity", Kind.SEVERITY, "/alert/severity"),
    FactSpec("occurred_on", Kind.DATE, "/alert/occurred_on", required=False),
    FactSpec("document", Kind.TEXT, "/alert/document", required=False),
    _record("/alert"),
)


def _alert(name: str, sample: Sample) -> EventType:
    return EventType(name, "alert", "alert", "/alert/id", ALERT_FACTS, sample)


ALERTS = (
    _alert("alert.stock_out", samples.STOCK_OUT),
    _alert("alert.fraud", samples.FRAUD),
    _alert("alert.risk", samples.RISK),
    _alert("alert.anomaly", samples.ANOMALY),
    _alert("alert.system", samples.SYSTEM),
)

ALERT_TAKEN = EventType(
    name="postroom.alert.taken",
    noun="taken alert",
    model="alert",
    document="/alert/id",
    facts=(
        FactSpec("reader_name", Kind.TEXT, "/recipient/name"),
        COMPANY,
        FactSpec("outcome", Kind.TEXT, "/alert/outcome"),
        FactSpec("title", Kind.TEXT, "/alert/title"),
        FactSpec("explanation", Kind.PROSE, "/alert/explanation"),
        _record("/alert"),
    ),
    sample=samples.ALERT_TAKEN,
)

EVENT_TYPES: Mapping[str, EventType] = {
    shape.name: shape
    for shape in (
        PAYMENT_REMINDER,
        INVOICE_POSTED,
        ORDER_CONFIRMED,
        SALE_FOLLOW_UP,
        DELIVERY_UPDATED,
        APPROVAL_REQUESTED,
        APPROVAL_REMINDER,
        APPROVAL_ESCALATED,
        APPROVAL_SETTLED,
        DECISION_CODE,
        COLLECTION_STATEMENT,
        COLLECTION_TASK,
        DAILY_DIGEST,
        *ALERTS,
        ALERT_TAKEN,
    )
}

FAMILIES: Mapping[str, tuple[EventType, ...]] = {"alert.*": ALERTS}
"""Types with the same facts, which one rule and one set of templates can therefore serve."""

PATTERNS = (*EVENT_TYPES, *FAMILIES)
"""Every word that may stand after `event:` in a rule or a template."""


def matches(pattern: str, event_type: str) -> bool:
    """Whether an event of this type is meant by a type's name or a family's (alert.*)."""
    return event_type == pattern or event_type in {shape.name for shape in FAMILIES.get(pattern, ())}


def shape_of(pattern: str) -> EventType:
    """What the events that are meant carry; of a family its first type, whose facts are those of all.

    Raises KeyError for what is no pattern of ours.
    """
    return FAMILIES[pattern][0] if pattern in FAMILIES else EVENT_TYPES[pattern]


def told_by_us(event_type: str) -> bool:
    """Whether only Postroom itself tells of this: what comes of the events that others told."""
    return event_type.startswith("postroom.")
