"""postroom up: keep a whole house running until Ctrl-C."""

from typing import Annotated

import typer

from postroom.cli.showing import AsJson, emit, out, people

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every line that a process says.")]


def up(verbose: Verbose = False, as_json: AsJson = False) -> None:
    """Start everything (the servers too, unless .env names yours), watch over it, and stop it all at Ctrl-C."""
    # Celery and Alembic take most of a second to import, which no other command shall pay.
    from postroom.cli.standing import addresses, keep_up, places, standing_house
    from postroom.services.supervisor import SANDBOX, stopped_by_signals

    console = people()
    try:
        with stopped_by_signals(), standing_house(console, {}, verbose=verbose) as house:
            urls = addresses(house.environment, sandbox=SANDBOX in house.processes)
            if as_json:
                pids = {name: house.process(name).pid for name in house.processes}
                emit({"ok": True, "urls": urls, "pids": pids})
            else:
                out().print(places(urls))
                out().print("Postroom is up. Try: [bold]postroom send payment_reminder --to +34600111222[/]")
            keep_up(house)
    except KeyboardInterrupt:
        console.print("Stopped. Nothing is left running.")
