"""Alembic's way in: always online, always on the connection that `migrate.upgrade` holds."""

from alembic import context

from postroom.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
