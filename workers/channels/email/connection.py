"""A kept-alive SMTP connection, one per thread, whose whole conversation has a deadline."""

import io
import smtplib
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any

from postroom.outside.deadline import Deadline, DeadlineReader
from workers.channels.email.config import EmailConfig, Security

IDLE_CHECK = 5.0
"""Seconds of silence after which a NOOP asks whether the other side is still there."""
AGE_LIMIT = 300.0
MESSAGE_LIMIT = 100
"""Relays close connections that live long or carry much; better at a moment of our choice than within a message."""


class _Timed:
    """What both kinds of smtplib connection gain: replies are read against a deadline."""

    sock: Any
    file: Any
    deadline: Deadline

    def getreply(self) -> tuple[int, bytes]:
        """One reply, all its lines, before the deadline."""
        if self.file is None:
            self.file = io.BufferedReader(DeadlineReader(self.sock, self.deadline))
        reply: tuple[int, bytes] = super().getreply()  # type: ignore[misc]
        return reply


class _Smtp(_Timed, smtplib.SMTP):
    pass


class _Smtps(_Timed, smtplib.SMTP_SSL):
    pass


class StartTlsMissing(Exception):
    """The relay does not offer the encryption that is required."""


@dataclass(slots=True)
class _Line:
    """A connection and how much it was used."""

    smtp: smtplib.SMTP
    deadline: Deadline
    opened: float
    used: float
    messages: int = 0

    def is_tired(self, now: float) -> bool:
        """Whether it is old enough to be left."""
        return now - self.opened > AGE_LIMIT or self.messages >= MESSAGE_LIMIT


class Lines:
    """This process's connections to one relay, one per thread: smtplib's cannot be shared."""

    def __init__(self, config: EmailConfig) -> None:
        self._config = config
        self._local = threading.local()
        # Reads the system's certificates, which takes a fifth of a second; a plain line does without.
        self._context = None if config.security is Security.NONE else ssl.create_default_context()

    def current(self) -> smtplib.SMTP:
        """A logged-in connection that answered lately. Raises OSError or SMTPException; nothing left then."""
        line: _Line | None = getattr(self._local, "line", None)
        if line is None or not self._is_alive(line):
            self.drop()
            line = self._local.line = self._open()
        line.deadline.restart(self._config.answer_timeout)
        line.messages += 1
        line.used = time.monotonic()
        return line.smtp

    def drop(self) -> None:
        """Close this thread's connection without ceremony: after a fault nobody knows what it would answer to."""
        line: _Line | None = getattr(self._local, "line", None)
        self._local.line = None
        if line is not None:
            line.smtp.close()

    def _is_alive(self, line: _Line) -> bool:
        now = time.monotonic()
        if line.is_tired(now):
            return False
        if now - line.used < IDLE_CHECK:
            return True
        line.deadline.restart(self._config.connect_timeout)
        try:
            return line.smtp.noop()[0] == 250
        except OSError:  # SMTPException is one, too
            return False

    def _open(self) -> _Line:
        deadline = Deadline(self._config.answer_timeout)
        smtp = self._connection(deadline)
        try:
            code, words = smtp.connect(self._config.host, self._config.port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, words)
            self._prepare(smtp)
        except (OSError, StartTlsMissing):
            smtp.close()
            raise
        now = time.monotonic()
        return _Line(smtp, deadline, opened=now, used=now)

    def _connection(self, deadline: Deadline) -> smtplib.SMTP:
        # Our own name in EHLO: the default asks DNS for this machine's, which can take seconds.
        options: dict[str, Any] = {
            "local_hostname": self._config.bounce_domain,
            "timeout": self._config.connect_timeout,
        }
        tls = self._config.security is Security.TLS
        smtp: _Smtp | _Smtps = _Smtps(context=self._context, **options) if tls else _Smtp(**options)
        smtp.deadline = deadline
        # smtplib checks certificates against the name given here; connect() alone does not set it.
        smtp._host = self._config.host  # type: ignore[union-attr]
        return smtp

    def _prepare(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self._config.security is Security.STARTTLS:
            if not smtp.has_extn("starttls"):
                raise StartTlsMissing
            smtp.starttls(context=self._context)
            smtp.ehlo_or_helo_if_needed()
        if self._config.user:
            smtp.login(self._config.user, self._config.password)
