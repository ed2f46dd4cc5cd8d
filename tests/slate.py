"""One database for test after test, wiped in between: to copy the template took a third of a second each time."""

import itertools

import psycopg

from postroom.services.postgres import SUPERUSER, Postgres

_numbers = itertools.count(1)

# Whoever still writes there belongs to a test that is over.
_ALONE = """
    select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""
_SHAPE = """
    select count(*), max(oid::bigint), (select count(*) from pg_attribute), (select count(*) from pg_constraint),
        (select count(*) from pg_trigger where tgenabled = 'O'), (select count(*) from pg_proc)
    from pg_class where relnamespace = 'public'::regnamespace
"""
"""What a migration or a test's own statement would change: its tables, and the partitions of a new month."""
_WIPE = """
    do $$
    declare
        one regclass;
    begin
        set local session_replication_role = replica; -- the order of the tables does not matter
        for one in select oid from pg_class
            where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'alembic_version'
        loop
            execute 'delete from only ' || one;
        end loop;
        for one in select oid from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S'
        loop
            perform setval(one, 1, false);
        end loop;
    end $$
"""


class Slate:
    """A copy of the template that is as good as new whenever it is asked for."""

    def __init__(self, server: Postgres, template: str) -> None:
        self._server, self._template = server, template
        self._name = ""
        self._shape: object = None

    def clean(self) -> str:
        """The database's URL; its tables are those of the template, and empty."""
        if not self._name or not self._wiped():
            self.drop()
            self._name = f"slate_{next(_numbers)}"
            self._server.create(self._name, template=self._template)
            with self._entered() as connection:
                self._shape = connection.execute(_SHAPE).fetchone()
        return self._server.url(self._name)

    def drop(self) -> None:
        """Remove it, whoever is still connected."""
        if self._name:
            self._server.drop(self._name)
            self._name = ""

    def _wiped(self) -> bool:
        """False where a test left other tables behind."""
        with self._entered() as connection:
            connection.execute(_ALONE)
            if connection.execute(_SHAPE).fetchone() != self._shape:
                return False
            connection.execute(_WIPE)
        return True

    def _entered(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self._server.url(self._name, role=SUPERUSER), autocommit=True, connect_timeout=3)
