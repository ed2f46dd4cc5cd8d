"""What a receiver of callbacks may answer, and the URLs that always bring it about: those that end in `/hang`."""

from collections.abc import Mapping
from types import MappingProxyType

from sandbox.scripts import Cut, Script

KINDS: Mapping[str, Script] = MappingProxyType(
    {
        "failing": Script("500, the receiver fails", error=500, text="internal error", passes=True),
        "unavailable": Script("503, come back later, with Retry-After", error=503, seconds=7, passes=True),
        "throttled": Script("429, too many requests, with Retry-After", error=429, seconds=7, passes=True),
        "not_found": Script(
            "404, as a proxy says while its receiver is set up", error=404, text="not here", passes=True
        ),
        "moved": Script("302, somewhere else", error=302, passes=True),
        "gone": Script("410, it wants no more", error=410),
        "slow": Script("taken, but the answer is slow", seconds=3),
        "hang": Script("not taken; hangs, then hangs up", seconds=60, cut=Cut.BEFORE, passes=True),
        "lost": Script("not taken; the connection drops", cut=Cut.BEFORE, passes=True),
        "dropped": Script("taken; the connection drops before the answer", cut=Cut.AFTER, passes=True),
    }
)
