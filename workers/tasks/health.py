"""A sender's health: move its circuit by what its attempts met, and tell the operators."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from postroom.domain.channels import ChannelName, Fault
from postroom.domain.safety import CircuitState, after_outcome, closed
from postroom.store.engine import Connection
from postroom.store.flows import RefusedInARow, refused_in_a_row
from postroom.store.notices import NewNotice, close_notice, raise_notice, raise_notices
from postroom.store.safety import circuit, put_circuit

IN_A_ROW = 5
"""So many messages of a chain that a channel refuses one after the other are no accident."""


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


def tell_of_chains(connection: Connection, refused: Sequence[UUID]) -> None:
    """These messages were refused for their own sake: where a chain meets nothing else, somebody has to mend it."""
    if refused:
        raise_notices(connection, [_of_chain(each) for each in refused_in_a_row(connection, refused, IN_A_ROW)])


def _of_chain(each: RefusedInARow) -> NewNotice:
    key = f"chain:{each.flow_key}:{each.version}:{each.channel}"
    words = (
        f"Chain {each.flow_key}, version {each.version}: its newest {IN_A_ROW} messages were all refused by "
        f"{each.channel}, the last one ({each.message_type}) with {each.code}. Its runs go on by their fallbacks. "
        f"Mend the template of {each.message_type} or the step in config/escalations.yaml, then: "
        f"postroom notices close {key}. Look: postroom messages show {each.message_id}"
    )
    return NewNotice(key, "", "chain", words)
