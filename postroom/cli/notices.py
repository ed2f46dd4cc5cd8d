"""postroom notices: what operators must know, until somebody closes it."""

from typing import Annotated

import typer

from postroom.cli.desk import open_desk
from postroom.cli.faults import Refused
from postroom.cli.showing import AsJson, emit, out, said, table, when
from postroom.store.notices import close_notice, open_notices

app = typer.Typer(no_args_is_help=True, help="What operators must know, until somebody closes it.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """What is open, the newest first."""
    with open_desk() as desk, desk.engine.connect() as connection:
        found = open_notices(connection)
    if as_json:
        emit(found)
    elif found:
        rows = [
            (said(each.key), when(each.last_at), str(each.times), said(each.company), said(each.text)) for each in found
        ]
        out().print(table("key", "last", "times", "company", "what", rows=rows))
    else:
        out().print("Nothing needs an operator.")


@app.command()
def close(
    key: Annotated[str, typer.Argument(help="The notice's key, as `notices list` shows it.")], as_json: AsJson = False
) -> None:
    """Close a notice that was dealt with; it comes back if its cause does."""
    with open_desk() as desk, desk.engine.begin() as connection:
        closed = close_notice(connection, key)
    if not closed:
        raise Refused(f"No notice '{key}' is open.", "postroom notices list")
    if as_json:
        emit({"ok": True, "key": key})
    else:
        out().print(f"{said(key)} is closed.")
