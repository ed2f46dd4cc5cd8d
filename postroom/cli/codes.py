"""What the codes and reasons on a message mean, in words for operators."""

from collections.abc import Mapping

from postroom.domain.channels import ChannelName
from postroom.domain.delivery import PACES
from postroom.outside.rulings import Ruling, find_ruling
from workers.channels.reference import verdict_tables
from workers.documents import RULINGS as DOCUMENTS

REASONS: Mapping[str, str] = {
    "ceiling": "the company's hourly ceiling is reached",
    "no_credentials": "its channel is live and has no credentials here",
    "not_after": "it was stale before it could leave",
    "opted_out": "the recipient opted out of this channel",
    "muted": "the recipient muted this kind of message here",
    "no_opt_in": "the recipient has not agreed to be written to here",
    "cut_off": "it tells of what happened before its company went live, and waits for an operator",
    "operator": "an operator dropped it",
    "quiet_hours": "it is not an hour at which its receiver may be written to",
    "shadow": "its company is in shadow mode: everything happens but the sending",
    "allowlist": "the address is not on the company's allow-list",
    "delivered_after_all": "the message that it stood in for was delivered after all",
    "operator_retry": "an operator sent the message again that it stood in for",
    "no_template": "no template is written for it",
    "unsettled": "nobody knows whether it arrived, and the window for a receipt has closed",
    "resend": "it is to be sent once more",
    "lease": "the process that sent it died before it could record an answer",
    "deadline": "no answer came within the attempt's deadline",
    "sms_budget": "the company's daily budget for SMS is spent",
    "pace:sender": "its sender goes as fast as the provider lets it",
    "pace:pair": "its receiver has had as many messages as the provider lets through for now",
    "not_started": "its process was too busy; nothing left",
}
"""Our own codes; providers' codes are in the verdict tables of their channels."""


def ruling(channel: ChannelName, code: str) -> Ruling | None:
    """The row of the channel's verdict table for a code."""
    tables = verdict_tables(channel)
    group = f"{code[:6]}xx"  # http_502 is of the kind http_5xx
    transport: Ruling | None = tables.TRANSPORT.get(code) or tables.TRANSPORT.get(group)
    return find_ruling(code, tables.VERDICTS, getattr(tables, "SPANS", ())) or transport or DOCUMENTS.get(code)


def meaning(channel: ChannelName, code: str) -> str:
    """A reason in words; the bare code where nobody has words for it."""
    if code.startswith("circuit:"):
        return f"our sender is stopped since {code.removeprefix('circuit:')}; it is probed every minute"
    row = ruling(channel, code)
    return REASONS.get(code) or (row.words if row else code)


def tries_allowed(channel: ChannelName, code: str) -> int | None:
    """How many tries a code is worth."""
    row = ruling(channel, code)
    return PACES[row.pace].tries if row else None
