"""The house as a whole: real servers, small processes of a Procfile of its own, and every way of dying."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import redis

from postroom.services.faults import CannotStart, Occupied, Unready
from postroom.services.supervisor import House

ROOT = Path(__file__).resolve().parents[2]

PROCFILE = """\
web: python stand_in.py web
worker: python stand_in.py -Q core
stubborn: python stand_in.py stubborn
sandbox: python stand_in.py sandbox
"""

STAND_IN = """\
import http.server, os, signal, sys, time

class Door(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

print("here is", os.environ["POSTROOM_PROCESS"] if "POSTROOM_PROCESS" in os.environ else "?", flush=True)
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:                      # a grandchild, as granian and celery have them
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
for door in {"web", "sandbox"} & set(sys.argv):
    http.server.HTTPServer(("127.0.0.1", int(os.environ[door.upper() + "_PORT"])), Door).serve_forever()
time.sleep(600)
"""

HIDDEN = {"DATABASE_URL": "", "REDIS_URL": "", "WHATSAPP_ACCESS_TOKEN": "", "SMTP_URL": ""}
"""Whatever the developer's own environment says."""


@pytest.fixture
def root() -> Iterator[Path]:
    """A checkout with a Procfile of its own, in a short path that any account can walk to."""
    made = Path(tempfile.mkdtemp(prefix="postroom-", dir="/tmp")).resolve()
    made.chmod(0o711)
    (made / "Procfile").write_text(PROCFILE)
    (made / "stand_in.py").write_text(STAND_IN)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def house(root: Path) -> Iterator[House]:
    """A house that stands, without the process that takes its whole grace to stop."""
    with House(root, HIDDEN, without=frozenset({"stubborn"})) as built:
        built.wait_ready()
        yield built


def pids_of(house: House) -> list[int]:
    """Everybody in the house: leaders and their grandchildren."""
    leaders = {house.process(name).pid for name in house.processes}
    return [pid for pid in every_pid() if group_of(pid) in leaders]


def every_pid() -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, text=True, check=True).stdout
    return [int(word) for word in listed.split()]


def group_of(pid: int) -> int:
    with contextlib.suppress(ProcessLookupError):
        return os.getpgid(pid)
    return -1


