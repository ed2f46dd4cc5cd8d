"""How every process logs: one JSON object per line, with ids and without anything personal."""

import logging
import logging.config
import re
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

import structlog

HIDDEN = "[hidden]"

SENSITIVE = re.compile(
    r"secret|token|password|authorization|cookie|signature|sealing|blind|_key$|^key$"  # lets somebody in
    r"|^(body|raw|payload|content|text|html|subject|headers|data)$"  # what somebody wrote
    r"|phone|email|address|wa_id|recipient|^(to|name)$",  # who somebody is
    re.IGNORECASE,
)
"""Names of fields that are never written out, whatever a line's author was thinking of."""

IN_TEXT = re.compile(
    r"whsec_[A-Za-z0-9+/=]+"
    r"|(?<=://)[^/\s:@]*:[^@\s]+(?=@)"  # user:password in a URL
    r"|Bearer\s+[\w.~+/=-]+"
    r"|[\w.%+-]+@[\w-]+(?:\.[\w-]+)+"  # an email address
    r"|(?<![\w-])\+[1-9]\d{7,14}(?!\w)"  # a phone number
)
"""The same in free text: messages and tracebacks of other people's code."""

TELLTALE = re.compile(r"whsec_|://|Bearer\s|[@+]")
"""Without one of these IN_TEXT finds nothing; most lines hold ids and have none, and this looks ten times faster."""

LIBRARIES = {
    "celery": "INFO",
    "kombu": "WARNING",
    "urllib3": "WARNING",  # its debug lines hold addresses
    "werkzeug": "WARNING",
    "_granian": "INFO",
    "alembic": "WARNING",
    "sqlalchemy": "WARNING",  # its info lines hold values
}
"""What is heard of the libraries, at most."""

Event = MutableMapping[str, Any]


def configure(process: str, level: str = "INFO") -> None:
    """Send this process's own lines and those of every library to stderr, as JSON. May be called twice."""
    level = level.upper()
    shared = _shared(process)
    logging.config.dictConfig(_standard(shared, level))
    logging.captureWarnings(True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def redact(_logger: Any, _method: str, event: Event) -> Event:
    """Hide what must not be read in a log: by the field's name, and by its look in free text."""
    for name, value in event.items():
        event[name] = HIDDEN if _is_sensitive(name) else _hidden_in(value)
    return event


@lru_cache(maxsize=1024)
def _is_sensitive(name: str) -> bool:
    return name != "event" and SENSITIVE.search(name) is not None


def _hidden_in(value: Any) -> Any:
    if isinstance(value, str):
        return IN_TEXT.sub(HIDDEN, value) if TELLTALE.search(value) else value
    if isinstance(value, MutableMapping):
        return redact(None, "", dict(value))
    return [_hidden_in(item) for item in value] if isinstance(value, list | tuple) else value


def _shared(process: str) -> list[Any]:
    def of_process(_logger: Any, _method: str, event: Event) -> Event:
        event.setdefault("process", process)
        return event

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        of_process,
    ]


def _standard(shared: list[Any], level: str) -> dict[str, Any]:
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder()],
        # Redaction comes last, when the traceback is text too.
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
        ],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {name: {"level": _quieter(most, level)} for name, most in LIBRARIES.items()},
    }


def _quieter(most: str, level: str) -> str:
    names = logging.getLevelNamesMapping()
    return max(most, level, key=names.__getitem__)
