"""What follows from everything that can go wrong between us and Odoo, by each protocol."""

import datetime as dt
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from postroom.domain.channels import Fault
from postroom.odoo.circuit import TRIPS_AFTER
from postroom.odoo.client import Odoo
from postroom.odoo.connecting import asked, connect
from postroom.odoo.errors import OdooError
from tests.contract.odoo.scripted import KEY, TIMEOUT, Answer, Page, Raised, ScriptedOdoo, Told

POST, READ = "sale.order.message_post", "sale.order.search_count"


def fault_of(call: Callable[[], object]) -> Fault:
    """Why it brought no result."""
    with pytest.raises(OdooError) as caught:
        call()
    return caught.value.fault


def post(erp: Odoo) -> object:
    """A call that must not be made twice."""
    return erp.act("sale.order", [4], "message_post", {"body": "hello"})


OPEN = {
    "no answer in time": (Page(hang=3 * TIMEOUT), "read_timeout"),
    "an answer that never ends": (Page(body=b" " * 60, drip=0.05), "read_timeout"),
    "a line that breaks": (Page(drop=True), "dropped"),
    "half an answer": (Page(body=b'{"result": [1', cut=100), "dropped"),
    "a page": (Page(), "not_json"),
    "nothing at all": (Page(body=b""), "not_json"),
    "a page of a depth that no reader bears": (Page(body=b"[" * 200_000), "not_json"),
    "500": (Page(500), "http_5xx"),
    "502": (Page(502), "http_502"),
    "504": (Page(504), "http_504"),
}
"""The call left, and nobody says what became of it."""


@pytest.mark.parametrize(("answer", "code"), OPEN.values(), ids=OPEN.keys())
def test_a_writing_whose_answer_is_lost_stays_open_and_is_not_made_again(
    erp: Odoo, odoo: ScriptedOdoo, answer: Answer, code: str
) -> None:
    odoo.will(POST, answer)

    fault = fault_of(lambda: post(erp))

    assert (fault.verdict, fault.code) == ("unknown", code)
    assert len(odoo.calls(POST)) == 1


@pytest.mark.parametrize(("answer", "code"), OPEN.values(), ids=OPEN.keys())
def test_a_question_whose_answer_is_lost_leaves_nothing_open(
    erp: Odoo, odoo: ScriptedOdoo, answer: Answer, code: str
) -> None:
    odoo.will(READ, answer)

    fault = fault_of(lambda: erp.count("sale.order", []))

    assert (fault.verdict, fault.code) == ("transient", code)


CLEAR = {
    "429": (Page(429, headers={"Retry-After": "7"}), "transient", "http_429"),
    "503": (Page(503), "transient", "http_503"),
    "401": (Page(401), "sender_stopped", "http_401"),
    "403": (Page(403), "sender_stopped", "http_403"),
    "404": (Page(404), "sender_stopped", "http_404"),
    "413": (Page(413), "permanent", "http_4xx"),
    "the login and the key": (
        Raised("odoo.exceptions.AccessDenied", "Access Denied", 401),
        "sender_stopped",
        "access_denied",
    ),
    "a right": (Raised("odoo.exceptions.AccessError", "You are not allowed", 403), "permanent", None),
    "a record that is gone": (Raised("odoo.exceptions.MissingError", status=404), "permanent", None),
    "a rule of the trade": (Raised("odoo.exceptions.UserError"), "permanent", None),
    "a value": (Raised("odoo.exceptions.ValidationError"), "permanent", None),
    "something to set up": (Raised("odoo.exceptions.RedirectWarning"), "permanent", None),
    "a bug of Odoo's": (Raised("builtins.ZeroDivisionError", status=500), "permanent", None),
    "no such model": (
        Raised("odoo.exceptions.UserError", "Object x.y doesn't exist", 404),
        "permanent",
        "unknown_model",
    ),
    "no such method": (
        Raised("builtins.AttributeError", "The method 'x.y' does not exist"),
        "permanent",
        "unknown_method",
    ),
    "a private method": (
        Raised("odoo.exceptions.AccessError", "Private methods (such as 'x._y') cannot", 403),
        "permanent",
        "unknown_method",
    ),
    "no such database": (
        Raised("psycopg2.OperationalError", 'failed: FATAL:  database "acme" does not exist', 500),
        "sender_stopped",
        "no_database",
    ),
    "a database that is away": (Raised("psycopg2.OperationalError", "server closed", 500), "transient", None),
    "a fault of the database's": (Raised("psycopg2.errors.Whatever", status=500), "transient", None),
    "an upgrade that waits": (Raised("psycopg2.errors.UndefinedColumn", status=500), "later", None),
    "a mail server of Odoo's": (
        Raised("smtplib.SMTPServerDisconnected", status=500),
        "unknown",
        None,
    ),
    "a module of somebody's": (Raised("odoo.addons.some.exceptions.Nope"), "permanent", None),
    "our add-on: it changed": (
        Raised("odoo.addons.postroom_connector.exceptions.RecordChanged"),
        "permanent",
        None,
    ),
    "our add-on: not signed": (
        Raised("odoo.addons.postroom_connector.exceptions.NotSigned"),
        "sender_stopped",
        None,
    ),
}
"""Odoo, or a proxy in its place, says what was done: nothing, but for one."""


