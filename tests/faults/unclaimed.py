"""A Celery worker without the claim: it reads what is due, sends it, and writes that down afterwards.

Run in the place of `celery`, with the same words. The scenarios of test_without_the_claim.py must turn red under it;
were they green, the witness would count nothing.
"""

import sys

from celery.__main__ import main
from sqlalchemy import TextClause

from postroom.store import attempts, claims


def without(sql: str, part: str, instead: str = "") -> str:
    """The statement without a part of it, which must be there."""
    if sql.count(part) != 1:
        raise SystemExit(f"the claim is no longer written {part!r}; say here how it is switched off now")
    return sql.replace(part, instead)


def rewrite(statement: TextClause, part: str, instead: str) -> None:
    """The same in a prepared statement."""
    statement.text = without(statement.text, part, instead)


def switch_off_the_claim() -> None:
    """Nobody locks, nothing is moved before a request leaves, and any state may be recorded from."""
    naive = without(claims._CLAIM, "set state = 'claimed', lease_until", "set lease_until")
    claims._CLAIM = without(naive, "for update of m skip locked")
    rewrite(attempts._BEGIN, "set state = 'sending', lease_until", "set lease_until")
    rewrite(attempts._BEGIN, "m.state = 'claimed' and m.lease_until > clock_timestamp()", "m.state = 'queued' or true")
    rewrite(attempts._RECORD_LEGS, "m.state in ('sending', 'unknown')", "m.state in ('queued', 'sending', 'unknown')")


if __name__ == "__main__":
    switch_off_the_claim()
    sys.argv[0] = "celery"
    main()
