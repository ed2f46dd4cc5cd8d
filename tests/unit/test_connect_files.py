"""What a walk keeps: lines of .env, and how far it has come."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.settings import Settings
from postroom.cli.connect.checked import Checked
from postroom.cli.connect.env_file import as_line, changed, set_lines
from postroom.cli.connect.guides import GUIDES
from postroom.cli.connect.progress import Notebook, Progress, Stage
from postroom.cli.connect.walk import facts_of
from postroom.cli.faults import Refused
from postroom.cli.findings import Health
from postroom.domain.channels import ChannelName

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_a_setting_changes_in_its_place_and_everything_else_stays() -> None:
    text = "# Slack\nSLACK_TEAM_ID=old\n\n# SLACK_TEAM_ID=example\nexport OTHER='x y'\n"
    assert changed(text, {"SLACK_TEAM_ID": "T0123ABCD", "NEW": "1"}) == (
        "# Slack\nSLACK_TEAM_ID=T0123ABCD\n\n# SLACK_TEAM_ID=example\nexport OTHER='x y'\nNEW=1\n"
    )


def test_a_second_line_of_the_same_name_does_not_win() -> None:
    assert changed("A=1\nB=2\nA=3\n", {"A": "new"}) == "A=new\nB=2\n"


VALUES = ("plain", "with blank", "p$HOME", "it's", 'a "quote"', "back\\slash", "#hash", "Acme <b@example.com>", "é")


@pytest.mark.parametrize("value", VALUES)
def test_what_is_written_is_what_the_settings_read(value: str, tmp_path: Path) -> None:
    file = tmp_path / "env"
    set_lines(file, {"BLIND_KEY": value})
    read = Settings(_env_file=file, database_url="", redis_url="", event_secrets="x", sealing_keys="x")
    assert read.blind_key.get_secret_value() == value


@pytest.mark.parametrize(("value", "holds"), [("a\nEVIL=1", "a line break"), ("p${HOME}", "a variable")])
def test_what_would_be_read_as_something_else_is_refused(value: str, holds: str) -> None:
    with pytest.raises(Refused, match=f"NAME holds {holds}"):
        as_line("NAME", value)


def test_the_file_is_its_owners_alone_and_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / ".env"
    real.write_text("A=1\n")
    real.chmod(0o644)
    link.symlink_to(real)
    set_lines(link, {"A": "2"})
    assert link.is_symlink()
    assert real.read_text() == "A=2\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


# Progress -------------------------------------------------------------------------------------------------------------


def row(what: str, *, pending: bool) -> Checked:
    return Checked(Health.WARN, what, "", "", pending=pending)


def test_what_is_pending_keeps_its_first_day_until_it_is_decided(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "house" / "connect.json")
    first = Progress().with_done(Stage.CREDENTIALS, NOW).with_checks([row("display name", pending=True)], NOW)
    notebook.write("whatsapp", first)
    later = notebook.read("whatsapp").with_checks([row("display name", pending=True)], NOW + timedelta(days=2))
    assert later.pending == {"display name": NOW}
    assert later.with_checks([row("display name", pending=False)], NOW).pending == {}
    assert later.done == {Stage.CREDENTIALS: NOW}


@pytest.mark.parametrize("kept", ["", "[]", '{"slack": {"done": {"nonsense": "x"}}}', '{"slack": 1}'])
def test_a_notebook_that_cannot_be_read_is_an_empty_one(kept: str, tmp_path: Path) -> None:
    file = tmp_path / "connect.json"
    file.write_text(kept)
    assert Notebook(file).read("slack") == Progress()


# Guides ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", sorted(set(ChannelName) - {ChannelName.CALLBACK}))
def test_every_step_can_be_said_and_every_setting_exists(channel: ChannelName) -> None:
    guide = GUIDES[channel]
    values = Settings(_env_file=None, database_url="", redis_url="", event_secrets="x", sealing_keys="x", blind_key="x")
    facts = facts_of(values, guide, {})
    assert all(words.format_map(facts) for step in guide.steps for words in step.words)
    assert {ask.setting.lower() for ask in guide.asks} <= set(Settings.model_fields)
