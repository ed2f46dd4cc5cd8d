"""postroom channels: who sends by each channel, whether he may, how fast, and what became of the last hour."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Annotated

import typer

from postroom.cli.codes import meaning
from postroom.cli.desk import open_desk
from postroom.cli.faults import Refused
from postroom.cli.showing import AsJson, emit, lasting, out, said, table
from postroom.domain.channels import ChannelName
from postroom.domain.pacing import Pacing, pacings
from postroom.domain.safety import Circuit, CircuitState, Wire, closed
from postroom.store.heartbeats import ages
from postroom.store.notices import close_notice
from postroom.store.safety import circuits, put_circuit
from postroom.store.survey import Traffic, traffic
from workers.wires import Channels, channels_from

app = typer.Typer(invoke_without_command=True, help="Who sends by each channel, and whether he may.")

STYLES: Mapping[CircuitState, str] = {
    CircuitState.CLOSED: "green",
    CircuitState.OPEN: "bold red",
    CircuitState.HALF_OPEN: "yellow",
    CircuitState.RECOVERING: "yellow",
}
WORDS: Mapping[CircuitState, str] = {
    CircuitState.CLOSED: "may send",
    CircuitState.OPEN: "stopped",
    CircuitState.HALF_OPEN: "being probed",
    CircuitState.RECOVERING: "recovering",
}


@dataclass(frozen=True, slots=True)
class Sender:
    """One sender of ours at one provider, and how it fares."""

    channel: ChannelName
    wire: str
    account: str
    circuit: Circuit
    pacing: Pacing
    consumed: timedelta | None
    """How long ago the channel's queue was last seen to be consumed."""
    traffic: Traffic


@app.callback()
def listed(context: typer.Context, as_json: AsJson = False) -> None:
    """Every sender that is configured here, its circuit, its pace and its last hour."""
    if context.invoked_subcommand is not None:
        return
    with open_desk() as desk:
        paces = pacings(desk.settings.send_rates)
        ours = channels_from(desk.settings)
        alive, figures = ages(desk.engine), traffic(desk.engine)
        with desk.engine.connect() as connection:
            known = circuits(connection)
    senders = list(_senders(ours, known, paces, alive, figures))
    if as_json:
        emit(senders)
        return
    rows = [_row(sender) for sender in senders]
    columns = ("channel", "wire", "sender", "circuit", "pace", "waiting", "sent 1 h", "failed 1 h", "worker")
    out().print(table(*columns, rows=rows, room={"sender": 120, "pace": 130}))
    for sender in senders:
        if sender.circuit.state is not CircuitState.CLOSED:
            out().print(_why(sender))


@app.command("close")
def close(
    channel: Annotated[ChannelName, typer.Argument(help="The channel whose sender was mended.")],
    account: Annotated[str, typer.Argument(help="Which sender, where there are several.")] = "",
) -> None:
    """Let a stopped sender go on at once: whatever stopped it has been mended."""
    with open_desk() as desk, desk.engine.begin() as connection:
        stopped = [
            (name, sender)
            for (name, sender), circuit in circuits(connection).items()
            if name is channel and account in ("", sender) and circuit.state is not CircuitState.CLOSED
        ]
        if not stopped:
            raise Refused(f"No sender of {channel} is stopped.", "postroom channels")
        for name, sender in stopped:
            put_circuit(connection, name, sender, closed(datetime.now(UTC)))
            close_notice(connection, f"circuit:{name}:{sender}")
    out().print(f"{', '.join(sender for _, sender in stopped)} may send again.")


def _senders(
    ours: Channels,
    known: Mapping[tuple[ChannelName, str], Circuit],
    paces: Mapping[ChannelName, Pacing],
    alive: Mapping[str, timedelta],
    figures: Mapping[ChannelName, Traffic],
) -> Iterator[Sender]:
    for channel, wire in product(ChannelName, Wire):
        found = ours.at(channel, wire)
        if found is not None:
            yield Sender(
                channel=channel,
                wire=wire.value,
                account=found.account,
                circuit=known.get((channel, found.account)) or closed(datetime.now(UTC)),
                pacing=paces[channel],
                consumed=alive.get(f"queue:{channel}.normal"),
                traffic=figures.get(channel, Traffic()),
            )


def _row(sender: Sender) -> tuple[str, ...]:
    state, figures = sender.circuit.state, sender.traffic
    return (
        sender.channel.value,
        sender.wire,
        said(sender.account),
        f"[{STYLES[state]}]{WORDS[state]}[/]",
        _pace(sender.pacing),
        str(figures.waiting),
        str(figures.sent),
        f"[red]{figures.failed}[/]" if figures.failed else "0",
        f"seen {lasting(sender.consumed)} ago" if sender.consumed is not None else "[yellow]never seen[/]",
    )


def _pace(pacing: Pacing) -> str:
    parts = [f"{1 / pacing.sender.every.total_seconds():.3g}/s"] if pacing.sender else []
    parts += [f"1 per {pacing.pair.every.total_seconds():g} s and person"] if pacing.pair else []
    return ", ".join(parts) or "none"


def _why(sender: Sender) -> str:
    circuit = sender.circuit
    reason = said(meaning(sender.channel, circuit.reason)) if circuit.reason else "no reason is known"
    return (
        f"[bold]{sender.channel} {said(sender.account)}[/] is {WORDS[circuit.state]} since "
        f"{lasting(datetime.now(UTC) - circuit.changed_at)}: {reason}. "
        f"Mended? postroom channels close {sender.channel}"
    )
