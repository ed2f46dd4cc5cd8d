"""What holds messages back, as operators set it and as senders' health demands it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from postroom.domain.channels import ChannelName
from postroom.domain.safety import Circuit, CircuitState, Mode, Wire
from postroom.store.sealing import Sealer

# Modes ----------------------------------------------------------------------------------------------------------------

_SET_MODE = text("""
    insert into sending_mode (company, channel, mode, cut_off) values (:company, :channel, :mode, :cut_off)
    on conflict (company, channel) do update
        set mode = excluded.mode, cut_off = excluded.cut_off, changed_at = clock_timestamp()
""")
_MODE = text("select mode from sending_mode where company = :company and channel = :channel")
_CUT_OFF = text("select cut_off from sending_mode where company = :company and channel = :channel")
_ALLOW = text("""
    insert into allowlist (company, channel, blind, address) values (:company, :channel, :blind, :address)
    on conflict do nothing
""")


def modes(connection: Connection) -> dict[tuple[str, ChannelName], Mode]:
    """Every mode that was set; what is not listed is in the sandbox."""
    rows = connection.execute(text("select company, channel, mode from sending_mode order by company, channel"))
    return {(row.company, ChannelName(row.channel)): Mode(row.mode) for row in rows}


def cut_off(connection: Connection, company: str, channel: ChannelName) -> datetime | None:
    """Since when a company's channel is for real (business time); None while it is not."""
    found: datetime | None = connection.scalar(_CUT_OFF, {"company": company, "channel": channel.value})
    return found


def odoo_wire(connection: Connection, company: str) -> Wire:
    """Whether a company's people and documents are those of the real Odoo, or of the sandbox's."""
    values = {"company": company, "channel": ChannelName.ODOO.value}
    return Wire.LIVE if connection.scalar(_MODE, values) == Mode.LIVE else Wire.SANDBOX


def set_mode(
    connection: Connection, company: str, channel: ChannelName, mode: Mode, *, cut_off: datetime | None = None
) -> None:
    """Say how far a company's messages on a channel may go, and before which moment nothing is sent unasked."""
    values = {"company": company, "channel": channel.value, "mode": mode.value, "cut_off": cut_off}
    connection.execute(_SET_MODE, values)


def allow(connection: Connection, sealer: Sealer, company: str, channel: ChannelName, address: str) -> None:
    """Put a normalised address on the allow-list of a company's channel."""
    connection.execute(
        _ALLOW,
        {
            "company": company,
            "channel": channel.value,
            "blind": sealer.blind(channel, address),
            "address": sealer.seal_text(address, "allowlist.address"),
        },
    )


# Pauses ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pause:
    """Messages that an operator stopped: all, or those of one company, channel or class (message type)."""

    scope: str
    value: str
    since: datetime


def pause(connection: Connection, scope: str, value: str) -> bool:
    """Stop messages at the moment when they would be claimed. False: they were stopped already."""
    result = connection.execute(
        text("insert into pause (scope, value) values (:scope, :value) on conflict do nothing"),
        {"scope": scope, "value": value},
    )
    return bool(result.rowcount)


def resume(connection: Connection, scope: str, value: str) -> bool:
    """Let them go again. False: they were not stopped."""
    result = connection.execute(
        text("delete from pause where scope = :scope and value = :value"), {"scope": scope, "value": value}
    )
    return bool(result.rowcount)


def pauses(connection: Connection) -> list[Pause]:
    """What is stopped now."""
    rows = connection.execute(text("select scope, value, since from pause order by since"))
    return [Pause(row.scope, row.value, row.since) for row in rows]


# Circuits -------------------------------------------------------------------------------------------------------------

_GET_CIRCUIT = """
    select state, failures, changed_at, probe_at, reason, clock_timestamp() as now from circuit
    where channel = :channel and account = :account
"""
_PUT_CIRCUIT = text("""
    insert into circuit (channel, account, state, failures, reason, changed_at, probe_at)
    values (:channel, :account, :state, :failures, :reason, :changed_at, :probe_at)
    on conflict (channel, account) do update set state = excluded.state, failures = excluded.failures,
        reason = excluded.reason, changed_at = excluded.changed_at, probe_at = excluded.probe_at
""")


def circuit(connection: Connection, channel: ChannelName, account: str, *, lock: bool = False) -> Circuit | None:
    """A sender's circuit; None while nothing has ever gone wrong with it."""
    row = connection.execute(
        text(_GET_CIRCUIT + (" for update" if lock else "")), {"channel": channel.value, "account": account}
    ).one_or_none()
    if row is None:
        return None
    return Circuit(CircuitState(row.state), row.failures, row.changed_at, row.probe_at, row.reason)


def put_circuit(connection: Connection, channel: ChannelName, account: str, value: Circuit) -> None:
    """Write a sender's circuit down for all workers."""
    connection.execute(
        _PUT_CIRCUIT,
        {
            "channel": channel.value,
            "account": account,
            "state": value.state.value,
            "failures": value.failures,
            "reason": value.reason,
            "changed_at": value.changed_at,
            "probe_at": value.probe_at,
        },
    )


def circuits(connection: Connection) -> Mapping[tuple[ChannelName, str], Circuit]:
    """Every circuit that was ever touched."""
    rows = connection.execute(text("select * from circuit order by channel, account"))
    return {
        (ChannelName(row.channel), row.account): Circuit(
            CircuitState(row.state), row.failures, row.changed_at, row.probe_at, row.reason
        )
        for row in rows
    }


def database_now(connection: Connection) -> datetime:
    """PostgreSQL's clock: real time for leases, circuits and retries, one for all hosts."""
    now = connection.scalar(text("select clock_timestamp()"))
    if not isinstance(now, datetime):
        raise TypeError(f"clock_timestamp() answered {now!r}")
    return now
