"""Odoo's calls and answers as they go over the wire."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from postroom.domain.channels import Button, Field, Verdict
from tests.contract.channels.conftest import FIXTURES
from tests.contract.channels.odoo_bench import DIGEST, KEY, MESSAGE, PARTNER, UID, method_of, raised, result
from tests.contract.channels.stands import IMPATIENT, Reply
from workers.channels.base import ChannelError
from workers.channels.odoo import OdooConfig

Fail = Callable[[Any], ChannelError]
R, F, P, S, A = Verdict.TRANSIENT, Verdict.FALLBACK, Verdict.PERMANENT, Verdict.SENDER_STOPPED, Verdict.UNKNOWN


def _recorded(name: str) -> Reply:
    """An answer as Odoo of that version writes it."""
    return Reply(body=json.loads((FIXTURES / "odoo/answers" / f"{name}.json").read_text()))


def _kwargs(odoo: Any) -> dict[str, Any]:
    """The keyword arguments of the one message that was sent."""
    [body] = odoo.odoo.messages
    options: dict[str, Any] = body["params"]["args"][6]
    return options


# The calls ----------------------------------------------------------------------------------------------------------


def test_a_notification_is_three_calls_of_json_rpc(odoo: Any, key: UUID) -> None:
    odoo.channel.send(DIGEST, "user:7", key)
    requests = odoo.odoo.requests
    assert {path for path, _, _, _ in requests} == {"/jsonrpc"}
    assert {(body["jsonrpc"], body["method"], body["id"]) for _, _, body, _ in requests} == {("2.0", "call", str(key))}
    assert [body["params"] for _, _, body, _ in requests] == [
        {"service": "common", "method": "authenticate", "args": ["acme-prod", "postroom", KEY, {}]},
        {
            "service": "object",
            "method": "execute_kw",
            "args": [
                "acme-prod",
                UID,
                KEY,
                "res.users",
                "search_read",
                [[["id", "=", 7], ["share", "=", False]]],
                {"fields": ["partner_id"], "limit": 1},
            ],
        },
        {
            "service": "object",
            "method": "execute_kw",
            "args": [
                "acme-prod",
                UID,
                KEY,
                "mail.thread",
                "message_notify",
                [[]],
                {
                    "subject": DIGEST.subject,
                    "body": "Ventas\n• Pedidos: 12\n• Ingresos: 3.310,00 €\n—\nAlmacén\n• Artículos por agotarse: 4"
                    "\n—\nAbrir en Odoo: https://erp.example.com/web#menu_id=1",
                    "partner_ids": [PARTNER],
                    "notify_author": True,
                },
            ],
        },
    ]


def test_a_partner_is_found_by_the_user_who_is_that_partner(odoo: Any, key: UUID) -> None:
    odoo.channel.send(DIGEST, "partner:42", key)
    [search] = [body for body in odoo.odoo.asked if method_of(body) == "search_read"]
    assert search["params"]["args"][5] == [[["partner_id", "=", 42], ["share", "=", False]]]


def test_the_user_and_the_partner_are_asked_for_once(odoo: Any) -> None:
    for _ in range(3):
        odoo.channel.send(DIGEST, "user:7", uuid4())
    assert [method_of(body) for body in odoo.odoo.asked] == ["authenticate", "search_read"]
    assert odoo.seen() == 3


def test_an_odoo_that_denies_access_is_asked_for_its_user_anew(odoo: Any, key: UUID, fail: Fail) -> None:
    odoo.channel.send(DIGEST, "user:7", key)
    odoo.odoo.replies.append(_recorded("19_access_denied"))
    assert fail(odoo).fault.verdict is S
    odoo.odoo.before["authenticate"] = result(9)
    odoo.channel.send(DIGEST, "user:7", key)
    assert odoo.odoo.messages[-1]["params"]["args"][1] == 9


def test_nobody_who_was_not_found_is_remembered(odoo: Any, key: UUID, fail: Fail) -> None:
    odoo.scenarios["no_user"]()
    fault = fail(odoo).fault
    assert (fault.verdict, fault.code, fault.unreachable) == (F, "no_user", True)
    odoo.heal()
    assert odoo.channel.send(DIGEST, "user:7", key).provider_id == f"mail.message:{MESSAGE}"


def test_many_threads_share_one_channel(odoo: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda _: odoo.channel.send(DIGEST, "user:7", uuid4()), range(40)))
    assert len(receipts) == odoo.seen() == 40


# The words ----------------------------------------------------------------------------------------------------------


def test_markup_goes_out_as_it_is_since_odoo_escapes_it(odoo: Any, key: UUID) -> None:
    odoo.channel.send(replace(DIGEST, text="<b>Müller & Söhne</b>", buttons=()), "user:7", key)
    assert _kwargs(odoo)["body"] == "<b>Müller & Söhne</b>"


def test_facts_that_are_set_apart_become_a_list(odoo: Any, key: UUID) -> None:
    facts = (Field("Cliente", "Acme"), Field("Importe", "310,00 €"))
    odoo.channel.send(replace(DIGEST, text="Alerta", fields=facts, buttons=()), "user:7", key)
    assert _kwargs(odoo)["body"] == "Alerta\n—\n• Cliente: Acme\n• Importe: 310,00 €"


def test_a_notification_without_a_subject_has_none(odoo: Any, key: UUID) -> None:
    odoo.channel.send(replace(DIGEST, subject=None), "user:7", key)
    assert _kwargs(odoo)["subject"] is False


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"text": " \n"}, "text is empty", id="no text"),
        pytest.param({"text": "x" * 20_001}, "a notification carries 20000", id="long text"),
        pytest.param({"subject": "x" * 256}, "one line of at most 255", id="long subject"),
        pytest.param({"subject": "a\nb"}, "one line", id="a subject of two lines"),
        pytest.param({"buttons": (Button("Approve", payload="approve"),)}, "'Approve'", id="a reply button"),
        pytest.param({"buttons": (Button("See", url="https://e.example"),) * 11}, "11 links", id="eleven links"),
    ],
)
def test_what_a_notification_cannot_carry_never_leaves(odoo: Any, key: UUID, changes: Any, says: str) -> None:
    with pytest.raises(ChannelError, match=says) as caught:
        odoo.channel.send(replace(DIGEST, **changes), "user:7", key)
    assert (caught.value.fault.verdict, caught.value.fault.code) == (P, "unsendable")
    assert odoo.odoo.requests == []


@pytest.mark.parametrize("to", ["", "7", "user:0", "user:-1", "user:7\n", "User:7", "res.users:7", "user:12345678901"])
def test_what_is_no_address_never_leaves(odoo: Any, key: UUID, to: str) -> None:
    with pytest.raises(ChannelError) as caught:
        odoo.channel.send(DIGEST, to, key)
    assert (caught.value.fault.verdict, caught.value.fault.code) == (F, "bad_address")
    assert odoo.odoo.requests == []


# The answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "message"), [("17_taken", 709), ("19_taken", 1249)])
def test_both_versions_spellings_of_a_message_are_a_receipt(odoo: Any, key: UUID, name: str, message: int) -> None:
    odoo.odoo.replies.append(_recorded(name))
    assert odoo.channel.send(DIGEST, "user:7", key).provider_id == f"mail.message:{message}"


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("17_nobody_to_notify", A, "no_message_id"),
        ("19_nobody_to_notify", A, "no_message_id"),
        ("17_access_denied", S, "odoo.exceptions.AccessDenied"),
        ("19_access_denied", S, "odoo.exceptions.AccessDenied"),
        ("19_private_method", S, "odoo.exceptions.AccessError"),
        ("17_no_sender_address", S, "odoo.exceptions.UserError"),
        ("17_foreign_key", P, "odoo.exceptions.ValidationError"),
        ("17_message_id_forbidden", P, "builtins.ValueError"),
        ("17_no_database", S, "psycopg2.OperationalError"),
        ("17_postgresql_down", R, "psycopg2.OperationalError"),
        ("19_serialization", R, "psycopg2.errors.SerializationFailure"),
        ("20_no_such_route", S, "werkzeug.exceptions.NotFound"),
    ],
)
def test_an_answer_of_odoo_has_its_verdict(odoo: Any, fail: Fail, name: str, verdict: Verdict, code: str) -> None:
    odoo.odoo.replies.append(_recorded(name))
    fault = fail(odoo).fault
    assert (fault.verdict, fault.code) == (verdict, code)


def test_every_recorded_answer_is_read_by_a_test_above() -> None:
    named = {path.stem for path in (FIXTURES / "odoo/answers").iterdir()}
    read = {"17_taken", "19_taken"} | {row[0] for row in _rows(test_an_answer_of_odoo_has_its_verdict)}
    assert named == read


def _rows(test: Any) -> Any:
    return test.pytestmark[0].args[1]


def test_a_traceback_is_never_kept(odoo: Any, fail: Fail) -> None:
    odoo.odoo.replies.append(raised("odoo.exceptions.UserError", "no"))
    assert fail(odoo).fault.detail == "no"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("odoo.addons.acme.exceptions.Strange", "odoo.addons.acme.exceptions.Strange"),
        ("a name with blanks <b>", "unnamed_error"),
        ("x" * 300, "unnamed_error"),
        (None, "unnamed_error"),
    ],
)
def test_an_exception_that_no_row_foresees_is_tried_again(odoo: Any, fail: Fail, name: Any, code: str) -> None:
    odoo.odoo.replies.append(raised(name, "something else"))
    fault = fail(odoo).fault
    assert (fault.verdict, fault.code) == (R, code)
    assert "unknown code: something else" in fault.detail


@pytest.mark.parametrize("error", [{"code": 200}, "no", ["no"], {"data": "no"}, {"data": {"name": 7}}])
def test_an_odd_error_is_still_an_error(odoo: Any, fail: Fail, error: object) -> None:
    odoo.odoo.replies.append(Reply(body={"jsonrpc": "2.0", "error": error}))
    fault = fail(odoo).fault
    assert (fault.verdict, fault.code) == (R, "unnamed_error")


@pytest.mark.parametrize("odd", [None, True, "1249", {"id": 1}, [[1]], [True], []])
def test_a_result_that_names_no_message_is_unknown(odoo: Any, fail: Fail, odd: object) -> None:
    odoo.odoo.replies.append(result(odd))
    fault = fail(odoo).fault
    assert (fault.verdict, fault.code) == (A, "no_message_id")


# Before the message -------------------------------------------------------------------------------------------------

LOST = {
    "read_timeout": Reply(hang=2 * IMPATIENT),
    "dropped": Reply(drop=True),
    "not_json": Reply(raw=b"<html>log in</html>"),
    "http_502": Reply(502, raw=b"<html>bad gateway</html>"),
}


@pytest.mark.parametrize("question", ["authenticate", "search_read"])
@pytest.mark.parametrize("code", LOST)
def test_a_lost_answer_to_a_question_leaves_nothing_open(odoo: Any, fail: Fail, question: str, code: str) -> None:
    odoo.odoo.before[question] = LOST[code]
    fault = fail(odoo).fault
    assert (fault.verdict, fault.code) == (R, code)
    assert odoo.seen() == 0


@pytest.mark.parametrize("question", ["authenticate", "search_read"])
def test_a_refused_question_has_the_verdict_of_its_row(odoo: Any, fail: Fail, question: str) -> None:
    odoo.odoo.before[question] = _recorded("17_no_database")
    assert fail(odoo).fault.verdict is S
    assert odoo.seen() == 0


def test_an_answer_that_drips_ends_at_the_deadline(odoo: Any, fail: Fail) -> None:
    odoo.odoo.replies.append(Reply(body={"jsonrpc": "2.0", "result": [1249]}, drip=0.1))
    assert fail(odoo).fault.verdict is A


def test_a_redirect_is_not_followed_with_our_key(odoo: Any, fail: Fail) -> None:
    odoo.scenarios["http_3xx"]()
    assert fail(odoo).fault.verdict is S
    assert [path for path, _, _, _ in odoo.odoo.requests] == ["/jsonrpc"] * 3


# The configuration --------------------------------------------------------------------------------------------------


def test_every_fault_of_a_configuration_is_named_at_once() -> None:
    with pytest.raises(ValueError, match="Odoo is not configured") as caught:
        OdooConfig("erp.example.com", " ", "", "", connect_timeout=0)
    assert all(word in str(caught.value) for word in ("url", "database", "login", "api_key", "timeouts"))


def test_a_key_is_never_shown() -> None:
    assert KEY not in repr(OdooConfig("https://erp.example.com", "db", "me", KEY))
    with pytest.raises(ValueError, match="password"):
        OdooConfig("https://me:secret@erp.example.com", "db", "me", KEY)


def test_a_notification_says_nothing_that_it_cannot_do(odoo: Any) -> None:
    carried = odoo.channel.capabilities
    assert not any((carried.html, carried.attachments, carried.reply_buttons, carried.replies, carried.read_receipts))
