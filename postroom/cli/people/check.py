"""Who was asked for approvals lately and cannot decide, and what each of them lacks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from postroom.cli.desk import Desk
from postroom.cli.faults import Refused
from postroom.cli.people.named import reached
from postroom.cli.people.words import Known
from postroom.cli.showing import out, people, said, table
from postroom.domain.people import LACKS
from postroom.domain.safety import Wire
from postroom.odoo.errors import OdooError
from postroom.store.census import approvers

WITHIN = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody who was asked."""

    company: str
    partner_id: int
    user_id: int | None
    name: str
    asked: int
    """How many approvals."""
    lacks: tuple[str, ...]
    remedies: tuple[str, ...]


def examine(desk: Desk, wire: Wire, known_of: Callable[..., list[Known]]) -> list[Row]:
    """Everybody who was asked, the ones who cannot decide first."""
    add_on = has_add_on(desk, wire)
    with desk.engine.connect() as connection:
        by_partner = {each.person.partner_id: each for each in known_of(connection, desk, wire, add_on=add_on)}
        asked = approvers(connection, WITHIN)
    rows = [_row(each.company, each.partner_id, each.number, by_partner.get(each.partner_id)) for each in asked]
    return sorted(rows, key=lambda row: (not row.remedies, row.company, -row.asked))


def has_add_on(desk: Desk, wire: Wire) -> bool | None:
    """Whether our add-on is there; None where Odoo cannot be asked now."""
    try:
        return reached(desk.settings, wire).erp.has_addon()
    except (Refused, OdooError):
        return None


def _row(company: str, partner_id: int, number: int, known: Known | None) -> Row:
    if known is None:
        words = "is no internal user of Odoo that is known here"
        return Row(company, partner_id, None, "", number, (words,), ("postroom people sync",))
    person = known.person
    told = [LACKS[each] for each in known.lacks]
    remedies = tuple(remedy.format(user=person.user_id) for _, remedy in told)
    return Row(company, partner_id, person.user_id, person.name, number, tuple(words for words, _ in told), remedies)


def show_rows(rows: Sequence[Row]) -> None:
    """A line for each lack, with its remedy."""
    if not rows:
        out().print("Nobody was asked for an approval in these 90 days.")
        return
    lines = [line for row in rows for line in _lines(row)]
    if lines:
        out().print(table("who", "company", "asked", "lacks", "try", rows=lines))
    able = sum(not row.remedies for row in rows)
    people().print(f"[dim]{able} of {len(rows)} who were asked can decide.[/]")


def _lines(row: Row) -> list[tuple[str, ...]]:
    who = f"user {row.user_id} {row.name}" if row.user_id else f"partner {row.partner_id}"
    return [
        (said(who), said(row.company), str(row.asked), said(lack), said(remedy))
        for lack, remedy in zip(row.lacks, row.remedies, strict=True)
    ]
