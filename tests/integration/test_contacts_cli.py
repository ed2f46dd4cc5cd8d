"""postroom contacts and preferences, on the real database."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from postroom.cli import contacts, preferences
from postroom.cli.faults import Refused
from postroom.store.engine import connect
from tests.builders import query

ROOT = typer.Typer()
for name, room in (("contacts", contacts), ("preferences", preferences)):
    ROOT.add_typer(room.app, name=name)

HEADER = "company,partner_id,name,email,phone,channel,opted_in,source,wording,date"
MARTA = "1,42,Marta Ruiz,marta@example.com,+34600111222,whatsapp,yes,webshop,I agree to messages,2026-03-01"
TOM = "1,43,Tom Baker,tom@example.com,+447700900123,,,,,"

Run = Callable[..., Result]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = connect(database_url)
    yield made
    made.dispose()


@pytest.fixture
def run(database_url: str) -> Run:
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EVENT_SECRETS": "odoo=whsec_AAAA",
        "SEALING_KEYS": "k1=" + "A" * 43 + "=",
        "BLIND_KEY": "blind",
    }

    def invoke(*words: object) -> Result:
        return CliRunner().invoke(ROOT, [str(word) for word in words], env=environment | {"COLUMNS": "200"})

    return invoke


def write(path: Path, *lines: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    path.write_text("\n".join((header, *lines)) + "\n", encoding)
    return path


def counted(engine: Engine) -> tuple[int, int]:
    return query(engine, "select (select count(*) from contact_point), (select count(*) from consent)")[0]  # type: ignore[return-value]


def test_an_import_brings_addresses_and_opt_ins_with_source_wording_and_date(
    run: Run, engine: Engine, tmp_path: Path
) -> None:
    result = run("contacts", "import", write(tmp_path / "list.csv", MARTA, TOM))
    assert result.exit_code == 0, result.output
    assert "2 of 2 lines imported: 6 new addresses, 1 new words on consent." in result.output
    (row,) = query(engine, "select channel, granted, source, wording, at::date::text as day from consent")
    assert tuple(row) == ("whatsapp", True, "import:webshop", "I agree to messages", "2026-03-01")
    assert not (tmp_path / "list.faults.csv").exists()


def test_importing_the_same_file_again_changes_nothing(run: Run, engine: Engine, tmp_path: Path) -> None:
    file = write(tmp_path / "list.csv", MARTA, TOM)
    run("contacts", "import", file)
    before = counted(engine)
    assert "0 new addresses, 0 new words" in run("contacts", "import", file).output
    assert counted(engine) == before == (6, 1)


def test_an_opt_out_that_is_newer_than_the_list_outlives_its_import(run: Run, engine: Engine, tmp_path: Path) -> None:
    file = write(tmp_path / "list.csv", MARTA)
    run("contacts", "import", file)
    query(
        engine,
        "insert into consent (id, company, channel, blind, granted, source) select gen_random_uuid(), company, channel,"
        " blind, false, 'reply:whatsapp' from contact_point where channel = 'whatsapp'",
    )
    run("contacts", "import", file)
    assert json.loads(run("contacts", "audit", "--json").stdout)["channels"]["whatsapp"]["opted_out"] == 1


def test_every_fault_of_every_line_stands_in_the_error_file_and_the_good_lines_are_imported(
    run: Run, engine: Engine, tmp_path: Path
) -> None:
    file = write(
        tmp_path / "list.csv",
        MARTA,
        ",44,,no-address,12345,fax,maybe,,,2199-01-01",
        "1,45,Ann,ann@example.com,,whatsapp,yes,,,",
        "1,46,Too,many,fields,in,this,line,of,the,list",
    )
    result = run("contacts", "import", file)
    assert result.exit_code == 1
    lines = (tmp_path / "list.faults.csv").read_text().splitlines()
    assert lines[0] == HEADER + ",line,fault"
    assert len(lines) == 4
    faults = (
        "company is missing; name is missing",
        "phone: the phone number has no country code; write it as +34600111222",
        "email: the email address must look like name@domain",
        "opted_in is neither yes nor no; channel must be one of whatsapp, sms, email",
        "date lies in the future",
    )
    assert [words for words in faults if words not in lines[1]] == []
    assert "channel is whatsapp, but phone is empty; source is missing" in lines[2]
    assert "wording is missing, which proves what was said; date is missing" in lines[2]
    assert lines[3].endswith('4,5,"has 11 fields, and the first line 10"'[2:])
    assert (tmp_path / "list.faults.csv").stat().st_mode & 0o777 == 0o600
    assert counted(engine) == (3, 1)


def test_mended_in_the_error_file_the_lines_are_imported_from_there(run: Run, engine: Engine, tmp_path: Path) -> None:
    run("contacts", "import", write(tmp_path / "list.csv", MARTA, "1,45,Ann,ann@,,,,,,"))
    mended = tmp_path / "list.faults.csv"
    mended.write_text(mended.read_text().replace("ann@,", "ann@example.com,"))
    assert run("contacts", "import", mended).exit_code == 0
    assert counted(engine) == (4, 1)


def test_all_or_nothing_imports_nothing_if_one_line_cannot_be_used(run: Run, engine: Engine, tmp_path: Path) -> None:
    file = write(tmp_path / "list.csv", MARTA, "1,45,Ann,ann@,,,,,,")
    assert run("contacts", "import", file, "--all-or-nothing").exit_code == 1
    assert counted(engine) == (0, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_semicolons_and_a_byte_order_mark_are_read_as_spreadsheets_write_them(
    run: Run, tmp_path: Path, encoding: str
) -> None:
    file = write(tmp_path / "l.csv", MARTA.replace(",", ";"), header=HEADER.replace(",", ";"), encoding=encoding)
    assert "1 of 1 lines imported" in run("contacts", "import", file).output


def test_a_line_that_is_not_utf_8_is_refused_by_itself(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(f"{HEADER}\n{MARTA}\n".encode() + TOM.replace("Tom", "José").encode("latin-1") + b"\n")
    assert "1 of 2 lines imported" in run("contacts", "import", file).output
    assert "name is not UTF-8 text; save the file as UTF-8" in (tmp_path / "list.faults.csv").read_text()


def test_a_header_that_is_none_is_refused_with_every_fault(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "list.csv", MARTA, header="company,name,name,colour")
    error = run("contacts", "import", file).exception
    assert isinstance(error, Refused)
    assert "lacks the column partner_id; has the column 'colour'" in error.words
    assert "has the column name twice" in error.words


def test_the_audit_says_who_would_not_be_reached_and_what_he_would_get_instead(run: Run, tmp_path: Path) -> None:
    run("contacts", "import", write(tmp_path / "list.csv", MARTA, TOM, "1,45,Zoe,,+34600111444,,,,,"))
    found = json.loads(run("contacts", "audit", "1", "--json").stdout)
    assert found["people"] == 3
    assert found["channels"]["whatsapp"] == {"open": 1, "no_opt_in": 2, "opted_out": 0, "unreachable": 0}
    assert found["message_types"]["payment_reminder"]["first"] == {"whatsapp": 1, "email": 1}
    assert found["message_types"]["payment_reminder"]["nobody"] == 1
    assert "daily_digest" not in found["message_types"]
    assert "payment_reminder: 1 of 3 not by WhatsApp (there is no opt-in); they would get email." in found["verdict"]
    assert "payment_reminder: 1 of 3 not by WhatsApp (there is no opt-in); they would get nothing." in found["verdict"]
    assert "no opt-in" in run("contacts", "audit").output


def test_an_audit_of_nobody_says_what_to_do(run: Run) -> None:
    error = run("contacts", "audit", "9").exception
    assert isinstance(error, Refused)
    assert error.attempt == "postroom contacts import contacts.csv"


@pytest.mark.parametrize("who", ["42", "+34600111222", "marta@example.com"])
def test_a_person_is_shown_by_id_or_exact_address_masked_with_his_words(run: Run, tmp_path: Path, who: str) -> None:
    run("contacts", "import", write(tmp_path / "list.csv", MARTA, TOM))
    output = run("contacts", "show", who).output
    assert "+34600111222" not in output
    assert "marta@" not in output
    assert "partner 42" in output
    if who != "marta@example.com":
        assert "2026-03-01 00:00:00 opted in (import:webshop): I agree to messages" in output


# Preferences ----------------------------------------------------------------------------------------------------------


def test_a_choice_is_kept_with_its_history(run: Run, tmp_path: Path) -> None:
    run("contacts", "import", write(tmp_path / "list.csv", MARTA))
    assert run("preferences", "set", "42", "order_confirmation", "whatsapp", "off").exit_code == 0
    assert "as before" in run("preferences", "set", "42", "order_confirmation", "whatsapp", "off").output
    run("preferences", "set", "42", "order_confirmation", "all", "on")
    told = json.loads(run("preferences", "history", "42", "--json").stdout)
    assert [(row["message_type"], row["channel"], row["choice"], row["source"]) for row in told] == [
        ("order_confirmation", "whatsapp", "off", "cli"),
        ("order_confirmation", "*", "on", "cli"),
    ]
    shown = json.loads(run("preferences", "show", "42", "--json").stdout)["preferences"]
    confirmed = next(row for row in shown if row["message_type"] == "order_confirmation")
    assert confirmed["channels"] == {"whatsapp": "off", "email": "on"}


def test_what_must_reach_everybody_cannot_be_turned_off(run: Run, engine: Engine, tmp_path: Path) -> None:
    run("contacts", "import", write(tmp_path / "list.csv", MARTA))
    error = run("preferences", "set", "42", "payment_reminder", "email", "off").exception
    assert isinstance(error, Refused)
    assert "payment_reminder cannot be muted: it must reach everybody whom it concerns" in error.words
    assert query(engine, "select 1 from message_channel_preference") == []


def test_a_word_that_is_no_message_type_is_refused_with_those_that_are(run: Run) -> None:
    error = run("preferences", "set", "42", "order_confirmed", "email", "off").exception
    assert isinstance(error, Refused)
    assert "There is no message type 'order_confirmed'. There are alert_taken, approval_" in error.words


def test_a_partner_whom_two_companies_know_needs_one_of_them(run: Run, tmp_path: Path) -> None:
    run("contacts", "import", write(tmp_path / "list.csv", MARTA, MARTA.replace("1,42", "2,42", 1)))
    error = run("preferences", "show", "42").exception
    assert isinstance(error, Refused)
    assert error.attempt == "postroom preferences show 42 --company 1"
