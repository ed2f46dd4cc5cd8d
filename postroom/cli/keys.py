"""postroom keys: which keys seal what is personal, and moving it all to the newest."""

import typer
from rich.progress import Progress

from postroom.cli.desk import open_desk
from postroom.cli.showing import AsJson, emit, out, people
from postroom.store.resealing import count_old, reseal

app = typer.Typer(no_args_is_help=True, help="The keys that seal what is personal.")


@app.callback()
def group() -> None:
    """The keys that seal what is personal."""


@app.command()
def rotate(as_json: AsJson = False) -> None:
    """Seal everything anew with the first key of SEALING_KEYS. May be stopped and begun again at any time.

    First put the new key in front (SEALING_KEYS='k2=… k1=…') and restart every process, so that nobody seals with the
    old one any more. When this has ended, the old key can go.
    """
    with open_desk() as desk:
        waiting = count_old(desk.engine, desk.sealer)
        moved = 0
        with Progress(console=people(), disable=as_json or not any(waiting.values())) as progress:
            bar = progress.add_task(f"sealing with {desk.sealer.active}", total=sum(waiting.values()))
            for column, number in waiting.items():
                for batch in reseal(desk.engine, desk.sealer, column) if number else ():
                    moved += batch
                    progress.advance(bar, batch)
        left = sum(count_old(desk.engine, desk.sealer).values())
    if as_json:
        emit({"ok": left == 0, "key": desk.sealer.active, "moved": moved, "left": left})
    else:
        out().print(f"{moved} values moved to key '{desk.sealer.active}'; {left} are left with older keys.")
    if left:
        people().print("Some process still seals with an old key. Restart it, then: [bold]postroom keys rotate[/]")
        raise typer.Exit(1)
