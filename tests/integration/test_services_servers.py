"""The embedded servers, alone."""

import psycopg
import pytest
import redis

from postroom.services.postgres import Postgres


def test_each_test_gets_a_database_of_its_own_with_all_tables(database_url: str, postgres_server: Postgres):
    with psycopg.connect(database_url) as connection:
        connection.execute("insert into heartbeat (name) values ('queue:core')")
    other = postgres_server.create("other", template="migrated")

    with psycopg.connect(other) as connection:
        rows = connection.execute("select name from heartbeat").fetchall()

    postgres_server.drop("other")
    assert rows == []


def test_the_owner_of_the_database_is_not_a_superuser(database_url: str):
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (False,)


def test_the_database_speaks_utc_and_utf8(database_url: str):
    with psycopg.connect(database_url) as connection:
        told = connection.execute(
            "select current_setting('timezone'), pg_encoding_to_char(encoding), datcollate"
            " from pg_database where datname = current_database()"
        ).fetchone()

    assert told == ("UTC", "UTF8", "C.UTF-8")


def test_postgresql_opens_no_port(database_url: str):
    with psycopg.connect(database_url) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)


def test_valkey_refuses_whoever_has_no_password(redis_url: str):
    port = int(redis_url.rsplit(":", 1)[1].split("/")[0])

    with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_valkey_is_empty_at_the_start_of_a_test(redis_url: str):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        assert client.config_get("appendonly") == {"appendonly": "yes"}
