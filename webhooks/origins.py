"""Which databases may speak for the ERP: a copy of one carries the same secrets, and must not write to customers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from webhooks.cloudevents import Sent
from webhooks.problem import Fault, Problem

ATTRIBUTE = "odoodatabase"
"""The extension attribute in which the add-on names its database: the system parameter database.uuid."""
OURS = "odoo."
"""What happened in Odoo says so at the beginning of its type, and comes from a database."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Origins:
    """The databases whose events are taken; none named: any."""

    databases: frozenset[str] = frozenset()

    def refuse_foreign(self, sent: Sequence[Sent]) -> None:
        """Raises Problem where an event comes from elsewhere, or does not say from where; nothing is kept then."""
        faults = [fault for one in sent for fault in self._faults(one)] if self.databases else []
        if faults:
            raise Problem("foreign-database", "This is not one of the databases that Postroom works for.", faults)

    def _faults(self, sent: Sent) -> Sequence[Fault]:
        event = sent.event if isinstance(sent.event, dict) else {}
        named = event.get(ATTRIBUTE)
        if named is None and not str(event.get("type")).startswith(OURS):
            return ()
        if named is None:
            remedy = f"Send the system parameter database.uuid as the attribute {ATTRIBUTE}."
            return (
                Fault(f"{sent.at}/{ATTRIBUTE}", "is missing: an event of Odoo says which database it is from", remedy),
            )
        if str(named).lower() in self.databases:
            return ()
        remedy = "If it is ours, add its UUID to ODOO_DATABASE_UUIDS; if it is a copy, neutralise it."
        return (Fault(f"{sent.at}/{ATTRIBUTE}", "is a database that Postroom does not know", remedy),)


def origins_from(named: str) -> Origins:
    """The UUIDs of a setting. Raises ValueError that names every one that is none."""
    uuids = named.replace(",", " ").lower().split()
    odd = [each for each in uuids if not _UUID.fullmatch(each)]
    if odd:
        raise ValueError(
            f"ODOO_DATABASE_UUIDS holds {', '.join(map(repr, odd))}; write UUIDs, as `postroom odoo check` prints them."
        )
    return Origins(frozenset(uuids))
