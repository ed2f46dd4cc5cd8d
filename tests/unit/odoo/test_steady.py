"""When a call is made again, and when a server is left alone."""

from datetime import timedelta
from typing import Any

import pytest

from postroom.domain.channels import Fault, Verdict
from postroom.odoo.answers import lost, raised
from postroom.odoo.calls import Call
from postroom.odoo.circuit import COOL, TRIPS_AFTER, Circuit
from postroom.odoo.errors import OdooError
from postroom.odoo.steady import Steady
from postroom.odoo.versions import Version

READ = Call("res.partner", "read", (1,), repeatable=True)
WRITE = Call("res.partner", "write", (1,))
BUSY = raised({"name": "psycopg2.errors.SerializationFailure", "message": "again"})


class Clock:
    """Stands still unless it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Scripted:
    """A transport that does what a test queued; then everything works."""

    version, uid = Version.V19, 7

    def __init__(self, *outcomes: Exception) -> None:
        self.outcomes = list(outcomes)
        self.sent = 0

    def send(self, _call: Call) -> Any:
        self.sent += 1
        if self.outcomes:
            raise self.outcomes.pop(0)
        return "done"

    def as_person(self, _login: str, _api_key: str) -> "Scripted":
        return self

    def close(self) -> None:
        """Nothing is open."""


def steady(transport: Scripted, circuit: Circuit | None = None, *, seconds: float = 60) -> Steady:
    """A transport that waits for nobody."""
    return Steady(transport, circuit or Circuit(), seconds=seconds, pause=lambda _tries: None)


@pytest.mark.parametrize(
    ("call", "error", "times"),
    [
        pytest.param(READ, lost("dropped"), 3, id="a question whose line broke"),
        pytest.param(READ, lost("connect"), 3, id="a question that did not leave"),
        pytest.param(READ, lost("not_json"), 3, id="a question that met a page"),
        pytest.param(READ, BUSY, 3, id="a question that met another"),
        pytest.param(READ, lost("http_429"), 1, id="too many questions"),
        pytest.param(READ, lost("access_denied"), 1, id="a question that is refused"),
        pytest.param(WRITE, BUSY, 3, id="a writing that was undone"),
        pytest.param(WRITE, lost("connect"), 1, id="a writing that did not leave"),
        pytest.param(WRITE, lost("dropped"), 1, id="a writing whose line broke"),
    ],
)
def test_only_what_is_safe_is_made_again(call: Call, error: OdooError, times: int) -> None:
    transport = Scripted(error, error, error)

    with pytest.raises(OdooError) as caught:
        assert steady(transport).send(call) is None

    assert transport.sent == times
    assert caught.value.fault.code == error.fault.code


def test_what_works_at_last_is_answered() -> None:
    assert steady(Scripted(BUSY, BUSY)).send(WRITE) == "done"


def test_nothing_is_made_again_when_its_time_is_over() -> None:
    transport = Scripted(BUSY)

    with pytest.raises(OdooError):
        steady(transport, seconds=-1).send(WRITE)

    assert transport.sent == 1


def test_a_bug_of_ours_flies_and_shuts_nobody_out() -> None:
    clock = Clock()
    circuit = Circuit(clock)
    fail(circuit, TRIPS_AFTER)
    clock.now += COOL.total_seconds()

    with pytest.raises(TypeError):
        steady(Scripted(TypeError()), circuit).send(WRITE)

    assert steady(Scripted(), circuit).send(WRITE) == "done"


# The circuit ----------------------------------------------------------------------------------------------------------


def fail(circuit: Circuit, times: int, code: str = "connect") -> None:
    """So many calls in a row that end so."""
    for _ in range(times):
        with pytest.raises(OdooError), circuit.passing():
            raise lost(code)


def shut(circuit: Circuit) -> Fault | None:
    """Why nobody passes; None where somebody does."""
    try:
        with circuit.passing():
            return None
    except OdooError as error:
        return error.fault


def test_a_server_that_did_not_answer_several_times_is_left_alone_for_a_while() -> None:
    clock = Clock()
    circuit = Circuit(clock)
    fail(circuit, TRIPS_AFTER)
    clock.now += 5

    fault = shut(circuit)

    assert fault is not None
    assert (fault.verdict, fault.code, fault.retry_after) == (
        Verdict.TRANSIENT,
        "circuit_open",
        COOL - timedelta(seconds=5),
    )


@pytest.mark.parametrize(
    "code", ["connect", "dns", "tls", "dropped", "read_timeout", "http_502", "http_503", "http_504"]
)
def test_silence_of_every_kind_counts(code: str) -> None:
    circuit = Circuit(Clock())
    fail(circuit, TRIPS_AFTER, code)

    assert shut(circuit)


@pytest.mark.parametrize("code", ["access_denied", "unknown_model", "http_404", "not_json"])
def test_an_answer_of_any_kind_shows_that_somebody_is_there(code: str) -> None:
    circuit = Circuit(Clock())
    fail(circuit, TRIPS_AFTER - 1)
    fail(circuit, 1, code)
    fail(circuit, TRIPS_AFTER - 1)

    assert shut(circuit) is None


def test_one_call_looks_for_all_the_others() -> None:
    clock = Clock()
    circuit = Circuit(clock)
    fail(circuit, TRIPS_AFTER)
    clock.now += COOL.total_seconds()

    with circuit.passing():
        meanwhile = shut(circuit)

    assert meanwhile is not None
    assert shut(circuit) is None


def test_a_look_that_finds_nobody_shuts_it_again() -> None:
    clock = Clock()
    circuit = Circuit(clock)
    fail(circuit, TRIPS_AFTER)
    clock.now += COOL.total_seconds()
    fail(circuit, 1)

    assert shut(circuit)
