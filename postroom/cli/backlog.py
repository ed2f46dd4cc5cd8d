"""postroom backlog: what happened before a company went live, counted; sending it after all, or dropping it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from config.rules import load_routing
from config.template_files import load_templates
from postroom.cli.desk import Desk, open_desk
from postroom.cli.faults import Refused
from postroom.cli.showing import AsJson, Reveal, Yes, emit, out, people, said, shown, table, when
from postroom.domain.going_live import Heap, Held, heaps
from postroom.domain.routing import Rule
from postroom.store.backlog import Decided, drop, held, send_after_all
from postroom.store.clock import SharedClock
from postroom.store.timers import set_timer


class _Shorthand(TyperGroup):
    """`backlog 1` is short for `backlog list 1`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Shorthand,
    help="What happened before a company went live is held, and never sent unasked: backlog [COMPANY].",
)

Company = Annotated[str, typer.Argument(help="The company's id in Odoo.")]
Any_ = Annotated[str, typer.Argument(help="One company only, by its id in Odoo.")]
Type = Annotated[str, typer.Option("--type", help="One kind of message only, as in payment_reminder.")]
Confirm = Annotated[str, typer.Option(help="The company's id once more, instead of typing it: for scripts.")]


@app.command("list")
def list_(company: Any_ = "", as_json: AsJson = False) -> None:
    """Count what is held: by company, kind of message and channel, with what is owed."""
    with open_desk() as desk:
        found = heaps(_held(desk, company, ""))
    if as_json:
        emit([_heap_json(heap) for heap in found])
        return
    if not found:
        out().print("Nothing is held by a cut-off.")
        return
    columns = ("company", "class", "channel", "messages", "about", "oldest", "newest", "owed")
    out().print(table(*columns, rows=[_heap_row(heap) for heap in found], keep_whole=2))
    first = found[0]
    people().print(
        f"[dim]Each of them: postroom backlog show {said(first.company)}\n"
        f"Then: postroom backlog send {said(first.company)} --type {first.message_type}, or drop[/]"
    )


@app.command()
def show(company: Any_ = "", type_: Type = "", reveal: Reveal = False, as_json: AsJson = False) -> None:
    """Every message that is held, the oldest first."""
    with open_desk() as desk:
        found = _held(desk, company, type_)
    if as_json:
        emit([_json(each, reveal=reveal) for each in found])
        return
    columns = ("message", "company", "class", "channel", "to", "about", "happened", "owed")
    out().print(table(*columns, rows=[_row(each, reveal=reveal) for each in found]))


@app.command()
def send(company: Company, type_: Type = "", confirm: Confirm = "", yes: Yes = False, as_json: AsJson = False) -> None:
    """Let them go after all: as if told of now, by the rules and hours that hold for every other message."""
    with open_desk() as desk:
        found = _wanted(desk, company, type_)
        rules = {rule.message_type: rule for rule in load_routing(templates=load_templates()).rules}
        _refuse_unruled(found, rules, company)
        _confirm("send", company, type_, found, confirm, yes=yes)
        done = _send(desk, found, rules)
    _tell("sent after all", done, as_json=as_json)


@app.command("drop")
def drop_(company: Company, type_: Type = "", confirm: Confirm = "", yes: Yes = False, as_json: AsJson = False) -> None:
    """Cancel them: nobody hears of them, and nothing stands in for them."""
    with open_desk() as desk:
        found = _wanted(desk, company, type_)
        _confirm("drop", company, type_, found, confirm, yes=yes)
        with desk.engine.begin() as connection:
            done = drop(connection, [each.id for each in found])
    _tell("dropped", done, as_json=as_json)


def _held(desk: Desk, company: str, message_type: str) -> list[Held]:
    with desk.engine.connect() as connection:
        return held(connection, desk.sealer, company, message_type)


def _wanted(desk: Desk, company: str, message_type: str) -> list[Held]:
    found = _held(desk, company, message_type)
    if not found:
        kind = f" of kind {message_type}" if message_type else ""
        raise Refused(f"Nothing{kind} is held for company {company}.", "postroom backlog")
    return found


def _refuse_unruled(found: Sequence[Held], rules: Mapping[str, Rule], company: str) -> None:
    unruled = sorted({each.message_type for each in found} - set(rules))
    if unruled:
        words = f"No rule tells any more how to send {', '.join(unruled)}. Nothing was sent."
        raise Refused(words, f"postroom backlog drop {company} --type {unruled[0]}")


def _send(desk: Desk, found: Sequence[Held], rules: Mapping[str, Rule]) -> list[Decided]:
    now = SharedClock(desk.engine).now()
    ends = {each.message_type: now + rules[each.message_type].not_after for each in found}
    with desk.engine.begin() as connection:
        done = send_after_all(connection, [each.id for each in found], ends)
        for each in done:
            within = rules[each.message_type].confirm_within
            if within is not None:
                # The first timer has run out while the message was held.
                key = f"confirm:{each.intent_id}:backlog"
                set_timer(
                    connection,
                    kind="confirm",
                    key=key,
                    company=each.company,
                    subject_id=each.intent_id,
                    due_at=now + within,
                )
    return done


def _confirm(deed: str, company: str, message_type: str, found: Sequence[Held], given: str, *, yes: bool) -> None:
    if yes:
        return
    about = len({each.subject for each in found})
    if not given:
        words = f"{deed.capitalize()} {len(found)} messages of company {company} about {about} documents."
        people().print(f"[yellow]{said(words)}[/] Odoo is not asked again: some may be paid or done by now.")
        try:
            given = typer.prompt("Type the company's id to go on", err=True)
        except typer.Abort:
            given = ""
    if given != company:
        kind = f" --type {message_type}" if message_type else ""
        attempt = f"postroom backlog {deed} {company}{kind} --confirm {company}"
        raise Refused("Nothing was done: that is not the company's id.", attempt)


def _tell(deed: str, done: Sequence[Decided], *, as_json: bool) -> None:
    if as_json:
        emit({"ok": True, "messages": [each.id for each in done]})
    else:
        out().print(f"{len(done)} messages are {deed}.")


# How it is shown ----------------------------------------------------------------------------------------------------


def _money(sums: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{amount:,.2f} {currency}" for currency, amount in sums.items())


def _day(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d}"


def _heap_row(heap: Heap) -> tuple[str, ...]:
    counted = (str(heap.messages), f"{heap.documents} documents", _day(heap.oldest), _day(heap.newest))
    return (said(heap.company), said(heap.message_type), heap.channel.value, *counted, _money(heap.owed))


def _heap_json(heap: Heap) -> dict[str, object]:
    return {
        "company": heap.company,
        "class": heap.message_type,
        "channel": heap.channel,
        "messages": heap.messages,
        "documents": heap.documents,
        "oldest": heap.oldest,
        "newest": heap.newest,
        "owed": {currency: str(amount) for currency, amount in heap.owed.items()},
    }


def _row(each: Held, *, reveal: bool) -> tuple[str, ...]:
    where = (str(each.id), said(each.company), said(each.message_type), each.channel.value)
    owed = _money({each.owed.currency: each.owed.amount}) if each.owed else ""
    return (*where, said(shown(each.address, reveal=reveal)), said(each.subject), when(each.happened_at), owed)


def _json(each: Held, *, reveal: bool) -> dict[str, object]:
    return {
        "id": each.id,
        "company": each.company,
        "class": each.message_type,
        "channel": each.channel,
        "to": shown(each.address, reveal=reveal),
        "about": each.subject,
        "happened_at": each.happened_at,
        "owed": {each.owed.currency: str(each.owed.amount)} if each.owed else {},
    }
