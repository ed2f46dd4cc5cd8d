"""What differs between the versions of Odoo, in one table; nothing else asks which version it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from types import MappingProxyType
from typing import Any, NamedTuple


class Version(IntEnum):
    """The versions that are spoken."""

    V17 = 17
    V18 = 18
    V19 = 19


class Protocol:
    """How calls are carried."""

    JSONRPC = "jsonrpc"
    JSON2 = "json2"


BEST: Mapping[Version, str] = MappingProxyType(
    {Version.V17: Protocol.JSONRPC, Version.V18: Protocol.JSONRPC, Version.V19: Protocol.JSON2}
)
"""JSON-2 came with 19, which warns of every call by JSON-RPC."""

GROUPS: Mapping[Version, str] = MappingProxyType(
    {Version.V17: "groups_id", Version.V18: "groups_id", Version.V19: "group_ids"}
)
"""The field of a user's groups."""

HELD_GROUPS: Mapping[Version, str] = MappingProxyType(
    {Version.V17: "groups_id", Version.V18: "groups_id", Version.V19: "all_group_ids"}
)
"""The field of a user's groups with all that they imply."""

BACK_AFTER: Mapping[Version, timedelta] = MappingProxyType(
    {Version.V17: timedelta(days=1), Version.V18: timedelta(days=1), Version.V19: timedelta()}
)
"""How long after an employee's `leave_date_to` he is back: it is his last day, from 19 on his first day of work."""

PHONES: Mapping[Version, tuple[str, ...]] = MappingProxyType(
    {Version.V17: ("mobile", "phone"), Version.V18: ("mobile", "phone"), Version.V19: ("phone",)}
)
"""The fields of a partner's numbers, the best for messages first."""


@dataclass(frozen=True, slots=True)
class SendWizard:
    """What makes the PDF of an invoice that Odoo keeps with it."""

    model: str
    invoices: str
    """The field that names them."""
    many: bool
    choices: Mapping[str, Any]
    """A download, and nothing is mailed."""

    def values(self, invoice: int) -> dict[str, Any]:
        """To make one for this invoice."""
        return {self.invoices: [[6, 0, [invoice]]] if self.many else invoice, **self.choices}


_SEND = SendWizard("account.move.send.wizard", "move_id", many=False, choices={"sending_methods": []})
_SEND_17 = SendWizard(
    "account.move.send", "move_ids", many=True, choices={"checkbox_download": True, "checkbox_send_mail": False}
)
SEND_WIZARDS: Mapping[Version, SendWizard] = MappingProxyType(
    {Version.V17: _SEND_17, Version.V18: _SEND, Version.V19: _SEND}
)

PAYMENT_LINKS = frozenset({Version.V19})
"""Where payment.link.wizard works without an HTTP request inside; in 17 its link raises RuntimeError."""


class AccessQuestion(NamedTuple):
    """How one asks whether something is allowed at all, and on some records."""

    method: str
    ids: tuple[int, ...] | None
    """None: it is a method of the model; (): of no record in particular."""
    arguments: Mapping[str, Any]
    on_records: str
    """Asked of records that one may write at all: 17 answers nothing, or raises AccessError."""


_BY_RIGHTS = AccessQuestion("check_access_rights", None, {"raise_exception": False}, "check_access_rule")
_HAS_ACCESS = AccessQuestion("has_access", (), {}, "has_access")

ACCESS_QUESTIONS: Mapping[Version, AccessQuestion] = MappingProxyType(
    {Version.V17: _BY_RIGHTS, Version.V18: _HAS_ACCESS, Version.V19: _HAS_ACCESS}
)

_WRITTEN = re.compile(r"(?:saas[~-])?(\d{1,2})\b", re.ASCII)
_RECORDSET = re.compile(r"[a-z0-9_.]+\(([0-9, ]*)\)", re.ASCII)


def version_of(written: str) -> Version:
    """From what a server says of itself (17.0, saas~18.2, 19.0+e). Raises ValueError that says the remedy."""
    match = _WRITTEN.match(written.strip())
    number = int(match[1]) if match else 0
    if number in tuple(Version):
        return Version(number)
    spoken = ", ".join(str(int(each)) for each in Version)
    raise ValueError(f"Odoo {written or '(without a version)'} is none that is spoken ({spoken}). Set ODOO_VERSION.")


def ids_in(answer: Any) -> list[int]:
    """The ids in what a method returned: 17 says 709 or "phone.blacklist(1,)" where 19 says [1249]."""
    if isinstance(answer, bool):
        return []
    if isinstance(answer, int):
        return [answer]
    if isinstance(answer, list) and all(type(each) is int for each in answer):
        return answer
    match = _RECORDSET.fullmatch(answer) if isinstance(answer, str) else None
    return [int(each) for each in match[1].replace(",", " ").split()] if match else []
