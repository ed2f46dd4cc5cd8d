"""The files at the top of the house: what each must agree with."""

import importlib.resources
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from config.settings import Settings
from postroom.services.procfile import read_procfile
from workers.queues import Queue

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-embedded.lock", "requirements-dev.lock")


def compose() -> dict:
    return YAML(typ="safe").load(ROOT / "docker-compose.yml")


def words(command: str | list[str]) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else command


def test_docker_compose_keeps_the_compose_specification():
    carried = importlib.resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(carried.read_text())

    faults = [f"{fault.json_path}: {fault.message}" for fault in Draft202012Validator(schema).iter_errors(compose())]

    assert faults == []


def test_the_procfile_consumes_every_queue_once():
    consumed = [queue for entry in read_procfile(ROOT / "Procfile") for queue in entry.queues]

    assert sorted(consumed) == sorted(Queue)


def test_docker_compose_runs_the_procfiles_workers_word_for_word():
    from_compose = {
        name: words(service["command"])
        for name, service in compose()["services"].items()
        if "-Q" in words(service.get("command", []))
    }

    assert from_compose == {entry.name: list(entry.words) for entry in read_procfile(ROOT / "Procfile") if entry.queues}


def test_docker_compose_runs_every_process_but_the_sandbox():
    processes = {entry.name for entry in read_procfile(ROOT / "Procfile")} - {"sandbox"}

    assert processes <= set(compose()["services"])


def test_docker_compose_opens_ports_to_this_machine_alone():
    ports = [port for service in compose()["services"].values() for port in service.get("ports", [])]

    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_setting_is_in_env_example_under_a_comment():
    lines = (ROOT / ".env.example").read_text().splitlines()
    shown = {match[1] for line in lines if (match := re.match(r"# ([A-Z][A-Z_]+)=", line))}

    assert sorted({name.upper() for name in Settings.model_fields} - shown) == []


def test_env_example_copied_as_it_is_sets_nothing():
    lines = (ROOT / ".env.example").read_text().splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == []


def test_the_defaults_that_env_example_shows_are_the_true_ones():
    shown = dict(re.findall(r"^# ([A-Z][A-Z_]+)=(.+)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    true = {
        name.upper(): f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
        for name, field in Settings.model_fields.items()
        if isinstance(field.default, str | int | float) and field.default != "" and name.upper() in shown
    }

    assert {name: shown[name] for name in true} == true


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_with_hashes_and_names_no_index_and_no_path(lock: str):
    text = (ROOT / lock).read_text()
    pins = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]

    assert len(pins) > 40
    assert [line for line in pins if not re.match(r"[a-z0-9.-]+==\S+ (; .+ )?\\$", line)] == []
    assert re.findall(r"index|https?:|file:|(?<=\s)/\S+", text) == []


def test_the_shells_scripts_are_well_formed():
    for shell, script in (("sh", "scripts/preflight.sh"), ("bash", ".ci/run")):
        subprocess.run([shell, "-n", ROOT / script], check=True)


COMMON = ("uname", "sort", "head", "awk")
GLIBC = {"uname": "echo Linux", "getconf": "echo glibc 2.36"}
GIT = {"git": "exit 0"}


def preflight(directory: Path, fakes: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run the preflight on a machine that has nothing but these programs, each a line of shell."""
    for program in set(COMMON) - set(fakes):
        (directory / program).symlink_to(str(shutil.which(program)))
    for name, line in fakes.items():
        fake = directory / name
        fake.write_text(f"#!/bin/sh\n{line}\n")
        fake.chmod(0o755)
    script = ["/bin/sh", ROOT / "scripts" / "preflight.sh"]
    return subprocess.run(script, env={"PATH": str(directory)}, capture_output=True, text=True, check=False)


def test_the_preflight_finds_a_python_that_fits(tmp_path: Path):
    done = preflight(tmp_path, {**GLIBC, **GIT, "python3.11": "exit 1", "python3.12": "exit 0"})

    assert (done.returncode, done.stdout, done.stderr) == (0, f"{tmp_path / 'python3.12'}\n", "")


def test_the_preflight_names_everything_that_is_missing_with_its_remedy(tmp_path: Path):
    old = {
        **GLIBC,
        "apt-get": "exit 0",
        "python3": 'test "$1" = --version && echo Python 3.9.2',
        "getconf": "echo glibc 2.17",
    }

    done = preflight(tmp_path, old)

    assert (done.returncode, done.stdout) == (1, "")
    said = [line.strip() for line in done.stderr.splitlines()]
    assert said[0].endswith("needs Python 3.11, 3.12 or 3.13; python3 here is: Python 3.9.2.")
    assert said[1].startswith("Try: apt-get install python3.11 python3.11-venv, or give one with: make setup PYTHON=")
    assert said[2:4] == ["preflight: git is missing.", "Try: apt-get install git"]
    assert said[4] == "preflight: glibc is 2.17; the embedded servers need 2.28 or newer."
    assert len(said) == 6


def test_the_preflight_names_the_package_that_brings_venv(tmp_path: Path):
    fit_but_no_venv = 'case "$2" in *ensurepip*) exit 1;; *venv*) echo python3.11-venv;; esac'

    done = preflight(tmp_path, {**GLIBC, **GIT, "apt-get": "exit 0", "python3.11": fit_but_no_venv})

    assert done.returncode == 1
    assert "python3.11 cannot make virtual environments" in done.stderr
    assert "Try: apt-get install python3.11-venv" in done.stderr


def test_a_linux_without_glibc_is_sent_to_the_image(tmp_path: Path):
    done = preflight(tmp_path, {**GIT, "uname": "echo Linux", "getconf": "exit 1", "python3.11": "exit 0"})

    assert done.returncode == 1
    assert "docker-compose.yml" in done.stderr
