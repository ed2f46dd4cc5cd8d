"""A sender's health: move its circuit by what its attempts met, and tell the operators."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from postroom.domain.channels import ChannelName, Fault
from postroom.domain.safety import CircuitState, after_outcome, closed
from postroom.store.engine import Connection
from postroom.store.notices import close_notice, raise_notice
from postroom.store.safety import circuit, put_circuit


def note_outcomes(connection: Connection, channel: ChannelName, account: str, outcomes: Sequence[Fault | None]) -> None:
    """Move a sender's circuit by these outcomes, in order; None is an attempt that the provider took."""
    now = datetime.now(UTC)
    before = after = circuit(connection, channel, account, lock=True) or closed(now)
    for outcome in outcomes:
        after = after_outcome(after, outcome, now)
    if after != before:
        put_circuit(connection, channel, account, after)
    key = f"circuit:{channel}:{account}"
    if after.state is CircuitState.OPEN and before.state is not CircuitState.OPEN:
        words = f"{channel} is stopped by {after.reason}; it is probed every minute. See: postroom channels"
        raise_notice(connection, key=key, company="", kind="circuit", words=words)
    if after.state is CircuitState.CLOSED and before.state is not CircuitState.CLOSED:
        close_notice(connection, key)


def tell_of_refusal(connection: Connection, company: str, message_id: UUID, code: str, detail: str) -> None:
    """A message was refused for its own sake or its sender's: somebody has to mend one of the two."""
    words = (
        f"Message {message_id} was refused with {code} ({detail}): the message or the sender is wrong, not its "
        f"receiver. Look: postroom messages show {message_id}"
    )
    raise_notice(connection, key=f"refused:{code}", company=company, kind="refused", words=words)
