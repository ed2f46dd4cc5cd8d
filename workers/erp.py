"""The two Odoos of a house: the stand-in on this machine, and the real one where it has credentials."""

from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock

from config.settings import Settings
from postroom.domain.safety import Wire
from postroom.odoo.access import Access
from postroom.odoo.client import Odoo

Connect = Callable[[], Odoo]


class Erp:
    """Odoo by wire; each client is made when it is first needed, and shared by the threads of a process."""

    def __init__(self, connects: Mapping[Wire, Connect]) -> None:
        self._connects = connects
        self._clients: dict[Wire, Odoo] = {}
        self._lock = Lock()

    def at(self, wire: Wire) -> Odoo | None:
        """The client; None where that wire has no credentials. Raises OdooError when Odoo cannot be asked."""
        connect = self._connects.get(wire)
        if connect is None:
            return None
        with self._lock:
            if wire not in self._clients:
                self._clients[wire] = connect()
            return self._clients[wire]


def erp_from(values: Settings) -> Erp:
    """What the settings describe; nothing is asked yet."""
    accesses = {Wire.SANDBOX: _sandbox(values), Wire.LIVE: _live(values)}
    return Erp({wire: partial(_connect, access) for wire, access in accesses.items() if access is not None})


def _connect(access: Access) -> Odoo:
    from postroom.odoo.connecting import connect  # only who speaks to Odoo loads what speaks

    return connect(access)


def _sandbox(values: Settings) -> Access | None:
    secret = values.sandbox_secret.get_secret_value()
    if not secret:
        return None
    return Access(f"{values.sandbox_url}/odoo", "sandbox", "postroom", secret)


def _live(values: Settings) -> Access | None:
    if not values.odoo_api_key.get_secret_value():
        return None
    return Access(
        url=values.odoo_url,
        database=values.odoo_db,
        login=values.odoo_login,
        api_key=values.odoo_api_key.get_secret_value(),
        version=values.odoo_version,
        protocol=values.odoo_protocol,
        answer_timeout=values.odoo_timeout_seconds,
    )
