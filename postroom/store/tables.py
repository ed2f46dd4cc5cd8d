"""The tables. PostgreSQL is the only memory that is trusted; every row has its company, every id is a UUIDv7."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from postroom.domain.channels import ChannelName
from postroom.domain.messages import Role, State, Urgency

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

PARTITIONED = ("message_log", "attempt")
"""Tables in monthly partitions over their UUIDv7 id; uniqueness among their rows lives on unpartitioned tables."""


def at(name: str, *, default: bool = False, nullable: bool = False) -> Column[object]:
    return Column(
        name,
        DateTime(timezone=True),
        nullable=nullable,
        server_default=func.clock_timestamp() if default else None,
    )


def one_of(column: str, values: object) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)  # type: ignore[attr-defined]
    return CheckConstraint(f"{column} in ({listed})", name=column)


# What came through the door -------------------------------------------------------------------------------------

request = Table(
    "request",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("source", Text, nullable=False),  # odoo, meta, email, ...
    Column("sha256", LargeBinary, nullable=False),
    Column("headers", LargeBinary, nullable=False),  # sealed JSON
    Column("body", LargeBinary, nullable=False),  # sealed, the raw bytes
    Column("state", Text, nullable=False, server_default="new"),
    Column("failures", SmallInteger, nullable=False, server_default="0"),
    Column("error", Text),
    at("next_at", default=True),
    at("received_at", default=True),
    UniqueConstraint("source", "sha256"),
    one_of("state", ("new", "parsed", "dead")),
    Index("ix_request_new", "next_at", postgresql_where=text("state = 'new'")),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("request_id", Uuid, ForeignKey("request.id", ondelete="SET NULL")),
    Column("company", Text, nullable=False),
    Column("source", Text, nullable=False),  # the CloudEvents source, or channel:account
    Column("key", Text, nullable=False),  # the CloudEvents id, or the provider's own key
    Column("kind", Text, nullable=False),  # event: route() drains it; channel: observe() does
    Column("type", Text, nullable=False),  # the CloudEvents type, or the EventKind
    Column("payload", LargeBinary, nullable=False),  # sealed JSON
    Column(
        "digest", LargeBinary, nullable=False
    ),  # keyed hash of the payload: the same key with other content is told apart
    Column("contact_blind", LargeBinary),  # inbound is applied per contact in order
    Column("state", Text, nullable=False, server_default="new"),
    Column("failures", SmallInteger, nullable=False, server_default="0"),
    Column("error", Text),
    at("next_at", default=True),
    at("received_at", default=True),
    at("done_at", nullable=True),
    UniqueConstraint("source", "key"),
    one_of("kind", ("event", "channel")),
    one_of("state", ("new", "parked", "done", "dead")),
    Index(
        "ix_inbox_in_line",
        "contact_blind",
        "id",
        postgresql_where=text("state in ('new', 'parked') and contact_blind is not null"),
    ),
    Index("ix_inbox_open", "kind", "next_at", postgresql_where=text("state in ('new', 'parked')")),
)

# Who, and what they allow ---------------------------------------------------------------------------------------

contact_point = Table(
    "contact_point",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("company", Text, nullable=False),
    Column("partner", Text, nullable=False),  # the Odoo partner's id
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False, server_default=""),
    Column("address", LargeBinary, nullable=False),  # sealed, normalised
    Column("blind", LargeBinary, nullable=False),  # HMAC of the normalised address
    Column("external_id", LargeBinary),  # sealed: wa_id or BSUID as the provider spells it
    Column("name", LargeBinary),  # sealed
    Column("verified", Boolean, nullable=False, server_default=text("false")),
    at("unreachable_until", nullable=True),  # "not on WhatsApp", for 30 days
    Column("unreachable_code", Text),  # what the provider said
    at("last_inbound_at", nullable=True),  # opens WhatsApp's 24 h window
    at("created_at", default=True),
    UniqueConstraint("company", "partner", "channel", "blind"),
    one_of("channel", ChannelName),
    Index("ix_contact_point_blind", "channel", "blind"),
)

consent = Table(
    "consent",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("company", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("blind", LargeBinary, nullable=False),
    Column("granted", Boolean, nullable=False),  # the newest row speaks; the older ones are the history
    Column("source", Text, nullable=False),  # webhook:131050, reply:STOP, ...
    Column("wording", Text),
    at("at", default=True),
    one_of("channel", ChannelName),
    Index("ix_consent_newest", "company", "channel", "blind", "at"),
)

message_channel_preference = Table(
    "message_channel_preference",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("company", Text, nullable=False),
    Column("recipient", Text, nullable=False),  # partner:<id>, user:<id>
    Column("message_type", Text, nullable=False),  # '*': every type
    Column("channel", Text, nullable=False),  # '*': every channel
    Column("choice", Text, nullable=False),  # the newest row speaks; the older ones are the history
    Column("source", Text, nullable=False),  # link, console, import, cli ...
    at("at", default=True),
    one_of("channel", ("*", *ChannelName)),
    one_of("choice", ("on", "off", "preferred")),
    Index("ix_message_channel_preference_newest", "company", "recipient", "at"),
)

# What somebody should hear ---------------------------------------------------------------------------------------

message_template = Table(
    "message_template",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("spec", JSONB, nullable=False),
    at("created_at", default=True),
    UniqueConstraint("name", "language", "channel", "version"),
    UniqueConstraint("name", "language", "channel", "sha256"),
)

intent = Table(
    "intent",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("event_id", Uuid, ForeignKey("inbox.id"), nullable=False),
    Column("company", Text, nullable=False),
    Column("rule", Text, nullable=False),  # the message type: payment_reminder, order_confirmation
    Column("recipient", Text, nullable=False),  # partner:<id>
    Column("urgency", Text, nullable=False),
    Column("subject", Text, nullable=False),  # what it is about: account.move:88
    Column("plan", JSONB, nullable=False),  # stages of channels, and why
    Column("stage", SmallInteger, nullable=False, server_default="0"),
    Column("facts", LargeBinary, nullable=False),  # sealed JSON, the event's data
    Column("languages", JSONB, nullable=False),  # the chain that was tried
    Column("config_sha256", LargeBinary, nullable=False),
    at("not_after", nullable=True),
    at("happened_at", nullable=True),  # held against the cut-off of a company that went live
    Column("run_id", Uuid),  # what it asks about, where somebody is to answer
    Column("step_no", SmallInteger),
    at("created_at", default=True),
    UniqueConstraint("event_id", "rule", "recipient"),
    one_of("urgency", Urgency),
    Index("ix_intent_event_id", "event_id"),
    Index("ix_intent_run_id", "run_id", "step_no", postgresql_where=text("run_id is not null")),
)

message_log = Table(
    "message_log",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("intent_id", Uuid, nullable=False),
    Column("company", Text, nullable=False),
    Column("message_type", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("wire", Text),  # by which it left; its links are about the Odoo of that wire
    Column("role", Text, nullable=False),
    Column("stage", SmallInteger, nullable=False),
    Column("lane", Text, nullable=False),
    Column("contact_point_id", Uuid, nullable=False),
    Column("template_id", Uuid),
    Column("language", Text),
    Column("config_sha256", LargeBinary, nullable=False),
    Column("content", LargeBinary),  # sealed JSON of Rendered
    Column("state", Text, nullable=False, server_default="queued"),
    Column("reason", Text),  # a short code: 131026, ceiling, paused, shadow, not_after
    Column("why", Text, nullable=False),  # the route, in words
    Column("zones", Text),  # the receiver's time zones, where quiet hours are kept for him; more than one: all of them
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("tries", SmallInteger, nullable=False, server_default="0"),  # charged to the retry budget
    Column("resends", SmallInteger, nullable=False, server_default="0"),  # after unknown: at most one
    Column("possible_duplicate", Boolean, nullable=False, server_default=text("false")),
    Column("provider_id", Text),
    at("next_at", default=True),  # real time, PostgreSQL's clock
    at("lease_until", nullable=True),
    at("not_after", nullable=True),  # business time
    at("created_at", default=True),
    at("budget_from", default=True),  # the retry budget counts from here; an operator's retry renews it
    at("sent_at", nullable=True),
    at("delivered_at", nullable=True),
    at("read_at", nullable=True),
    at("ended_at", nullable=True),
    PrimaryKeyConstraint("id"),
    one_of("channel", ChannelName),
    one_of("role", Role),
    one_of("lane", Urgency),
    one_of("state", State),
    one_of("wire", ("sandbox", "live")),
    Index("ix_message_log_due", "channel", "lane", "next_at", postgresql_where=text("state = 'queued'")),
    Index(
        "ix_message_log_in_line",
        "contact_point_id",
        "lane",
        "id",
        postgresql_where=text("state in ('queued', 'claimed', 'sending')"),
    ),
    Index(
        "ix_message_log_unsettled",
        "state",
        "lease_until",
        postgresql_where=text("state in ('held', 'claimed', 'sending', 'unknown')"),
    ),
    Index("ix_message_log_intent_id", "intent_id"),
    Index("ix_message_log_contact_point_id", "contact_point_id", "created_at"),
    postgresql_partition_by="RANGE (id)",
)

rulebook = Table(
    "rulebook",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("canonical", Text, nullable=False),  # routing.yaml in its one spelling
    at("used_since", default=True),
    at("used_last", default=True),
)
"""The rules that messages were routed by; their hash stands on each message."""

leg_key = Table(
    "leg_key",
    metadata,
    Column("intent_id", Uuid, ForeignKey("intent.id", ondelete="CASCADE"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("message_id", Uuid, nullable=False),
    PrimaryKeyConstraint("intent_id", "channel", "role"),
)
"""Keeps (intent, channel, role) unique for message_log, which is partitioned by id."""

attempt = Table(
    "attempt",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("company", Text, nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("outcome", Text),  # null while on the wire; accepted, rejected, unknown
    Column("verdict", Text),
    Column("code", Text),
    Column("detail", Text),
    Column("provider_id", Text),
    Column("possible_duplicate", Boolean, nullable=False, server_default=text("false")),
    Column("cost", Float),
    Column("currency", Text),
    at("started_at", default=True),
    at("lease_until"),
    at("ended_at", nullable=True),
    PrimaryKeyConstraint("id"),
    Index("ix_attempt_message_id", "message_id"),
    postgresql_partition_by="RANGE (id)",
)

provider_ref = Table(
    "provider_ref",
    metadata,
    Column("channel", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("attempt_id", Uuid, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("company", Text, nullable=False),
    PrimaryKeyConstraint("channel", "provider_id"),
    Index("ix_provider_ref_message_id", "message_id"),
)
"""From a provider's id to our attempt and message, without a scan over the partitions."""

