"""What the client puts on the wire, and what it makes of what comes back."""

import logging
import threading
from typing import Any

import pytest

from postroom.odoo.calls import Call
from postroom.odoo.client import Odoo
from postroom.odoo.connecting import connect
from postroom.odoo.errors import OdooError
from tests.contract.odoo.scripted import DATABASE, KEY, UID, Asked, Page, Raised, ScriptedOdoo, Told

PARTNERS = [{"id": 1, "name": "Marta"}, {"id": 2, "name": "Sam"}]


def arguments(asked: Asked) -> dict[str, Any]:
    """Of a call, as its method sees them; `args` are those without a name."""
    if "params" not in asked.body:
        return {name: value for name, value in asked.body.items() if name != "context"}
    _database, _uid, _key, _model, _method, args, options = asked.body["params"]["args"]
    return {"args": args, **{name: value for name, value in options.items() if name != "context"}}


def context(asked: Asked) -> dict[str, Any]:
    """Of a call."""
    body = asked.body["params"]["args"][6] if "params" in asked.body else asked.body
    found: dict[str, Any] = body["context"]
    return found


def test_json_rpc_gives_records_by_their_place_and_the_rest_by_name(odoo: ScriptedOdoo) -> None:
    odoo.will("res.partner.message_post", Told(709))
    erp = connect(odoo.access(version="17"))

    erp.act("res.partner", [1], "message_post", {"body": "hello"})

    [asked] = odoo.calls("res.partner.message_post")
    assert asked.body["params"] == {
        "service": "object",
        "method": "execute_kw",
        "args": [
            DATABASE,
            UID,
            KEY,
            "res.partner",
            "message_post",
            [[1]],
            {"body": "hello", "context": {"lang": "en_US"}},
        ],
    }


def test_json_2_gives_everything_by_name_and_the_key_as_bearer(odoo: ScriptedOdoo) -> None:
    odoo.will("res.partner.message_post", Told([1249]))
    erp = connect(odoo.access(version="19"))

    erp.act("res.partner", [1], "message_post", {"body": "hello"})

    [asked] = odoo.calls("res.partner.message_post")
    assert asked.path == "/json/2/res.partner/message_post"
    assert asked.body == {"ids": [1], "body": "hello", "context": {"lang": "en_US"}}
    assert (asked.headers["Authorization"], asked.headers["X-Odoo-Database"]) == (f"bearer {KEY}", DATABASE)


def test_nineteen_speaks_json_rpc_where_it_is_told_to(odoo: ScriptedOdoo) -> None:
    odoo.will("res.partner.search_count", Told(3))

    count = connect(odoo.access(version="19", protocol="jsonrpc")).count("res.partner", [])

    assert count == 3
    assert odoo.asked[-1].path == "/jsonrpc"


def test_an_odoo_below_a_path_is_asked_there(odoo: ScriptedOdoo) -> None:
    odoo.will("res.partner.search_count", Told(3))

    for version in ("17", "19"):
        connect(odoo.access(version=version, url=f"{odoo.url}/odoo/")).count("res.partner", [])

    assert [asked.path for asked in odoo.calls("res.partner.search_count")] == [
        "/odoo/jsonrpc",
        "/odoo/json/2/res.partner/search_count",
    ]


