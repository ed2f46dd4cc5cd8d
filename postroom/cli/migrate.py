"""postroom migrate: bring the database to the newest schema."""

from postroom.cli.desk import open_desk
from postroom.cli.showing import AsJson, emit, out, people


def migrate(as_json: AsJson = False) -> None:
    """Bring the database to the newest schema. Any number of processes may call it at once."""
    from postroom.store.migrate import current, head, upgrade  # slow to import: it brings Alembic

    with open_desk() as desk:
        before = current(desk.engine)
        with people().status("migrating"):
            upgrade(desk.settings.database_url)
        after = current(desk.engine)
    if as_json:
        emit({"ok": after == head(), "before": before, "after": after})
    elif before == after:
        out().print(f"The database is at {after}, the newest.")
    else:
        out().print(f"The database went from {before or 'nothing'} to {after}.")
