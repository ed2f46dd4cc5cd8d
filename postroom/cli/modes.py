"""postroom mode: how far the messages of a company may go on a channel."""

from collections.abc import Mapping
from typing import Annotated, Any

import requests
import typer
from typer.core import TyperGroup

from postroom.cli.desk import Desk, open_desk
from postroom.cli.faults import Refused, usage
from postroom.cli.nearby import nearby
from postroom.cli.showing import AsJson, emit, masked, out, people, said, table
from postroom.domain import addresses
from postroom.domain.channels import ChannelName
from postroom.domain.going_live import cut_off_after
from postroom.domain.routing import TITLES
from postroom.domain.safety import REAL, Mode
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
Channel = Annotated[ChannelName, typer.Argument(help="whatsapp or email.")]


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
        business_now = SharedClock(desk.engine).now()
        with desk.engine.connect() as connection:
            before = modes(connection).get((company, channel), Mode.SANDBOX)
            cut_off = cut_off_after(before, mode or before, cut_off_of(connection, company, channel), business_now)
        if mode is not None and mode in REAL:
            _check_real(desk, company, channel, mode)
            _confirm(company, channel, mode, confirm)
        if mode is not None:
            with desk.engine.begin() as connection:
                set_mode(connection, company, channel, mode, cut_off=cut_off)
    now = mode or before
    if as_json:
        emit({"ok": True, "company": company, "channel": channel, "mode": now, "was": before})
    else:
        out().print(f"Company {said(company)} on {TITLES[channel]}: [bold]{now}[/], {MEANINGS[now]}.")


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
        reasons.append(f"{TITLES[channel]} has no credentials here: set {CREDENTIALS[channel]} (see .env.example).")
    # Callbacks go to machines that an operator named one by one, often on a developer's own.
    if channel is not ChannelName.CALLBACK and sandbox_answers(desk.settings.sandbox_url):
        reasons.append(f"A sandbox answers at {desk.settings.sandbox_url}: stop it, lest one be taken for the other.")
    if reasons:
        words = "\n".join((f"Company {company} stays as it is.", *(f"  {reason}" for reason in reasons)))
        raise Refused(words, f"postroom mode {company} {channel} {mode}")


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
