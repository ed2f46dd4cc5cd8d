"""The roll: who Odoo's internal users are now, who of them is new, changed or gone."""

from collections.abc import Callable

import structlog

from postroom.domain.people import DIRECTORIES, clash_words
from postroom.domain.safety import Wire
from postroom.odoo.client import Odoo
from postroom.odoo.errors import OdooError
from postroom.odoo.users import users_of
from postroom.store.census import Told, clashes, keep_users, retire, settle_database
from postroom.store.engine import Connection, Engine
from postroom.store.notices import close_notice, raise_notice
from postroom.store.safety import database_now
from postroom.store.sealing import Sealer
from workers.app import app
from workers.wiring import Rooms, rooms

log = structlog.get_logger()
KIND = "people"


@app.task(name="sync_people")
def sync_people() -> str:
    """Ask each Odoo for its users; asking twice is harmless. New ones are then asked for where people chat."""
    return "; ".join(_called(rooms(), wire) for wire in (Wire.LIVE, Wire.SANDBOX))


def _called(rooms: Rooms, wire: Wire) -> str:
    try:
        erp = rooms.erp.at(wire)
        if erp is None:
            return f"{wire}: no credentials"
        told = call_roll(rooms.engine, rooms.sealer, erp, wire, rooms.erp.database(wire))
    except OdooError as error:
        return _untold(rooms, wire, error)
    for channel in DIRECTORIES:
        rooms.hints.recognise(channel)
    log.info("people_synced", wire=wire.value, added=told.added, changed=told.changed, gone=told.deactivated)
    return f"{wire}: {told}"


def _untold(rooms: Rooms, wire: Wire, error: OdooError) -> str:
    """Who is known stays known: what he decides, Odoo itself judges again."""
    log.warning("people_not_synced", wire=wire.value, code=error.fault.code)
    words = f"Odoo's users cannot be read ({error.fault.code}): postroom odoo check, then postroom people sync"
    if wire is Wire.LIVE:
        with rooms.engine.begin() as connection:
            raise_notice(connection, key=f"people:sync:{wire}", company="", kind=KIND, words=words)
    return f"{wire}: {error.fault.code}"


def call_roll(
    engine: Engine,
    sealer: Sealer,
    erp: Odoo,
    wire: Wire,
    database: str,
    watch: Callable[[Told], None] = lambda _told: None,
) -> Told:
    """Write down, batch by batch, who is a user now. Raises OdooError; nobody is retired by a roll that was cut off."""
    with engine.begin() as connection:
        since = database_now(connection)
        database = settle_database(connection, wire, database)
    told = Told()
    for users in users_of(erp):
        with engine.begin() as connection:
            told += keep_users(connection, sealer, wire, database, users)
        watch(told)
    with engine.begin() as connection:
        told += Told(deactivated=retire(connection, wire, database, since))
        tell_of_clashes(connection, wire)
    return told


def tell_of_clashes(connection: Connection, wire: Wire) -> None:
    """A whole roll was called: whoever shares an address with another is told of until that is put right."""
    close_notice(connection, f"people:sync:{wire}")
    key, groups = f"people:clash:{wire}", clashes(connection, wire)
    if groups:
        raise_notice(connection, key=key, company="", kind=KIND, words=clash_words(wire, groups))
    else:
        close_notice(connection, key)