message_event = Table(
    "message_event",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("message_id", Uuid, nullable=False),
    Column("company", Text, nullable=False),
    Column("inbox_id", Uuid),
    Column("what", Text, nullable=False),  # sent, delivered, read, failed, held, settled, operator ...
    Column("detail", Text),
    at("at", default=True),
    Index("ix_message_event_message_id", "message_id", "at"),
)
"""What happened to a leg beside its attempts: receipts, holds, operators' hands. The story is read from here."""

reply = Table(
    "reply",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("inbox_id", Uuid, ForeignKey("inbox.id"), nullable=False, unique=True),
    Column("company", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("contact_point_id", Uuid, ForeignKey("contact_point.id")),
    Column("message_id", Uuid),  # the leg that it answers, where known
    Column("kind", Text, nullable=False),  # text, button
    Column("content", LargeBinary, nullable=False),  # sealed: words, or the button's title
    Column("payload", Text),  # a button's payload: ours, no personal data
    at("at"),
    one_of("kind", ("text", "button")),
    Index("ix_reply_message_id", "message_id"),
)

# Who decides in Odoo, and what is written there ---------------------------------------------------------------------

person = Table(
    "person",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("company", Text, nullable=False),  # his own company in Odoo; those that he may see are in companies
    Column("wire", Text, nullable=False),  # whether that Odoo is the stand-in or the real one
    Column("database", Text, nullable=False),  # the UUID of the Odoo that he is a user of
    Column("user_id", BigInteger, nullable=False),  # res.users
    Column("partner_id", BigInteger, nullable=False),
    Column("login", LargeBinary, nullable=False),  # sealed
    Column("name", LargeBinary, nullable=False),  # sealed
    Column("email", LargeBinary),  # sealed, normalised
    Column("email_blind", LargeBinary),
    Column("api_key", LargeBinary),  # sealed: his own, where the add-on is not installed
    Column("language", Text),
    Column("timezone", Text),
    Column("companies", JSONB, nullable=False, server_default=text("'[]'")),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("manager_id", BigInteger),  # res.users: whom he answers to
    Column("roles", JSONB, nullable=False, server_default=text("'[]'")),  # XML ids of his groups
    at("away_from", nullable=True),
    at("away_until", nullable=True),
    at("seen_at", default=True),  # when Odoo last named him
    at("created_at", default=True),
    UniqueConstraint("database", "user_id"),
    one_of("wire", ("sandbox", "live")),
    Index("ix_person_email_blind", "database", "email_blind"),
    Index("ix_person_wire_user_id", "wire", "user_id"),
)
"""An internal user of Odoo. Only who stands here, by an account of his own, decides."""

person_account = Table(
    "person_account",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("company", Text, nullable=False),
    Column("person_id", Uuid, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("wire", Text, nullable=False),
    Column("address", LargeBinary, nullable=False),  # sealed, as the provider names him: U0123, 29:1abc, +34...
    Column("blind", LargeBinary, nullable=False),
    Column("how", Text, nullable=False),  # email: the provider says that it is his; link: an operator says so
    at("verified_at", default=True),
    Column("verified_by", Text, nullable=False, server_default=""),  # the operator who linked it; empty: the provider
    at("removed_at", nullable=True),
    Column("removed_why", Text),
    one_of("channel", ChannelName),
    one_of("wire", ("sandbox", "live")),
    one_of("how", ("email", "link")),
    Index(
        "uq_person_account_blind",
        "channel",
        "wire",
        "blind",
        unique=True,
        postgresql_where=text("removed_at is null"),
    ),
    Index("ix_person_account_person_id", "person_id"),
)
"""How a person is known on a channel, verified. An account is one person's at a time; removed rows are history."""

person_lookup = Table(
    "person_lookup",
    metadata,
    Column("person_id", Uuid, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("company", Text, nullable=False),
    Column("outcome", Text, nullable=False),  # found, or why the directory did not make somebody known
    at("asked_at", default=True),
    one_of("channel", ChannelName),
)
"""What a channel's own directory said last of a person's email address, so that nobody is asked for every hour."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("company", Text, nullable=False),
    Column("wire", Text, nullable=False),
    Column("kind", Text, nullable=False),  # chatter, activity, ticket, attachment, blacklist, status, decision ...
    Column("key", Text, nullable=False, unique=True),  # what makes it once
    Column("subject", Text, nullable=False, server_default=""),  # purchase.order:42; one after the other for each
    Column("payload", LargeBinary, nullable=False),  # sealed JSON
    Column("message_id", Uuid),  # the leg that it is about, where there is one
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("code", Text),  # of the last fault, or why it was not written
    Column("detail", Text),  # for operators; no personal data
    Column("result", LargeBinary),  # sealed JSON: what Odoo said afterwards
    at("next_at", default=True),
    at("lease_until", nullable=True),
    at("created_at", default=True),
    at("ended_at", nullable=True),
    one_of("wire", ("sandbox", "live")),
    one_of("state", ("waiting", "done", "refused", "void", "dead")),
    Index("ix_outbox_waiting", "next_at", postgresql_where=text("state = 'waiting'")),
    Index("ix_outbox_in_line", "subject", "id", postgresql_where=text("state = 'waiting' and subject <> ''")),
    Index("ix_outbox_message_id", "message_id"),
)
"""What is to be written into Odoo. Waiting rows are their own sweep: an expired lease makes one claimable again."""

# Waiting, stopping, telling ---------------------------------------------------------------------------------------

timer = Table(
    "timer",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("dedupe_key", Text, nullable=False, unique=True),
    Column("company", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),  # the intent or the run that it is about
    Column("step_no", SmallInteger),
    Column("iter", SmallInteger),
    Column("state", Text, nullable=False, server_default="due"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("error", Text),
    at("due_at"),  # business time
    at("lease_until", nullable=True),
    at("done_at", nullable=True),
    one_of("state", ("due", "done", "void", "dead")),
    Index("ix_timer_due_at", "due_at", postgresql_where=text("state = 'due'")),
    Index("ix_timer_subject_id", "subject_id", postgresql_where=text("state = 'due'")),
)

sending_mode = Table(
    "sending_mode",
    metadata,
    Column("company", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("mode", Text, nullable=False),
    at("changed_at", default=True),
    at("cut_off", nullable=True),  # what happened before it is never sent unasked
    PrimaryKeyConstraint("company", "channel"),
    one_of("mode", ("sandbox", "shadow", "allowlist", "live")),
)
"""How far a company's messages may go; no row means sandbox."""

allowlist = Table(
    "allowlist",
    metadata,
    Column("company", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("blind", LargeBinary, nullable=False),
    Column("address", LargeBinary, nullable=False),  # sealed
    PrimaryKeyConstraint("company", "channel", "blind"),
)

pause = Table(
    "pause",
    metadata,
    Column("scope", Text, nullable=False),  # all, company, channel, class
    Column("value", Text, nullable=False),
    at("since", default=True),
    PrimaryKeyConstraint("scope", "value"),
    one_of("scope", ("all", "company", "channel", "class")),
)

sent_hour = Table(
    "sent_hour",
    metadata,
    Column("company", Text, nullable=False),
    at("hour"),
    Column("attempts", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("company", "hour"),
)
"""Attempts per company and real hour: what the hourly ceiling is held against."""

sms_day = Table(
    "sms_day",
    metadata,
    Column("company", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("segments", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("company", "day"),
)
"""Segments of SMS per company and day (UTC): what the daily budget is held against."""

circuit = Table(
    "circuit",
    metadata,
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("reason", Text),
    at("changed_at", default=True),
    at("probe_at", nullable=True),
    PrimaryKeyConstraint("channel", "account"),
    one_of("state", ("closed", "open", "half_open", "recovering")),
)

# Telling machines what became of messages ---------------------------------------------------------------------------

status_change = Table(
    "status_change",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("company", Text, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    at("at", default=True),
    at("relayed_at", nullable=True),
    Index("ix_status_change_new", "id", postgresql_where=text("relayed_at is null")),
)
"""Every move of a leg that a receiver wants to hear of; a trigger on message_log writes it with the move itself."""

callback_receiver = Table(
    "callback_receiver",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("company", Text, nullable=False),
    Column("url", LargeBinary, nullable=False),  # sealed: a URL may carry a token
    Column("blind", LargeBinary, nullable=False),
    Column("sequence", BigInteger, nullable=False, server_default="0"),  # of the newest callback that was written
    at("created_at", default=True),
    at("removed_at", nullable=True),
    UniqueConstraint("company", "blind"),
)
"""Who is told what became of a company's messages."""

notice = Table(
    "notice",
    metadata,
    Column("key", Text, primary_key=True),
    Column("company", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),  # for operators; no personal data
    Column("times", Integer, nullable=False, server_default="1"),
    at("first_at", default=True),
    at("last_at", default=True),
    at("closed_at", nullable=True),
)
"""What an operator must know until somebody closes it."""

status_told = Table("status_told", metadata, Column("company", Text, primary_key=True))
"""Companies whose documents in Odoo tell how messages fare, as config/companies.yaml has it; '*': all of them."""

heartbeat = Table(
    "heartbeat",
    metadata,
    Column("name", Text, primary_key=True),  # queue:core, ticker:<host>, ...
    at("at", default=True),
)

clock = Table(
    "clock",
    metadata,
    Column("id", SmallInteger, primary_key=True),
    at("business_epoch"),
    at("real_epoch"),
    Column("rate", Float, nullable=False),
    CheckConstraint("id = 1", name="one"),
)
"""Business time = business_epoch + (real - real_epoch) * rate; no row means that business time is real time."""
