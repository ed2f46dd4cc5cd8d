"""The client and the sandbox's Odoo were written apart, each from the real servers; here they meet."""

from collections.abc import Iterator

import pytest

from postroom.domain.safety import Wire
from postroom.odoo.access import Access
from postroom.odoo.client import Odoo
from postroom.odoo.connecting import connect
from postroom.odoo.errors import OdooError
from postroom.odoo.versions import GROUPS, ids_in
from sandbox.odoo.seed import key_of
from sandbox.testing import SECRET, Running, running_sandbox
from tests.unit.odoo.test_erp import settings
from workers.erp import erp_from


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with running_sandbox() as started:
        yield started


@pytest.fixture(params=[("17", ""), ("19", ""), ("19", "jsonrpc")], ids=["17", "19", "19 by JSON-RPC"])
def admin(request: pytest.FixtureRequest, running: Running) -> Iterator[Odoo]:
    running.post("reset")
    version, protocol = request.param
    made = connect(
        Access(f"{running.url}/odoo{version}", "sandbox", "admin", key_of(SECRET, "admin"), protocol=protocol)
    )
    assert made.version == int(version)
    yield made
    made.close()


def test_a_house_finds_the_sandboxs_odoo_by_its_settings(running: Running) -> None:
    erp = erp_from(settings(sandbox_secret=SECRET, sandbox_url=running.url)).at(Wire.SANDBOX)

    assert erp is not None
    assert erp.read("res.users", [erp.uid], ["login"]) == [{"id": erp.uid, "login": "postroom"}]
    erp.close()


def test_records_are_made_read_changed_and_deleted(admin: Odoo) -> None:
    task = admin.create("project.task", {"name": "Call"})
    admin.write("project.task", [task], {"name": "Call Marta"})
    others = admin.create_all("project.task", [{"name": "Write"}, {"name": "Wait"}])
    admin.unlink("project.task", others[:1])

    rows = admin.read("project.task", [task, *others], ["name"])

    assert [row["name"] for row in rows] == ["Call Marta", "Wait"]
    assert admin.search("project.task", [["id", "in", [task, *others]]]) == [task, others[1]]
    assert admin.count("project.task", [["id", "in", [task, *others]]]) == 2


def test_a_message_and_a_number_are_named_however_the_version_does_it(admin: Odoo) -> None:
    partner = admin.create("res.partner", {"name": "Marta"})

    message = ids_in(admin.act("res.partner", [partner], "message_post", {"body": "hello"}))
    number = ids_in(admin.act("phone.blacklist", [], "add", {"number": "+34600111222"}))

    assert [len(message), len(number)] == [1, 1]


def test_what_a_version_has_is_told_by_its_fields(admin: Odoo) -> None:
    assert {GROUPS[admin.version]} == {"groups_id", "group_ids"} & set(admin.fields("res.users"))
    assert [admin.has_model("res.partner"), admin.has_model("no.such"), admin.has_addon()] == [True, False, True]


@pytest.mark.parametrize(
    ("login", "key"), [("admin", "another-key"), ("nobody", SECRET)], ids=["a wrong key", "nobody's login"]
)
def test_who_is_refused_is_refused_alike(admin: Odoo, login: str, key: str) -> None:
    with pytest.raises(OdooError) as caught:
        admin.as_person(login, key).count("res.partner", [])

    assert (caught.value.fault.verdict, caught.value.fault.code) == ("sender_stopped", "access_denied")


def test_what_is_refused_is_refused_alike(admin: Odoo) -> None:
    codes = []
    for model, method in (("no.such", "read"), ("res.partner", "no_such"), ("res.partner", "_write")):
        with pytest.raises(OdooError) as caught:
            admin.act(model, [1], method)
        codes.append(caught.value.fault.code)

    assert codes == ["unknown_model", "unknown_method", "unknown_method"]
