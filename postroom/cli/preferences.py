"""postroom preferences: what a person wants to hear of, and where."""

from typing import Annotated

import typer

from config.rules import ROUTING_FILE, read_routing
from postroom.cli.desk import open_desk
from postroom.cli.faults import Refused, usage
from postroom.cli.showing import AsJson, emit, out, said, table, when
from postroom.domain.channels import ChannelName
from postroom.domain.preferences import ANY, NONE, Choice, NotMutable, Preferences, refuse_muting
from postroom.domain.routing import Rule
from postroom.store import preferences
from postroom.store.contacts import companies_of_partner
from postroom.store.engine import Connection
from postroom.store.preferences import NewChoice, choose, preferences_of

app = typer.Typer(no_args_is_help=True, help="What a person wants to hear of, and where.")

Partner = Annotated[str, typer.Argument(help="The partner's id in Odoo.")]
OfCompany = Annotated[str, typer.Option("--company", help="The company's id; needed where several know the partner.")]


@app.command()
def show(partner: Partner, company: OfCompany = "", as_json: AsJson = False) -> None:
    """What holds for a person: each message type on each channel, and what decides it."""
    rules = _rules()
    with open_desk() as desk, desk.engine.connect() as connection:
        person = (_company(connection, partner, company), f"partner:{partner}")
        chosen = preferences_of(connection, [person]).get(person, NONE)
    if as_json:
        emit({"company": person[0], "partner": partner, "preferences": [_row_json(rule, chosen) for rule in rules]})
        return
    channels = sorted({channel for rule in rules for channel in rule.written_for()})
    rows = [
        (rule.message_type, *(_cell(rule, channel, chosen) for channel in channels), "" if rule.mutable else "always")
        for rule in rules
    ]
    out().print(table("message type", *channels, "", rows=rows))


@app.command("set")
def set_(
    partner: Partner,
    message_type: Annotated[str, typer.Argument(help="A message type, or all.")],
    channel: Annotated[str, typer.Argument(help="A channel, or all.")],
    choice: Annotated[Choice, typer.Argument(help="on, off, or preferred: before the other channels.")],
    company: OfCompany = "",
    as_json: AsJson = False,
) -> None:
    """Choose for a person. What must reach everybody cannot be turned off."""
    new = NewChoice(
        _known(message_type, [rule.message_type for rule in _rules()], "message type"),
        _known(channel, list(ChannelName), "channel"),
        choice,
    )
    try:
        refuse_muting(next((rule for rule in _rules() if rule.message_type == new.message_type), None), choice)
    except NotMutable as error:
        raise Refused(f"{error}.", f"postroom preferences show {partner}") from None
    with open_desk() as desk, desk.engine.begin() as connection:
        known = _company(connection, partner, company)
        changed = bool(choose(connection, known, f"partner:{partner}", [new], source="cli"))
    if as_json:
        emit({"ok": True, "company": known, "partner": partner, "changed": changed})
    else:
        words = "" if changed else ", as before"
        out().print(f"Partner {said(partner)}: {said(message_type)} by {said(channel)} is {choice}{words}.")


@app.command()
def history(partner: Partner, company: OfCompany = "", as_json: AsJson = False) -> None:
    """Every choice that was ever made for a person, oldest first, and where it was made."""
    with open_desk() as desk, desk.engine.connect() as connection:
        known = _company(connection, partner, company)
        rows = preferences.history(connection, known, f"partner:{partner}")
    if as_json:
        emit(rows)
    elif rows:
        shown = [(when(row.at), row.message_type, row.channel, row.choice.value, row.source) for row in rows]
        out().print(table("at", "message type", "channel", "choice", "by", rows=shown))
    else:
        out().print(f"Partner {said(partner)} has never chosen anything: everything is on.")


def _rules() -> tuple[Rule, ...]:
    return read_routing(ROUTING_FILE.read_text("utf-8"), file=str(ROUTING_FILE), templates=None).rules


def _known(word: str, known: list[str], noun: str) -> str:
    if word in (ANY, "all"):
        return ANY
    if word not in known:
        raise usage(
            f"There is no {noun} '{word}'. There are {', '.join(known)}.",
            "postroom preferences set 42 order_confirmation email off",
        )
    return word


def _company(connection: Connection, partner: str, company: str) -> str:
    if company:
        return company
    found = companies_of_partner(connection, partner)
    if len(found) == 1:
        return found[0]
    problem = f"belongs to the companies {', '.join(found)}" if found else "is not known to any company yet"
    attempt = f"postroom preferences show {partner} --company {found[0] if found else '1'}"
    raise usage(f"Partner {partner} {problem}: say which one.", attempt)


def _cell(rule: Rule, channel: ChannelName, chosen: Preferences) -> str:
    if channel not in rule.written_for():
        return ""
    choice = chosen.choice(rule.message_type, channel)
    return Choice.ON.value if choice is Choice.OFF and not rule.mutable else choice.value


def _row_json(rule: Rule, chosen: Preferences) -> dict[str, object]:
    return {
        "message_type": rule.message_type,
        "mutable": rule.mutable,
        "channels": {channel: _cell(rule, channel, chosen) for channel in rule.written_for()},
    }
