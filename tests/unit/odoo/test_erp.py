"""Which Odoo a wire leads to, and when it is asked."""

import pytest

from config.settings import Settings
from postroom.domain.safety import Wire
from postroom.odoo.answers import lost
from postroom.odoo.client import Odoo
from postroom.odoo.errors import OdooError
from tests.unit.odoo.test_steady import Clock, Scripted
from workers.erp import COOL, Erp, erp_from


def settings(**said: str) -> Settings:
    """Nothing but what is said."""
    needed = {"database_url": "", "redis_url": "", "event_secrets": "x", "sealing_keys": "x", "blind_key": "x"}
    nowhere = {"odoo_url": "", "odoo_db": "", "odoo_login": "", "odoo_api_key": "", "sandbox_secret": ""}
    return Settings(_env_file=None, **{**needed, **nowhere, **said})  # type: ignore[arg-type]


def test_a_client_is_made_once_and_not_before_it_is_needed() -> None:
    made: list[Odoo] = []

    def connect() -> Odoo:
        made.append(Odoo(Scripted()))
        return made[-1]

    erp = Erp({Wire.LIVE: connect})

    assert made == []
    assert erp.at(Wire.LIVE) is erp.at(Wire.LIVE)
    assert len(made) == 1


def test_a_wire_without_credentials_leads_nowhere() -> None:
    assert Erp({}).at(Wire.LIVE) is None


def test_an_odoo_that_cannot_be_asked_is_not_asked_by_everybody_in_turn() -> None:
    clock, asked = Clock(), []

    def connect() -> Odoo:
        asked.append(clock.now)
        raise lost("connect")

    erp = Erp({Wire.LIVE: connect}, clock)
    for moment in (0.0, 1.0, COOL.total_seconds()):
        clock.now = 100 + moment
        with pytest.raises(OdooError) as caught:
            erp.at(Wire.LIVE)
        assert caught.value.fault.code == "connect"

    assert asked == [100, 100 + COOL.total_seconds()]


def test_a_half_set_odoo_is_refused_with_all_that_lacks() -> None:
    with pytest.raises(ValueError, match=r"ODOO_URL.*ODOO_DB.*ODOO_LOGIN"):
        erp_from(settings(odoo_api_key="key"))


def test_without_a_key_there_is_no_real_odoo() -> None:
    assert erp_from(settings()).at(Wire.LIVE) is None
