"""One HTTP request of a channel's; how it is made stands in `postroom.outside.http`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from postroom.outside.http import (
    IDLE_LIMIT,
    LONGEST_WAIT,
    Lost,
    NothingLeft,
    Refusal,
    Sessions,
    WrongPlace,
    exchange,
    json_object,
    retry_after,
    status_fault,
    status_row,
)
from postroom.outside.rulings import Ruling, fault_in
from workers.channels.base import ChannelError

__all__ = [
    "IDLE_LIMIT",
    "LONGEST_WAIT",
    "Lost",
    "NothingLeft",
    "Refusal",
    "Sessions",
    "WrongPlace",
    "asking",
    "exchange",
    "json_object",
    "retry_after",
    "status_fault",
    "status_row",
]


@contextmanager
def asking(table: Mapping[str, Ruling]) -> Iterator[None]:
    """Around one request, written down and exchanged: where no answer comes of it, the table says what that means."""
    try:
        yield
    except Lost as error:
        raise ChannelError(fault_in(table, error.code, error.detail)) from error
    except ValueError as error:
        # An address or header that `requests` cannot write down; InvalidURL and its kin are ValueErrors.
        raise ChannelError(fault_in(table, "misconfigured", type(error).__name__)) from error