@pytest.mark.parametrize(("answer", "verdict", "code"), CLEAR.values(), ids=CLEAR.keys())
def test_a_refusal_says_what_follows_and_is_not_asked_again(
    erp: Odoo, odoo: ScriptedOdoo, answer: Answer, verdict: str, code: str | None
) -> None:
    odoo.will(POST, answer)

    fault = fault_of(lambda: post(erp))

    assert fault.verdict == verdict
    assert fault.code == (code or (answer.name if isinstance(answer, Raised) else ""))
    assert len(odoo.calls(POST)) == 1


def test_how_long_a_proxy_wants_us_to_wait_is_kept(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will(POST, Page(429, headers={"Retry-After": "7"}))

    assert fault_of(lambda: post(erp)).retry_after == timedelta(seconds=7)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_told_and_our_key_does_not_follow_it(erp: Odoo, odoo: ScriptedOdoo, status: int) -> None:
    odoo.will(POST, Page(status, headers={"Location": f"{odoo.url}/elsewhere?token=secret"}))

    fault = fault_of(lambda: post(erp))

    assert (fault.verdict, fault.code) == ("sender_stopped", "http_3xx")
    assert "/elsewhere" in fault.detail
    assert "secret" not in fault.detail
    assert [asked.path for asked in odoo.asked if "elsewhere" in asked.path] == []


def test_what_odoo_tells_of_its_inside_is_not_kept(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will(POST, Raised("odoo.exceptions.UserError", "No mail for\n marta@example.net, +34 600 111 222"))

    assert fault_of(lambda: post(erp)).detail == "No mail for <address>, <number>"


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "no"}',
        b'{"error": {"message": "no"}}',
        b'{"error": {"data": []}}',
        b'{"error": {"data": {"name": 7}}}',
    ],
)
def test_an_error_without_a_name_is_a_refusal_all_the_same(odoo: ScriptedOdoo, body: bytes) -> None:
    erp = connect(odoo.access(version="17"))
    odoo.will(POST, Page(body=body))

    assert (fault_of(lambda: post(erp)).verdict, fault_of(lambda: post(erp)).code) == ("permanent", "unnamed_error")


def test_a_value_that_json_cannot_carry_is_our_own_fault(erp: Odoo) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        erp.write("sale.order", [1], {"date": object()})


# Again ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "odoo.exceptions.LockError",
        "odoo.exceptions.ConcurrencyError",
        "psycopg2.errors.SerializationFailure",
        "psycopg2.errors.DeadlockDetected",
        "psycopg2.errors.LockNotAvailable",
    ],
)
def test_what_odoo_undid_because_two_met_is_made_again_even_a_writing(erp: Odoo, odoo: ScriptedOdoo, name: str) -> None:
    odoo.will(POST, Raised(name, status=500), Told(709))

    assert post(erp) == 709
    assert len(odoo.calls(POST)) == 2


