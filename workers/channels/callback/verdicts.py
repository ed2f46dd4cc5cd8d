"""What the answer of a receiver means for a callback.

Standard Webhooks is *at least once*: `webhook-id` stays the same through every try, so that a receiver knows a repeat.
An open outcome (no answer, a broken line) is therefore tried again here and is never *unknown*, and none of it says
anything against our sender. Only 410 ends a receiver; 401, 403 and 404 are what a proxy says while it is set up.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from postroom.domain.callbacks import GONE
from postroom.domain.channels import Pace
from postroom.outside.rulings import F, P, R, Ruling, fault_in

VERDICTS: Mapping[str, Ruling] = MappingProxyType({})
"""Receivers have no codes of their own; their statuses stand below."""

TRANSPORT: Mapping[str, Ruling] = MappingProxyType(
    {
        "connect": Ruling(R, "No connection was made (refused, no route, DNS, TLS): nothing left", Pace.RECEIVER),
        "refused_address": Ruling(R, "The name leads to an address where no callback may go", Pace.RECEIVER),
        "misconfigured": Ruling(F, "The receiver's address cannot be used: nothing left"),
        "read_timeout": Ruling(R, "The request left and no answer came in time", Pace.RECEIVER),
        "dropped": Ruling(R, "The connection broke after the request left", Pace.RECEIVER),
        GONE: Ruling(F, "Gone: the receiver wants no more and is removed"),
        "http_429": Ruling(R, "Too many requests", Pace.RECEIVER),
        "http_3xx": Ruling(R, "A redirect, never followed: it would carry the message elsewhere", Pace.RECEIVER),
        "http_4xx": Ruling(R, "Refused; a receiver that is being set up does so, too", Pace.RECEIVER),
        "http_5xx": Ruling(R, "The receiver failed, or answered with a status that is none", Pace.RECEIVER),
        "unsendable": Ruling(P, "We wrote something that is no callback"),
    }
)

transport_fault = partial(fault_in, TRANSPORT)
