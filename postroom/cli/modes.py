"""postroom mode: how far the messages of a company may go on a channel."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import requests
import typer
from typer.core import TyperGroup

from postroom.cli.desk import Desk, open_desk
from postroom.cli.faults import Refused, usage
from postroom.cli.nearby import nearby
from postroom.cli.showing import AsJson, emit, masked, out, people, said, table, title
from postroom.domain import addresses
from postroom.domain.channels import ChannelName
from postroom.domain.going_live import cut_off_after
from postroom.domain.routing import TITLES
from postroom.domain.safety import REAL, Mode
from postroom.store.backlog import open_messages
from postroom.store.clock import SharedClock
from postroom.store.safety import allow as put_on_list
from postroom.store.safety import cut_off as cut_off_of
from postroom.store.safety import modes, set_mode
from workers.wires import channels_from

MEANINGS: Mapping[Mode, str] = {
    Mode.SANDBOX: "everything goes to the stand-in on this machine",
    Mode.SHADOW: "everything happens but the sending; each message is listed as suppressed",
    Mode.ALLOWLIST: "only addresses on the allow-list are written to; the rest is listed as suppressed",
    Mode.LIVE: "everybody is written to",
}
CREDENTIALS: Mapping[ChannelName, str] = {
    ChannelName.WHATSAPP: "WHATSAPP_ACCESS_TOKEN",
    ChannelName.SLACK: "SLACK_BOT_TOKEN",
    ChannelName.TEAMS: "TEAMS_APP_PASSWORD",
    ChannelName.SMS: "TWILIO_AUTH_TOKEN",
    ChannelName.EMAIL: "SMTP_URL",
    ChannelName.ODOO: "ODOO_API_KEY",
    ChannelName.CALLBACK: "CALLBACK_SECRET",
}


REACHED: Mapping[ChannelName, str] = {
    ChannelName.WHATSAPP: "customers by phone, and only who opted in where companies.yaml asks for that",
    ChannelName.SLACK: "the company's own people in Slack",
    ChannelName.TEAMS: "the company's own people in Teams",
    ChannelName.SMS: "people by phone, for the few kinds of message that its rules list it for, within a daily budget",
    ChannelName.EMAIL: "customers and the company's own people",
    ChannelName.ODOO: "the company's own users, inside Odoo",
    ChannelName.CALLBACK: "machines that an operator named (postroom callbacks list)",
}
HOUSE_ITSELF = "postroom"
"""The company in whose name the house tells its operators of its own trouble."""


class _Shorthand(TyperGroup):
    """`mode 1 whatsapp live` is short for `mode set 1 whatsapp live`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["set", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Shorthand,
    invoke_without_command=True,
    help="How far a company's messages may go: mode [COMPANY CHANNEL [MODE]].",
)

Company = Annotated[str, typer.Argument(help="The company's id in Odoo.")]
Channel = Annotated[ChannelName, typer.Argument(help="Which channel of the company's.")]


@app.callback()
def listed(context: typer.Context, as_json: AsJson = False) -> None:
    """How far each company's messages may go; a company that is not listed is in the sandbox."""
    if context.invoked_subcommand is not None:
        return
    with open_desk() as desk, desk.engine.connect() as connection:
        found = modes(connection)
    if as_json:
        emit([{"company": company, "channel": channel, "mode": mode} for (company, channel), mode in found.items()])
        return
    rows = [(said(company), channel.value, mode.value, MEANINGS[mode]) for (company, channel), mode in found.items()]
    rows.append(("every other", "all", Mode.SANDBOX.value, MEANINGS[Mode.SANDBOX]))
    out().print(table("company", "channel", "mode", "", rows=rows))


