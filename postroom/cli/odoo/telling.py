"""How a set-up is shown: each record with what became of it, and what is left to a person."""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from postroom.cli.odoo.keymaking import BY_HAND
from postroom.cli.odoo.standing import Outcome, Step
from postroom.cli.showing import out, people, said, table

STYLES: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.THERE: "dim",
        Outcome.CREATED: "green",
        Outcome.CHANGED: "yellow",
        Outcome.REMOVED: "yellow",
        Outcome.WOULD_CREATE: "cyan",
        Outcome.WOULD_CHANGE: "cyan",
        Outcome.WOULD_REMOVE: "cyan",
    }
)


def show_steps(steps: Sequence[Step]) -> None:
    """Every record, what became of it, and the difference."""
    rows = [
        (f"[{STYLES[step.outcome]}]{step.outcome}[/]", said(step.words), said("; ".join(step.differences)))
        for step in steps
    ]
    out().print(table("", "what", "difference", rows=rows, keep_whole=1))


def show_sum(steps: Sequence[Step]) -> None:
    """In one line."""
    counted = Counter(step.outcome for step in steps)
    if set(counted) <= {Outcome.THERE}:
        out().print(f"Nothing was changed: all {len(steps)} stand as they must.")
    else:
        out().print(", ".join(f"{number} {outcome}" for outcome, number in counted.items()) + ".")


def show_key_by_hand(login: str, url: str) -> None:
    """What a person does about the key."""
    people().print(f"\n[bold]{said(login)} has no API key yet.[/] Odoo makes keys only for who is signed in:")
    for number, words in enumerate(BY_HAND, 1):
        people().print(f"  {number}. {said(words)}")
    people().print(f"At {said(url)}. Or let it be made: [bold]postroom odoo setup --make-key[/]")