def lives(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")  # nobody reaps orphans where pid 1 is no init


def eventually(said: Callable[[], object], *, within: float = 20.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with contextlib.suppress(ProcessLookupError):
            if said():
                return True
        time.sleep(0.05)
    return False


def test_what_is_killed_starts_again_and_the_rest_does_not_notice(house: House):
    before = {name: house.process(name).pid for name in house.processes}

    os.kill(before["worker"], signal.SIGKILL)

    assert eventually(lambda: house.process("worker").pid != before["worker"])
    assert {name for name in before if house.process(name).pid != before[name]} == {"worker"}
    assert house.process("worker").restarts == 1


def test_stopping_leaves_no_process_no_socket_and_no_address_behind(root: Path):
    house = House(root, HIDDEN, without=frozenset({"stubborn"})).start()
    house.wait_ready()
    everybody = pids_of(house)

    house.stop()

    assert len(everybody) > len(["web", "worker", "sandbox", "postgres", "valkey"])  # grandchildren too
    assert not [pid for pid in everybody if lives(pid)]
    assert not (root / ".postroom" / "run.env").exists()
    assert list((root / ".postroom" / "run").iterdir()) == []


def test_a_process_that_will_not_stop_is_killed_after_its_grace(root: Path):
    said: list[str] = []
    with House(root, HIDDEN, say=lambda _, line: said.append(line)) as house:
        eventually(lambda: "here is stubborn" in said)
        stubborn = house.process("stubborn").pid

    assert "stubborn did not stop in 10 s: killed" in said
    assert not lives(stubborn)


def test_a_second_house_in_the_same_checkout_is_told_who_holds_it(house: House):
    with pytest.raises(Occupied, match=f"already running .* \\(pid {os.getpid()}\\)"):
        House(house.root, HIDDEN).start()

    house.wait_ready()


def test_two_checkouts_run_side_by_side(house: House, root: Path):
    other = root / "elsewhere"
    other.mkdir(mode=0o711)
    for name in ("Procfile", "stand_in.py"):
        shutil.copy(root / name, other)

    with House(other, HIDDEN, without=frozenset({"stubborn"})) as neighbour:
        neighbour.wait_ready()

        apart = ("DATABASE_URL", "REDIS_URL", "WEB_PORT", "SANDBOX_PORT", "SEALING_KEYS", "SANDBOX_SECRET")
        assert not [name for name in apart if house.environment[name] == neighbour.environment[name]]


def test_data_secrets_and_ports_are_the_same_the_next_time(root: Path):
    kept = ("SEALING_KEYS", "EVENT_SECRETS", "SANDBOX_SECRET", "WEB_PORT", "REDIS_URL", "DATABASE_URL")
    with House(root, HIDDEN, without=frozenset({"stubborn"})) as first:
        before = {name: first.environment[name] for name in kept}
        with psycopg.connect(before["DATABASE_URL"]) as connection:
            connection.execute("insert into heartbeat (name) values ('remembered')")
        with redis.Redis.from_url(before["REDIS_URL"]) as client:
            client.set("remembered", "yes")

    with House(root, HIDDEN, without=frozenset({"stubborn"})) as second:
        assert {name: second.environment[name] for name in kept} == before
        with psycopg.connect(before["DATABASE_URL"]) as connection:
            assert connection.execute("select name from heartbeat").fetchall() == [("remembered",)]
        with redis.Redis.from_url(before["REDIS_URL"]) as client:
            assert client.get("remembered") == b"yes"


@pytest.mark.parametrize("server", ["postgres", "valkey"])
def test_a_server_that_is_killed_comes_back_with_its_data(house: House, server: str):
    with psycopg.connect(house.environment["DATABASE_URL"]) as connection:
        connection.execute("insert into heartbeat (name) values ('kept')")
    with redis.Redis.from_url(house.environment["REDIS_URL"]) as client:
        client.set("kept", "yes")
        client.execute_command("WAITAOF", 1, 0, 5000)
    before = house.process(server).pid

    os.kill(before, signal.SIGKILL)

    assert eventually(lambda: house.process(server).pid != before)
    assert eventually(lambda: rows(house) == [("kept",)])
    assert eventually(lambda: value(house) == b"yes")


def rows(house: House) -> list[tuple[object, ...]]:
    with (
        contextlib.suppress(psycopg.OperationalError),
        psycopg.connect(house.environment["DATABASE_URL"]) as connection,
    ):
        return connection.execute("select name from heartbeat").fetchall()
    return []


def value(house: House) -> object:
    with (
        contextlib.suppress(redis.ConnectionError),
        redis.Redis.from_url(house.environment["REDIS_URL"]) as client,
    ):
        return client.get("kept")
    return None


BUILD_AND_REPORT = """\
import sys, time
from pathlib import Path
from postroom.services.supervisor import House
house = House(Path(sys.argv[1]), dict.fromkeys(sys.argv[2:], ""), without=frozenset({"stubborn"})).start()
house.wait_ready()
print(*(house.process(name).pid for name in house.processes), house._leash.warden, flush=True)
house.stay(dict)
"""


@contextlib.contextmanager
def house_in_another_process(root: Path) -> Iterator[tuple["subprocess.Popen[str]", list[int], int]]:
    """A process that built a house, the pids in the house, and the warden's."""
    builder = subprocess.Popen(
        [sys.executable, "-c", BUILD_AND_REPORT, str(root), *HIDDEN],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with builder:
        try:
            assert builder.stdout is not None
            *leaders, warden = (int(word) for word in builder.stdout.readline().split())
            yield builder, [pid for pid in every_pid() if group_of(pid) in leaders], warden
        finally:
            builder.kill()  # also when it never reported: leaving the block waits for its end


def test_when_the_builder_is_killed_the_house_falls_and_can_be_built_again(root: Path):
    with house_in_another_process(root) as (builder, everybody, warden):
        assert len(everybody) > len(["web", "worker", "sandbox", "postgres", "valkey"])

        builder.kill()

        assert eventually(lambda: not [pid for pid in (*everybody, warden) if lives(pid)])

    with House(root, HIDDEN, without=frozenset({"stubborn"})) as again:
        again.wait_ready()


def test_a_new_house_waits_for_the_end_of_one_that_was_killed(root: Path):
    with house_in_another_process(root) as (builder, everybody, _):
        builder.kill()
        builder.wait()

        with House(root, HIDDEN, without=frozenset({"stubborn"})) as again:
            left = [pid for pid in everybody if lives(pid)]
            again.wait_ready()

    assert left == []


def test_a_server_that_outlived_both_builder_and_warden_is_stopped_before_the_next_start(root: Path):
    with house_in_another_process(root) as (builder, everybody, warden):
        os.kill(warden, signal.SIGKILL)
        builder.kill()
        builder.wait()
        orphaned = [pid for pid in everybody if lives(pid)]

        with House(root, {**HIDDEN, "VALKEY_PORT": ""}, without=frozenset({"stubborn", "web"})) as again:
            pids = {again.process("postgres").pid}
            with psycopg.connect(again.environment["DATABASE_URL"]) as connection:
                alone = connection.execute("select pg_postmaster_start_time() > now() - interval '1 minute'").fetchone()

        for pid in orphaned:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    assert orphaned
    assert alone == (True,)
    assert not pids & set(orphaned)


def test_a_killed_warden_is_replaced_and_the_new_one_keeps_the_promise(root: Path):
    with house_in_another_process(root) as (builder, everybody, first):
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: wardens_of(builder.pid))

        builder.kill()

        assert eventually(lambda: not [pid for pid in everybody if lives(pid)])


def wardens_of(builder: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,command="], capture_output=True, text=True, check=True
    )
    rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    return [int(pid) for pid, parent, command in rows if parent == str(builder) and "warden.py hold" in command]


def test_a_lock_file_whose_pid_now_belongs_to_another_program_does_not_keep_postgresql_out(root: Path):
    with House(root, HIDDEN, without=frozenset({"stubborn"})):
        lock = (root / ".postroom" / "postgres" / "postmaster.pid").read_text().splitlines()
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    stale = root / ".postroom" / "postgres" / "postmaster.pid"
    stale.write_text("\n".join([str(bystander.pid), *lock[1:]]) + "\n")

    with House(root, HIDDEN, without=frozenset({"stubborn"})) as again:
        again.wait_ready()

        assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_sockets_find_a_short_place_when_the_checkout_lies_deep(root: Path):
    deep = root.joinpath(*["a-rather-long-name-for-one-directory"] * 4)
    deep.mkdir(parents=True)
    for folder in (deep, *deep.parents[:4]):
        folder.chmod(0o711)
    for name in ("Procfile", "stand_in.py"):
        shutil.copy(root / name, deep)

    with House(deep, HIDDEN, without=frozenset({"stubborn"})) as house:
        house.wait_ready()
        with psycopg.connect(house.environment["DATABASE_URL"]) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        elsewhere = Path(parse_qs(urlsplit(house.environment["DATABASE_URL"]).query)["host"][0])
        assert deep not in elsewhere.parents

    assert not elsewhere.parent.exists()


def test_with_real_servers_none_is_embedded(root: Path, database_url: str, redis_url: str):
    secrets = {"SEALING_KEYS": f"k1={'A' * 43}=", "BLIND_KEY": "b", "EVENT_SECRETS": "odoo=whsec_eA=="}
    real = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, **secrets}

    with House(root, {**HIDDEN, **real}, without=frozenset({"stubborn"})) as house:
        house.wait_ready()

        assert set(house.processes) == {"web", "worker", "sandbox"}
        assert {name: house.environment[name] for name in real} == real


def test_faults_are_named_all_at_once_and_nothing_is_started(root: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        given = {"DATABASE_URL": "postgresql://db/x", "WEB_PORT": port, "FLOWER_PORT": "many"}

        with pytest.raises(CannotStart) as refused:
            House(root, {**HIDDEN, **given}).start()

    named = [line.split()[0] for line in str(refused.value).splitlines()]
    assert named == ["WEB_PORT", "FLOWER_PORT", "SEALING_KEYS", "BLIND_KEY", "EVENT_SECRETS"]
    assert not (root / ".postroom" / "postgres").exists()


def test_the_sandbox_stays_out_beside_a_live_sender_and_the_house_says_so(root: Path):
    said: list[str] = []
    live = {**HIDDEN, "WHATSAPP_ACCESS_TOKEN": "EAAG-real"}

    with House(root, live, say=lambda _, line: said.append(line), without=frozenset({"stubborn"})) as house:
        house.wait_ready()

        assert "sandbox" not in house.processes
    assert "the sandbox stays out, beside a live sender: WHATSAPP_ACCESS_TOKEN is set" in said


def test_a_house_that_does_not_become_ready_shows_the_last_words_of_what_keeps_ending(root: Path):
    (root / "stand_in.py").write_text("raise SystemExit('the shelf is empty')\n")

    with (
        House(root, HIDDEN) as house,
        pytest.raises(Unready, match=r"web keeps ending\. The end of its log .*/web\.log:\n  the shelf is empty"),
    ):
        house.wait_ready(timedelta(seconds=3))


def test_a_worker_whose_queue_is_silent_is_restarted(house: House):
    before = house.process("worker").pid

    untouched = house.check_liveness(lambda: {"queue:core": timedelta(minutes=3)})  # it is too young to be judged
    house.process("worker")._run = aged(house.process("worker")._run)
    restarted = house.check_liveness(lambda: {"queue:core": timedelta(minutes=3)})

    assert (untouched, restarted) == ([], ["worker"])
    assert eventually(lambda: house.process("worker").pid != before)


def aged(run):
    return replace(run, since=run.since - 600)


def test_a_halted_process_stays_halted_until_it_is_launched(house: House):
    house.halt("worker")
    time.sleep(1.5)
    stayed = house.process("worker").lives

    house.launch("worker")

    assert stayed is False
    assert eventually(lambda: house.process("worker").lives)


UP = textwrap.dedent("""\
    import sys
    from pathlib import Path
    from postroom.services.supervisor import House, stopped_by_signals
    try:
        with stopped_by_signals(), House(Path(sys.argv[1]), dict.fromkeys(sys.argv[2:], ""),
                                         without=frozenset({"stubborn"})) as house:
            house.wait_ready()
            print(*(house.process(name).pid for name in house.processes), flush=True)
            house.stay(dict)
    except KeyboardInterrupt:
        print("gone", flush=True)
""")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_house_in_order(root: Path, number: signal.Signals):
    with subprocess.Popen(
        [sys.executable, "-c", UP, str(root), *HIDDEN], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as up:
        assert up.stdout is not None
        leaders = [int(word) for word in up.stdout.readline().split()]

        up.send_signal(number)

        assert up.stdout.readline() == "gone\n"
        assert up.wait(30) == 0
    assert len(leaders) == 5
    assert not [pid for pid in leaders if lives(pid)]


@pytest.mark.parametrize("moment", [0.05, 0.5, 1.5])
def test_ctrl_c_while_it_is_being_built_leaves_nothing_behind(root: Path, moment: float):
    with subprocess.Popen(
        [sys.executable, "-c", UP, str(root), *HIDDEN], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as up:
        eventually((root / ".postroom" / "lock").exists)
        time.sleep(moment)

        up.send_signal(signal.SIGINT)

        up.wait(30)
    assert not [pid for pid in every_pid() if str(root) in command_of(pid)]


def command_of(pid: int) -> str:
    return subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