@app.command("set")
def set_(
    company: Company,
    channel: Channel,
    mode: Annotated[Mode | None, typer.Argument(help="sandbox, shadow, allowlist or live; nothing shows it.")] = None,
    confirm: Annotated[str, typer.Option(help="The company's id once more, instead of typing it: for scripts.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show a company's mode on a channel, or set it. Real sending asks for the company's id once more."""
    with open_desk() as desk:
        with desk.engine.connect() as connection:
            before = modes(connection).get((company, channel), Mode.SANDBOX)
        if mode is not None and mode in REAL:
            _check_real(desk, company, channel, mode)
            _foretell(desk, company, channel, before)
            _confirm(company, channel, mode, confirm)
        cut_off = _set(desk, company, channel, before, mode or before)
    now = mode or before
    if as_json:
        emit({"ok": True, "company": company, "channel": channel, "mode": now, "was": before, "cut_off": cut_off})
        return
    out().print(f"Company {said(company)} on {TITLES[channel]}: [bold]{now}[/], {MEANINGS[now]}.")
    if cut_off is not None:
        words = f"What happened before {cut_off.astimezone():%Y-%m-%d %H:%M} is held: postroom backlog {company}"
        people().print(f"[dim]{said(words)}[/]")


def _set(desk: Desk, company: str, channel: ChannelName, before: Mode, mode: Mode) -> datetime | None:
    """Move to this mode, if it is another or anew; the cut-off that holds from now on."""
    now = SharedClock(desk.engine).now()
    with desk.engine.begin() as connection:
        kept = cut_off_of(connection, company, channel)
        cut_off = cut_off_after(before, mode, kept, now)
        if (mode, cut_off) != (before, kept):
            set_mode(connection, company, channel, mode, cut_off=cut_off)
    return cut_off


def _foretell(desk: Desk, company: str, channel: ChannelName, before: Mode) -> None:
    """Say, before it is done, who will be reached and what becomes of the messages that wait."""
    people().print(f"{title(channel)} reaches {REACHED[channel]}.")
    if company == HOUSE_ITSELF:
        people().print("postroom is the house itself: its operators hear when it is in trouble (alert.system).")
    if before in REAL or channel is ChannelName.CALLBACK:
        return
    now = SharedClock(desk.engine).now()
    with desk.engine.connect() as connection:
        waiting = open_messages(connection, company, channel, now)
    people().print(
        f"The cut-off will be now, {now.astimezone():%Y-%m-%d %H:%M}: what happened before is held and never sent "
        f"unasked. {waiting.messages} messages wait here, {waiting.older} of them about what happened before."
    )


@app.command()
def allow(
    company: Company,
    channel: Channel,
    address: Annotated[str, typer.Argument(help="+34600111222 or marta@example.com.")],
    as_json: AsJson = False,
) -> None:
    """Put an address on the allow-list of a company's channel."""
    try:
        normal = addresses.normal(channel, address, None)
    except addresses.NotAnAddress as error:
        raise usage(f"{error}.".capitalize(), f"postroom mode allow {company} {channel} ADDRESS") from None
    with open_desk() as desk, desk.engine.begin() as connection:
        put_on_list(connection, desk.sealer, company, channel, normal)
    if as_json:
        emit({"ok": True, "company": company, "channel": channel, "address": masked(normal)})
    else:
        out().print(f"{masked(normal)} is on company {said(company)}'s allow-list for {TITLES[channel]}.")


def _check_real(desk: Desk, company: str, channel: ChannelName, mode: Mode) -> None:
    """Raise Refused with every reason why nothing may leave for real people yet."""
    reasons = []
    if channel not in channels_from(desk.settings).live():
        reasons.append(f"{title(channel)} has no credentials here: {_credentials(channel)}.")
    # Callbacks go to machines that an operator named one by one, often on a developer's own.
    if channel is not ChannelName.CALLBACK and sandbox_answers(desk.settings.sandbox_url):
        reasons.append(f"A sandbox answers at {desk.settings.sandbox_url}: stop it, lest one be taken for the other.")
    if reasons:
        words = "\n".join((f"Company {company} stays as it is.", *(f"  {reason}" for reason in reasons)))
        raise Refused(words, f"postroom mode {company} {channel} {mode}")


def _credentials(channel: ChannelName) -> str:
    by_hand = f"set {CREDENTIALS[channel]} (see .env.example)"
    return by_hand if channel is ChannelName.CALLBACK else f"{by_hand}, or postroom connect {channel}"


def sandbox_answers(url: str) -> bool:
    """Whether a stand-in for the providers runs there."""
    try:
        with nearby() as session:
            return session.get(f"{url}/_sandbox/healthz", timeout=2).ok
    except requests.RequestException:
        return False


def _confirm(company: str, channel: ChannelName, mode: Mode, given: str) -> None:
    if not given:
        people().print(f"[yellow]{said(f'Company {company} on {TITLES[channel]}: {MEANINGS[mode]}.')}[/]")
        try:
            given = typer.prompt("Type the company's id to go on", err=True)
        except typer.Abort:
            given = ""
    if given != company:
        raise Refused(
            "Nothing was changed: that is not the company's id.",
            f"postroom mode {company} {channel} {mode} --confirm {company}",
        )
