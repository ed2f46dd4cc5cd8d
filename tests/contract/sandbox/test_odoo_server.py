"""What the sandbox's Odoos do that surprises a client, what goes wrong in them on demand, and what tests can ask."""

import base64
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
import requests
from pypdf import PdfReader

from postroom.domain.commands import Command, signed
from sandbox.testing import SECRET, Running, running_sandbox

VERSIONS = pytest.mark.parametrize("version", [17, 19])
APPROVE = ("purchase.order", "button_approve")


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """What Odoo raised."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Server:
    """One Odoo of the sandbox."""

    sandbox: Running
    version: int

    @property
    def url(self) -> str:
        return f"{self.sandbox.url}/odoo{self.version}"

    @property
    def told(self) -> Any:
        return self.sandbox.get("odoo")[str(self.version)]

    def call(self, login: str, model: str, method: str, *places: Any, timeout: float = 5, **names: Any) -> Any:
        """By JSON-RPC; raises Refused."""
        user = self.told["users"][login]
        args = ["sandbox", user["uid"], user["key"], model, method, list(places), names]
        params = {"service": "object", "method": "execute_kw", "args": args}
        body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": "k-1"}
        answer = requests.post(f"{self.url}/jsonrpc", json=body, timeout=timeout).json()
        if "error" in answer:
            raise Refused(answer["error"]["data"]["name"], answer["error"]["data"]["message"])
        return answer.get("result")

    def json2(self, login: str, model: str, method: str, **names: Any) -> requests.Response:
        headers = {"Authorization": f"bearer {self.told['users'][login]['key']}"}
        return requests.post(f"{self.url}/json/2/{model}/{method}", json=names, headers=headers, timeout=5)

    def state(self, model: str = "purchase.order", number: int = 42) -> str:
        return str(self.sandbox.get("odoo_record", version=str(self.version), model=model, id=str(number))["state"])


def _refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value.name


# Two Odoos ----------------------------------------------------------------------------------------------------------


def test_each_version_has_a_database_of_its_own(sandbox: Running) -> None:
    old, new = Server(sandbox, 17), Server(sandbox, 19)
    old.call("pmanager", *APPROVE, [42])
    assert (old.state(), new.state()) == ("purchase", "to approve")
    assert old.told["database_uuid"] != new.told["database_uuid"]


@pytest.mark.parametrize(("environ", "serie"), [({}, "19.0"), ({"SANDBOX_ODOO_VERSION": "17"}, "17.0")])
def test_the_odoo_without_a_number_is_that_of_the_environment(environ: dict[str, str], serie: str) -> None:
    with running_sandbox(**environ) as sandbox:
        params = {"service": "common", "method": "version", "args": []}
        answer = requests.post(f"{sandbox.url}/odoo/jsonrpc", json={"params": params}, timeout=5)
        assert answer.json()["result"]["server_serie"] == serie


@VERSIONS
def test_documents_have_the_same_numbers_every_time(sandbox: Running, version: int) -> None:
    server = Server(sandbox, version)
    first = server.call("admin", "purchase.order", "search_read", [], ["name", "state", "amount_total"])
    sandbox.post("odoo_reset")
    assert server.call("admin", "purchase.order", "search_read", [], ["name", "state", "amount_total"]) == first
    assert {row["name"] for row in first} == {"P00042", "P00043", "P00044"}


# Approving ----------------------------------------------------------------------------------------------------------


@VERSIONS
def test_an_approval_by_somebody_who_may_not_says_nothing_and_does_nothing(sandbox: Running, version: int) -> None:
    server = Server(sandbox, version)
    assert server.call("buyer", *APPROVE, [42]) == {}
    assert server.state() == "to approve"
    assert server.call("pmanager", *APPROVE, [42]) == {}
    assert server.state() == "purchase"


@VERSIONS
def test_a_change_of_state_is_noted_in_the_name_of_whoever_made_it(sandbox: Running, version: int) -> None:
    server = Server(sandbox, version)
    server.call("pmanager", *APPROVE, [42])
    about = [["model", "=", "purchase.order"], ["res_id", "=", 42]]
    [note] = server.call("admin", "mail.message", "search_read", about, ["author_id", "tracking_value_ids"])
    [change] = server.call("admin", "mail.tracking.value", "read", note["tracking_value_ids"], ["new_value_char"])
    assert (note["author_id"][1], change["new_value_char"]) == ("Pat Purchase Manager", "Purchase Order")


@VERSIONS
def test_our_own_user_reads_documents_and_changes_none(sandbox: Running, version: int) -> None:
    server = Server(sandbox, version)
    for model in ("purchase.order", "sale.order", "account.move", "hr.leave", "hr.expense"):
        [first, *_] = server.call("postroom", model, "search", [])
        refused = _refusal(
            lambda model=model, first=first: server.call("postroom", model, "write", [first], {"name": "x"})
        )
        assert refused == "odoo.exceptions.AccessError"


@VERSIONS
def test_a_record_of_another_company_is_nobodys(sandbox: Running, version: int) -> None:
    server = Server(sandbox, version)
    there = {"version": version, "model": "res.company", "values": {"name": "Other"}}
    other = sandbox.post("odoo_record", **there)["id"]
    values = {"partner_id": 302, "company_id": other}
    order = sandbox.post("odoo_record", version=version, model="purchase.order", values=values)["id"]
    assert server.call("buyer", "purchase.order", "search_count", [["id", "=", order]]) == 0
    assert _refusal(lambda: server.call("buyer", "purchase.order", "read", [order])) == "odoo.exceptions.AccessError"


# The add-on ---------------------------------------------------------------------------------------------------------


def _command(server: Server, login: str, key: str = "decision:1", **more: Any) -> Command:
    told = server.told
    facts = {"model": "purchase.order", "id": 42, "method": "button_approve", "watch": ("state",), **more}
    return Command(key, told["database_uuid"], told["users"][login]["uid"], **facts)


def _execute(server: Server, command: Command, login: str = "postroom", **changes: Any) -> Any:
    asked = signed(command, server.told["command_secret"], changes.pop("at", datetime.now(UTC)))
    return server.call(login, "postroom.connector", "execute_as", **{**asked, **changes})


@VERSIONS
def test_a_command_is_carried_out_once_in_the_persons_rights(sandbox: Running, version: int) -> None:
    server = Server(sandbox, version)
    [kept] = server.call("postroom", "purchase.order", "read", [42], ["write_date"])
    command = _command(server, "pmanager", expected_revision=kept["write_date"])
    first, again = _execute(server, command), _execute(server, command)
    assert (first["before"]["state"], first["after"]["state"]) == ("to approve", "purchase")
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert {**again, "replayed": False} == first
    assert first["revision"] > kept["write_date"]
    assert sandbox.get("odoo_calls", key="decision:1", record="purchase.order:42")["done"] == 2


@VERSIONS
def test_a_command_for_somebody_who_may_not_shows_that_nothing_changed(sandbox: Running, version: int) -> None:
    told = _execute(Server(sandbox, version), _command(Server(sandbox, version), "buyer"))
    assert told["before"] == told["after"]


NOT_SIGNED, NOT_ALLOWED, CHANGED = (
    f"odoo.addons.postroom_connector.exceptions.{name}" for name in ("NotSigned", "NotAllowed", "RecordChanged")
)
ACCESS, MISSING = "odoo.exceptions.AccessError", "odoo.exceptions.MissingError"


@VERSIONS
@pytest.mark.parametrize(
    ("login", "command", "call", "name"),
    [
        pytest.param("pmanager", {}, {"signature": "v1,AAAA"}, NOT_SIGNED, id="another signature"),
        pytest.param("pmanager", {}, {"at": datetime(2020, 1, 1, tzinfo=UTC)}, NOT_SIGNED, id="too old"),
        pytest.param("pmanager", {}, {"body": "{}"}, NOT_SIGNED, id="another body"),
        pytest.param("pmanager", {}, {"login": "buyer"}, NOT_ALLOWED, id="called by another user"),
        pytest.param("portal1", {}, {}, NOT_ALLOWED, id="a customer"),
        pytest.param("postroom", {}, {}, NOT_ALLOWED, id="Postroom itself"),
        pytest.param("pmanager", {"method": "unlink"}, {}, NOT_ALLOWED, id="a method that is not listed"),
        pytest.param("pmanager", {"expected_revision": "2020-01-01 00:00:00"}, {}, CHANGED, id="changed meanwhile"),
        pytest.param("pmanager", {"id": 999}, {}, MISSING, id="gone"),
        pytest.param("employee", {}, {}, ACCESS, id="somebody without the right"),
    ],
)
def test_what_the_add_on_does_not_believe_is_not_done(
    sandbox: Running, version: int, login: str, command: Any, call: Any, name: str
) -> None:
    server = Server(sandbox, version)
    assert _refusal(lambda: _execute(server, _command(server, login, **command), **call)) == name
    assert server.state() == "to approve"


def test_a_refusal_with_a_reason_is_noted_beside_the_document(sandbox: Running) -> None:
    server = Server(sandbox, 19)
    _execute(server, _command(server, "pmanager", method="button_cancel", arguments={"reason": "Too dear"}))
    rows = server.call("postroom", "mail.message", "search_read", [["res_id", "=", 42]], ["body", "author_id"])
    assert ("<span>Too dear</span>", "Pat Purchase Manager") in [(row["body"], row["author_id"][1]) for row in rows]


def test_the_add_on_can_be_missing(sandbox: Running) -> None:
    server = Server(sandbox, 17)
    sandbox.post("odoo_module", version=17, module="postroom_connector", on=False)
    assert _refusal(lambda: server.call("postroom", "postroom.connector", "hello")) == "odoo.exceptions.UserError"


def test_helpdesk_is_there_when_it_is_switched_on(sandbox: Running) -> None:
    server = Server(sandbox, 19)
    assert server.json2("postroom", "helpdesk.ticket", "fields_get").status_code == 404
    sandbox.post("odoo_module", version=19, module="helpdesk")
    [team] = server.json2("postroom", "helpdesk.team", "search", domain=[]).json()
    values = {"name": "Help", "team_id": team}
    assert len(server.json2("postroom", "helpdesk.ticket", "create", vals_list=values).json()) == 1


# Faults -------------------------------------------------------------------------------------------------------------


@VERSIONS
@pytest.mark.parametrize("recipient", ["purchase.order:42", "purchase.order.button_approve", "purchase.order", ""])
def test_a_fault_after_the_commit_has_done_the_work(sandbox: Running, version: int, recipient: str) -> None:
    server = Server(sandbox, version)
    sandbox.post("faults", channel="odoo", kind="commit_then_fault", recipient=recipient)
    assert _refusal(lambda: server.call("pmanager", *APPROVE, [42])) == "smtplib.SMTPServerDisconnected"
    assert server.state() == "purchase"
    [entry] = sandbox.get("odoo_calls", record="purchase.order:42")["calls"]
    assert (entry["outcome"], entry["code"]) == ("done_unsaid", "commit_then_fault")


@pytest.mark.parametrize(
    ("kind", "outcome", "state"),
    [("lost", "faulted", "to approve"), ("dropped", "done_unsaid", "purchase")],
)
def test_a_connection_that_drops_leaves_open_what_became_of_a_call(
    sandbox: Running, kind: str, outcome: str, state: str
) -> None:
    server = Server(sandbox, 19)
    sandbox.post("faults", channel="odoo", kind=kind)
    with pytest.raises(requests.ConnectionError):
        server.call("pmanager", *APPROVE, [42])
    assert server.state() == state
    [entry] = sandbox.get("odoo_calls", method="button_approve")["calls"]
    assert (entry["outcome"], entry["login"], entry["version"]) == (outcome, "pmanager", 19)


@pytest.mark.parametrize(
    ("kind", "status", "media_type"),
    [
        ("gateway", 502, "text/html; charset=utf-8"),
        ("server_error", 500, "text/html; charset=utf-8"),
        ("html", 200, "text/html; charset=utf-8"),
        ("access_denied", 403, "application/json"),
        ("serialization", 500, "application/json"),
    ],
)
def test_a_fault_answers_in_the_manner_of_json2(sandbox: Running, kind: str, status: int, media_type: str) -> None:
    server = Server(sandbox, 19)
    sandbox.post("faults", channel="odoo", kind=kind)
    answer = server.json2("pmanager", *APPROVE, ids=[42])
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, media_type)
    assert server.state() == "to approve"
    assert server.json2("pmanager", *APPROVE, ids=[42]).status_code == 200


def test_a_fault_for_nobody_waits_for_a_call_that_changes_something(sandbox: Running) -> None:
    server = Server(sandbox, 17)
    sandbox.post("faults", channel="odoo", kind="serialization")
    assert server.call("buyer", "purchase.order", "search_count", []) == 3
    assert _refusal(lambda: server.call("buyer", *APPROVE, [42])) == "psycopg2.errors.SerializationFailure"


@VERSIONS
def test_a_server_that_is_down_answers_nothing_at_all(sandbox: Running, version: int) -> None:
    server = Server(sandbox, version)
    sandbox.post("faults", channel="odoo", kind="lost", recipient="server", times=1000)
    body = {"params": {"service": "common", "method": "version", "args": []}}
    for _ in range(3):
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{server.url}/jsonrpc", json=body, timeout=5)
    with pytest.raises(requests.ConnectionError):
        server.call("buyer", "purchase.order", "search_count", [])
    sandbox.post("disarm")
    assert server.call("buyer", "purchase.order", "search_count", []) == 3


def test_a_slow_server_is_as_slow_as_it_is_told(sandbox: Running) -> None:
    server = Server(sandbox, 19)
    sandbox.post("faults", channel="odoo", kind="slow", recipient="server", seconds=0.4)
    started = time.monotonic()
    assert server.call("buyer", "purchase.order", "search_count", []) == 3
    assert time.monotonic() - started >= 0.4


# People -------------------------------------------------------------------------------------------------------------


@VERSIONS
def test_whoever_is_introduced_as_a_user_becomes_one(sandbox: Running, version: int) -> None:
    server = Server(sandbox, version)
    sandbox.post("people", name="Laura Gil", email="laura@example.com", odoo="user:12345")
    fields = ["name", "email", "share", "active"]
    [user] = server.call("postroom", "res.users", "search_read", [["email", "=", "laura@example.com"]], fields)
    assert user == {"id": 12345, "name": "Laura Gil", "email": "laura@example.com", "share": False, "active": True}


def test_a_notification_to_a_user_of_the_database_reaches_his_inbox(sandbox: Running) -> None:
    server = Server(sandbox, 19)
    partner = server.told["users"]["buyer"]["partner_id"]
    server.call("postroom", "mail.thread", "message_notify", [], body="Hello", partner_ids=[partner], subject="Digest")
    [message] = sandbox.get("messages")["messages"]
    assert (message["address"], message["title"], message["text"]) == ("user:103", "Digest", "Hello")


# Documents ----------------------------------------------------------------------------------------------------------


@VERSIONS
@pytest.mark.parametrize(
    ("model", "number", "words"),
    [("account.move", 88, "1250.00 EUR"), ("sale.order", 17, "310.00 EUR"), ("purchase.order", 42, "500.00 EUR")],
)
def test_a_documents_link_opens_its_pdf_and_another_token_nothing(
    sandbox: Running, version: int, model: str, number: int, words: str
) -> None:
    server = Server(sandbox, version)
    link = server.call("admin", model, "get_portal_url", [number], report_type="pdf", download=True)
    answer = requests.get(server.url + link, timeout=5)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert words in PdfReader(BytesIO(answer.content), strict=True).pages[0].extract_text()
    wrong = requests.get(server.url + link.replace("token=", "token=0"), timeout=5, allow_redirects=False)
    assert (wrong.status_code, wrong.headers["Location"]) == (303, f"/odoo{version}/my")


def test_an_attachment_opens_with_its_token_alone(sandbox: Running) -> None:
    server = Server(sandbox, 19)
    content = base64.b64encode(b"hello").decode()
    made = server.call("buyer", "ir.attachment", "create", {"name": "a.txt", "datas": content})
    [token] = server.call("buyer", "ir.attachment", "generate_access_token", [made])
    url = f"{server.url}/web/content/{made}"
    assert requests.get(f"{url}?access_token={token}", timeout=5).content == b"hello"
    assert requests.get(url, timeout=5).status_code == 404


# What tests can ask -------------------------------------------------------------------------------------------------


@VERSIONS
def test_a_test_can_put_change_and_remove_any_record(sandbox: Running, version: int) -> None:
    values = {"name": "P07777", "partner_id": 302, "state": "to approve"}
    made = sandbox.post("odoo_record", version=version, model="purchase.order", id=7777, values=values)
    assert (made["id"], made["name"]) == (7777, "P07777")
    sandbox.post("odoo_record", version=version, model="purchase.order", id=7777, values={"state": "cancel"})
    assert Server(sandbox, version).state(number=7777) == "cancel"
    where = {"version": str(version), "model": "purchase.order", "id": "7777"}
    requests.delete(f"{sandbox.url}/_sandbox/odoo_record", params=where, timeout=5).raise_for_status()
    assert Server(sandbox, version).call("admin", "purchase.order", "search_count", [["id", "=", 7777]]) == 0


@pytest.mark.parametrize(
    ("deed", "fields", "told"),
    [
        ("odoo_record", {"version": 18}, "/version: '18' is no Odoo here"),
        ("odoo_record", {"version": 19, "model": "no.model"}, "/model: 'no.model' is not here"),
        ("odoo_record", {"version": 19, "model": "res.partner", "values": {"x": 1}}, "/values: Invalid field 'x'"),
        ("odoo_module", {"version": 19, "module": "sale"}, "/module: 'sale' cannot be switched"),
    ],
)
def test_a_request_that_makes_no_sense_is_told_why(sandbox: Running, deed: str, fields: Any, told: str) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/{deed}", json=fields, timeout=5)
    assert answer.status_code == 422
    assert answer.json()["errors"][0].startswith(told)


def test_the_ledger_knows_a_call_by_its_message_id_and_by_the_calls_own(sandbox: Running) -> None:
    server = Server(sandbox, 19)
    server.call("pmanager", "purchase.order", "message_post", [42], body="x", message_id="<a@b>")
    server.call("pmanager", *APPROVE, [42])
    assert sandbox.get("odoo_calls", key="<a@b>")["count"] == 1
    [entry] = sandbox.get("odoo_calls", key="k-1")["calls"]
    assert (entry["method"], entry["ids"]) == ("button_approve", [42])


def test_secrets_are_made_of_the_one_that_the_sandbox_has(sandbox: Running) -> None:
    told = Server(sandbox, 19).told
    wanted = base64.b64encode(hashlib.sha256(SECRET.encode()).digest()).decode()
    assert told["command_secret"] == f"whsec_{wanted}"
    assert (told["users"]["postroom"]["key"], told["users"]["buyer"]["key"]) == (SECRET, f"{SECRET}:buyer")


# The page -----------------------------------------------------------------------------------------------------------


def test_a_person_sees_what_was_written_and_none_of_it_runs(sandbox: Running) -> None:
    server = Server(sandbox, 19)
    server.call("pmanager", *APPROVE, [42])
    html = "<p>By <b>Friday</b></p><img src=x onerror=alert(1)><script>alert(2)</script>"
    server.call("pmanager", "purchase.order", "message_post", [42], body=html, body_is_html=True)
    server.call("pmanager", "purchase.order", "message_post", [42], body="<img src=y> as text")
    answer = requests.get(f"{server.url}/web/purchase.order/42", timeout=5)
    for words in ("P00042", "To Approve → <b>Purchase Order</b>", "By Friday", "&lt;img src=y&gt; as text"):
        assert words in answer.text
    assert "onerror" not in answer.text
    assert "alert(2)" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/web", "/web/sale.order", "/web/account.move/88", "/odoo/purchase/42"])
@VERSIONS
def test_every_page_opens(sandbox: Running, version: int, path: str) -> None:
    assert requests.get(f"{Server(sandbox, version).url}{path}", timeout=5).status_code == 200


@pytest.mark.parametrize("path", ["/web/no.model", "/web/purchase.order/999", "/web/files/999"])
def test_a_page_of_nothing_is_a_404(sandbox: Running, path: str) -> None:
    assert requests.get(f"{Server(sandbox, 19).url}{path}", timeout=5).status_code == 404


def test_a_command_is_spelled_by_the_house_as_the_stand_in_reads_it(sandbox: Running) -> None:
    command = _command(Server(sandbox, 19), "pmanager")
    assert json.loads(command.body())["watch"] == ["state"]
    assert _execute(Server(sandbox, 19), command)["display_name"] == "P00042"
