"""What holds a message back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from postroom.domain.channels import Fault, Pace, Verdict
from postroom.domain.messages import State
from postroom.domain.safety import (
    RAMP,
    Circuit,
    CircuitState,
    Leave,
    Mode,
    Prospect,
    Stay,
    Terms,
    Wire,
    after_outcome,
    allowance,
    before_sending,
    closed,
    wire_for,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FREE = Prospect(Mode.LIVE, listed=False, opted_out=False, not_after=None)
DOWN = Fault(Verdict.TRANSIENT, "131016", "service unavailable")
STOPPED = Fault(Verdict.SENDER_STOPPED, "131031", "account locked")


@pytest.mark.parametrize(
    ("mode", "listed", "wire"),
    [
        pytest.param(Mode.SANDBOX, True, Wire.SANDBOX, id="the sandbox ignores the allow-list"),
        pytest.param(Mode.SHADOW, True, None, id="in shadow nothing leaves"),
        pytest.param(Mode.ALLOWLIST, True, Wire.LIVE, id="the listed are written to"),
        pytest.param(Mode.ALLOWLIST, False, None, id="the others are not"),
        pytest.param(Mode.LIVE, False, Wire.LIVE, id="live is live"),
    ],
)
def test_a_mode_decides_how_far_a_message_goes(mode: Mode, listed: bool, wire: Wire | None) -> None:
    assert wire_for(mode, listed=listed) is wire


def test_a_stale_message_expires_before_anything_else_is_asked() -> None:
    stale = replace(FREE, not_after=NOW - timedelta(seconds=1), opted_out=True)
    assert before_sending(stale, Terms(), NOW) == Stay(State.EXPIRED, "not_after")


def test_an_opt_out_between_queue_and_send_is_obeyed() -> None:
    assert before_sending(replace(FREE, opted_out=True), Terms(), NOW) == Stay(State.SUPPRESSED, "opted_out")


def test_a_free_message_leaves() -> None:
    assert before_sending(FREE, Terms(), NOW) == Leave(Wire.LIVE)


# Circuits -------------------------------------------------------------------------------------------------------------


def after(circuit: Circuit, *outcomes: Fault | None, at: datetime = NOW) -> Circuit:
    for outcome in outcomes:
        circuit = after_outcome(circuit, outcome, at)
    return circuit


def test_a_stopped_sender_opens_its_circuit_at_once() -> None:
    opened = after(closed(NOW), STOPPED)
    assert opened.state is CircuitState.OPEN
    assert opened.reason == "131031"
    assert allowance(opened, 32, NOW) == 0


def test_five_outages_in_a_minute_open_it_and_four_do_not() -> None:
    assert after(closed(NOW), *[DOWN] * 4).state is CircuitState.CLOSED
    assert after(closed(NOW), *[DOWN] * 5).state is CircuitState.OPEN


def test_outages_more_than_a_minute_apart_do_not_add_up() -> None:
    circuit = after(closed(NOW), *[DOWN] * 4)
    assert after(circuit, DOWN, at=NOW + timedelta(seconds=61)).failures == 1


def test_a_success_between_outages_starts_the_count_anew() -> None:
    assert after(closed(NOW), *[DOWN] * 4, None, *[DOWN] * 4).state is CircuitState.CLOSED


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(Verdict.TRANSIENT, "130429", "", Pace.THROTTLED), id="we are too fast"),
        pytest.param(Fault(Verdict.TRANSIENT, "131056", "", Pace.PAIR), id="too much for one recipient"),
        pytest.param(Fault(Verdict.TRANSIENT, "429", "", retry_after=timedelta(seconds=7)), id="Retry-After"),
        pytest.param(Fault(Verdict.FALLBACK, "131026", ""), id="not on WhatsApp"),
        pytest.param(Fault(Verdict.PERMANENT, "132000", ""), id="our template is wrong"),
    ],
)
def test_what_says_nothing_against_the_sender_leaves_the_circuit_closed(fault: Fault) -> None:
    assert after(closed(NOW), *[fault] * 20) == closed(NOW)


def test_an_open_circuit_lets_one_probe_out_after_a_minute() -> None:
    opened = after(closed(NOW), STOPPED)
    assert allowance(opened, 32, NOW + timedelta(minutes=1)) == 1


def test_a_failed_probe_opens_it_again_and_a_good_one_lets_it_recover() -> None:
    probing = Circuit(CircuitState.HALF_OPEN, 0, NOW, NOW)
    assert after(probing, DOWN).state is CircuitState.OPEN
    assert after(probing, None).state is CircuitState.RECOVERING


def test_recovery_ramps_from_a_tenth_to_all_in_a_quarter_of_an_hour() -> None:
    recovering = Circuit(CircuitState.RECOVERING, 0, NOW)
    assert [allowance(recovering, 100, NOW + RAMP * share) for share in (0, 0.5, 1)] == [10, 55, 100]
    assert after(recovering, None, at=NOW + RAMP).state is CircuitState.CLOSED
