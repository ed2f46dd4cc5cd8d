"""The two Odoos of a house: the stand-in on this machine, and the real one where it has credentials."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from threading import Lock
from time import monotonic
from types import MappingProxyType

from config.settings import Settings
from postroom.domain.channels import Fault
from postroom.domain.safety import Wire
from postroom.odoo.access import Access
from postroom.odoo.client import Odoo
from postroom.odoo.errors import OdooError

Connect = Callable[[], Odoo]

SANDBOX = "sandbox"
COOL = timedelta(seconds=5)
"""How long an Odoo that could not be asked its version is not asked again."""


class Erp:
    """Odoo by wire; each client is made when it is first needed, and shared by the threads of a process."""

    def __init__(
        self,
        connects: Mapping[Wire, Connect],
        clock: Callable[[], float] = monotonic,
        databases: Mapping[Wire, str] = MappingProxyType({}),
        commands: Mapping[Wire, str] = MappingProxyType({}),
    ) -> None:
        """`databases`: what each is called where our user may not read its UUID.

        `commands`: the secrets that their add-ons believe commands by, the newest first.
        """
        self._commands = commands
        self._databases = databases
        self._slots = {wire: _Slot(connect, clock) for wire, connect in connects.items()}

    def at(self, wire: Wire) -> Odoo | None:
        """The client; None where that wire has no credentials. Raises OdooError when Odoo cannot be asked."""
        slot = self._slots.get(wire)
        return slot.client() if slot else None

    def has(self, wire: Wire) -> bool:
        """Whether that wire has credentials; asks nothing."""
        return wire in self._slots

    def command_secret(self, wire: Wire) -> str:
        """What commands to the add-on are signed with; empty where nobody gave it."""
        return self._commands.get(wire, "").partition(" ")[0]

    def database(self, wire: Wire) -> str:
        """What tells the database of a wire from others: its UUID where that is known, else where it is."""
        known = self._databases.get(wire, "")
        erp = None if _is_uuid(known) else self.at(wire)
        return (erp.database_uuid() if erp else "") or known or wire.value


class _Slot:
    """One client that is made once; one that could not be made is not tried again by each thread that waited for it."""

    def __init__(self, connect: Connect, clock: Callable[[], float]) -> None:
        self._connect = connect
        self._clock = clock
        self._client: Odoo | None = None
        self._failed: tuple[float, Fault] | None = None
        self._lock = Lock()

    def client(self) -> Odoo:
        with self._lock:
            if self._client is None:
                self._client = self._made()
            return self._client

    def _made(self) -> Odoo:
        if self._failed and self._clock() < self._failed[0]:
            raise OdooError(self._failed[1])
        try:
            return self._connect()
        except OdooError as error:
            self._failed = (self._clock() + COOL.total_seconds(), error.fault)
            raise


def erp_from(values: Settings) -> Erp:
    """What the settings describe; nothing is asked yet. Raises ValueError with every fault of a half-set Odoo."""
    accesses = {Wire.SANDBOX: _sandbox(values), Wire.LIVE: _live(values)}
    connects = {wire: partial(_connect, access) for wire, access in accesses.items() if access is not None}
    databases = {Wire.SANDBOX: SANDBOX, Wire.LIVE: _database(values)}
    commands = {
        Wire.SANDBOX: sandbox_command_secret(values.sandbox_secret.get_secret_value()),
        Wire.LIVE: " ".join(values.odoo_command_secret.get_secret_value().split()),
    }
    return Erp(connects, databases=databases, commands=commands)


def sandbox_command_secret(secret: str) -> str:
    """As the sandbox makes it from its one secret; long enough, which that need not be."""
    return "whsec_" + base64.b64encode(hashlib.sha256(secret.encode()).digest()).decode()


def _database(values: Settings) -> str:
    """Its UUID, as `postroom odoo setup` has kept it; our user himself may not read it."""
    uuid = values.odoo_database_uuids.replace(",", " ").partition(" ")[0]
    return uuid.lower() or f"{values.odoo_url.rstrip('/')}/{values.odoo_db}"


def _is_uuid(written: str) -> bool:
    return len(written) == 36 and written.count("-") == 4


def _connect(access: Access) -> Odoo:
    from postroom.odoo.connecting import connect  # only who speaks to Odoo loads what speaks

    return connect(access)


def _sandbox(values: Settings) -> Access | None:
    secret = values.sandbox_secret.get_secret_value()
    if not secret:
        return None
    return Access(f"{values.sandbox_url}/odoo", SANDBOX, "postroom", secret)


def _live(values: Settings) -> Access | None:
    if not values.odoo_api_key.get_secret_value():
        return None
    access = Access(
        url=values.odoo_url,
        database=values.odoo_db,
        login=values.odoo_login,
        api_key=values.odoo_api_key.get_secret_value(),
        version=values.odoo_version,
        protocol=values.odoo_protocol,
        answer_timeout=values.odoo_timeout_seconds,
    )
    access.check()
    return access
