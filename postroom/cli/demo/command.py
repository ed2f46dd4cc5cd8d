"""postroom demo: the first thing to run."""

from typing import Annotated

import typer

from postroom.cli.faults import Refused
from postroom.cli.showing import AsJson, people
from postroom.cli.up import Verbose

AT_HOME = dict.fromkeys(
    ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SANDBOX_URL", "WHATSAPP_ACCESS_TOKEN", "SMTP_URL"), ""
)
"""The demonstration uses the embedded servers and the sandbox, whatever .env says; nothing can leave this machine."""

Once = Annotated[bool, typer.Option("--once", help="Let a person answer, stop everything, and judge every row.")]


def demo(once: Once = False, verbose: Verbose = False, as_json: AsJson = False) -> None:
    """Send a dozen events through the whole house, with everything that can go wrong, and show what became of each.

    Without --once it stays up afterwards: answer the messages in the inbox page and watch what happens.
    """
    # Celery and Alembic take most of a second to import, which no other command shall pay.
    from postroom.cli.demo.performance import perform
    from postroom.cli.standing import standing_house
    from postroom.services.supervisor import stopped_by_signals

    console = people()
    wrong: list[str] = []
    try:
        with stopped_by_signals(), standing_house(console, AT_HOME, verbose=verbose) as house:
            wrong = perform(house, console, once=once, as_json=as_json)
    except KeyboardInterrupt:
        console.print("Stopped. Nothing is left running.")
        raise typer.Exit(130 if once else 0) from None
    if wrong:
        raise Refused("Not as it should be:\n" + "\n".join(f"  {each}" for each in wrong), "postroom demo --verbose")
