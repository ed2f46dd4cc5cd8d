"""What the tests write on is blank for each of them."""

import psycopg

from postroom.services.postgres import Postgres
from tests.conftest import TEMPLATE
from tests.slate import Slate


def test_what_a_test_wrote_is_gone_and_whoever_was_left_connected_too(postgres_server: Postgres):
    slate = Slate(postgres_server, TEMPLATE)
    url = slate.clean()
    before = psycopg.connect(url)
    before.execute("insert into heartbeat (name) values ('queue:core')")
    before.commit()
    before.execute("lock table heartbeat")

    assert slate.clean() == url
    before.close()
    with psycopg.connect(url) as after:
        assert after.execute("select name from heartbeat").fetchall() == []
    slate.drop()


def test_a_test_that_changed_a_table_leaves_the_next_another_database(postgres_server: Postgres):
    slate = Slate(postgres_server, TEMPLATE)
    url = slate.clean()
    with psycopg.connect(url) as before:
        before.execute("alter table heartbeat add column colour text")

    other = slate.clean()
    assert other != url
    with psycopg.connect(other) as after:
        assert after.execute("select from pg_attribute where attname = 'colour'").fetchall() == []
    slate.drop()