def test_three_times_are_enough(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will(POST, Raised("psycopg2.errors.SerializationFailure", status=500))

    assert fault_of(lambda: post(erp)).verdict == "transient"
    assert len(odoo.calls(POST)) == 3


def test_a_question_is_asked_again_when_the_line_breaks(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will(READ, Page(drop=True), Page(502), Told(3))

    assert erp.count("sale.order", []) == 3


def test_a_question_that_took_all_of_its_time_is_not_asked_again(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will(READ, Page(hang=3 * TIMEOUT), Told(3))

    assert fault_of(lambda: erp.count("sale.order", [])).code == "read_timeout"
    assert erp.count("sale.order", []) == 3


def test_a_login_whose_answer_is_lost_leaves_nothing_open(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("authenticate", Page(drop=True))
    odoo.will("res.users.context_get", Page(drop=True))

    fault = fault_of(lambda: post(erp.as_person("bea", "beas-key")))

    assert (fault.verdict, fault.code) == ("transient", "dropped")
    assert odoo.calls(POST) == []


# No connection --------------------------------------------------------------------------------------------------------


def closed_port() -> int:
    """Nobody listens there."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.parametrize("version", ["17", "19"])
@pytest.mark.parametrize(
    ("url", "verdict", "code"),
    [
        pytest.param("http://127.0.0.1:{port}", "transient", "connect", id="nobody listens"),
        pytest.param("http://odoo.invalid", "transient", "dns", id="a name that nobody has"),
    ],
)
def test_where_no_connection_is_made_nothing_left(
    odoo: ScriptedOdoo, version: str, url: str, verdict: str, code: str
) -> None:
    erp = connect(odoo.access(version=version, url=url.format(port=closed_port())))

    fault = fault_of(lambda: post(erp))

    assert (fault.verdict, fault.code) == (verdict, code)


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "odoo.test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "odoo.pem"
    path.write_bytes(private + certificate.public_bytes(pem))
    return path


@pytest.fixture
def secure(self_signed: Path) -> Iterator[ScriptedOdoo]:
    server = ScriptedOdoo(certificate=str(self_signed))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("version", ["17", "19"])
def test_a_certificate_that_nobody_vouches_for_stops_us(secure: ScriptedOdoo, version: str) -> None:
    erp = connect(secure.access(version=version))

    fault = fault_of(lambda: post(erp))

    assert (fault.verdict, fault.code) == ("sender_stopped", "tls")
    assert secure.asked == []


def test_an_odoo_that_is_down_is_left_alone_by_everybody(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will(POST, Page(502))
    bea = erp.as_person("bea", "beas-key")
    for _ in range(TRIPS_AFTER):
        fault_of(lambda: post(erp))
    so_far = len(odoo.asked)

    faults = [
        fault_of(lambda: post(erp)),
        fault_of(lambda: post(bea)),
        fault_of(lambda: erp.in_company(1).count("x", [])),
    ]

    assert [(fault.verdict, fault.code) for fault in faults] == [("transient", "circuit_open")] * 3
    assert all(fault.retry_after for fault in faults)
    assert len(odoo.asked) == so_far


def test_an_odoo_that_refuses_is_not_down(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will(POST, Raised("odoo.exceptions.UserError"))

    codes = {fault_of(lambda: post(erp)).code for _ in range(2 * TRIPS_AFTER)}

    assert codes == {"odoo.exceptions.UserError"}


# Which version --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "version", "path"),
    [
        ("17.0", 17, "/jsonrpc"),
        ("18.0-20250101", 18, "/jsonrpc"),
        ("saas~18.2+e", 18, "/jsonrpc"),
        ("19.0+e", 19, "/json/2/sale.order/search_count"),
    ],
)
def test_the_version_that_odoo_tells_says_how_it_is_spoken_to(
    odoo: ScriptedOdoo, told: str, version: int, path: str
) -> None:
    odoo.will("version", Told({"server_version": told}))
    odoo.will(READ, Told(3))

    erp = connect(odoo.access())
    erp.count("sale.order", [])

    assert (erp.version, odoo.asked[-1].path) == (version, path)


def test_an_odoo_without_json_rpc_tells_its_version_elsewhere(odoo: ScriptedOdoo) -> None:
    odoo.will("version", Page(404))
    odoo.page = Page(body=b'{"version_info": [19, 0, 0, "final", 0, ""], "version": "19.0"}')

    assert connect(odoo.access()).version == 19


@pytest.mark.parametrize("told", ["16.0", "20.0", "master"])
def test_a_version_that_is_not_spoken_is_said_with_its_remedy(odoo: ScriptedOdoo, told: str) -> None:
    odoo.will("version", Told({"server_version": told}))

    fault = fault_of(lambda: connect(odoo.access()))

    assert (fault.verdict, fault.code) == ("sender_stopped", "version")
    assert told in fault.detail
    assert "17, 18, 19" in fault.detail


@pytest.mark.parametrize("answer", [Page(), Told(None), Told({}), Told(["17.0"])])
def test_something_else_at_the_address_is_no_odoo(odoo: ScriptedOdoo, answer: Answer) -> None:
    odoo.will("version", answer)

    fault = fault_of(lambda: asked(odoo.access()))

    assert (fault.verdict, fault.code) == ("transient", "not_json")
    assert KEY not in str(odoo.asked)
