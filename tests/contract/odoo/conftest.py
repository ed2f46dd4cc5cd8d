"""An Odoo that answers as a test says, and a client before it by each protocol."""

import threading
from collections.abc import Iterator

import pytest

from postroom.odoo.client import Odoo
from postroom.odoo.connecting import connect
from tests.contract.odoo.scripted import ScriptedOdoo


@pytest.fixture
def odoo() -> Iterator[ScriptedOdoo]:
    server = ScriptedOdoo()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["17", "19"], ids=["JSON-RPC", "JSON-2"])
def erp(request: pytest.FixtureRequest, odoo: ScriptedOdoo) -> Iterator[Odoo]:
    made = connect(odoo.access(version=request.param))
    yield made
    made.close()
