"""The rules of the house that need no process: pauses, canaries, the Procfile, secrets, what is live."""

import io
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from postroom.services.environment import live_senders, sandbox_environment
from postroom.services.faults import CannotStart
from postroom.services.keeper import LONGEST_PAUSE, pause_before
from postroom.services.keyring import LASTING, keep_secrets, missing_secrets, read_assignments, write_assignments
from postroom.services.lines import Lines
from postroom.services.liveness import Watched, stuck
from postroom.services.log import Log
from postroom.services.procfile import Entry, argv, read_procfile
from postroom.store.sealing import Sealer


@pytest.mark.parametrize(
    ("restart", "luck", "seconds"),
    [
        pytest.param(1, 1.0, 0.5, id="the first is short"),
        pytest.param(2, 1.0, 1.0, id="then it doubles"),
        pytest.param(4, 0.0, 2.0, id="luck halves it"),
        pytest.param(8, 1.0, 30.0, id="it is bounded"),
        pytest.param(10_000, 1.0, 30.0, id="however often it fell"),
    ],
)
def test_a_process_that_keeps_falling_waits_longer_before_each_restart(restart, luck, seconds):
    assert pause_before(restart, luck) == timedelta(seconds=seconds)
    assert pause_before(restart, luck) <= LONGEST_PAUSE


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.mark.parametrize(
    ("age", "heartbeats", "restarted"),
    [
        pytest.param(minutes(10), {"queue:a": minutes(3), "queue:b": minutes(0.1)}, True, id="one queue is silent"),
        pytest.param(minutes(10), {"queue:a": minutes(1.9), "queue:b": minutes(1)}, False, id="both are heard"),
        pytest.param(minutes(1), {"queue:a": minutes(30)}, False, id="it has just started"),
        pytest.param(minutes(10), {}, False, id="there never was a canary"),
        pytest.param(minutes(10), {"queue:c": minutes(30)}, False, id="the silent queue is another's"),
    ],
)
def test_a_worker_is_restarted_when_a_queue_of_its_own_is_silent(age, heartbeats, restarted):
    found = stuck([Watched("worker", ("a", "b"), age), Watched("web", (), age)], heartbeats)

    assert found == ([("worker", "a", minutes(3))] if restarted else [])


def test_the_procfile_is_a_table_of_commands_without_a_shell(tmp_path: Path):
    path = tmp_path / "Procfile"
    path.write_text(
        "# why\n\nweb: python -m door --port $WEB_PORT 'two words'\nmail: celery -Q email.urgent,email.bulk\n"
    )

    web, mail = read_procfile(path)

    assert argv(web, {"WEB_PORT": "8080; rm -rf /"})[1:] == ("-m", "door", "--port", "8080; rm -rf /", "two words")
    assert mail.queues == ("email.urgent", "email.bulk")
    assert web.queues == ()


def test_every_bad_line_of_a_procfile_is_named_at_once(tmp_path: Path):
    path = tmp_path / "Procfile"
    path.write_text("web python\nweb: python\nweb: python\nworse:\n")

    with pytest.raises(CannotStart) as refused:
        read_procfile(path)

    assert [line.split(":")[0].rsplit(", ")[-1] for line in str(refused.value).splitlines()] == [
        "line 1",
        "line 3",
        "line 4",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("python", "$NOWHERE"), "NOWHERE is not set", id="a variable that is not set"),
        pytest.param(("no-such-program",), "there is no program 'no-such-program'", id="a program that is not there"),
    ],
)
def test_a_command_that_cannot_be_run_names_what_it_lacks(words, said):
    with pytest.raises(CannotStart, match=said):
        argv(Entry("web", words), {})


@pytest.mark.parametrize(
    ("given", "live"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"WHATSAPP_ACCESS_TOKEN": "EAAG"}, ["WHATSAPP_ACCESS_TOKEN"], id="a token"),
        pytest.param({"SMTP_URL": "smtps://u:p@mail.example.com"}, ["SMTP_URL"], id="a mail server"),
        pytest.param({"SMTP_URL": "smtp://127.0.0.1:1025"}, [], id="a mail catcher on this machine"),
        pytest.param({"SMTP_URL": "smtp://localhost:1025"}, [], id="the same by name"),
        pytest.param({"SMTP_URL": ""}, [], id="an empty setting"),
    ],
)
def test_a_live_sender_is_known_by_its_credentials(given, live):
    assert live_senders(given) == live


