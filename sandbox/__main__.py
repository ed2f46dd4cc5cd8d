"""`python -m sandbox`: the stand-ins and the inbox page, until told to stop."""

import asyncio
import contextlib
import logging
import os
import signal
import sys

from sandbox import http1
from sandbox.app import answerer
from sandbox.environment import Environment, Misconfigured, read
from sandbox.mail import receiving
from sandbox.rooms import Rooms

EX_CONFIG = 78
"""From sysexits.h: the environment is wrong, so starting again is of no use."""

log = logging.getLogger("sandbox")


def main() -> int:
    """Run; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    try:
        environment = read(os.environ)
    except Misconfigured as reasons:
        _complain("The sandbox does not start:", *(f"- {fault}" for fault in reasons.faults))
        return EX_CONFIG
    try:
        asyncio.run(run(environment))
    except OSError as error:
        _complain(f"The sandbox cannot listen: {error}. Choose other ports: SANDBOX_PORT and SANDBOX_SMTP_PORT.")
        return os.EX_OSERR
    return 0


def _complain(*lines: str) -> None:
    sys.stderr.write("\n".join(lines) + "\n")


async def run(environment: Environment) -> None:
    """Listen on both ports until SIGTERM or SIGINT."""
    rooms = Rooms.furnish(environment)
    pages = await http1.listen(answerer(rooms), environment.host, environment.port)
    post = await receiving.listen(rooms)
    log.info("inbox page http://%s:%d/", environment.host, pages.sockets[0].getsockname()[1])
    log.info("SMTP on %s:%d", environment.host, post.sockets[0].getsockname()[1])
    courier = asyncio.create_task(rooms.courier.work())
    await _told_to_stop()
    pages.close()
    post.close()
    courier.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await courier
    rooms.journal.close()


async def _told_to_stop() -> None:
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