def test_what_is_searched_is_asked_by_name(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("res.partner.search_read", Told(PARTNERS))

    rows = erp.search_read("res.partner", [["active", "=", True]], ["name"], limit=2, offset=4)

    assert rows == PARTNERS
    asked = arguments(odoo.calls("res.partner.search_read")[0])
    assert {name: value for name, value in asked.items() if name != "args"} == {
        "domain": [["active", "=", True]],
        "fields": ["name"],
        "limit": 2,
        "offset": 4,
        "order": "id",
    }


def test_records_are_read_two_hundred_at_a_time(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("res.partner.read", Told(PARTNERS))

    erp.read("res.partner", list(range(1, 402)), ["name"])

    asked = [arguments(each) for each in odoo.calls("res.partner.read")]
    assert [len(each.get("ids") or each["args"][0]) for each in asked] == [200, 200, 1]


def test_nothing_is_asked_about_no_records(erp: Odoo, odoo: ScriptedOdoo) -> None:
    assert erp.read("res.partner", [], ["name"]) == []
    assert odoo.calls("res.partner.read") == []


def test_the_one_record_that_is_gone_hides_none_of_the_others(erp: Odoo, odoo: ScriptedOdoo) -> None:
    gone = Raised("odoo.exceptions.MissingError", status=404)
    odoo.will("res.partner.read", gone, Told(PARTNERS[:1]), gone)

    rows = erp.read("res.partner", [1, 999], ["name"])

    assert rows == PARTNERS[:1]


def test_a_record_that_may_not_be_seen_is_not_said_to_be_gone(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("res.partner.read", Raised("odoo.exceptions.AccessError", status=403))

    with pytest.raises(OdooError) as caught:
        erp.read("res.partner", [1, 2], ["name"])

    assert caught.value.fault.code == "odoo.exceptions.AccessError"


@pytest.mark.parametrize("answer", [72, [72]], ids=["17", "19"])
def test_a_new_record_has_an_id_however_odoo_says_it(erp: Odoo, odoo: ScriptedOdoo, answer: Any) -> None:
    odoo.will("res.partner.create", Told(answer))

    assert erp.create("res.partner", {"name": "Marta"}) == 72
    asked = arguments(odoo.calls("res.partner.create")[0])
    assert asked.get("vals_list", asked.get("args", [None])[0]) == [{"name": "Marta"}]


def test_a_new_record_that_is_not_named_leaves_it_open_whether_it_is_there(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("res.partner.create", Told(False))

    with pytest.raises(OdooError) as caught:
        erp.create("res.partner", {"name": "Marta"})

    assert (caught.value.fault.verdict, caught.value.fault.code) == ("unknown", "no_id")


def test_what_returns_nothing_returns_none(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("hr.leave.action_approve", Told(None))

    assert erp.act("hr.leave", [5], "action_approve") is None


def test_a_language_and_a_company_go_with_each_call_and_stay_with_their_client(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("res.partner.search_count", Told(3))

    erp.in_company(2, 1).in_language("es_ES").count("res.partner", [])
    erp.count("res.partner", [])
    erp.call(Call("res.partner", "search_count", context={"lang": "fr_FR"}, arguments={"domain": []}))

    assert [context(each) for each in odoo.calls("res.partner.search_count")] == [
        {"lang": "es_ES", "allowed_company_ids": [2, 1]},
        {"lang": "en_US"},
        {"lang": "fr_FR"},
    ]


def test_who_we_are_is_asked_once(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("res.partner.search_count", Told(3))

    assert [erp.uid, erp.count("res.partner", []), erp.in_language("es_ES").uid] == [UID, 3, UID]
    assert len(odoo.calls("authenticate")) + len(odoo.calls("res.users.context_get")) == 1


def test_an_answer_of_another_kind_is_no_answer(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("res.partner.search_count", Told({"count": 3}))
    odoo.will("res.partner.read", Told({"id": 1}))
    odoo.will("res.partner.search", Told("[1, 2]"))

    for question in (
        lambda: erp.count("res.partner", []),
        lambda: erp.read("res.partner", [1], ["name"]),
        lambda: erp.search("res.partner", []),
    ):
        with pytest.raises(OdooError) as caught:
            question()
        assert (caught.value.fault.verdict, caught.value.fault.code) == ("transient", "wrong_kind")


# In another's name ----------------------------------------------------------------------------------------------------


def test_a_person_acts_with_his_own_key(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("authenticate", Told(9))
    odoo.will("res.users.context_get", Told({"uid": 9}))
    odoo.will("res.users.read", Told([{"id": 9, "login": "bea"}]))
    odoo.will("purchase.order.button_approve", Told({}))

    bea = erp.as_person("bea", "beas-key")
    bea.act("purchase.order", [4], "button_approve")

    [asked] = odoo.calls("purchase.order.button_approve")
    assert bea.uid == 9
    assert "beas-key" in str(asked)
    assert KEY not in str(asked)


def test_a_key_that_is_anothers_does_nothing_in_his_name(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("authenticate", Told(False))  # JSON-RPC says the login, and Odoo refuses
    odoo.will("purchase.order.button_approve", Told({}))

    with pytest.raises(OdooError) as caught:
        erp.as_person("bea", "sams-key").act("purchase.order", [4], "button_approve")

    assert (caught.value.fault.verdict, caught.value.fault.code) == ("sender_stopped", "access_denied")
    assert odoo.calls("purchase.order.button_approve") == []


def test_a_session_of_odoos_never_goes_from_one_user_to_the_next(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("res.partner.x", Page(headers={"Set-Cookie": "session_id=bea; Path=/"}, body=b'{"result": 3}'))

    erp.act("res.partner", [1], "x")
    erp.act("res.partner", [1], "x")

    assert [asked.headers.get("Cookie") for asked in odoo.asked] == [None] * len(odoo.asked)


# What is there --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(Raised("odoo.exceptions.UserError", "Object no.such doesn't exist"), id="JSON-RPC"),
        pytest.param(
            Raised("werkzeug.exceptions.NotFound", "the model 'no.such' does not exist", status=404), id="JSON-2"
        ),
    ],
)
def test_a_model_that_is_not_installed_is_not_there(erp: Odoo, odoo: ScriptedOdoo, refusal: Raised) -> None:
    odoo.will("no.such.fields_get", refusal)

    assert [erp.has_model("no.such"), erp.has_model("no.such")] == [False, False]
    assert len(odoo.calls("no.such.fields_get")) == 1


def test_a_model_that_is_refused_for_another_reason_is_not_said_to_be_missing(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("account.move.fields_get", Raised("odoo.exceptions.AccessDenied", status=401))

    with pytest.raises(OdooError):
        erp.has_model("account.move")


def test_fields_are_asked_once_for_each_user(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("res.users.fields_get", Told({"group_ids": {"type": "many2many"}}))

    assert "group_ids" in erp.fields("res.users")
    assert "group_ids" in erp.in_language("es_ES").fields("res.users")

    assert len(odoo.calls("res.users.fields_get")) == 1


NO_ADDON = Raised("odoo.exceptions.UserError", "Object postroom.connector doesn't exist", 404)


def test_a_uuid_that_our_user_may_not_read_is_empty(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("ir.config_parameter.get_param", Raised("odoo.exceptions.AccessError", status=403))
    odoo.will("postroom.connector.fields_get", NO_ADDON)

    assert [erp.database_uuid(), erp.database_uuid()] == ["", ""]
    assert len(odoo.calls("ir.config_parameter.get_param")) == 1


@pytest.mark.parametrize(
    ("greeting", "uuid"),
    [
        (Told({"version": "1.0.0", "database": "0a4e6d44"}), "0a4e6d44"),
        (Raised("odoo.addons.postroom_connector.exceptions.NotAllowed", status=403), ""),
    ],
)
def test_a_uuid_that_our_user_may_not_read_is_told_by_the_add_on_to_whom_it_knows(
    erp: Odoo, odoo: ScriptedOdoo, greeting: Any, uuid: str
) -> None:
    odoo.will("ir.config_parameter.get_param", Raised("odoo.exceptions.AccessError", status=403))
    odoo.will("postroom.connector.fields_get", Told({}))
    odoo.will("postroom.connector.hello", greeting)

    assert erp.database_uuid() == uuid


# The line -------------------------------------------------------------------------------------------------------------


def test_one_thread_keeps_one_connection(erp: Odoo, odoo: ScriptedOdoo) -> None:
    odoo.will("res.partner.search_count", Told(3))

    for _ in range(10):
        erp.count("res.partner", [])

    assert len({asked.connection for asked in odoo.asked}) == 1


def test_many_threads_share_a_client_and_none_hears_anothers_answer(erp: Odoo, odoo: ScriptedOdoo) -> None:
    models = [f"x.model{number}" for number in range(8)]
    for number, model in enumerate(models):
        odoo.will(f"{model}.search_count", Told(number))
    heard: dict[str, set[int]] = {model: set() for model in models}

    def ask(model: str) -> None:
        for _ in range(12):
            heard[model].add(erp.count(model, []))
        erp.close()

    threads = [threading.Thread(target=ask, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert heard == {model: {number} for number, model in enumerate(models)}
    assert len({asked.connection for asked in odoo.asked}) <= len(models)


def test_the_key_is_written_down_nowhere(erp: Odoo, odoo: ScriptedOdoo, caplog: pytest.LogCaptureFixture) -> None:
    odoo.will("res.partner.search_count", Raised("builtins.ValueError", status=500))

    with caplog.at_level(logging.DEBUG), pytest.raises(OdooError) as caught:
        erp.count("res.partner", [])

    assert KEY not in caplog.text
    assert KEY not in f"{caught.value!r} {caught.value} {odoo.access()!r}"
    assert "Traceback" not in str(caught.value)
