"""Every line is JSON, says whose it is, and keeps secrets and people out."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from config.logging import configure


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Logging is the process's own; leave it as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_our_own_line_is_json_with_its_process_and_the_bound_ids(capsys: pytest.CaptureFixture[str]) -> None:
    configure("web")
    structlog.contextvars.bind_contextvars(message_id="0199")
    structlog.get_logger("webhooks").info("event_kept", event_id="0198")

    (line,) = _lines(capsys)
    assert (line["event"], line["process"], line["level"]) == ("event_kept", "web", "info")
    assert (line["event_id"], line["message_id"], line["logger"]) == ("0198", "0199", "webhooks")
    assert str(line["at"]).endswith("Z")


def test_a_librarys_line_takes_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure("core")
    logging.getLogger("celery.worker").warning("lost %s", "connection", extra={"queue": "core"})

    (line,) = _lines(capsys)
    assert (line["event"], line["logger"], line["queue"]) == ("lost connection", "celery.worker", "core")


@pytest.mark.parametrize(
    "field",
    ["body", "access_token", "password", "webhook_signature", "phone", "email", "wa_id", "headers", "sealing_keys"],
)
def test_a_field_that_could_hold_a_secret_or_a_person_is_hidden(field: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure("web")
    structlog.get_logger().warning("refused", detail={field: "deep"}, **{field: "shallow"})

    written = capsys.readouterr().err
    assert "deep" not in written
    assert "shallow" not in written
    assert json.loads(written)[field] == "[hidden]"


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "Bearer EAAG.abc-def",
        "hunter2",
        "marta.ruiz+x@example.co.uk",
        "+34600111222",
    ],
)
def test_a_secret_or_an_address_inside_a_traceback_is_hidden(secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure("web")
    place = f"redis://:{secret}@host/0" if secret == "hunter2" else f"it said {secret} and died"
    try:
        raise ValueError(place)
    except ValueError:
        logging.getLogger("elsewhere").exception("failed with %s", place)

    written = capsys.readouterr().err
    assert secret not in written
    assert "ValueError" in json.loads(written)["exception"]


def test_ids_and_figures_stay_readable(capsys: pytest.CaptureFixture[str]) -> None:
    configure("web")
    structlog.get_logger().info(
        "x", event_id="01994c1f-aaaa-7bbb-8ccc-1234567890ab", code="131026", waits=1_700_000_000
    )

    (line,) = _lines(capsys)
    assert (line["event_id"], line["code"]) == ("01994c1f-aaaa-7bbb-8ccc-1234567890ab", "131026")
    assert line["waits"] == 1_700_000_000


def test_a_quiet_library_stays_quiet_and_never_louder_than_asked(capsys: pytest.CaptureFixture[str]) -> None:
    configure("web", "ERROR")
    logging.getLogger("celery").warning("noise")
    logging.getLogger("sqlalchemy.engine").info("values")

    assert _lines(capsys) == []
