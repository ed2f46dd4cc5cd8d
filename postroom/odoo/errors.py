"""What Odoo refuses, and what it leaves open."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from postroom.domain.channels import Fault, Verdict


class OdooError(Exception):
    """A call that brought no result. Its fault says what follows, in the terms that messages use, too.

    transient, later: nothing was done, and it may work again; unknown: the call left and what became of it is open;
    permanent: this call is wrong or not allowed; sender_stopped: our own access is at fault, every call would fail.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.code}: {fault.detail}")
        self.fault = fault


@contextmanager
def nothing_done() -> Iterator[None]:
    """Around what changes nothing in Odoo: where its answer is lost nothing is open, and it may work again."""
    try:
        yield
    except OdooError as error:
        if error.fault.verdict is not Verdict.UNKNOWN:
            raise
        raise OdooError(replace(error.fault, verdict=Verdict.TRANSIENT)) from error