def test_the_sandbox_is_told_none_of_our_secrets():
    told = sandbox_environment({"SEALING_KEYS": "k1=x", "DATABASE_URL": "y", "SANDBOX_SECRET": "z", "PATH": "/bin"})

    assert told == {"SANDBOX_SECRET": "z", "PATH": "/bin"}


def test_secrets_are_made_once_in_a_closed_file_and_are_good_keys(tmp_path: Path):
    path = tmp_path / "secrets.env"

    made = keep_secrets(path, sealed=tmp_path / "absent")

    assert keep_secrets(path, sealed=tmp_path) == made == read_assignments(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sealer = Sealer(made["SEALING_KEYS"], made["BLIND_KEY"])
    assert sealer.open(sealer.seal(b"words", "here"), "here") == b"words"


def test_a_secret_that_a_newer_version_needs_is_added_beside_the_old_ones(tmp_path: Path):
    path = tmp_path / "secrets.env"
    made = keep_secrets(path, sealed=tmp_path / "absent")
    write_assignments(path, {name: value for name, value in made.items() if name != "FLOWER_PASSWORD"})

    kept = keep_secrets(path, sealed=tmp_path)

    assert {name for name in made if kept[name] != made[name]} == {"FLOWER_PASSWORD"}


def test_a_lost_sealing_key_is_not_replaced_while_what_it_sealed_is_there(tmp_path: Path):
    with pytest.raises(CannotStart, match="Restore the file from a backup"):
        keep_secrets(tmp_path / "secrets.env", sealed=tmp_path)

    assert not (tmp_path / "secrets.env").exists()


def test_a_house_on_a_real_database_is_told_every_secret_that_it_lacks():
    faults = missing_secrets({"BLIND_KEY": "x"})

    assert [fault.split()[0] for fault in faults] == [name for name in LASTING if name != "BLIND_KEY"]
    assert all(f"python -m postroom.services.keyring {fault.split()[0]}`" in fault for fault in faults)


@pytest.mark.parametrize("value", ["plain", "it's", 'a "word"', "back\\slash", "$HOME ${HOME}", "a#b c=d", "é=1;b=2"])
def test_what_is_written_down_is_read_back(tmp_path: Path, value: str):
    path = tmp_path / "run.env"

    write_assignments(path, {"NAME": value})

    assert read_assignments(path) == {"NAME": value}
    assert os.listdir(tmp_path) == ["run.env"]


def test_a_log_stays_within_its_bounds_and_keeps_its_last_words(tmp_path: Path):
    log = Log(tmp_path / "logs" / "web.log", limit=100)

    for number in range(100):
        log.write(b"line %02d\n" % number)
    log.close()

    sizes = [path.stat().st_size for path in (tmp_path / "logs").iterdir()]
    assert len(sizes) == 2
    assert max(sizes) <= 108
    assert log.path.read_bytes().endswith(b"line 99\n")


def test_each_line_stands_behind_the_name_of_who_said_it_and_servers_talk_to_their_logs():
    terminal = io.StringIO()
    say = Lines(terminal)

    say("web", "listening")
    say("web", "")
    say("postgres", "LOG:  checkpoint complete")
    say("house", "postgres ended: SIGKILL; starts again in 0.4 s")

    assert terminal.getvalue().splitlines() == [
        "web        | listening",
        "house      | postgres ended: SIGKILL; starts again in 0.4 s",
    ]


def test_a_colour_belongs_to_a_name():
    terminal = io.StringIO()
    say = Lines(terminal, colour=True)

    say("web", "one")
    say("web", "two")

    first, second = terminal.getvalue().splitlines()
    assert first.startswith("\x1b[")
    assert first.removesuffix("one") == second.removesuffix("two")
