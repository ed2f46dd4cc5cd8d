"""postroom doctor: what is well, what is not, and the command that mends it."""

from typing import TYPE_CHECKING

import typer

from postroom.cli.faults import REFUSED
from postroom.cli.findings import MARKS, Health
from postroom.cli.showing import AsJson, emit, out, said, table

if TYPE_CHECKING:
    from postroom.cli.checks import Finding


def doctor(as_json: AsJson = False) -> None:
    """Examine everything. Exit code 1 when anything fails."""
    from postroom.cli.checks import CHECKS, patient  # Alembic is slow to import, and only two commands need it

    with patient() as examined:
        findings = [finding for check in CHECKS for finding in check(examined)]
    failed = any(finding.health is Health.FAIL for finding in findings)
    if as_json:
        emit({"ok": not failed, "findings": findings})
    else:
        out().print(table("", "what", "how it is", "to mend it", rows=[_row(each) for each in findings], keep_whole=2))
    raise typer.Exit(REFUSED if failed else 0)


def _row(finding: "Finding") -> tuple[str, ...]:
    remedy = f"[bold]{said(finding.remedy)}[/]" if finding.remedy else ""
    return (MARKS[finding.health.value], finding.what, said(finding.words), remedy)
